import type { Identified, LabelledProvider } from "./identity.ts";

/** Imports settings and data of another program: first a plan, then the work. */
export interface MigrationProvider extends LabelledProvider {
  plan(context: never): unknown;
  apply(context: never, plan?: never): unknown;
}

/** Machines for agent work, from asking for one to giving it back. */
export interface WorkerProvider extends Identified {
  resolveAllocation(...args: never[]): unknown;
  provision(...args: never[]): unknown;
  inspect(...args: never[]): unknown;
  destroy(...args: never[]): unknown;
}

/** Evaluates batches of decisions. */
export interface DecisionProvider extends Identified {
  contractVersion: 1;
  evaluate(batch: never, context: never): unknown;
}

/** Sessions that another program keeps. */
export interface SessionCatalog extends LabelledProvider {
  list(...args: never[]): unknown;
  read(...args: never[]): unknown;
}

/** Config paths by what a change of them needs. */
export interface ReloadRegistration {
  restartPrefixes?: string[];
  hotPrefixes?: string[];
  noopPrefixes?: string[];
}
