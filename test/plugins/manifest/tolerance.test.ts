import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manifestMetadata } from "../../../src/plugins/inspect/manifest-metadata.ts";
import { normaliseManifest } from "../../../src/plugins/manifest/normalise-manifest.ts";
import { parseMetadataText } from "../../../src/plugins/manifest/parse-text.ts";

const FIELDS = (
  "name kind catalog categories skills activation channels channelAccountKeyPolicies providers cliBackends " +
  "commandAliases cliCommands mcpServers qaRunners sessionRouteStateOwners setup contracts doctorContract " +
  "doctorHealthChecks backupResources uiHints configGroups configContracts channelConfigs providerCatalogEntry " +
  "capabilityCatalogEntry modelSupport modelCatalog modelPricing modelIdNormalization providerEndpoints " +
  "providerRequest syntheticAuthRefs nonSecretAuthMarkers providerUsageAuthEnvVars providerAuthAliases " +
  "providerAuthChoices secretProviderIntegrations mediaUnderstandingProviderMetadata " +
  "imageGenerationProviderMetadata videoGenerationProviderMetadata musicGenerationProviderMetadata toolMetadata " +
  "decisionModels transcriptSources controlUi themes dashboard"
).split(" ");
const INNER = (
  "id provider providers models model paths path args command source label title order properties required mode " +
  "configSignals authSignals providerBaseUrl authEvidence stateMigrations cost input output headers when autoStart " +
  "pdf documentModels modelPatterns aliases __proto__ constructor"
).split(" ");

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      1,
      -1,
      0.5,
      "",
      "x",
      " x ",
      "../x",
      "./x.js",
      "exec",
      "(a+)+",
    ),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...INNER), fc.string({ maxLength: 5 })), tie("any"), {
      maxKeys: 5,
    }),
  ),
})).any;
const manifests = fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 12 });

describe("any manifest that is JSON", () => {
  it("[F244] [F247] [F249] [F250] [F251] is read or refused with a reason, and is itself once it was read", async () => {
    await fc.assert(
      fc.asyncProperty(manifests, async (fields) => {
        const source = JSON.stringify({ ...fields, id: "it", configSchema: {} });
        const { manifest, problems } = normaliseManifest(await parseMetadataText(source));
        expect(manifest === undefined).toBe(problems.some(({ fatal }) => fatal));
        for (const { message } of problems) expect(message).not.toBe("");
        if (!manifest) return;
        expect(Object.getPrototypeOf(manifest.uiHints)).toBe(Object.prototype);
        const shown = manifestMetadata(manifest);
        expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
        expect(({} as { label?: unknown }).label).toBeUndefined();
      }),
      { numRuns: 1500 },
    );
  });

  it("[F244] is refused with a reason when it is no manifest at all", async () => {
    await fc.assert(
      fc.property(fc.jsonValue(), (anything) => {
        const { manifest, problems } = normaliseManifest(anything);
        expect(manifest).toBeUndefined();
        expect(problems[0]).toMatchObject({ fatal: true });
      }),
    );
  });

  it("[F244] has a page that names every field", async () => {
    const page = await readFile(join(import.meta.dirname, "../../../docs/plugins/manifest.md"), "utf8");
    expect(FIELDS.filter((field) => !page.includes(`\`${field}`))).toEqual([]);
  });
});
