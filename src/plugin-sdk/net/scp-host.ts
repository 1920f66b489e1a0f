/** `host` or `user@host` for ssh and scp; `undefined` for anything that they could read as an option or a path. */
export function normalizeScpRemoteHost(value: string | null | undefined): string | undefined {
  const text = value?.trim() ?? "";
  const match = /^(?:([A-Za-z0-9._-]+)@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\])$/.exec(
    text,
  );
  const [, user, host = ""] = match ?? [];
  return match && !host.startsWith("-") && !user?.startsWith("-") ? text : undefined;
}

export function isSafeScpRemoteHost(value: string | null | undefined): boolean {
  return normalizeScpRemoteHost(value) !== undefined;
}
