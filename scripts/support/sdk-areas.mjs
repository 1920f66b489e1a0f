import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readInventory } from "./sdk-inventory.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const sdkFolder = join(root, "src/plugin-sdk");

export const catalogueFile = join(root, "docs/plugins/sdk-subpaths.md");

/** Areas in the order authors meet them; the first whose pattern fits owns a subpath. */
export const AREAS = [
  [
    "entry",
    "Defining a plugin",
    /^(index|core|types|foundation|plugin-(entry|runtime)|tool-plugin|runtime-store|feature-.*)$/,
  ],
  [
    "reserved",
    "For plugins of one platform or product; links, holds no vendor's code",
    /^(discord|telegram-account|bundled-channel-config-schema|codex-.*|claude-model-runtime|meeting-.*|qa-runner-runtime|computer-use|browser-.*)$/,
  ],
  [
    "provider",
    "Model providers",
    /^(provider-(?!auth|oauth|env|web).*|model.*|llm|embedding.*|simple-completion-runtime)$/,
  ],
  [
    "auth",
    "Credentials, secrets and who may do what",
    /^(provider-(auth|oauth|env).*|secret-.*|secure-.*|security-.*|ssrf-.*|access-groups|allow.*|command-auth.*|approval-.*|exec-approvals-runtime|device-bootstrap|dangerous-name-runtime|context-visibility-runtime|param-readers|root-walk|sandbox)$/,
  ],
  ["memory", "Memory plugins", /^memory-.*$/],
  [
    "capability",
    "Speech, media, search and other capabilities",
    /^((media|image|video|music|speech|tts|talk|realtime|transcript|document|web-(content|media)|provider-web|worker-|decisions|migration|session-catalog|cli-backend|agent-(harness|core)|acp-|inline-image|tool-|widget-html|canvas|control-ui|poll).*)$/,
  ],
  [
    "channel",
    "Channels: messages in, messages out",
    /^((channel|inbound|outbound|reply|account|ingress|direct-dm|directory|pair-|webhook|thread|conversation|chat-|markdown|text|html|message|group|target|delivery|routing|interactive|setup|status|extension-shared|persistent-dedupe|question|allow-from|native-command|command|session-(binding|discussion)|transport|request-url|websocket|inbound).*)$/,
  ],
  ["runtime", "Using the running gateway, and small helpers", /.*/],
];

/** Every public subpath: `{ subpath, area, names, deprecated }`, sorted. */
export async function readCatalogue() {
  const inventory = await readInventory();
  const files = (await readdir(sdkFolder)).filter((name) => name.endsWith(".ts"));
  const sources = files.map((name) => basename(name, ".ts"));
  const subpaths = [...new Set([...Object.keys(inventory), ...sources])].sort();
  return Promise.all(
    subpaths.map(async (subpath) => ({
      subpath,
      area: AREAS.find(([, , pattern]) => pattern.test(subpath))[0],
      deprecated: sources.includes(subpath) ? await deprecation(subpath) : undefined,
    })),
  );
}

/** What the opening comment of a subpath's file says to use instead. */
async function deprecation(subpath) {
  const text = await readFile(join(sdkFolder, `${subpath}.ts`), "utf8");
  const [, comment] = /^\/\*\*([\s\S]*?)\*\//.exec(text) ?? [];
  const [, said] = /@deprecated\s+([\s\S]*)$/.exec(comment ?? "") ?? [];
  return said?.replace(/\s*\n\s*\*\s*/g, " ").trim();
}

export function catalogueText(catalogue) {
  const sections = AREAS.map(([area, title]) => {
    const own = catalogue.filter((one) => one.area === area);
    const lines = own.map(({ subpath, deprecated }) =>
      deprecated ? `- \`${subpath}\`: deprecated. ${deprecated}` : `- \`${subpath}\``,
    );
    return `## ${area}\n\n${title}.\n\n${lines.join("\n")}\n`;
  });
  const head = `# SDK subpaths by area\n\nWritten by \`npm run sdk:surface -- --write\`. Import from the narrowest one, never from the root. What each\nexports is in [sdk-surface.txt](sdk-surface.txt); [sdk.md](sdk.md) says how names that are not provided behave.\n`;
  return `${head}\n${sections.join("\n")}`;
}
