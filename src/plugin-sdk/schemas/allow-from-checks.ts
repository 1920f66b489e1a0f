/** Checks of a channel's lists against its policies, for the refinement of a schema. */

export interface PolicyCheck {
  policy?: string;
  allowFrom?: ReadonlyArray<string | number>;
  ctx: { addIssue(issue: { code: "custom"; path: (string | number)[]; message: string }): void };
  path: (string | number)[];
  message: string;
}

const entries = (list: PolicyCheck["allowFrom"]) =>
  (list ?? []).map((entry) => String(entry).trim()).filter(Boolean);

/** Refuses the policy `open` without the entry `"*"`. */
export function requireOpenAllowFrom(params: PolicyCheck): void {
  if (params.policy !== "open" || entries(params.allowFrom).includes("*")) return;
  params.ctx.addIssue({ code: "custom", path: params.path, message: params.message });
}

/** Refuses the policy `allowlist` without an entry. */
export function requireAllowlistAllowFrom(params: PolicyCheck): void {
  if (params.policy !== "allowlist" || entries(params.allowFrom).length > 0) return;
  params.ctx.addIssue({ code: "custom", path: params.path, message: params.message });
}

/** Both checks for one channel, in one call of its refinement. */
export function refineChannelDmPolicy(params: {
  channel: string;
  value: { dmPolicy?: string; allowFrom?: ReadonlyArray<string | number> };
  ctx: PolicyCheck["ctx"];
  checkAllowlist?: boolean;
}): void {
  const { channel, ctx } = params;
  const { dmPolicy: policy, allowFrom } = params.value;
  const check = {
    ...(policy === undefined ? {} : { policy }),
    ...(allowFrom === undefined ? {} : { allowFrom }),
    ctx,
    path: ["allowFrom"],
  };
  requireOpenAllowFrom({
    ...check,
    message: `channels.${channel}.dmPolicy="open" requires channels.${channel}.allowFrom to include "*"`,
  });
  if (params.checkAllowlist === false) return;
  requireAllowlistAllowFrom({
    ...check,
    message: `channels.${channel}.dmPolicy="allowlist" requires at least one entry in channels.${channel}.allowFrom`,
  });
}
