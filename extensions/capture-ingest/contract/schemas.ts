import {
  MAX_EVENTS,
  MAX_PLUGIN_ID_LENGTH,
  MAX_RAW_REF_LENGTH,
  MAX_VERSION_LENGTH,
  MIN_EVENTS,
  MIN_TIMESTAMP_S,
} from "./limits.ts";
import { PLATFORMS, SENSITIVITIES, SOURCE_TYPE_NAMES } from "./source-types.ts";
import { PLUGIN_ID, SEMVER, TEST_DEVICE } from "./validate.ts";

/** JSON Schemas of the surface, made of the same constants the validator uses. */

export const timestampSchema = {
  type: "number",
  minimum: MIN_TIMESTAMP_S,
  description: "Unix seconds of the capture itself; not before 2020-01-01, not more than 24 h ahead.",
};

export const eventSchema = {
  type: "object",
  required: ["timestamp", "data"],
  properties: {
    timestamp: timestampSchema,
    data: {
      type: "object",
      description: "Fields of the source type; further ones are kept too. At most 32 levels deep.",
    },
    raw_ref: {
      type: ["string", "null"],
      maxLength: MAX_RAW_REF_LENGTH,
      description: "Your own stable id of the event. A second event with the same one is skipped.",
    },
  },
};

export const batchSchema = {
  type: "object",
  required: ["source_type", "platform", "device_id", "plugin_id", "plugin_version", "timestamp", "events"],
  properties: {
    source_type: { type: "string", enum: SOURCE_TYPE_NAMES },
    platform: { type: "string", enum: PLATFORMS },
    device_id: {
      type: "string",
      anyOf: [
        {
          pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$",
        },
        { pattern: TEST_DEVICE.source },
      ],
      description: "A UUID version 4, stable across sessions; or test-… for trying things out.",
    },
    plugin_id: { type: "string", minLength: 1, maxLength: MAX_PLUGIN_ID_LENGTH, pattern: PLUGIN_ID.source },
    plugin_version: { type: "string", maxLength: MAX_VERSION_LENGTH, pattern: SEMVER.source },
    timestamp: timestampSchema,
    events: { type: "array", minItems: MIN_EVENTS, maxItems: MAX_EVENTS, items: eventSchema },
  },
};

export const problemSchema = {
  type: "object",
  required: ["loc", "type", "msg"],
  properties: {
    loc: { type: "array", items: { type: ["string", "integer"] } },
    type: { type: "string" },
    msg: { type: "string" },
    ctx: { type: "object" },
  },
};

export const resultSchema = {
  type: "object",
  required: ["stored", "skipped", "file"],
  properties: {
    stored: { type: "integer", minimum: 0 },
    skipped: { type: "integer", minimum: 0 },
    file: { type: "string", description: "Relative to the vault, for example Audio/2026-02-26.md" },
    rejected: {
      type: "array",
      description: "With Prefer: handling=lenient only.",
      items: {
        type: "object",
        required: ["index", "errors"],
        properties: { index: { type: "integer" }, errors: { type: "array", items: problemSchema } },
      },
    },
    receipts: {
      type: "array",
      description: "With ?receipts=1 only; one for each event, in order.",
      items: {
        type: "object",
        required: ["index", "status"],
        properties: {
          index: { type: "integer" },
          status: { enum: ["stored", "skipped", "rejected"] },
          block_id: { type: "string" },
          reason: { type: "string" },
        },
      },
    },
  },
};

export const pluginSchema = {
  type: "object",
  required: ["id", "name", "version", "platform", "source_types", "sensitivity", "status"],
  properties: {
    id: { type: "string" },
    name: { type: "string" },
    version: { type: "string" },
    platform: { type: "array", items: { type: "string" } },
    source_types: { type: "array", items: { type: "string" } },
    sensitivity: { enum: SENSITIVITIES },
    requires_permissions: { type: "array", items: { type: "string" } },
    config_schema: { type: "object" },
    status: { enum: ["registered", "unregistered"] },
    state: { enum: ["stable", "beta", "planned", null] },
    last_seen: { type: "string", format: "date-time" },
    events_stored: { type: "integer" },
  },
};
