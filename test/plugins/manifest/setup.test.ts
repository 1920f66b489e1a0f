import { describe, expect, it } from "vitest";
import { readManifest } from "./support/read-manifest.ts";

const EVIDENCE = {
  type: "local-file-with-env",
  fileEnvVar: "P_FILE",
  fallbackPaths: ["~/.p/key.json"],
  requiresAnyEnv: ["P_PROJECT"],
  requiresAllEnv: ["P_REGION"],
  credentialMarker: "p-local",
  source: "p login",
};

describe("set-up, doctor and backup metadata of a manifest", () => {
  it("[F247] is read whole and shown by inspect", async () => {
    const setup = {
      providers: [
        { id: " p ", authMethods: ["api-key"], envVars: ["P_KEY", "P_KEY"], authEvidence: [EVIDENCE] },
      ],
      cliBackends: ["p-cli"],
      configMigrations: ["one"],
      nativeSessionCatalog: {
        label: "P",
        description: "Conversations of P",
        nodeCommands: ["p.list"],
        legacyDefaultEnabled: true,
      },
      requiresRuntime: false,
    };
    const doctorContract = {
      configRepair: true,
      resolveSessionStoreAgentIds: false,
      sessionRouteStateOwners: true,
      stateMigrations: [{ id: "first" }, { id: "second", doctorOnly: true, phase: "after-session-repair" }],
    };
    const backupResources = [{ disposition: "regenerable", scope: "agent", relativePath: "home/tmp" }];
    const owner = {
      id: "p",
      label: "P",
      providerIds: ["p"],
      runtimeIds: ["p"],
      cliSessionKeys: ["p-cli"],
      authProfilePrefixes: ["p:"],
    };
    const { metadata, codes } = await readManifest({
      setup,
      doctorContract,
      doctorHealthChecks: ["reachable"],
      backupResources,
      sessionRouteStateOwners: [owner],
      channels: ["chat"],
      channelConfigs: { chat: { schema: {} } },
      channelAccountKeyPolicies: { chat: { canonicalAliasesRequireOwnField: "account" } },
      qaRunners: [{ commandName: "p-qa", description: "Runs P" }],
      catalog: { featured: true, order: 60 },
    });
    expect(codes).toEqual([]);
    expect(metadata.setup).toEqual({
      ...setup,
      providers: [{ id: "p", authMethods: ["api-key"], envVars: ["P_KEY"], authEvidence: [EVIDENCE] }],
    });
    expect(metadata.maintenance).toEqual({
      doctorContract,
      doctorHealthChecks: ["reachable"],
      backupResources,
      sessionRouteStateOwners: [owner],
    });
    expect(metadata.catalog).toEqual({ featured: true, order: 60 });
    expect(metadata.ownership).toMatchObject({
      channelAccountKeyPolicies: { chat: { canonicalAliasesRequireOwnField: "account" } },
      qaRunners: [{ commandName: "p-qa", description: "Runs P" }],
    });
  });

  it.each<[string, Record<string, unknown>, object]>([
    ["a wrong type", { setup: 5, doctorContract: [], catalog: "first" }, { maintenance: {} }],
    [
      "set-up providers without an id",
      { setup: { providers: [{}, 5, { id: "p" }] } },
      { setup: { providers: [{ id: "p" }] } },
    ],
    [
      "evidence without a marker, a file or the known type",
      {
        setup: {
          providers: [
            {
              id: "p",
              authEvidence: [
                { ...EVIDENCE, credentialMarker: "" },
                { ...EVIDENCE, type: "keychain" },
                { type: EVIDENCE.type, credentialMarker: "m" },
                { type: EVIDENCE.type, credentialMarker: "m", fallbackPaths: [1, "/key"] },
              ],
            },
          ],
        },
      },
      { setup: { providers: [{ authEvidence: [{ fallbackPaths: ["/key"] }] }] } },
    ],
    [
      "a session catalogue without a label",
      { setup: { nativeSessionCatalog: { nodeCommands: ["x"] } } },
      { setup: { providers: [] } },
    ],
    [
      "migrations without an id or with an unknown phase",
      {
        doctorContract: {
          configRepair: "yes",
          stateMigrations: [{}, { id: "m", phase: "never", doctorOnly: 1 }],
        },
      },
      { maintenance: { doctorContract: { stateMigrations: [{ id: "m" }] } } },
    ],
    [
      "migrations as a switch",
      { doctorContract: { stateMigrations: true } },
      { maintenance: { doctorContract: { stateMigrations: true } } },
    ],
    [
      "health checks as a switch",
      { doctorHealthChecks: true },
      { maintenance: { doctorHealthChecks: true } },
    ],
    [
      "route owners without a label",
      { sessionRouteStateOwners: [{ id: "p" }] },
      { maintenance: { sessionRouteStateOwners: [] } },
    ],
    [
      "runners with a name that is no command",
      { qaRunners: [{ commandName: "a b" }, { commandName: "ok" }] },
      { ownership: { qaRunners: [{ commandName: "ok" }] } },
    ],
    [
      "policies of another type",
      { channelAccountKeyPolicies: { a: 1, b: {} } },
      { ownership: { channelAccountKeyPolicies: { b: {} } } },
    ],
    ["an order that is no number", { catalog: { order: "1", featured: 1 } }, { catalog: {} }],
  ])("[F247] drops silently: %s", async (_title, manifest, expected) => {
    const { metadata, status, codes } = await readManifest(manifest);
    expect([status, codes]).toEqual(["loaded", []]);
    expect(metadata).toMatchObject(expected);
    expect(JSON.stringify(metadata)).not.toMatch(/keychain|never|"a b"|nativeSessionCatalog/);
  });

  it.each([
    ["a path that climbs", [{ disposition: "include", scope: "state", relativePath: "a/../../x" }]],
    ["an absolute path", [{ disposition: "include", scope: "state", relativePath: "/x" }]],
    ["a fourth key", [{ disposition: "include", scope: "state", relativePath: "x", note: "" }]],
    ["a missing key", [{ disposition: "include", scope: "state" }]],
    ["an unknown scope", [{ disposition: "include", scope: "host", relativePath: "x" }]],
    ["no list", {}],
  ])("[F247] refuses the plugin when backupResources have %s", async (_title, backupResources) => {
    const { status, codes, metadata } = await readManifest({ backupResources });
    expect([status, codes, metadata]).toEqual(["error", ["manifest-invalid"], undefined]);
  });
});
