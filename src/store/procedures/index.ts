/** Every procedure of the core database by aggregate; the worker serves this table. */
export const coreProcedures = {};

export type CoreProcedures = typeof coreProcedures;
