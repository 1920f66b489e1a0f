import { diagnosticRows } from "./row.ts";

/** What the host does not take, or takes differently, of one registration. */
export const REGISTERING = diagnosticRows({
  "registration-malformed": {
    when: "What was handed over is not what the kind takes",
    repair: "The message names the field and what it expects",
  },
  "registration-duplicate": {
    when: "The name belongs to somebody already",
    repair: "Choose another name, or disable its owner",
  },
  "reserved-name": {
    when: "The name belongs to the gateway",
    repair: "Choose another name",
  },
  "contract-undeclared": {
    when: "The manifest does not list the name",
    repair: "Add it to the contract that the message names",
  },
  "route-auth-invalid": {
    when: "An HTTP route does not say who may call it",
    repair: 'Set `auth` to "gateway", or to "plugin" when it checks every request itself',
  },
  "route-overlap": {
    when: "An HTTP route overlaps one with another kind of authentication",
    repair: "Choose another path",
  },
  "scope-coerced-admin": {
    when: "A method in a namespace of administrators asked for less",
    repair: "Choose another name, or ask for operator.admin",
    effect: "warning",
  },
  "hook-unknown": {
    when: "There is no hook of that name",
    repair: "See hooks.md",
  },
  "hook-option-ignored": {
    when: "The hook does not take that option",
    repair: "Remove it",
    effect: "warning",
  },
  "hook-typed-name-in-register-hook": {
    when: "registerHook got the name of a typed hook, which never fires there",
    repair: "Use api.on",
  },
  "channel-meta-completed": {
    when: "A channel's `meta` contradicts its id",
    repair: "Set `meta.id` to the channel's id",
    effect: "note",
  },
  "feature-accepted-not-consumed": {
    when: "The registration is stored; this version does nothing with it",
    repair: "Nothing; kinds.md says which kinds these are",
    effect: "note",
  },
});
