import { serveDatabase } from "sluice/plugin-sdk/store-worker";
import { migrations } from "./ledger/migrations.ts";
import { ledgerProcedures } from "./ledger/procedures.ts";

serveDatabase({ name: "capture", migrations, procedures: ledgerProcedures() });
