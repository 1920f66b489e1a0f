export { fileExists, isPathInside, pathExists } from "./security/files.ts";
