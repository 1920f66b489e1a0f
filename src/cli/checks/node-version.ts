import { type CheckResult, failed, passed } from "./check.ts";

const LOWEST = [20, 19] as const;

export function checkNodeVersion(version = process.versions.node): CheckResult {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const enough = major > LOWEST[0] || (major === LOWEST[0] && minor >= LOWEST[1]);
  return enough
    ? passed("node", `version ${version}`)
    : failed("node", `version ${version} is too old`, `install Node ${LOWEST.join(".")} or newer`);
}
