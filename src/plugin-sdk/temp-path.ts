export {
  buildRandomTempFilePath,
  resolvePreferredTempDir as resolvePreferredOpenClawTmpDir,
  sanitizeTempFileName,
} from "./values/temp-path.ts";
export {
  type TempWorkspace,
  type TempWorkspaceOptions,
  tempWorkspace,
  withTempDownloadPath,
  withTempWorkspace,
} from "./values/temp-workspace.ts";
