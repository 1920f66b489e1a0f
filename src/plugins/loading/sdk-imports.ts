import { SDK_SPECIFIERS_IN_TEXT, sdkSubpath } from "./sdk-specifier.ts";

/** What one file takes from one SDK subpath. */
export interface SdkImport {
  /** Names that must be there (`default` too); names the code first asks for are not among them. */
  readonly names: Set<string>;
  /** Whether the file cannot run at all without the module: imported statically, or required outside `try`. */
  links: boolean;
}

/** Furthest an import clause may begin before its specifier. */
export const MAX_CLAUSE_LENGTH = 32_768;
/** Most names taken from one subpath by one file. */
export const MAX_IMPORTED_NAMES = 2_000;
/** Most mentions of the SDK that are looked at in one file. */
export const MAX_MENTIONS = 2_000;

const NAME = "[\\p{ID_Start}$_][\\p{ID_Continue}$\\u200c\\u200d]*";
const IS_NAME = new RegExp(`^${NAME}$`, "u");
const DEFAULT_IMPORT = new RegExp(`\\bimport\\s+(?!type\\s)(${NAME})$`, "u");
const DEFAULT_BEFORE_REST = new RegExp(`\\bimport\\s+(${NAME})\\s*,$`, "u");
const NAMESPACE = new RegExp(`\\*\\s*as\\s+${NAME}$`, "u");
const LAST_NAME = new RegExp(`(${NAME})$`, "u");
const MEMBER_AFTER = new RegExp(`^\\s*\\)\\s*\\)?\\s*\\.\\s*(${NAME})`, "u");
const THEN_DESTRUCTURED = /^\s*\)\s*\.\s*then\(\s*(?:async\s*)?\(?\s*\{([^{}]*)\}/;
const CALL = /\b(?:import|(?:__)?require)\($/;
const MAX_WRAPPERS = 8;
const MIN_VARIABLE_LENGTH = 3;
const ONLY_WRAPPERS = /(?:\bawait\s+|[\w$.]{0,64}\(\s*)$/;
const PROMISE_METHODS = new Set(["then", "catch", "finally"]);

/**
 * Reads from source text what it takes from the SDK, by subpath: static imports and re-exports, and what
 * `require()` and `import()` are destructured into or read for. Text is only looked at, never run, and need not
 * be well-formed; a name too many does no harm.
 */
export function sdkImports(text: string): Map<string, SdkImport> {
  const found = new Map<string, SdkImport>();
  const variables = new Map<string, SdkImport>();
  const locals = new Map<string, { name: string; from: SdkImport }>();
  let mentions = 0;
  for (const match of text.matchAll(SDK_SPECIFIERS_IN_TEXT)) {
    if (++mentions > MAX_MENTIONS) break;
    const subpath = sdkSubpath(match[1] as string);
    if (!subpath) continue;
    const before = text.slice(Math.max(0, match.index - MAX_CLAUSE_LENGTH), match.index).trimEnd();
    const after = text.slice(match.index + match[0].length, match.index + match[0].length + 2_048);
    const entry = found.get(subpath) ?? { names: new Set(), links: false };
    found.set(subpath, entry);
    if (before.endsWith("from")) readClause(before.slice(0, -4).trimEnd(), entry);
    else if (/\bimport$/.test(before.slice(-8))) entry.links = true;
    else if (CALL.test(before.slice(-12))) readCall(before, after, entry, variables, locals);
  }
  if (variables.size > 0) readMembers(text, variables);
  if (locals.size > 0) forgetGuarded(text, locals);
  return found;
}

function readClause(clause: string, entry: SdkImport): void {
  if (clause.endsWith("}")) {
    const open = clause.lastIndexOf("{");
    if (open < 0) return;
    const head = clause.slice(Math.max(0, open - 256), open).trimEnd();
    if (/\b(?:import|export)\s+type$/.test(head)) return;
    if (DEFAULT_BEFORE_REST.test(head)) add(entry, "default");
    for (const item of listItems(clause.slice(open + 1, -1))) {
      if (!/^type\s+(?!as\b)/.test(item)) add(entry, item.split(/\s+as\s+/)[0] as string);
    }
    entry.links = true;
    return;
  }
  const end = clause.slice(-512);
  if (end.endsWith("*")) {
    entry.links = true;
  } else if (NAMESPACE.test(end)) {
    entry.links ||= !/\bimport\s+type\s*\*\s*as\s+\S+$/.test(end);
    if (DEFAULT_BEFORE_REST.test(end.replace(NAMESPACE, "").trimEnd())) add(entry, "default");
  } else if (DEFAULT_IMPORT.test(end)) {
    entry.links = true;
    add(entry, "default");
  }
}

/** `require("…")` and `import("…")`: what the result is taken apart into, or which variable it is kept in. */
function readCall(
  before: string,
  after: string,
  entry: SdkImport,
  variables: Map<string, SdkImport>,
  locals: Map<string, { name: string; from: SdkImport }>,
): void {
  const isRequire = before.endsWith("require(");
  const head = beforeWrappers(before.replace(CALL, ""));
  const member = MEMBER_AFTER.exec(after)?.[1];
  if (member && !(PROMISE_METHODS.has(member) && !isRequire)) add(entry, member);
  for (const item of listItems(THEN_DESTRUCTURED.exec(after)?.[1] ?? ""))
    addDestructured(item, entry, locals);
  if (isRequire && !/\btry\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)?$/.test(head.slice(-512))) entry.links = true;
  if (member || !head.endsWith("=")) return;
  const target = head.slice(0, -1).trimEnd();
  if (target.endsWith("}")) {
    const open = target.lastIndexOf("{");
    for (const item of listItems(target.slice(open + 1, -1))) addDestructured(item, entry, locals);
    return;
  }
  // Short names are a minifier's: other functions use the same for something else.
  const variable = LAST_NAME.exec(target.slice(-256))?.[1] ?? "";
  if (isRequire && variable.length >= MIN_VARIABLE_LENGTH) variables.set(variable, entry);
}

/** Without the `await`, the parentheses and the helpers of build tools around the call. */
function beforeWrappers(text: string): string {
  let head = text;
  for (let count = 0; count < MAX_WRAPPERS; count++) {
    const wrapper = ONLY_WRAPPERS.exec(head.slice(-80));
    if (!wrapper) break;
    head = head.slice(0, -wrapper[0].length);
  }
  return head.trimEnd();
}

function addDestructured(
  item: string,
  entry: SdkImport,
  locals: Map<string, { name: string; from: SdkImport }>,
): void {
  // A default value tells that the code can do without.
  if (item.includes("=") || item.startsWith("...")) return;
  const [name = "", local = name] = item.split(":").map((part) => part.trim());
  add(entry, name);
  locals.set(local, { name, from: entry });
}

const MEMBER = /(?<![\w$.])([A-Za-z_$][\w$]*)\s*(\?\.|\.)\s*([A-Za-z_$][\w$]*)/g;
/** Variables that compilers make for what was an import; nothing else has such a name. */
const GENERATED = /^_\w|^import_|_\d+$/;
const ASKED_BEFORE = /(?:\btypeof\s+|!\s*|\bin\s+)$/;
const ASKED_AFTER = /^\s*(?:\?\.|\?\?|\|\||&&|\?(?![.:?])|[!=]==?\s*(?:undefined|null|void|["'`]))/;

/** Names read from a variable that holds an SDK module, without those the code tests for first. */
function readMembers(text: string, variables: ReadonlyMap<string, SdkImport>): void {
  const asked: (readonly [SdkImport, string])[] = [];
  for (const match of text.matchAll(MEMBER)) {
    const entry = variables.get(match[1] as string);
    if (!entry) continue;
    const name = match[3] as string;
    const before = text.slice(Math.max(0, match.index - 16), match.index);
    const after = text.slice(match.index + match[0].length, match.index + match[0].length + 16);
    if (match[2] === "?." || isAsked(before, after)) asked.push([entry, name]);
    else if (isCalled(before, after) || GENERATED.test(match[1] as string)) add(entry, name);
  }
  for (const [entry, name] of asked) entry.names.delete(name);
}

function isCalled(before: string, after: string): boolean {
  return /^\s*\)?\s*\(/.test(after) || /\b(?:new|extends)\s+$/.test(before);
}

function isAsked(before: string, after: string): boolean {
  if (ASKED_AFTER.test(after)) return true;
  if (ASKED_BEFORE.test(before)) return !/^\s*[.(]/.test(after);
  return /\bif\s*\(\s*$/.test(before) && /^\s*\)/.test(after);
}

const WORD = /(?<![\w$.])[A-Za-z_$][\w$]*/g;

function forgetGuarded(text: string, locals: ReadonlyMap<string, { name: string; from: SdkImport }>): void {
  for (const match of text.matchAll(WORD)) {
    const local = locals.get(match[0]);
    if (!local) continue;
    const before = text.slice(Math.max(0, match.index - 16), match.index);
    const end = match.index + match[0].length;
    if (isAsked(before, text.slice(end, end + 16))) local.from.names.delete(local.name);
  }
}

function listItems(list: string): string[] {
  return list
    .replace(/\/\*[^*]*\*\/|\/\/[^\n]*/g, "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function add(entry: SdkImport, name: string): void {
  if (entry.names.size < MAX_IMPORTED_NAMES && IS_NAME.test(name)) entry.names.add(name);
}
