import type { RequestFrame } from "../../protocol/frames.ts";
import type { ConnectParams } from "../../protocol/schemas/connect.ts";
import { type CompiledSchema, compileSchema } from "../../protocol/validation.ts";
import { HandshakeRejection } from "./rejection.ts";

/** The parameters of the first request, which has to be a `connect`. @throws HandshakeRejection */
export async function readConnect(frame: RequestFrame): Promise<ConnectParams> {
  if (frame.method !== "connect") {
    throw new HandshakeRejection("INVALID_REQUEST", "invalid handshake: first request must be connect");
  }
  const schema = await connectSchema();
  const given = frame.params ?? {};
  if (!schema.check(given)) {
    throw new HandshakeRejection("INVALID_REQUEST", `invalid connect params: ${schema.explain(given)}`);
  }
  return given as ConnectParams;
}

/** Loaded with the first connection: a start needs no schemas. */
async function connectSchema(): Promise<CompiledSchema> {
  const { ConnectParams: schema } = await import("../../protocol/schemas/connect.ts");
  return compileSchema(schema);
}
