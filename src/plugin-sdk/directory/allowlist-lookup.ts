/** Finding what configured names stand for in a list that the platform gave. */

export function resolveDirectoryAllowlistEntries<
  Lookup,
  Parsed extends { id?: string },
  Match,
  Resolved,
>(params: {
  entries: readonly string[];
  lookup: readonly Lookup[];
  parseInput(input: string): Parsed;
  findById(lookup: readonly Lookup[], id: string): Match | undefined;
  buildIdResolved(given: { input: string; parsed: Parsed; match?: Match | undefined }): Resolved;
  /** By name, e-mail or what else the platform knows; `undefined` when nobody answers to it. */
  resolveNonId(given: { input: string; parsed: Parsed; lookup: readonly Lookup[] }): Resolved | undefined;
  buildUnresolved(input: string): Resolved;
}): Resolved[] {
  const { lookup } = params;
  return params.entries.map((input) => {
    const parsed = params.parseInput(input);
    // An id counts even where the list does not show it.
    if (parsed.id)
      return params.buildIdResolved({ input, parsed, match: params.findById(lookup, parsed.id) });
    return params.resolveNonId({ input, parsed, lookup }) ?? params.buildUnresolved(input);
  });
}

export interface ResolvedTarget {
  input: string;
  resolved: boolean;
  id?: string;
  name?: string;
  note?: string;
}

/** Looks names up with the account's token; without one every name stays as it is, with a note why. */
export async function resolveTargetsWithOptionalToken<Entry>(params: {
  token?: string | null | undefined;
  inputs: readonly string[];
  missingTokenNote: string;
  resolveWithToken(given: { token: string; inputs: string[] }): Promise<readonly Entry[]>;
  mapResolved(entry: Entry): ResolvedTarget;
}): Promise<ResolvedTarget[]> {
  const token = params.token?.trim();
  if (!token)
    return params.inputs.map((input) => ({ input, resolved: false, note: params.missingTokenNote }));
  return (await params.resolveWithToken({ token, inputs: [...params.inputs] })).map(params.mapResolved);
}
