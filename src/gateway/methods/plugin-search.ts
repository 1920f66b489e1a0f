import { Type } from "typebox";
import { DEFAULT_SEARCH_RESULTS, MAX_SEARCH_RESULTS, MAX_SEARCH_TEXT } from "../../plugins/install/index.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import { open } from "./shapes.ts";

const search = method({
  name: "plugins.search",
  scope: "operator.read",
  params: Type.Object(
    {
      query: Type.String({ minLength: 1, maxLength: MAX_SEARCH_TEXT }),
      /** Default 20. */
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SEARCH_RESULTS })),
    },
    { additionalProperties: false },
  ),
  result: Type.Object({
    results: Type.Array(
      Type.Object(
        { score: Type.Number(), package: Type.Object({ name: Type.String() }, open) },
        { additionalProperties: false },
      ),
    ),
  }),
  summary: "Searches the npm registry that plugins are installed from.",
  idempotent: true,
  parks: true,
  handler: async ({ services }, { query, limit = DEFAULT_SEARCH_RESULTS }) => ({
    results: [...(await services.pluginSearch.search(query, limit))],
  }),
});

export default [search] satisfies MethodGroup;
