import { describe, expect, it } from "vitest";
import { mattermostServer } from "./support/mattermost-server.ts";
import { publishedPackages } from "./support/packages.ts";
import { publishedGateway } from "./support/published-gateway.ts";

const available = await publishedPackages();
const TOKEN = "bot-token-of-this-test";

async function connected(settings: object = {}) {
  const house = await mattermostServer(TOKEN);
  const gateway = await publishedGateway({
    package: "@openclaw/mattermost",
    id: "mattermost",
    config: {
      channels: {
        mattermost: {
          baseUrl: house.url,
          botToken: TOKEN,
          network: { dangerouslyAllowPrivateNetwork: true },
          dmPolicy: "open",
          allowFrom: ["*"],
          groupPolicy: "open",
          ...settings,
        },
      },
    },
  });
  await house.joined();
  return { house, gateway };
}

describe.skipIf(!available)("@openclaw/mattermost, unmodified, against a server of its wire format", () => {
  it("answers in private and where it is named, once for each post, and keeps quiet otherwise", async () => {
    const { house } = await connected();
    house.write("direct", "hello there", { id: "first" });
    await house.posted(({ message }) => message.includes("You said: hello there"));
    // The server repeats what it thinks was lost.
    house.write("direct", "hello there", { id: "first" });

    house.write("square", "nobody in particular");
    house.write("square", "@sluice are you in?");
    const answer = await house.posted(({ message }) => message.includes("are you in?"));
    expect(answer).toMatchObject({ channel_id: expect.stringMatching(/^square/) });
    house.write("direct", "and again");
    await house.posted(({ message }) => message.includes("and again"));
    const said = house.posts.map(({ message }) => message);
    expect(said.filter((text) => text.includes("hello there"))).toHaveLength(1);
    expect(said.filter((text) => text.includes("nobody in particular"))).toEqual([]);
    expect(house.unknown).toEqual([]);
  });

  it("hands a stranger a pairing code and lets the approved one in", async () => {
    const { house, gateway } = await connected({ dmPolicy: "pairing", allowFrom: [] });
    house.write("direct", "let me in");
    const { message } = await house.posted((post) => post.message.includes("Pairing code"));
    const code = /Pairing code: `*([A-Z0-9]{8})/.exec(message)?.[1] as string;
    await gateway.services.channels.approvePairing({ channel: "mattermost", code });
    house.write("direct", "now?");
    await house.posted((post) => post.message.includes("You said: now?"));
  });

  it("connects again when the line breaks", async () => {
    const { house } = await connected();
    house.drop();
    await house.joined();
    house.write("direct", "still there?");
    await house.posted(({ message }) => message.includes("still there?"));
  });
});
