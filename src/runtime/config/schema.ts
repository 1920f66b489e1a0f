/** What a schema of the core may say: as little of JSON Schema as {@link configSchema} needs. */
export type CoreSchema =
  | { readonly type: "string"; readonly const?: string }
  | { readonly type: "boolean" }
  | { readonly type: "integer" | "number"; readonly minimum: number; readonly maximum?: number }
  | { readonly type: "array"; readonly items: CoreSchema }
  | ObjectSchema
  | { readonly anyOf: readonly CoreSchema[] };

export interface ObjectSchema {
  readonly type: "object";
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, CoreSchema>>;
  /** Of the names of all others; the only pattern is the one that fits every name. */
  readonly patternProperties?: { readonly "^.*$": CoreSchema };
  readonly additionalProperties?: true;
}

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const positive = { type: "integer", minimum: 1 } as const;
const hookTimeout = { type: "integer", minimum: 1, maximum: 600_000 } as const;
const textList = { type: "array", items: text } as const;

/** Settings that are all optional, with room for those of other programs. */
function section(properties: Readonly<Record<string, CoreSchema>> = {}): ObjectSchema {
  return { type: "object", properties, additionalProperties: true };
}

function mapOf(value: CoreSchema): ObjectSchema {
  return { type: "object", patternProperties: { "^.*$": value } };
}

function oneOf(...words: readonly string[]): CoreSchema {
  return { anyOf: words.map((word) => ({ type: "string", const: word })) };
}

const secret: CoreSchema = {
  anyOf: [
    text,
    {
      type: "object",
      required: ["source", "provider", "id"],
      properties: { source: text, provider: text, id: text },
    },
  ],
};

const gateway = section({
  mode: text,
  port: { type: "integer", minimum: 0, maximum: 65_535 },
  bind: text,
  customBindHost: text,
  auth: section({ mode: oneOf("token", "password", "none"), token: secret, password: secret }),
  controlUi: section({ allowedOrigins: textList }),
  trustedProxies: textList,
  reload: section({ mode: text }),
});

const pluginEntry = section({
  enabled: flag,
  config: section(),
  hooks: section({
    allowPromptInjection: flag,
    allowConversationAccess: flag,
    timeoutMs: hookTimeout,
    timeouts: mapOf(hookTimeout),
  }),
});

const plugins = section({
  enabled: flag,
  allow: textList,
  deny: textList,
  load: section({ paths: textList }),
  slots: mapOf(text),
  entries: mapOf(pluginEntry),
});

const agents = section({
  defaults: section({
    workspace: text,
    timeoutSeconds: { type: "number", minimum: 0 },
    maxConcurrent: positive,
  }),
  entries: mapOf(section()),
});

const session = section({
  scope: text,
  mainKey: text,
  dmScope: oneOf("main", "per-peer", "per-channel-peer", "per-account-channel-peer"),
  identityLinks: mapOf(textList),
});

/**
 * The core's part of the file. Sections of plugins and channels are checked against their own schemas. It is
 * written out rather than made by a library, so that a start can check the file without loading one.
 */
export const configSchema: ObjectSchema = section({
  $schema: text,
  gateway,
  plugins,
  agents,
  models: section(),
  channels: mapOf(section()),
  session,
  messages: section(),
  logging: section({ level: text }),
  state: section({ keyedStore: section({ maxValueBytes: positive, maxRowsPerPlugin: positive }) }),
  cron: section(),
  secrets: section({ providers: mapOf(section()) }),
  env: section({ vars: mapOf(text) }),
});
