import type { SdkModelRow } from "../../contracts/sdk-services.ts";
import { currentHost, requireServices } from "../ambient/host.ts";

interface CatalogueRequest {
  config?: Readonly<Record<string, unknown>>;
  agentId?: string;
  agentDir?: string;
  readOnly?: boolean;
}

/** The models that can be asked now, as the gateway's model lists show them. */
export function loadPreparedModelCatalog(_request: CatalogueRequest = {}): Promise<SdkModelRow[]> {
  return requireServices("loadPreparedModelCatalog").models.list();
}

/** What {@link loadPreparedModelCatalog} last found, without waiting; `undefined` before the first time. */
export function getPreparedModelCatalogSnapshot(
  _request: CatalogueRequest = {},
): { entries: SdkModelRow[] } | undefined {
  const entries = currentHost()?.services?.models.known();
  return entries && { entries };
}
