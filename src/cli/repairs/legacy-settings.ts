import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import type { PluginHost } from "../../plugins/host.ts";
import { configFile } from "../access.ts";
import { type CheckResult, passed, warned } from "../checks/check.ts";
import type { CommandContext } from "../context.ts";
import { mergePatchBetween } from "./merge-patch.ts";

type Fields = Record<string, unknown>;

/** What a plugin's `doctor-contract-api` says of older settings; every member may be missing. */
interface DoctorContract {
  legacyConfigRules?: readonly {
    path?: readonly string[];
    message?: string;
    match?(value: unknown, root: Fields): boolean;
  }[];
  normalizeCompatibilityConfig?(input: { cfg: Fields }): { config?: Fields; changes?: readonly string[] };
}

/** Settings of an older form, what would be changed, and how the file would then differ. */
export interface LegacySettings {
  findings: string[];
  changes: string[];
  /** A merge patch of the configuration file; absent when nothing would change. */
  patch?: Fields;
}

const NAME = "older settings";
const SURFACE = "doctor-contract-api";

/** Asks the plugins in use about older settings in the configuration file, references unresolved. */
export async function findLegacySettings(context: CommandContext): Promise<LegacySettings> {
  const { environment } = context;
  const [{ readSource }, { withLocalHost }] = await Promise.all([
    import("../../runtime/config/source.ts"),
    import("../commands/plugins-local.ts"),
  ]);
  const { effective } = await readSource(configFile(environment.env), []);
  if (effective === undefined) return { findings: [], changes: [] };
  return withLocalHost(environment, (host) => examine(host, effective as Fields));
}

async function examine(host: PluginHost, written: Fields): Promise<LegacySettings> {
  await host.snapshot();
  const findings: string[] = [];
  const changes: string[] = [];
  let config = structuredClone(written);
  for (const { id, status } of host.records()) {
    if (status === "disabled") continue;
    try {
      const contract = (await host.facade({ pluginId: id, surface: SURFACE })) as DoctorContract;
      findings.push(...rulesBroken(contract, config));
      const next = contract.normalizeCompatibilityConfig?.({ cfg: structuredClone(config) });
      if (!next?.config || !next.changes?.length) continue;
      config = next.config;
      changes.push(...next.changes.map(String));
    } catch (error) {
      if (isSluiceError(error) && error.code.startsWith("FACADE_")) continue;
      findings.push(`${id} could not look for older settings: ${errorMessage(error)}`);
    }
  }
  const patch = mergePatchBetween(written, config);
  return { findings: [...new Set(findings)], changes, ...(patch === undefined ? {} : { patch }) };
}

function rulesBroken({ legacyConfigRules = [] }: DoctorContract, config: Fields): string[] {
  const broken: string[] = [];
  for (const { path = [], message, match } of legacyConfigRules) {
    const value = path.reduce<unknown>((at, key) => (at as Fields | undefined)?.[key], config);
    if (value === undefined || (match && !match(value, config))) continue;
    broken.push(message ?? `${path.join(".")} is an older setting`);
  }
  return broken;
}

/** The check of `sluice doctor`. */
export async function checkLegacySettings(context: CommandContext): Promise<CheckResult> {
  try {
    const { findings, changes } = await findLegacySettings(context);
    const lines = findings.length > 0 ? findings : changes;
    if (lines.length === 0) return passed(NAME, "none");
    return warned(NAME, lines.join("\n"), changes.length > 0 ? "sluice doctor --fix" : undefined);
  } catch (error) {
    return warned(NAME, `the plugins could not be asked: ${errorMessage(error)}`);
  }
}

/** Writes what the plugins would change, through the running gateway: it checks, writes and applies. */
export async function repairLegacySettings(context: CommandContext): Promise<readonly string[]> {
  const { changes, patch } = await findLegacySettings(context);
  if (patch === undefined) return [];
  await context.withGateway(["operator.admin"], async (client) => {
    const { hash } = await context.progressCall<{ hash?: string }>(client, "config.get", {});
    await context.progressCall(client, "config.patch", {
      raw: JSON.stringify(patch),
      ...(hash === undefined ? {} : { baseHash: hash }),
      note: "older settings moved by sluice doctor --fix",
    });
  });
  return changes;
}
