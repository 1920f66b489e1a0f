// Published plugins and what they need to be on: settings that pass their schemas and lead nowhere.
const NOWHERE = "http://127.0.0.1:9";
const GUID = "00000000-0000-0000-0000-000000000000";
const SERVICE_ACCOUNT = JSON.stringify({
  type: "service_account",
  client_email: "a@b.invalid",
  private_key: "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
  token_uri: `${NOWHERE}/token`,
  project_id: "p",
});

/**
 * The packages whose shape and contributions are promised. `settings` are dotted paths and values as
 * `sluice config set` takes them; `PORT` stands for a free port.
 */
export const PROMISED = [
  {
    id: "irc",
    spec: "@openclaw/irc@2026.9.5",
    settings: { "channels.irc": { host: "127.0.0.1", port: 9, tls: false, nick: "bot" } },
    shape: "plain-capability",
    contributions: { channel: ["irc"] },
  },
  {
    id: "nextcloud-talk",
    spec: "@openclaw/nextcloud-talk@2026.9.5",
    settings: {
      "channels.nextcloud-talk": {
        baseUrl: NOWHERE,
        botSecret: "secret",
        webhookHost: "127.0.0.1",
        webhookPort: "PORT",
      },
    },
    shape: "plain-capability",
    contributions: { channel: ["nextcloud-talk"] },
    listens: true,
  },
  {
    id: "mattermost",
    spec: "@openclaw/mattermost@2026.9.5",
    settings: { "channels.mattermost": { baseUrl: NOWHERE, botToken: "token" } },
    shape: "plain-capability",
    contributions: { channel: ["mattermost"], httpRoute: ["exact /api/channels/mattermost/command"] },
  },
  {
    id: "brave",
    spec: "@openclaw/brave-plugin@2026.9.5",
    shape: "plain-capability",
    contributions: { webSearchProvider: ["brave"] },
  },
  {
    id: "deepseek",
    spec: "@openclaw/deepseek-provider@2026.9.5",
    shape: "plain-capability",
    contributions: { provider: ["deepseek"], modelCatalogProvider: ["deepseek"] },
  },
  {
    id: "openclaw-mem0",
    spec: "@mem0/openclaw-mem0@1.0.16",
    settings: { "plugins.slots.memory": "openclaw-mem0" },
    shape: "non-capability",
    contributions: { service: ["openclaw-mem0"] },
  },
  {
    id: "wecom-openclaw-plugin",
    spec: "@wecom/wecom-openclaw-plugin@2026.7.2",
    settings: { "channels.wecom": { botId: "b", secret: "s", websocketUrl: "ws://127.0.0.1:9" } },
    shape: "plain-capability",
    contributions: { channel: ["wecom"], tool: ["wecom_mcp"] },
  },
  {
    id: "dingtalk",
    spec: "@soimy/dingtalk@3.6.7",
    settings: { "channels.dingtalk": { clientId: "id", clientSecret: "secret" } },
    shape: "plain-capability",
    contributions: { channel: ["dingtalk"], tool: ["dingtalk_ask_user_question"] },
  },
];

