import { batchSchema, pluginSchema, problemSchema, resultSchema } from "./schemas.ts";

const json = (schema: object) => ({ content: { "application/json": { schema } } });
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const detail = { type: "object", required: ["detail"], properties: { detail: { type: "string" } } };
const retryAfter = {
  headers: { "Retry-After": { schema: { type: "integer" }, description: "Whole seconds to wait." } },
};

/** The OpenAPI 3.1 description of the capture surface. */
export function openApiDocument(): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Sluice capture",
      version: "1.0.0",
      description: "Batches of captured events over one endpoint, kept once each as Markdown in a vault.",
    },
    security: [{ key: [] }],
    paths: {
      "/api/v1/ingest": { post: ingestOperation },
      "/api/v1/plugins": { get: pluginsOperation },
    },
    components: {
      securitySchemes: { key: { type: "apiKey", in: "header", name: "X-API-Key" } },
      schemas: {
        Batch: batchSchema,
        Result: resultSchema,
        Problem: problemSchema,
        Plugin: pluginSchema,
        Detail: detail,
      },
    },
  };
}

const ingestOperation = {
  operationId: "ingest",
  summary: "Store a batch of captured events",
  parameters: [
    {
      name: "Prefer",
      in: "header",
      schema: { type: "string" },
      description: "handling=lenient stores the good events of a batch and lists the others.",
    },
    {
      name: "Idempotency-Key",
      in: "header",
      schema: { type: "string", minLength: 1, maxLength: 128, pattern: "^[\\x21-\\x7e]+$" },
      description: "The same key within 24 h returns the first answer without writing again.",
    },
    { name: "receipts", in: "query", schema: { enum: ["1"] }, description: "Adds a receipt for each event." },
  ],
  requestBody: { required: true, ...json(reference("Batch")) },
  responses: {
    "200": { description: "Durable in the vault.", ...json(reference("Result")) },
    "401": { description: "Invalid or missing X-API-Key.", ...json(reference("Detail")) },
    "413": { description: "More than 1 MiB; split the batch.", ...json(reference("Detail")) },
    "415": { description: "Not JSON, or an unknown encoding.", ...json(reference("Detail")) },
    "422": {
      description: "Broken rules, all at once.",
      ...json({
        type: "object",
        required: ["detail"],
        properties: { detail: { type: "array", items: reference("Problem") } },
      }),
    },
    "429": { description: "Rate limit exceeded.", ...retryAfter, ...json(reference("Detail")) },
    "500": { description: "The vault could not be written; send again.", ...json(reference("Detail")) },
    "503": { description: "Starting or stopping; send again.", ...retryAfter, ...json(reference("Detail")) },
  },
};

const pluginsOperation = {
  operationId: "listPlugins",
  summary: "Capture plugins that are registered or have posted",
  responses: {
    "200": {
      description: "Sorted by id.",
      ...json({
        type: "object",
        required: ["plugins", "invalid"],
        properties: {
          plugins: { type: "array", items: reference("Plugin") },
          invalid: {
            type: "array",
            items: {
              type: "object",
              properties: { dir: { type: "string" }, errors: { type: "array", items: { type: "string" } } },
            },
          },
          catalogue: { type: "array", items: { type: "object" } },
        },
      }),
    },
    "401": { description: "Invalid or missing X-API-Key.", ...json(reference("Detail")) },
    "429": { description: "Rate limit exceeded.", ...retryAfter, ...json(reference("Detail")) },
  },
};
