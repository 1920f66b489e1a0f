import { serveDatabase } from "./engine/worker-host.ts";
import { coreMigrations } from "./migrations/index.ts";
import { coreProcedures } from "./procedures/index.ts";

/** The worker thread of the core database; built to `dist/workers/store.cjs`. */
serveDatabase({ name: "sluice", migrations: coreMigrations, procedures: coreProcedures });
