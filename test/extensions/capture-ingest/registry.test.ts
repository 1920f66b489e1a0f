import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CATALOGUE } from "../../../extensions/capture-ingest/registry/catalogue.ts";
import { checkForPublishing } from "../../../extensions/capture-ingest/registry/publishing.ts";
import { CaptureRegistry, checkPluginFolder } from "../../../extensions/capture-ingest/registry/registry.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { harness, sampleBatch, sampleEvent } from "./support.ts";

const manifest = (changes: Record<string, unknown> = {}) => ({
  id: "my-audio-plugin",
  name: "My Audio Capture",
  version: "1.0.0",
  platform: ["macos"],
  source_types: ["audio_system"],
  sensitivity: "MEDIUM",
  requires_permissions: ["screen_recording"],
  config_schema: {
    chunk_duration: { type: "integer", default: 60 },
    blocklist: { type: "array", default: ["Spotify", "Music"] },
  },
  ...changes,
});

async function plugin(folder: string, dir: string, content: unknown): Promise<void> {
  await mkdir(join(folder, dir), { recursive: true });
  await writeFile(
    join(folder, dir, "plugin.json"),
    typeof content === "string" ? content : JSON.stringify(content),
  );
}

describe("capture plugins", () => {
  it("[F238] reads every field of a manifest", async () => {
    const folder = await temporaryFolder();
    await plugin(folder, "audio", manifest());
    const { plugins, invalid } = (await CaptureRegistry.read(folder)).list([]);
    expect(invalid).toEqual([]);
    expect(plugins).toEqual([{ ...manifest(), status: "registered", state: "stable" }]);
  });

  it("[F238] reports everything that is wrong with a manifest and skips it", async () => {
    const folder = await temporaryFolder();
    await plugin(folder, "a", {});
    await plugin(folder, "b", "{");
    await plugin(
      folder,
      "c",
      manifest({ id: "Bad Id", platform: ["beos"], config_schema: { x: { type: "date" } } }),
    );
    await plugin(folder, "d", `${JSON.stringify(manifest())}${" ".repeat(65_537)}`);
    await plugin(folder, "e", manifest());
    await plugin(folder, "f", manifest({ name: "Second" }));
    await mkdir(join(folder, "empty"));
    const registry = await CaptureRegistry.read(folder);
    expect(registry.invalid.map(({ dir, errors }) => [dir, errors.length])).toEqual([
      ["a", 6],
      ["b", 1],
      ["c", 3],
      ["d", 1],
      ["f", 1],
    ]);
    expect(registry.get("my-audio-plugin")?.name).toBe("My Audio Capture");
  });

  it("refuses a manifest that lies elsewhere behind a link", async () => {
    const folder = await temporaryFolder();
    const elsewhere = await temporaryFolder();
    await plugin(elsewhere, "p", manifest());
    await symlink(join(elsewhere, "p"), join(folder, "linked"));
    await mkdir(join(folder, "file"));
    await symlink(join(elsewhere, "p", "plugin.json"), join(folder, "file", "plugin.json"));
    const registry = await CaptureRegistry.read(folder);
    expect(registry.invalid.map(({ dir }) => dir)).toEqual(["file", "linked"]);
  });

  it("[F239] lists manifests and programs that post without one", async () => {
    const folder = await temporaryFolder();
    await plugin(
      folder,
      "audio",
      manifest({ id: "openclone-mac-audio", source_types: ["audio_system", "audio_mic"] }),
    );
    const { post, get } = await harness({ settings: { pluginsDir: folder } });
    await post(sampleBatch());
    await post(sampleBatch({ plugin_id: "a-script", source_type: "notes" }));
    const { status, body } = await get("/api/v1/plugins");
    expect(status).toBe(200);
    expect(body.plugins).toMatchObject([
      {
        id: "a-script",
        status: "unregistered",
        events_stored: 1,
        source_types: ["notes"],
        config_schema: {},
      },
      // The microphone is more sensitive than the manifest says.
      { id: "openclone-mac-audio", status: "registered", sensitivity: "HIGH", events_stored: 1 },
    ]);
    expect(body.plugins[0].last_seen).toMatch(/^2026-03-01T12:00:00/);
    expect((await get("/api/v1/plugins", { "x-api-key": "no" })).status).toBe(401);
  });

  it("[F240] warns of sensitive sources once, and never refuses them", async () => {
    const { post, log } = await harness();
    for (let times = 0; times < 3; times++)
      expect((await post(sampleBatch({ source_type: "health" }))).status).toBe(200);
    expect(log.filter((line) => line.message.includes("HIGH"))).toHaveLength(1);
  });

  it("[F241] knows which plugins are stable, beta and planned", () => {
    const states = CATALOGUE.map((entry) => entry.state);
    expect(CATALOGUE).toHaveLength(13);
    expect(
      ["stable", "beta", "planned"].map((state) => states.filter((one) => one === state).length),
    ).toEqual([4, 1, 8]);
  });

  it("warns of what a manifest does not declare, or refuses it when told to", async () => {
    const folder = await temporaryFolder();
    await plugin(folder, "audio", manifest({ id: "openclone-mac-audio", platform: ["ios"] }));
    const open = await harness({ settings: { pluginsDir: folder } });
    expect((await open.post(sampleBatch())).status).toBe(200);
    expect(open.log.some((line) => line.message.includes("does not declare"))).toBe(true);
    const strict = await harness({ settings: { pluginsDir: folder, enforceManifest: true } });
    const refused = await strict.post(sampleBatch());
    expect([refused.status, refused.body.detail[0].loc]).toEqual([422, ["body", "platform"]]);
  });

  it("tells devices apart where the manifest asks for it", async () => {
    const folder = await temporaryFolder();
    await plugin(folder, "audio", manifest({ id: "openclone-mac-audio", dedupe_scope: "device" }));
    const { post } = await harness({ settings: { pluginsDir: folder } });
    const stored = async (device_id: string) =>
      (await post(sampleBatch({ device_id, events: [sampleEvent()] }))).body.stored;
    expect([await stored("test-1"), await stored("test-2"), await stored("test-1")]).toEqual([1, 1, 0]);
  });

  it("[F242] ships clients that pass the publishing checklist", async () => {
    const clients = fileURLToPath(new URL("../../../extensions/capture-ingest/clients", import.meta.url));
    const names = (await readdir(clients, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(names.length).toBeGreaterThanOrEqual(4);
    for (const { name } of names) {
      const findings = await checkForPublishing(join(clients, name), checkPluginFolder);
      expect(findings.filter((finding) => !finding.ok)).toEqual([]);
    }
  });

  it("[F242] finds what keeps a plugin from being published", async () => {
    const folder = await temporaryFolder();
    await plugin(folder, "p", manifest({ openclone: { enabled: true } }));
    await writeFile(join(folder, "p", "run.sh"), "KEY=slc_aaaaaaaaaaaaaaaaaaaaaaaa");
    const failed = (await checkForPublishing(join(folder, "p"), checkPluginFolder)).filter(
      (finding) => !finding.ok,
    );
    expect(failed).toHaveLength(4);
  });
});
