import type { Migration } from "../engine/types.ts";
import { conversations } from "./0001-conversations.ts";
import { delivery } from "./0002-delivery.ts";
import { host } from "./0003-host.ts";
import { workflow } from "./0004-workflow.ts";
import { tasks } from "./0005-tasks.ts";
import { approvals } from "./0006-approvals.ts";
import { outboxMedia } from "./0007-outbox-media.ts";
import { endedTurns } from "./0008-ended-turns.ts";

/** Every migration of the core database, in order. Append; never edit one that was released. */
export const coreMigrations: readonly Migration[] = [
  conversations,
  delivery,
  host,
  workflow,
  tasks,
  approvals,
  outboxMedia,
  endedTurns,
];
