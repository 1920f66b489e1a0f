import { Type } from "typebox";

const open = { additionalProperties: true } as const;
const secret = Type.Union([
  Type.String(),
  Type.Object({ source: Type.String(), provider: Type.String(), id: Type.String() }),
]);
const textList = Type.Array(Type.String());
const section = Type.Object({}, open);
const positive = Type.Integer({ minimum: 1 });

const gateway = Type.Object(
  {
    mode: Type.Optional(Type.String()),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    bind: Type.Optional(Type.String()),
    customBindHost: Type.Optional(Type.String()),
    auth: Type.Optional(
      Type.Object(
        {
          mode: Type.Optional(Type.Union(["token", "password", "none"].map((mode) => Type.Literal(mode)))),
          token: Type.Optional(secret),
          password: Type.Optional(secret),
        },
        open,
      ),
    ),
    controlUi: Type.Optional(Type.Object({ allowedOrigins: Type.Optional(textList) }, open)),
    trustedProxies: Type.Optional(textList),
    reload: Type.Optional(Type.Object({ mode: Type.Optional(Type.String()) }, open)),
  },
  open,
);

const pluginEntry = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean()),
    config: Type.Optional(section),
    hooks: Type.Optional(
      Type.Object(
        {
          allowPromptInjection: Type.Optional(Type.Boolean()),
          allowConversationAccess: Type.Optional(Type.Boolean()),
          timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000 })),
          timeouts: Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 1, maximum: 600_000 }))),
        },
        open,
      ),
    ),
  },
  open,
);

const plugins = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean()),
    allow: Type.Optional(textList),
    deny: Type.Optional(textList),
    load: Type.Optional(Type.Object({ paths: Type.Optional(textList) }, open)),
    slots: Type.Optional(Type.Record(Type.String(), Type.String())),
    entries: Type.Optional(Type.Record(Type.String(), pluginEntry)),
  },
  open,
);

const agents = Type.Object(
  {
    defaults: Type.Optional(
      Type.Object(
        {
          workspace: Type.Optional(Type.String()),
          timeoutSeconds: Type.Optional(Type.Number({ minimum: 0 })),
          maxConcurrent: Type.Optional(positive),
        },
        open,
      ),
    ),
    entries: Type.Optional(Type.Record(Type.String(), section)),
  },
  open,
);

const channels = Type.Record(Type.String(), section);

const session = Type.Object(
  {
    scope: Type.Optional(Type.String()),
    mainKey: Type.Optional(Type.String()),
    dmScope: Type.Optional(
      Type.Union(
        ["main", "per-peer", "per-channel-peer", "per-account-channel-peer"].map((scope) =>
          Type.Literal(scope),
        ),
      ),
    ),
    identityLinks: Type.Optional(Type.Record(Type.String(), textList)),
  },
  open,
);

const logging = Type.Object({ level: Type.Optional(Type.String()) }, open);

const state = Type.Object(
  {
    keyedStore: Type.Optional(
      Type.Object(
        { maxValueBytes: Type.Optional(positive), maxRowsPerPlugin: Type.Optional(positive) },
        open,
      ),
    ),
  },
  open,
);

const secrets = Type.Object({ providers: Type.Optional(Type.Record(Type.String(), section)) }, open);
const environment = Type.Object({ vars: Type.Optional(Type.Record(Type.String(), Type.String())) }, open);

/** The core's part of the file. Sections of plugins and channels are checked against their own schemas. */
export const configSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    gateway: Type.Optional(gateway),
    plugins: Type.Optional(plugins),
    agents: Type.Optional(agents),
    models: Type.Optional(section),
    channels: Type.Optional(channels),
    session: Type.Optional(session),
    messages: Type.Optional(section),
    logging: Type.Optional(logging),
    state: Type.Optional(state),
    cron: Type.Optional(section),
    secrets: Type.Optional(secrets),
    env: Type.Optional(environment),
  },
  open,
);
