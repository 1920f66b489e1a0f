import type { ManifestAuthChoice } from "../../contracts/provider-metadata.ts";
import { choice, defined, filled, flag, isPlain, type Plain, text, texts } from "./fields.ts";

const SCOPES = ["text-inference", "image-generation", "music-generation"] as const;

/** One way to sign in (spec 1.11); undefined when it lacks what names it. */
export function readAuthChoice(item: Plain): ManifestAuthChoice | undefined {
  const provider = text(item["provider"]);
  const method = text(item["method"]);
  const choiceId = text(item["choiceId"]);
  if (provider === undefined || method === undefined || choiceId === undefined) return undefined;
  const scopes = texts(item["onboardingScopes"])
    .map((scope) => choice(scope, SCOPES))
    .filter((scope) => scope !== undefined);
  const priority = item["assistantPriority"];
  const login = item["channelLogin"];
  return {
    provider,
    method,
    choiceId,
    onboardingScopes: scopes.length > 0 ? scopes : ["text-inference"],
    presentation: defined({
      platforms: filled(texts(item["platforms"])),
      choiceLabel: text(item["choiceLabel"]),
      choiceHint: text(item["choiceHint"]),
      icon: text(item["icon"]),
      website: readWebsite(item["website"]),
      assistantPriority: Number.isFinite(priority) ? (priority as number) : undefined,
      assistantVisibility: choice(item["assistantVisibility"], ["visible", "manual-only", "detected-only"]),
      deprecatedChoiceIds: filled(texts(item["deprecatedChoiceIds"])),
      groupId: text(item["groupId"]),
      groupLabel: text(item["groupLabel"]),
      groupHint: text(item["groupHint"]),
      onboardingFeatured: flag(item["onboardingFeatured"]),
      optionKey: text(item["optionKey"]),
      cliFlag: text(item["cliFlag"]),
      cliOption: text(item["cliOption"]),
      cliDescription: text(item["cliDescription"]),
      personalAccount: flag(item["personalAccount"]),
      appGuidedSecret: flag(item["appGuidedSecret"]),
      appGuidedActionLabel: text(item["appGuidedActionLabel"]),
      appGuidedDiscovery: flag(item["appGuidedDiscovery"]),
      appGuidedAuth: choice(item["appGuidedAuth"], ["oauth", "device-code"]),
      credentialOnly: flag(item["credentialOnly"]),
      channelLogin: isPlain(login) ? { aliases: texts(login["aliases"]) } : undefined,
      modelTarget: choice(item["modelTarget"], ["utility"]),
    }),
  };
}

function readWebsite(value: unknown): string | undefined {
  const address = text(value);
  return address !== undefined && URL.canParse(address) && new URL(address).protocol === "https:"
    ? address
    : undefined;
}
