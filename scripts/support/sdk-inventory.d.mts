export const inventoryFile: string;
export function readInventory(): Promise<Record<string, Record<string, number>>>;
