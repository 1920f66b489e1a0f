import { FOLDERS, type FolderPolicy } from "../contract/source-types.ts";

/** The vault file of a folder and day, relative to the vault. No part of it comes from a client. */
export function vaultPath(folder: string, day: string): string {
  return `${folder}/${day}.md`;
}

/** Front matter and title of a new file; written once and never changed (spec 5.8). */
export function renderFileHeader(folder: string, day: string, timezone: string): string {
  const policy = FOLDERS.get(folder) as FolderPolicy;
  const localOnly = policy.localOnly ? "local_only: true\n" : "";
  return (
    `---\ncapture: 1\ndate: ${day}\nfolder: ${folder}\ntimezone: ${timezone}\n` +
    `sensitivity: ${policy.sensitivity}\n${localOnly}tags: [capture, capture/${folder.toLowerCase()}]\n---\n\n` +
    `# ${folder} ${day}\n`
  );
}
