/** What plugins hand to the `register*` methods of infrastructure kinds (spec 3.4 – 3.12), by theme. */

export type * from "./registrations/command-line.ts";
export type * from "./registrations/commands.ts";
export type * from "./registrations/hooks.ts";
export type * from "./registrations/logger.ts";
export type * from "./registrations/methods.ts";
export type * from "./registrations/routes.ts";
export type * from "./registrations/scopes.ts";
export type * from "./registrations/services.ts";
export type * from "./registrations/tools.ts";
