import type { ChannelConfig } from "../../contracts/channel.ts";

export type ApprovalKind = "exec" | "plugin" | "system-agent";

/** What is asked for, with the place it was asked from. */
export interface ApprovalRequest {
  id: string;
  approvalKind?: ApprovalKind;
  request: {
    sessionKey?: string | null;
    agentId?: string | null;
    turnSourceChannel?: string | null;
    turnSourceTo?: string | null;
    turnSourceAccountId?: string | null;
    turnSourceThreadId?: string | number | null;
    [extra: string]: unknown;
  };
  [extra: string]: unknown;
}

export interface ApprovalTarget {
  to: string;
  accountId?: string | null;
  threadId?: string | number | null;
}

export interface ForwardTarget extends ApprovalTarget {
  channel: string;
}

export interface AccountContext {
  cfg: ChannelConfig;
  accountId?: string | null;
}

export interface SenderContext extends AccountContext {
  senderId?: string | null;
}

export interface RequestContext extends AccountContext {
  approvalKind?: ApprovalKind;
  request: ApprovalRequest;
}

export const approvalKindOf = ({ approvalKind, request }: Omit<RequestContext, "cfg">): ApprovalKind =>
  approvalKind ?? request.approvalKind ?? (request.id.startsWith("plugin:") ? "plugin" : "exec");
