import { describe, expect, it } from "vitest";
import { publishedPackages } from "./support/packages.ts";
import { publishedGateway } from "./support/published-gateway.ts";
import { wecomServer } from "./support/wecom-server.ts";

const available = await publishedPackages();
const BOT = { botId: "bot-of-this-test", secret: "secret-of-this-test" };

async function connected(settings: object) {
  const server = await wecomServer(BOT);
  const gateway = await publishedGateway({
    package: "@wecom/wecom-openclaw-plugin",
    id: "wecom-openclaw-plugin",
    config: { channels: { wecom: { ...BOT, websocketUrl: server.url, ...settings } } },
  });
  await server.joined();
  return { server, gateway };
}

describe.skipIf(!available)("@wecom/wecom-openclaw-plugin, unmodified, on the long connection", () => {
  it("streams its answers back in private and in a group", async () => {
    const { server } = await connected({ dmPolicy: "open", allowFrom: ["*"], groupPolicy: "open" });
    expect(await server.answerTo(server.write("hello there"))).toContain("You said: hello there");
    expect(await server.answerTo(server.write("@sluice are you in?", { room: "house" }))).toContain(
      "are you in?",
    );
    const again = await server.answerTo(server.write("and again"));
    expect(again).toContain("and again");
    expect(again).not.toContain("are you in?");
  });

  it("answers nobody who is not on its list", async () => {
    const { server } = await connected({ dmPolicy: "allowlist", allowFrom: ["grace"] });
    const stranger = server.write("let me in", { from: "eve" });
    expect(await server.answerTo(server.write("and me?", { from: "grace" }))).toContain("and me?");
    expect(JSON.stringify(server.replies.filter(({ headers }) => headers.req_id === stranger))).not.toContain(
      "You said",
    );
  });
});
