import { describe, expect, it } from "vitest";
import { WireClient } from "../gateway/support/wire-client.ts";
import { callsOf, contract } from "./support.ts";

const EXTENSION = `
  api.session.state.registerSessionExtension({
    namespace: "budget", description: "Spent so far.",
    project: ({ state }) => ({ left: state.limit - state.spent }),
    sessionEntrySlotKey: "probeBudget",
    cleanup: (context) => { seen.push({ cleanup: "extension", ...context }); },
  });
  api.registerSessionExtension({ namespace: "plain", description: "Shown as it is." });
`;

describe("session extensions", () => {
  it("[F094] are patched by operators and projected into session rows", async () => {
    const { call, say, client } = await contract({ register: EXTENSION });
    await say("hello");
    await call("sessions.subscribe");
    const value = { limit: 10, spent: 4, secret: "s3cret" };
    const patched = await call("sessions.pluginPatch", {
      key: "main",
      pluginId: "probe",
      namespace: "budget",
      value,
    });
    expect(patched).toEqual({ ok: true, key: "agent:main:main", value });
    const changed = await client.next(
      ({ event, payload }) => event === "sessions.changed" && payload.reason === "plugin-patch",
    );
    const projected = [{ pluginId: "probe", namespace: "budget", value: { left: 6 } }];
    expect(changed.payload.session.pluginExtensions).toEqual(projected);
    const { sessions } = await call("sessions.list");
    expect(sessions[0].pluginExtensions).toEqual(projected);
    expect(JSON.stringify(sessions)).not.toContain("s3cret");
    const { entry } = await call("sessions.patch", { key: "main", label: "mine" });
    expect(entry.probeBudget).toEqual({ left: 6 });
    await call("sessions.pluginPatch", { key: "main", pluginId: "probe", namespace: "plain", value: null });
    await call("sessions.pluginPatch", { key: "main", pluginId: "probe", namespace: "budget", unset: true });
    const { session } = await call("sessions.describe", { key: "main" });
    expect(session.pluginExtensions).toEqual([{ pluginId: "probe", namespace: "plain", value: null }]);
    expect((await call("sessions.patch", { key: "main", label: null })).entry.probeBudget).toBeUndefined();
  });

  it("[F094] refuse unknown namespaces and sessions, contradictions, and callers without admin", async () => {
    const { refusal, say, gateway } = await contract({ register: EXTENSION });
    await say("hello");
    const base = { key: "main", pluginId: "probe", namespace: "budget" };
    const wrong = [
      { ...base, namespace: "other", value: 1 },
      { ...base, pluginId: "nobody", value: 1 },
      { ...base, key: "unknown", value: 1 },
      base,
      { ...base, value: 1, unset: true },
      { ...base, value: "x".repeat(65_537) },
    ];
    for (const params of wrong) {
      expect((await refusal("sessions.pluginPatch", params)).code).toBe("INVALID_REQUEST");
    }
    const reader = callsOf(await WireClient.open(gateway.url, { scopes: ["operator.write"] }));
    expect((await reader.refusal("sessions.pluginPatch", { ...base, value: 1 })).code).toBe("FORBIDDEN");
  });

  it("[F094] a projector that fails or answers late hides its own value only", async () => {
    const { call, say } = await contract({
      register: `${EXTENSION}
        api.registerSessionExtension({ namespace: "broken", description: "d", project() { throw new Error("no"); } });
        api.registerSessionExtension({ namespace: "late", description: "d", project: () => Promise.resolve(1) });`,
    });
    await say("hello");
    for (const namespace of ["broken", "late", "plain"]) {
      await call("sessions.pluginPatch", { key: "main", pluginId: "probe", namespace, value: namespace });
    }
    const { session } = await call("sessions.describe", { key: "main" });
    expect(session.pluginExtensions).toEqual([{ pluginId: "probe", namespace: "plain", value: "plain" }]);
  });

  it("[F096, F094] trusted policies read the newest state of their own session, and of nobody else's plugin", async () => {
    const tool = `api.registerTool({ name: "pay", description: "Pays.", parameters: { type: "object", properties: {} },
      execute: async () => ({ content: [{ type: "text", text: "paid" }] }) });`;
    const { call, say } = await contract([
      {
        register: `${EXTENSION}${tool}
          api.registerTrustedToolPolicy({ id: "limit", description: "Keeps to the budget.", matcher: ["pay"],
            evaluate(event, ctx) {
              const state = ctx.getSessionExtension("budget");
              return state && state.spent >= state.limit ? { allow: false, reason: "budget is used up" } : undefined;
            } });`,
        manifest: { contracts: { tools: ["pay"], trustedToolPolicies: ["limit"] } },
      },
      {
        id: "nosy",
        register: `api.on("before_tool_call", (event, ctx) => { seen.push(ctx.getSessionExtension("budget") ?? "nothing"); });`,
      },
    ]);
    expect(await say("/tool pay {}")).toContain("pay returned: paid");
    const patch = (spent: number) =>
      call("sessions.pluginPatch", {
        key: "main",
        pluginId: "probe",
        namespace: "budget",
        value: { limit: 5, spent },
      });
    await patch(5);
    expect(await say("/tool pay {}")).toContain("budget is used up");
    await patch(1);
    expect(await say("/tool pay {}")).toContain("paid");
    expect((await call("nosy.seen")).seen).toEqual(["nothing", "nothing"]);
  });

  it("[F100, F104, F094] a reset or delete cleans up extensions, jobs and lifecycles of that session", async () => {
    const { call, say, seen } = await contract({
      register: `${EXTENSION}
        const note = (cleanup) => (context) => { seen.push({ cleanup, ...context }); };
        api.lifecycle.registerRuntimeLifecycle({ id: "life", cleanup: note("lifecycle") });
        const handle = api.session.workflow.registerSessionSchedulerJob(
          { id: "job", sessionKey: "agent:main:main", kind: "reminder", cleanup: note("job") });
        seen.push({ handle });
        api.registerSessionSchedulerJob(
          { id: "elsewhere", sessionKey: "agent:main:other", kind: "reminder", cleanup: note("other job") });`,
    });
    await say("hello");
    await say("hello", "other");
    const value = { limit: 1, spent: 1 };
    await call("sessions.pluginPatch", { key: "main", pluginId: "probe", namespace: "budget", value });
    await call("sessions.pluginPatch", { key: "other", pluginId: "probe", namespace: "budget", value });
    await call("sessions.reset", { key: "main" });
    const key = { reason: "reset", sessionKey: "agent:main:main" };
    expect(await seen()).toEqual([
      { handle: { id: "job", pluginId: "probe", sessionKey: "agent:main:main", kind: "reminder" } },
      { cleanup: "extension", ...key },
      { cleanup: "lifecycle", ...key },
      { cleanup: "job", jobId: "job", ...key },
    ]);
    const shown = async (session: string) =>
      (await call("sessions.describe", { key: session })).session.pluginExtensions;
    expect(await shown("main")).toBeUndefined();
    expect(await shown("other")).toHaveLength(1);
    await call("sessions.delete", { key: "other" });
    const deleted = (await seen()).slice(4).map(({ cleanup, reason }) => [cleanup, reason]);
    expect(deleted).toEqual([
      ["extension", "delete"],
      ["lifecycle", "delete"],
      ["other job", "delete"],
    ]);
  });

  it("[F104] a job may name its session shortly; a name that is taken or empty gives no handle", async () => {
    const { call, say, seen } = await contract({
      register: `const job = (more) => seen.push(api.session.workflow.registerSessionSchedulerJob({ id: "job", sessionKey: "main", kind: "reminder", cleanup: ({ reason, sessionKey, jobId }) => { seen.push([reason, sessionKey, jobId]); }, ...more }) ?? "no handle");
        job({ id: " job " }); job({}); job({ id: "b", sessionKey: " " }); job({ id: "c", kind: 5 });`,
    });
    await say("hello");
    await call("sessions.reset", { key: "main" });
    expect(await seen()).toEqual([
      { id: "job", pluginId: "probe", sessionKey: "main", kind: "reminder" },
      "no handle",
      "no handle",
      "no handle",
      ["reset", "main", "job"],
    ]);
  });

  it("[F100] disabling a plugin removes its state from every session", async () => {
    const { call, say } = await contract({ register: EXTENSION });
    await say("hello");
    const value = { limit: 1, spent: 1 };
    await call("sessions.pluginPatch", { key: "main", pluginId: "probe", namespace: "budget", value });
    const change = async (enabled: boolean) => {
      const { hash } = await call("config.get");
      const raw = JSON.stringify({ plugins: { entries: { probe: { enabled } } } });
      await call("config.patch", { raw, baseHash: hash });
    };
    await change(false);
    for (;;) {
      const { entry } = await call("sessions.patch", { key: "main", label: "x" });
      if (entry.probeBudget === undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await change(true);
    while (
      !(await call("plugins.list")).plugins.some(
        (one: { id: string; status: string }) => one.id === "probe" && one.status === "loaded",
      )
    ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect((await call("sessions.describe", { key: "main" })).session.pluginExtensions).toBeUndefined();
  });
});

describe("session controls", () => {
  it("[F108] actions are dispatched with a checked payload and answer in the contract's form", async () => {
    const { call, refusal, gateway, seen } = await contract({
      register: `
        const schema = { type: "object", properties: { n: { type: "number" } }, required: ["n"], additionalProperties: false };
        api.session.controls.registerSessionAction({ id: "add", schema, handler: (context) => {
          seen.push({ ...context, client: { scopes: context.client.scopes } });
          return { result: context.payload.n + 1, continueAgent: true, reply: { text: "done" } };
        } });
        api.registerSessionAction({ id: "refuse", handler: () => ({ ok: false, error: "not now", code: "BUSY", details: { wait: 1 } }) });
        api.registerSessionAction({ id: "quiet", requiredScopes: ["operator.read"], handler: async () => {} });
        api.registerSessionAction({ id: "admin", requiredScopes: ["operator.admin"], handler: () => ({}) });
        api.registerSessionAction({ id: "broken", handler() { throw new Error("the s3cret reason"); } });
        api.registerSessionAction({ id: "circular", handler() { const a = {}; a.a = a; return { result: a }; } });`,
    });
    const run = (actionId: string, more: object = {}) => ({ pluginId: "probe", actionId, ...more });
    const action = "plugins.sessionAction";
    expect(await call(action, run("add", { sessionKey: "main", payload: { n: 1 } }))).toEqual({
      ok: true,
      result: 2,
      continueAgent: true,
      reply: { text: "done" },
    });
    expect(await seen()).toEqual([
      {
        pluginId: "probe",
        actionId: "add",
        sessionKey: "agent:main:main",
        agentId: "main",
        payload: { n: 1 },
        client: { scopes: ["operator.admin"] },
      },
    ]);
    expect(await call(action, run("refuse"))).toEqual({
      ok: false,
      error: "not now",
      code: "BUSY",
      details: { wait: 1 },
    });
    expect(await call(action, run("quiet"))).toEqual({ ok: true });
    const mismatch = await refusal(action, run("add", { payload: { n: "1" } }));
    expect(mismatch).toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining("does not match schema"),
    });
    expect(await refusal(action, run("nothing"))).toMatchObject({
      code: "UNAVAILABLE",
      message: "unknown plugin session action: probe/nothing",
    });
    const broken = await refusal(action, run("broken"));
    expect(broken.code).toBe("UNAVAILABLE");
    expect(JSON.stringify(broken)).not.toContain("s3cret");
    expect((await refusal(action, run("circular"))).code).toBe("UNAVAILABLE");
    const reader = callsOf(await WireClient.open(gateway.url, { scopes: ["operator.read"] }));
    expect(await reader.call(action, run("quiet"))).toEqual({ ok: true });
    expect((await reader.refusal(action, run("add", { payload: { n: 1 } }))).code).toBe("FORBIDDEN");
    const writer = callsOf(await WireClient.open(gateway.url, { scopes: ["operator.write"] }));
    expect((await writer.refusal(action, run("admin"))).details.missingScope).toBe("operator.admin");
  });

  it("[F108] a schema that is none refuses its action, instead of letting everything in", async () => {
    const { call } = await contract({
      register: `const act = (id, schema) => api.session.controls.registerSessionAction({ id, schema, handler: () => {} });
        act("typo", { type: "nonsense" });
        act("deep", { type: "object", properties: { list: { items: { pattern: "(" } } } });
        act("list", { anyOf: { type: "string" } });
        act("text", "object");
        act("fine", { type: ["object", "null"], properties: { a: { enum: [1] } }, required: ["a"], $defs: { b: true } });
        act("any", true);`,
    });
    const { contributions, diagnostics } = await call("plugins.inspect", { pluginId: "probe" });
    expect(contributions.sessionAction).toEqual(["fine", "any"]);
    expect(diagnostics.map(({ message }: { message: string }) => message)).toEqual([
      'session action "typo": "schema" is no JSON Schema: it has the unknown type "nonsense"',
      'session action "deep": "schema" is no JSON Schema: "properties/list/items" has a "pattern" that is no regular expression',
      'session action "list": "schema" is no JSON Schema: it has a "anyOf" that is no list',
      'session action "text": "schema" is no JSON Schema: it is neither an object nor a boolean',
    ]);
  });

  it("[F094] [F099] slots of session rows and places of tabs have one owner in the whole gateway", async () => {
    const slot = (namespace: string) =>
      `api.session.state.registerSessionExtension({ namespace: "${namespace}", description: "d", sessionEntrySlotKey: "planSlot" });`;
    const tab = (id: string) =>
      `api.session.controls.registerControlUiDescriptor({ id: "${id}", surface: "tab", label: "T", slug: "plans" });`;
    const reader = (id: string, fields: string) =>
      `api.session.controls.registerControlUiDescriptor({ id: "${id}", surface: "link-reader", label: "R", linkReader: { hosts: ["a.example"], pathPattern: "^/x$", detailMethod: "m", ${fields} } });`;
    const { call } = await contract([
      {
        id: "first",
        register: `${slot("one")}${slot("two")}${tab("one")}${reader("ok", "")}
          ${reader("stars", 'hosts: ["*.example"]')}${reader("broken", 'pathPattern: "^($"')}${reader("nameless", "previewMethod: 1")}`,
      },
      { id: "second", register: `${slot("one")}${tab("one")}` },
    ]);
    const report = async (pluginId: string) => {
      const { contributions, diagnostics } = await call("plugins.inspect", { pluginId });
      const codes = diagnostics.map(({ code }: { code: string }) => code);
      return [contributions.sessionExtension, contributions.controlUiDescriptor, codes];
    };
    const malformed = "registration-malformed";
    const duplicate = "registration-duplicate";
    expect(await report("first")).toEqual([
      ["one"],
      ["one", "ok"],
      [malformed, malformed, malformed, duplicate],
    ]);
    expect(await report("second")).toEqual([undefined, undefined, [duplicate, duplicate]]);
  });

  it("[F099] page descriptors are listed for clients that hold their scopes", async () => {
    const { call, gateway } = await contract({
      register: `
        for (const surface of ["session", "tool", "run", "settings"])
          api.session.controls.registerControlUiDescriptor({ id: surface, surface, label: "My " + surface, schema: { a: 1 } });
        api.registerControlUiDescriptor({ id: "board", surface: "tab", label: "Board", slug: "board", path: "/board", order: 3 });
        api.registerControlUiDescriptor({ id: "secret", surface: "settings", label: "Secret", requiredScopes: ["operator.admin"] });`,
    });
    const all = await call("plugins.uiDescriptors");
    expect(all).toMatchObject({ ok: true, generation: expect.any(Number) });
    expect(all.descriptors.map(({ id }: { id: string }) => id).sort()).toEqual([
      "board",
      "run",
      "secret",
      "session",
      "settings",
      "tool",
    ]);
    expect(all.descriptors[0]).toMatchObject({
      pluginId: "probe",
      surface: "session",
      label: "My session",
      schema: { a: 1 },
    });
    expect(all.controlUiTabs).toEqual([
      expect.objectContaining({ id: "board", slug: "board", path: "/board", order: 3 }),
    ]);
    const reader = callsOf(await WireClient.open(gateway.url, { scopes: ["operator.read"] }));
    const shown = (await reader.call("plugins.uiDescriptors")).descriptors;
    expect(shown.map(({ id }: { id: string }) => id)).not.toContain("secret");
  });
});
