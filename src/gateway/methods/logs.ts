import { Type } from "typebox";
import { type MethodGroup, method } from "../rpc/method.ts";

const DEFAULT_LINES = 500;
const MAX_LINES = 5_000;
const DEFAULT_BYTES = 250_000;
const MAX_BYTES = 1_000_000;

const logsTail = method({
  name: "logs.tail",
  scope: "operator.read",
  params: Type.Object(
    {
      cursor: Type.Optional(Type.Integer({ minimum: 0 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LINES })),
      maxBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_BYTES })),
    },
    { additionalProperties: false },
  ),
  result: Type.Object({
    file: Type.String(),
    cursor: Type.Integer(),
    size: Type.Integer(),
    lines: Type.Array(Type.String()),
    truncated: Type.Optional(Type.Boolean()),
    reset: Type.Optional(Type.Boolean()),
    skippedBytes: Type.Optional(Type.Integer()),
  }),
  summary: "Returns the newest lines of the log, or those after a cursor.",
  idempotent: true,
  handler: async ({ services }, params) => {
    const tail = await services.logFile.tail({
      limit: params.limit ?? DEFAULT_LINES,
      maxBytes: params.maxBytes ?? DEFAULT_BYTES,
      ...(params.cursor === undefined ? {} : { cursor: params.cursor }),
    });
    return { ...tail, lines: tail.lines.map((line) => services.redactor.text(line)) };
  },
});

export default [logsTail] satisfies MethodGroup;
