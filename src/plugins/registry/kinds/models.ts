import { isRecord } from "../../../kernel/records.ts";
import { isRefused, nonEmpty, readIdentified } from "../checks.ts";
import { type Accepted, type KindRow, malformed, type Note, type Refused } from "../row.ts";

/** Kinds that serve model calls: providers, catalogues, CLI backends, harnesses. */
export const modelKinds: readonly KindRow[] = [
  {
    kind: "provider",
    method: "registerProvider",
    summary: "Text inference: a model provider with its catalogue, authentication and stream transport",
    spec: "3.3.1",
    features: ["F031"],
    scope: "global",
    again: "error",
    capability: "text-inference",
    read: ([value], registrant) =>
      readProvider(value, registrant.manifest.contracts["externalAuthProviders"]),
  },
  {
    kind: "modelCatalogProvider",
    method: "registerModelCatalogProvider",
    summary: "Catalogue rows of a provider's text, voice or media models",
    spec: "3.3.2",
    features: ["F262"],
    scope: "global",
    again: "error",
    read: ([value]) => {
      const read = readIdentified(value, {
        noun: "model catalogue",
        idField: "provider",
        caseInsensitive: true,
        optionalFunctions: ["staticCatalog", "liveCatalog"],
      });
      if (isRefused(read)) return read;
      const kinds = (value as { kinds?: unknown }).kinds;
      if (!Array.isArray(kinds) || kinds.length === 0) {
        return malformed(`model catalogue "${read.keys[0]}": "kinds" must be a non-empty list`);
      }
      return read;
    },
  },
  {
    kind: "cliBackend",
    method: "registerCliBackend",
    summary: "A local AI command line as an inference backend; its id becomes the model prefix",
    spec: "3.17",
    features: ["F033", "F087", "F088"],
    scope: "global",
    again: "error",
    capability: "cli-backend",
    read: ([value]) => {
      const read = readIdentified(value, {
        noun: "CLI backend",
        caseInsensitive: true,
        optionalFunctions: ["normalizeConfig", "resolveExecutionArgs", "prepareExecution", "resolveModelId"],
      });
      if (isRefused(read)) return read;
      const config = (value as { config?: unknown }).config;
      if (!isRecord(config) || !nonEmpty(config["command"])) {
        return malformed(`CLI backend "${read.keys[0]}": "config.command" must be a non-empty string`);
      }
      return read;
    },
  },
  {
    kind: "textTransforms",
    method: "registerTextTransforms",
    summary: "Replacements in the prompts and answers of the plugin's models",
    spec: "3.17",
    features: ["F267"],
    scope: "plugin",
    again: "all",
    unconsumed: true,
    read: ([value], { id }) => {
      const lists = isRecord(value) ? [value["input"], value["output"]] : [];
      if (!lists.some((list) => Array.isArray(list) && list.length > 0)) {
        return {
          refused: [
            { level: "warn", code: "registration-malformed", message: "the text transforms are empty" },
          ],
        };
      }
      return { keys: [id], value };
    },
  },
  {
    kind: "agentHarness",
    method: "registerAgentHarness",
    summary: "Experimental: an executor that runs whole agent attempts",
    spec: "3.18",
    features: ["F032"],
    scope: "global",
    again: "error",
    capability: "agent-harness",
    unconsumed: true,
    reserved: new Set(["openclaw", "sluice"]),
    read: ([value]) =>
      readIdentified(value, { noun: "agent harness", functions: ["supports", "runAttempt"] }),
  },
  {
    kind: "compactionProvider",
    method: "registerCompactionProvider",
    summary: "Summarises transcripts when they are compacted",
    spec: "3.3.10",
    features: ["F262"],
    scope: "global",
    again: "error",
    unconsumed: true,
    read: ([value]) =>
      readIdentified(value, { noun: "compaction provider", present: ["label"], functions: ["summarize"] }),
  },
];

function readProvider(value: unknown, externalAuth: readonly string[] | undefined): Accepted | Refused {
  const read = readIdentified(value, { noun: "provider", caseInsensitive: true });
  if (isRefused(read)) return read;
  const provider = value as Record<string, unknown>;
  const id = nonEmpty(provider["id"]) as string;
  if (!nonEmpty(provider["label"])) return malformed(`provider "${id}": "label" must be a non-empty string`);
  const given = provider["auth"] ?? [];
  if (!Array.isArray(given)) return malformed(`provider "${id}": "auth" must be a list, possibly empty`);

  const notes: Note[] = [];
  const overrides: Record<string, unknown> = { ...read.overrides };
  const seen = new Set<string>();
  const auth = given.filter((method: unknown) => {
    const methodId = isRecord(method) ? nonEmpty(method["id"]) : undefined;
    if (methodId && !seen.has(methodId)) return seen.add(methodId);
    notes.push({
      level: "error",
      code: "registration-malformed",
      message: `provider "${id}": an authentication method without an id, or with one used twice, is left out`,
    });
    return false;
  });
  if (auth.length !== given.length || provider["auth"] === undefined) overrides["auth"] = auth;
  notes.push(...wizardNotes(provider, id, seen));
  if (typeof provider["resolveExternalAuthProfiles"] === "function" && !externalAuth?.includes(id)) {
    overrides["resolveExternalAuthProfiles"] = undefined;
    notes.push({
      level: "error",
      code: "contract-undeclared",
      message: `provider "${id}": list it in contracts.externalAuthProviders to resolve external profiles`,
    });
  }
  return { keys: read.keys, value, overrides, notes };
}

const WIZARD_PARTS = ["setup", "modelPicker"];

/** Wizard parts must lead to a way to sign in; those that do not still leave the provider in use (spec 3.3.1). */
function wizardNotes(
  provider: Record<string, unknown>,
  id: string,
  methods: ReadonlySet<string>,
): readonly Note[] {
  const wizard = isRecord(provider["wizard"]) ? provider["wizard"] : {};
  const warn = (message: string): Note => ({ level: "warn", code: "registration-malformed", message });
  return WIZARD_PARTS.filter((part) => isRecord(wizard[part])).flatMap((part) => {
    if (methods.size === 0) {
      return [warn(`provider "${id}": "wizard.${part}" is ignored without an authentication method`)];
    }
    const wanted = nonEmpty((wizard[part] as Record<string, unknown>)["methodId"]);
    if (!wanted || methods.has(wanted)) return [];
    return [
      warn(
        `provider "${id}": "wizard.${part}" names the unknown authentication method "${wanted}"; one of ${[...methods].join(", ")} is used`,
      ),
    ];
  });
}
