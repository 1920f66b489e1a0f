import { parseStrictFiniteNumber, parseStrictInteger } from "../values/numbers.ts";
import { isRecord } from "../values/records.ts";

/** Reading the arguments of a tool call. Names may come in camel or snake case. */

type Params = Record<string, unknown>;

/** The model gave arguments that do not fit; the message is for it. */
export class ToolInputError extends Error {
  readonly status: number = 400;

  constructor(message: string) {
    super(message);
    this.name = "ToolInputError";
  }
}

export class ToolAuthorizationError extends ToolInputError {
  override readonly status = 403;

  constructor(message: string) {
    super(message);
    this.name = "ToolAuthorizationError";
  }
}

function snakeCase(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

export function readParamRaw(params: Params, key: string): unknown {
  return Object.hasOwn(params, key) ? params[key] : params[snakeCase(key)];
}

export interface StringParamOptions {
  required?: boolean;
  /** Default true. */
  trim?: boolean;
  label?: string;
  allowEmpty?: boolean;
}

export function readStringParam(
  params: Params,
  key: string,
  options: StringParamOptions & { required: true },
): string;
export function readStringParam(
  params: Params,
  key: string,
  options?: StringParamOptions,
): string | undefined;
export function readStringParam(
  params: Params,
  key: string,
  options: StringParamOptions = {},
): string | undefined {
  const raw = readParamRaw(params, key);
  const text = typeof raw === "string" ? (options.trim === false ? raw : raw.trim()) : undefined;
  if (text !== undefined && (text !== "" || options.allowEmpty)) return text;
  if (options.required) throw new ToolInputError(`${options.label ?? key} required`);
  return undefined;
}

export function readStringOrNumberParam(
  params: Params,
  key: string,
  options: { required?: boolean; label?: string } = {},
): string | undefined {
  const raw = readParamRaw(params, key);
  if (typeof raw === "number" && Number.isFinite(raw)) return String(raw);
  return readStringParam(params, key, options as StringParamOptions);
}

export function readStringArrayParam(
  params: Params,
  key: string,
  options: StringParamOptions & { required: true },
): string[];
export function readStringArrayParam(
  params: Params,
  key: string,
  options?: StringParamOptions,
): string[] | undefined;
export function readStringArrayParam(
  params: Params,
  key: string,
  options: StringParamOptions = {},
): string[] | undefined {
  const raw = readParamRaw(params, key);
  const list = (Array.isArray(raw) ? raw : typeof raw === "string" ? [raw] : [])
    .filter((entry): entry is string => typeof entry === "string")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  if (list.length > 0) return list;
  if (options.required) throw new ToolInputError(`${options.label ?? key} required`);
  return undefined;
}

export interface NumberParamOptions {
  required?: boolean;
  label?: string;
  integer?: boolean;
  strict?: boolean;
  positiveInteger?: boolean;
  nonNegativeInteger?: boolean;
}

export function readNumberParam(
  params: Params,
  key: string,
  options: NumberParamOptions = {},
): number | undefined {
  const raw = readParamRaw(params, key);
  const name = options.label ?? key;
  if (raw === undefined || raw === null || raw === "") {
    if (options.required) throw new ToolInputError(`${name} required`);
    return undefined;
  }
  if (options.positiveInteger || options.nonNegativeInteger) {
    const number = parseStrictInteger(raw);
    const min = options.positiveInteger ? 1 : 0;
    if (number === undefined || number < min) {
      throw new ToolInputError(`${name} must be a ${min === 1 ? "positive" : "non-negative"} integer`);
    }
    return number;
  }
  const number = parseStrictFiniteNumber(raw);
  if (number === undefined) {
    if (options.required || options.strict) throw new ToolInputError(`${name} must be a number`);
    return undefined;
  }
  return options.integer ? Math.trunc(number) : number;
}

export function readPositiveIntegerParam(
  params: Params,
  key: string,
  options: { message?: string; max?: number } = {},
): number | undefined {
  return readIntegerParam(params, key, 1, options);
}

export function readNonNegativeIntegerParam(
  params: Params,
  key: string,
  options: { message?: string; max?: number } = {},
): number | undefined {
  return readIntegerParam(params, key, 0, options);
}

function readIntegerParam(
  params: Params,
  key: string,
  min: number,
  options: { message?: string; max?: number },
): number | undefined {
  const raw = readParamRaw(params, key);
  if (raw === undefined || raw === null || raw === "") return undefined;
  const number = parseStrictInteger(raw);
  if (number === undefined || number < min || number > (options.max ?? Number.MAX_SAFE_INTEGER)) {
    const upper = options.max === undefined ? "" : ` and at most ${options.max}`;
    throw new ToolInputError(options.message ?? `${key} must be an integer of at least ${min}${upper}`);
  }
  return number;
}

export function readBooleanParam(params: Params, key: string): boolean | undefined {
  const raw = readParamRaw(params, key);
  if (typeof raw === "boolean") return raw;
  const word = typeof raw === "string" ? raw.trim().toLowerCase() : "";
  return word === "true" ? true : word === "false" ? false : undefined;
}

export function readReactionParams(
  params: Params,
  options: { emojiKey?: string; removeKey?: string; removeErrorMessage: string },
): { emoji: string; remove: boolean; isEmpty: boolean } {
  const emojiKey = options.emojiKey ?? "emoji";
  const remove = params[options.removeKey ?? "remove"] === true;
  const emoji = readStringParam(params, emojiKey, { required: true, allowEmpty: true });
  if (remove && emoji === "") throw new ToolInputError(options.removeErrorMessage);
  return { emoji, remove, isEmpty: emoji === "" };
}

export function resolveReactionMessageId(params: {
  args: Params;
  toolContext?: { currentMessageId?: string | number | undefined } | undefined;
}): string | number | undefined {
  return readStringOrNumberParam(params.args, "messageId") ?? params.toolContext?.currentMessageId;
}

/** The target of a call that sends a message; `null` for any other call. */
export function extractToolSend(args: Params, expectedAction = "sendMessage") {
  const action = typeof args["action"] === "string" ? args["action"].trim() : "";
  const to = typeof args["to"] === "string" ? args["to"].trim() : "";
  if (action !== expectedAction || to === "") return null;
  const accountId = typeof args["accountId"] === "string" ? args["accountId"].trim() : "";
  const thread = args["threadId"];
  const threadId = typeof thread === "string" || typeof thread === "number" ? String(thread).trim() : "";
  return {
    to,
    ...(accountId === "" ? {} : { accountId }),
    ...(threadId === "" ? {} : { threadId }),
    ...(thread === null ? { threadSuppressed: true } : {}),
  };
}

export function parseAvailableTags(
  raw: unknown,
): { id?: string; name: string; moderated?: boolean }[] | undefined {
  if (!Array.isArray(raw)) return undefined;
  const tags = raw.filter(isRecord).filter((tag) => typeof tag["name"] === "string");
  return tags.length > 0 ? (tags as { name: string }[]) : undefined;
}