/** Others of the ecosystem; they have to come and go as cleanly. */
export const OTHERS = [
  ["openclaw-lark", "@larksuite/openclaw-lark"],
  ["nemo-relay", "nemo-relay-openclaw"],
  ["codex", "@openclaw/codex"],
  ["discord", "@openclaw/discord", { "channels.discord": { token: "MTIz.abc.def", proxy: NOWHERE } }],
  [
    "feishu",
    "@openclaw/feishu",
    { "channels.feishu": { appId: "cli_dummy", appSecret: "secret", domain: "https://127.0.0.1:9" } },
  ],
  [
    "googlechat",
    "@openclaw/googlechat",
    {
      "channels.googlechat": {
        serviceAccount: SERVICE_ACCOUNT,
        audienceType: "app-url",
        audience: `${NOWHERE}/googlechat`,
      },
    },
  ],
  ["line", "@openclaw/line", { "channels.line": { channelAccessToken: "token", channelSecret: "secret" } }],
  [
    "matrix",
    "@openclaw/matrix",
    {
      "channels.matrix": {
        homeserver: NOWHERE,
        userId: "@bot:127.0.0.1",
        accessToken: "token",
        network: { dangerouslyAllowPrivateNetwork: true },
      },
    },
  ],
  [
    "msteams",
    "@openclaw/msteams",
    {
      "channels.msteams": {
        enabled: true,
        appId: GUID,
        appPassword: "password",
        tenantId: GUID,
        webhook: { port: "PORT" },
      },
    },
  ],
  [
    "nostr",
    "@openclaw/nostr",
    { "channels.nostr": { privateKey: `${"0".repeat(63)}1`, relays: ["ws://127.0.0.1:9"] } },
  ],
  [
    "signal",
    "@openclaw/signal",
    { "channels.signal": { account: "+15550000000", transport: { kind: "external-native", url: NOWHERE } } },
  ],
  [
    "slack",
    "@openclaw/slack",
    { "channels.slack": { botToken: "xoxb-1-2-abc", appToken: "xapp-1-A-1-abc" } },
  ],
  [
    "synology-chat",
    "@openclaw/synology-chat",
    { "channels.synology-chat": { token: "token", incomingUrl: `${NOWHERE}/webapi/entry.cgi` } },
  ],
  ["tlon", "@openclaw/tlon", { "channels.tlon": { ship: "~zod", url: NOWHERE, code: "a-b-c-d" } }],
  ["tokenjuice", "@openclaw/tokenjuice"],
  [
    "twitch",
    "@openclaw/twitch",
    { "channels.twitch": { username: "bot", accessToken: "oauth:abc", clientId: "cid", channel: "chan" } },
  ],
  ["whatsapp", "@openclaw/whatsapp", { "channels.whatsapp": {} }],
  ["zalo", "@openclaw/zalo", { "channels.zalo": { botToken: "123:abc" } }],
  ["openclaw-weixin", "@tencent-weixin/openclaw-weixin", { "channels.openclaw-weixin": {} }],
  [
    "bluebubbles",
    "@openclaw/bluebubbles",
    {
      "channels.bluebubbles": {
        serverUrl: NOWHERE,
        password: "password",
        network: { dangerouslyAllowPrivateNetwork: true },
      },
    },
  ],
  [
    "clickclack",
    "@openclaw/clickclack",
    { "channels.clickclack": { baseUrl: NOWHERE, token: "token", workspace: "w" } },
  ],
  ["imessage", "@openclaw/imessage", { "channels.imessage": { cliPath: "/bin/true" } }],
  ["qqbot", "@openclaw/qqbot", { "channels.qqbot": { appId: "1", clientSecret: "secret" } }],
  [
    "sms",
    "@openclaw/sms",
    {
      "channels.sms": {
        accountSid: `AC${"0".repeat(32)}`,
        authToken: "token",
        fromNumber: "+15550000000",
        publicWebhookUrl: "https://gateway.invalid/sms",
      },
    },
  ],
  ["zalouser", "@openclaw/zalouser", { "channels.zalouser": { enabled: true } }],
  ["mistral", "@openclaw/mistral-provider"],
  ["perplexity", "@openclaw/perplexity-plugin"],
  ["qwen", "@openclaw/qwen-provider"],
  ["venice", "@openclaw/venice-provider"],
  ["camofox-browser", "@askjo/camofox-browser"],
  ["openclaw-web-search", "@ollama/openclaw-web-search"],
  [
    "channels",
    "@openclaw-china/channels",
    {
      "channels.dingtalk": { enabled: true, clientId: "id", clientSecret: "secret" },
      "channels.feishu": { enabled: true, appId: "id", appSecret: "secret" },
    },
  ],
  [
    "wecom",
    "@mocrane/wecom",
    { "channels.wecom": { enabled: true, bot: { token: "token", encodingAESKey: "a".repeat(43) } } },
  ],
  ["openclaw-linear", "@calltelemetry/openclaw-linear"],
  ["orchestra", "@gekkocompany/orchestra"],
  ["oh-my-openclaw", "@happycastle/oh-my-openclaw"],
  ["recipes", "@jiggai/recipes"],
  ["devclaw", "@laurentenhoor/devclaw"],
  ["openclaw-avatar", "@projectavatar/openclaw-avatar"],
  ["graphiti", "@robertogongora/graphiti"],
  ["context-compactor", "jasper-context-compactor"],
  ["simmer-automaton", "simmer-automaton"],
  ["clawvault", "clawvault"],
  // Content packs of other agents.
  ["ecc", "ecc-universal"],
  ["selfish", "selfish-pipeline"],
  ["claude-scrum-skill", "@houseofwolvesllc/claude-scrum-skill"],
].map(([id, spec, settings]) => ({ id, spec, ...(settings ? { settings } : {}) }));

/** Earlier releases that people have pinned; what they import is a promise as well. */
export const EARLIER = [
  "@openclaw/matrix@2026.5.12",
  "@openclaw/matrix@2026.8.1",
  "@openclaw/whatsapp@2026.6.1",
  ...[
    "discord",
    "feishu",
    "googlechat",
    "irc",
    "line",
    "mattermost",
    "msteams",
    "nextcloud-talk",
    "nostr",
  ].map((name) => `@openclaw/${name}@2026.6.11`),
  ...["qqbot", "signal", "slack", "synology-chat", "tlon", "twitch", "zalo", "zalouser"].map(
    (name) => `@openclaw/${name}@2026.6.11`,
  ),
  "@larksuite/openclaw-lark@2026.7.9",
  "@soimy/dingtalk@3.1.4",
  "@tencent-weixin/openclaw-weixin@2.1.1",
].map((spec) => ({ spec }));
