/** What a connection may do (gateway protocol 3.2). `operator.admin` implies all. */
export type OperatorScope =
  | "operator.admin"
  | "operator.read"
  | "operator.write"
  | "operator.sessions.read"
  | "operator.sessions.write"
  | "operator.approvals"
  | "operator.questions"
  | "operator.pairing"
  | "operator.talk"
  | "operator.talk.secrets";
