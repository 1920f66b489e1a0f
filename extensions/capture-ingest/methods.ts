import { SluiceError } from "sluice/plugin-sdk/foundation";
import { rebuildVault, verifyVault } from "./audit.ts";
import { DEFAULT_TENANT } from "./config.ts";
import type { CaptureHost } from "./host.ts";

type Params = Record<string, unknown>;

/** The handlers of `capture.*`, by name without the prefix. */
export const captureMethods: Record<string, (host: CaptureHost, params: Params) => Promise<unknown>> = {
  async status(host) {
    const service = await host.service();
    const [counts, store, sources] = await Promise.all([
      service.ledger.call.batches.counts({} as never),
      service.ledger.stats(),
      service.ledger.call.sources.list({}),
    ]);
    return {
      tenants: [...service.config.tenants.values()].map(({ id, vault, zone }) => ({
        id,
        vault,
        timezone: zone.name,
        events: sources
          .filter((source) => source.tenant === id)
          .reduce((sum, source) => sum + source.stored, 0),
      })),
      keys: (await service.keyRing()).size,
      pendingBatches: counts.pending,
      files: counts.files,
      unwrittenFiles: service.vaults.dirtyFiles,
      lastError: service.lastError ?? null,
      store: { fileBytes: store.fileBytes, walBytes: store.walBytes },
      invalidPlugins: service.registry.invalid,
      sources: sources.map((source) => ({
        tenant: source.tenant,
        plugin: source.plugin_id,
        sourceType: source.source_type,
        device: source.device_id.slice(0, 8),
        lastSeen: new Date(source.last_seen).toISOString(),
        batches: source.batches,
        stored: source.stored,
        skipped: source.skipped,
        stalled: source.stalled_at !== null,
      })),
    };
  },

  async search(host, params) {
    const search = await host.search();
    const hits = await search.search({
      tenant: tenantOf(params),
      query: required(params, "query"),
      folder: optional(params, "folder"),
      from: optional(params, "from"),
      to: optional(params, "to"),
      limit: typeof params["limit"] === "number" ? params["limit"] : undefined,
    });
    return { hits };
  },

  verify: async (host, params) => verifyVault(await host.service(), tenantOf(params)),

  async recover(host) {
    const service = await host.service();
    await service.vaults.repairAll();
    return { unwrittenFiles: service.vaults.dirtyFiles };
  },

  rebuild: async (host, params) =>
    rebuildVault(await host.service(), tenantOf(params), required(params, "target")),

  "plugins.list": async (host, params) => (await host.service()).listPlugins(tenantOf(params)),

  async "keys.list"(host) {
    const service = await host.service();
    const stored = await service.keyFile.read();
    return {
      keys: [
        ...service.config.keys.map(({ id, tenant }) => ({ id, tenant, from: "config" })),
        ...stored.map(({ id, tenant, createdAt }) => ({ id, tenant, from: "stored", createdAt })),
      ],
    };
  },

  async "keys.create"(host, params) {
    const service = await host.service();
    const tenant = tenantOf(params);
    if (!service.config.tenants.has(tenant))
      throw new SluiceError("TENANT_UNKNOWN", `there is no tenant "${tenant}"`);
    const key = await service.keyFile.create(required(params, "id"), tenant, service.clock.now());
    return { key };
  },

  async "keys.rotate"(host, params) {
    const service = await host.service();
    return { key: await service.keyFile.rotate(required(params, "id"), service.clock.now()) };
  },

  async "keys.revoke"(host, params) {
    await (await host.service()).keyFile.revoke(required(params, "id"));
    return { revoked: true };
  },
};

function tenantOf(params: Params): string {
  return optional(params, "tenant") ?? DEFAULT_TENANT;
}

function optional(params: Params, name: string): string | undefined {
  const value = params[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function required(params: Params, name: string): string {
  const value = optional(params, name);
  if (value === undefined) throw new SluiceError("INVALID_REQUEST", `${name} is required`);
  return value;
}
