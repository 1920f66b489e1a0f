import { describe, expect, it } from "vitest";
import { dingtalkServer } from "./support/dingtalk-server.ts";
import { publishedPackages } from "./support/packages.ts";
import { publishedGateway } from "./support/published-gateway.ts";

const available = await publishedPackages();
const APP = { clientId: "app-of-this-test", clientSecret: "secret-of-this-test" };

async function connected(settings: object) {
  const server = await dingtalkServer(APP);
  const gateway = await publishedGateway({
    package: "@soimy/dingtalk",
    id: "dingtalk",
    config: { channels: { dingtalk: { ...APP, ackReaction: "off", ...settings } } },
  });
  await server.joined();
  return { server, gateway };
}

describe.skipIf(!available)("@soimy/dingtalk, unmodified, on the stream", () => {
  it("answers in private and in a group, each message once, and acknowledges them all", async () => {
    const { server } = await connected({ dmPolicy: "open", groupPolicy: "open" });
    const first = server.write("hello there", { id: "one" });
    await server.answered("ada", "You said: hello there");
    // DingTalk repeats what it thinks was lost.
    const again = server.write("hello there", { id: "one" });
    server.write("are you in?", { room: "house" });
    await server.answered("house", "are you in?");
    server.write("and then");
    await server.answered("ada", "and then");
    expect(server.answers("ada").filter((text) => text.includes("hello there"))).toHaveLength(1);
    expect(server.acknowledged).toEqual(expect.arrayContaining([first, again]));
  });

  it("answers nobody who is not on its list", async () => {
    const { server } = await connected({ dmPolicy: "allowlist", allowFrom: ["grace"] });
    server.write("let me in", { from: "eve" });
    server.write("and me?", { from: "grace" });
    await server.answered("grace", "and me?");
    expect(server.answers("eve").filter((text) => text.includes("You said"))).toEqual([]);
  });
});
