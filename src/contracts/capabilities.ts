/**
 * What plugins hand to the `register*` methods of capability kinds (spec 3.3, 3.12 – 3.24), in rooms that go by
 * the names of the files in `src/plugins/registry/kinds/`. Each type states the members the host relies on;
 * further members travel untouched to whoever consumes the capability.
 */

export type * from "./capabilities/channels.ts";
export type * from "./capabilities/hosting.ts";
export type * from "./capabilities/identity.ts";
export type * from "./capabilities/media.ts";
export type * from "./capabilities/memory.ts";
export type * from "./capabilities/models.ts";
export type * from "./capabilities/nodes.ts";
export type * from "./capabilities/tools.ts";
export type * from "./capabilities/workflow.ts";
