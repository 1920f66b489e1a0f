import { serveDatabase } from "sluice/plugin-sdk/store-worker";
import { migrations, searchProcedures } from "./search/schema.ts";

serveDatabase({ name: "capture-search", migrations, procedures: searchProcedures() });
