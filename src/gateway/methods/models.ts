import { Type } from "typebox";
import { type MethodGroup, method } from "../rpc/method.ts";
import { Any } from "./shapes.ts";

const list = method({
  name: "models.list",
  scope: "operator.read",
  params: Type.Object(
    {
      view: Type.Optional(
        Type.Union([
          Type.Literal("default"),
          Type.Literal("configured"),
          Type.Literal("provider-config"),
          Type.Literal("all"),
        ]),
      ),
      agentId: Type.Optional(Type.String({ minLength: 1 })),
      includeDetails: Any,
      includeProviderCapabilities: Any,
      preparedOnly: Any,
      refresh: Any,
    },
    { additionalProperties: false },
  ),
  result: Type.Object({
    models: Type.Array(Type.Object({ id: Type.String() }, { additionalProperties: true })),
  }),
  summary: "Lists the models that can be used.",
  idempotent: true,
  handler: async ({ services }, { view = "default" }) => ({ models: await services.models.list(view) }),
});

const group: MethodGroup = [list];
export default group;
