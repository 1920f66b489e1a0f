export { fileExists, isPathInside, isPathStrictlyInside, pathExists } from "./security/files.ts";
