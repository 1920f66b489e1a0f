import { channelKinds } from "./kinds/channels.ts";
import { commandLineKinds } from "./kinds/command-line.ts";
import { gatewayKinds } from "./kinds/gateway.ts";
import { hookKinds } from "./kinds/hooks.ts";
import { hostingKinds } from "./kinds/hosting.ts";
import { mediaKinds } from "./kinds/media.ts";
import { memoryKinds } from "./kinds/memory.ts";
import { modelKinds } from "./kinds/models.ts";
import { nodeKinds } from "./kinds/nodes.ts";
import { toolKinds } from "./kinds/tools.ts";
import { workflowKinds } from "./kinds/workflow.ts";
import type { KindRow } from "./row.ts";

/**
 * Every kind of contribution, one row each. Validation, duplicate and trust rules, inspection, unregistration
 * and the documentation follow from this list; a new kind is a new row.
 */
export const KINDS: readonly KindRow[] = [
  ...modelKinds,
  ...channelKinds,
  ...toolKinds,
  ...hookKinds,
  ...gatewayKinds,
  ...commandLineKinds,
  ...nodeKinds,
  ...mediaKinds,
  ...workflowKinds,
  ...memoryKinds,
  ...hostingKinds,
];

const BY_KIND: ReadonlyMap<string, KindRow> = new Map(KINDS.map((row) => [row.kind, row]));

export function kindRow(kind: string): KindRow {
  const row = BY_KIND.get(kind);
  if (!row) throw new RangeError(`there is no registry kind "${kind}"`);
  return row;
}
