/** What is known of a channel before its plugin is loaded: its name. */
export function getChatChannelMeta(id: string) {
  const label = id.charAt(0).toUpperCase() + id.slice(1);
  return { id, label, selectionLabel: label, docsPath: `/channels/${id}`, blurb: "" };
}
