/** Ends of names of source and text files that are also top-level domains, so that `notes.md` looks like a host. */
const FILE_ENDS = new Set(["md", "py", "pl", "sh", "rs", "go", "am", "cc", "ml", "so", "ps", "mk", "tf"]);

/** True for a link that was made of a bare file name: nobody wrote an address, a reader only guessed one. */
export function isAutoLinkedFileRef(href: string, label: string): boolean {
  const bare = href.replace(/^https?:\/\//i, "").replace(/\/$/, "");
  if (bare !== label.trim() || /[?#@\s]/.test(bare)) return false;
  const folders = bare.split("/");
  const end = /\.([a-z]{2,3})$/i.exec(folders.pop() ?? "")?.[1]?.toLowerCase();
  // A folder with a dot is a host.
  return end !== undefined && FILE_ENDS.has(end) && folders.every((folder) => !folder.includes("."));
}
