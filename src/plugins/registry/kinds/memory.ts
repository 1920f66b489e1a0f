import { isRecord } from "../../../kernel/records.ts";
import { missingFunction, nonEmpty, notFunction } from "../checks.ts";
import { type Accepted, type KindRow, malformed, type Refused, type Registrant, refuse } from "../row.ts";

/** The memory slot, its legacy setters, additive memory parts, and the context engine (spec 3.15, 3.16). */
export const memoryKinds: readonly KindRow[] = [
  {
    kind: "memoryCapability",
    method: "registerMemoryCapability",
    summary: "The exclusive memory of the gateway: prompt part, flush plan, search runtime, public artifacts",
    spec: "3.15",
    features: ["F118", "F119"],
    scope: "plugin",
    again: "replace",
    read: ([value], registrant) =>
      memoryPart(registrant, () => {
        if (!isRecord(value)) return malformed("memory capability: expected an object");
        const wrong = notFunction(value, ["promptBuilder", "flushPlanResolver"]);
        if (wrong) return malformed(`memory capability: "${wrong}" must be a function`);
        if (registrant.memorySlotSelected) return { keys: [registrant.id], value };
        // Without the slot the plugin keeps what is harmless: it may describe, not search.
        const overrides = {
          runtime: undefined,
          deterministicRecallToolName: undefined,
          supportsPrivateTranscriptRecall: undefined,
        };
        return { keys: [registrant.id], value, overrides };
      }),
  },
  {
    kind: "memoryPromptSection",
    method: "registerMemoryPromptSection",
    summary: "Legacy: the prompt part of the memory capability",
    spec: "3.15",
    features: ["F120"],
    scope: "plugin",
    again: "replace",
    read: ([builder], registrant) =>
      memoryPart(registrant, () =>
        typeof builder === "function"
          ? legacy(registrant, { promptBuilder: builder })
          : malformed("memory prompt section: expected a function"),
      ),
  },
  {
    kind: "memoryFlushPlan",
    method: "registerMemoryFlushPlan",
    summary: "Legacy: the flush plan of the memory capability",
    spec: "3.15",
    features: ["F121", "F123"],
    scope: "plugin",
    again: "replace",
    read: ([resolver], registrant) =>
      memoryPart(registrant, () =>
        typeof resolver === "function"
          ? legacy(registrant, { flushPlanResolver: resolver })
          : malformed("memory flush plan: expected a function"),
      ),
  },
  {
    kind: "memoryRuntime",
    method: "registerMemoryRuntime",
    summary: "Legacy: the search runtime of the memory capability",
    spec: "3.15",
    features: ["F122"],
    scope: "plugin",
    again: "replace",
    read: ([runtime], registrant) =>
      memoryPart(registrant, () => {
        if (!isRecord(runtime) || missingFunction(runtime, ["getMemorySearchManager"])) {
          return malformed('memory runtime: "getMemorySearchManager" must be a function');
        }
        return legacy(registrant, registrant.memorySlotSelected ? { runtime } : {});
      }),
  },
  {
    kind: "memoryPromptSupplement",
    method: "registerMemoryPromptSupplement",
    summary: "Adds lines beside the memory part of the prompt; any plugin, one each",
    spec: "3.15",
    features: ["F084"],
    scope: "plugin",
    again: "replace",
    read: ([builder], { id }) =>
      typeof builder === "function"
        ? { keys: [id], value: { builder } }
        : malformed("memory prompt supplement: expected a function"),
  },
  {
    kind: "memoryPromptPreparation",
    method: "registerMemoryPromptPreparation",
    summary: "Prepares lines for the memory part of the prompt, once per run",
    spec: "3.15",
    features: [],
    scope: "plugin",
    again: "replace",
    read: ([prepare], { id }) =>
      typeof prepare === "function"
        ? { keys: [id], value: { prepare } }
        : malformed("memory prompt preparation: expected a function"),
  },
  {
    kind: "memoryCorpusSupplement",
    method: "registerMemoryCorpusSupplement",
    summary: "Adds a corpus to memory search and memory get; any plugin, one each",
    spec: "3.15",
    features: ["F085"],
    scope: "plugin",
    again: "replace",
    read: ([value], { id }) => {
      const missing = isRecord(value) ? missingFunction(value, ["search", "get"]) : "search";
      return missing
        ? malformed(`memory corpus supplement: "${missing}" must be a function`)
        : { keys: [id], value };
    },
  },
  {
    kind: "contextEngine",
    method: "registerContextEngine",
    summary: "Assembles and compacts the context of sessions; one is active",
    spec: "3.16",
    features: ["F114"],
    scope: "global",
    again: "error",
    capability: "context-engine",
    reserved: new Set(["legacy"]),
    read: ([rawId, factory]) => {
      const id = nonEmpty(rawId);
      if (!id) return malformed("context engine: the id must be a non-empty string");
      if (typeof factory !== "function")
        return malformed(`context engine "${id}": expected a factory function`);
      return { keys: [id], value: { id, factory }, owns: ["factory"] };
    },
  },
];

function memoryPart(registrant: Registrant, read: () => Accepted | Refused): Accepted | Refused {
  if (!registrant.kinds.includes("memory")) {
    throw new TypeError('a memory capability needs "kind": "memory" in the manifest');
  }
  if (registrant.kinds.length > 1 && !registrant.memorySlotSelected) {
    return refuse(
      "memory-slot-unresolved",
      `the memory of "${registrant.id}" is not selected; set plugins.slots.memory to use it`,
      "warn",
    );
  }
  return read();
}

function legacy({ id }: Registrant, capability: object): Accepted {
  return {
    keys: [id],
    value: capability,
    notes: [
      {
        level: "info",
        code: "compat-memory-registrars",
        message: "the separate memory setters are older; use registerMemoryCapability",
      },
    ],
  };
}
