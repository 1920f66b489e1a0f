import { SluiceError } from "../../kernel/errors.ts";

/** The error for a change of a session that the store refused. `owner`: the session that has the label. */
export function refusal(reason: string, owner?: string): SluiceError<"INVALID_REQUEST"> {
  const text =
    reason === "label-taken"
      ? `the label is used by ${owner ?? "another session"}`
      : reason === "missing"
        ? "the session does not exist"
        : "the session has changed; read it again";
  return new SluiceError("INVALID_REQUEST", text, { details: { reason } });
}
