import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";

const file = fileURLToPath(
  new URL("../../../node_modules/@openclaw/gateway-protocol/protocol.schema.json", import.meta.url),
);

/**
 * The published contract, read leniently: the ecosystem's own gateway and clients add fields that
 * `additionalProperties: false` of this file would forbid, so that closedness is not binding.
 */
const published = JSON.parse(
  readFileSync(file, "utf8").replaceAll(/"additionalProperties":\s*false/g, '"additionalProperties":true'),
) as { definitions: Record<string, unknown>; methods: Record<string, { scope: string }> };

export const publishedMethods = published.methods;

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema({ $id: "published", definitions: published.definitions });
const compiled = new Map<string, ValidateFunction>();

/** What is wrong with a value according to a published definition; empty when nothing is. */
export function problemsOf(definition: string, value: unknown): string[] {
  let validate = compiled.get(definition);
  if (!validate) {
    if (!published.definitions[definition]) throw new Error(`the contract has no definition ${definition}`);
    validate = ajv.compile({ $ref: `published#/definitions/${definition}` });
    compiled.set(definition, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}
