import { SluiceError } from "../../kernel/errors.ts";
import type { InstallReview, PackageSource, PluginChange } from "../../plugins/install/types.ts";
import type { CommandContext } from "../context.ts";
import { describeError } from "../errors.ts";

/** What `plugins install` and `update` are told on the command line. */
export interface InstallWish {
  readonly force: boolean;
  readonly acknowledgePolicyWarning: boolean;
  readonly expectedIntegrity?: string;
}

/** Asked with what a package claims; false refuses. */
export type Consent = (review: InstallReview) => Promise<boolean>;

/** Changes plugins, in the running gateway or, when none runs, in this process. */
export interface PluginControl {
  install(source: PackageSource, wish: InstallWish, consent: Consent): Promise<PluginChange>;
  update(pluginId: string, wish: InstallWish, consent: Consent): Promise<PluginChange>;
  setEnabled(pluginId: string, enabled: boolean): Promise<PluginChange>;
  uninstall(pluginId: string, wish: { keepConfig: boolean; purgeChannels: boolean }): Promise<PluginChange>;
}

export async function withPluginControl<T>(
  context: CommandContext,
  work: (control: PluginControl) => Promise<T>,
): Promise<T> {
  if (!context.namesGateway) {
    const { withLocalInstaller } = await import("./plugins-local.ts");
    const local = await withLocalInstaller(context.environment, (installer) =>
      work({
        install: (source, wish, consent) => installer.install({ source, consent, ...wish }),
        update: (pluginId, wish, consent) => installer.update(pluginId, { consent, ...wish }),
        setEnabled: (pluginId, enabled) => installer.setEnabled(pluginId, enabled),
        uninstall: (pluginId, wish) => installer.uninstall(pluginId, wish),
      }),
    );
    if (local) return local.result;
  }
  return work(remoteControl(context));
}

function remoteControl(context: CommandContext): PluginControl {
  return {
    install: (source, wish, consent) =>
      installRemotely(context, { ...sourceParams(source), ...wishParams(wish) }, consent),
    update: (pluginId, wish, consent) =>
      installRemotely(
        context,
        { source: "recorded", pluginId, mode: "update", ...wishParams(wish) },
        consent,
      ),
    setEnabled: (pluginId, enabled) => call(context, "plugins.setEnabled", { pluginId, enabled }),
    uninstall: (pluginId, wish) => call(context, "plugins.uninstall", { pluginId, ...wish }),
  };
}

/** What clients of the protocol know the question by. */
const CONSENT_ON_THE_WIRE = "PLUGIN_CAPABILITY_CONSENT_REQUIRED";

/** Most reviews of one package: what it claims, and once more what its packages bring. */
const MAX_REVIEWS = 2;

/** The gateway answers a first call with what the package claims; the next brings the operator's answer. */
async function installRemotely(
  context: CommandContext,
  params: object,
  consent: Consent,
): Promise<PluginChange> {
  let answer: object = params;
  for (let reviews = 0; ; reviews++) {
    try {
      return await call(context, "plugins.install", answer);
    } catch (error) {
      const { details } = describeError(error);
      if (reviews === MAX_REVIEWS || !isReview(details) || !(await consent(details))) throw error;
      answer = { ...params, acknowledgeCapabilities: { reviewToken: details.reviewToken } };
    }
  }
}

function isReview(details: unknown): details is InstallReview & { code: string } {
  return (
    typeof details === "object" &&
    details !== null &&
    (details as { code?: unknown }).code === CONSENT_ON_THE_WIRE &&
    Array.isArray((details as { claims?: unknown }).claims)
  );
}

/** Fetching takes as long as it takes, unless `--timeout` says otherwise. Errors keep the installer's code. */
async function call(context: CommandContext, method: string, params: object): Promise<PluginChange> {
  try {
    return await context.withGateway(["operator.admin"], (client) =>
      context.output.progress(
        method,
        client.call<PluginChange>(method, params, { timeoutMs: context.timeoutMs ?? 0 }),
      ),
    );
  } catch (error) {
    throw ownError(error);
  }
}

const OWN_CODES =
  /^(PLUGIN_|SPEC_|SOURCE_|PACKAGE_|NOT_|INTEGRITY_|ID_|POLICY_|HOOK_|BOOK_|UPDATE_|CONSENT_|install_)/;

/** What a gateway refused, under the code that the same refusal has where no gateway runs. */
export function ownError(error: unknown): unknown {
  const { message, details } = describeError(error);
  const code = (details as { code?: unknown } | undefined)?.code;
  if (typeof code !== "string" || !OWN_CODES.test(code)) return error;
  const own = code === CONSENT_ON_THE_WIRE ? "CONSENT_REQUIRED" : code;
  return new SluiceError(own, message, { details, cause: error });
}

function sourceParams(source: PackageSource): object {
  if (source.kind === "npm") return { source: "npm", spec: source.spec };
  if (source.kind === "archive") return { source: "npm-pack", archivePath: source.path };
  return { source: "local", path: source.path, ...(source.link ? { link: true } : {}) };
}

function wishParams({ force, acknowledgePolicyWarning, expectedIntegrity }: InstallWish): object {
  return {
    ...(force ? { force } : {}),
    ...(acknowledgePolicyWarning ? { acknowledgeInstallPolicyWarning: true } : {}),
    ...(expectedIntegrity === undefined ? {} : { expectedIntegrity }),
  };
}
