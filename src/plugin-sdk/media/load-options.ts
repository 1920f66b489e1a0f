import { withoutUndefined } from "../values/records.ts";

interface MediaAccess {
  localRoots?: readonly string[];
  readFile?: (path: string) => Promise<Buffer>;
  workspaceDir?: string;
}

/** What a send is given, as options of `loadWebMedia`. */
export function buildOutboundMediaLoadOptions(
  params: {
    maxBytes?: number;
    mediaAccess?: MediaAccess;
    mediaLocalRoots?: readonly string[] | "any";
    mediaReadFile?: (path: string) => Promise<Buffer>;
    workspaceDir?: string;
    [extra: string]: unknown;
  } = {},
) {
  const { mediaAccess, mediaLocalRoots, mediaReadFile, workspaceDir, ...rest } = params;
  const readFile = mediaAccess?.readFile ?? mediaReadFile;
  return withoutUndefined({
    ...rest,
    localRoots: mediaAccess?.localRoots ?? mediaLocalRoots,
    readFile,
    hostReadCapability: readFile ? true : undefined,
    workspaceDir: mediaAccess?.workspaceDir ?? workspaceDir,
  });
}
