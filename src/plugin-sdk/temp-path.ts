export {
  buildRandomTempFilePath,
  resolvePreferredTempDir as resolvePreferredOpenClawTmpDir,
} from "./values/temp-path.ts";
