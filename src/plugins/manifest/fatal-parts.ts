import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { isPlain, type Plain, text } from "./fields.ts";
import { MAX_CATEGORIES, MAX_CONTROL_UI_ENTRY_LENGTH, MAX_CONTROL_UI_STYLES, MAX_THEMES } from "./limits.ts";

const CATEGORIES = new Set(
  (
    "channels models agent-runtimes memory context voice web media security integrations developer-tools " +
    "infrastructure documents-files inbox-collaboration productivity scheduling finance-payments " +
    "sales-marketing data-analytics agent-orchestration research other tools runtime gateway"
  ).split(" "),
);

/** Reports optional parts whose malformation refuses the plugin (spec 1). */
export function checkFatalParts(value: Plain, fatal: (code: DiagnosticCode, message: string) => void): void {
  const { categories, backupResources, themes, controlUi, dashboard } = value;
  if (categories !== undefined) {
    const valid =
      Array.isArray(categories) &&
      categories.length >= 1 &&
      categories.length <= MAX_CATEGORIES &&
      new Set(categories).size === categories.length &&
      categories.every((item) => typeof item === "string" && CATEGORIES.has(item));
    if (!valid) fatal("manifest-invalid", `"categories" must be 1 to ${MAX_CATEGORIES} known, unique names`);
  }
  if (backupResources !== undefined && !isBackupResources(backupResources)) {
    fatal("manifest-invalid", '"backupResources" items need exactly disposition, scope and relativePath');
  }
  if (
    themes !== undefined &&
    !(Array.isArray(themes) && themes.length <= MAX_THEMES && themes.every(isPlain))
  ) {
    fatal("manifest-invalid", `"themes" must be a list of at most ${MAX_THEMES} objects`);
  }
  if (controlUi !== undefined && !isControlUi(controlUi)) {
    fatal("manifest-invalid", '"controlUi.entry" must be a .js or .mjs file below dist/<folder>/');
  }
  if (dashboard !== undefined && !isDashboard(dashboard)) {
    fatal(
      "manifest-invalid",
      '"dashboard" needs dataBindings and actionVerbs of { id, method, description }',
    );
  }
}

function isBackupResources(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (item) =>
        isPlain(item) &&
        Object.keys(item).length === 3 &&
        (item["disposition"] === "include" || item["disposition"] === "regenerable") &&
        (item["scope"] === "state" || item["scope"] === "agent") &&
        typeof item["relativePath"] === "string" &&
        isStrictRelativePath(item["relativePath"]),
    )
  );
}

/** A relative POSIX path that stays below its folder without `.` or `..` parts. */
function isStrictRelativePath(path: string): boolean {
  return (
    path !== "" &&
    !path.includes("\\") &&
    !path.includes("\0") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

function isControlUi(value: unknown): boolean {
  if (!isPlain(value)) return false;
  const { entry, styles } = value;
  if (typeof entry !== "string" || entry.length > MAX_CONTROL_UI_ENTRY_LENGTH) return false;
  const folder = /^(dist\/[^/]+\/)(?:[^/]+\/)*[^/]+\.m?js$/.exec(entry)?.[1];
  if (!folder || !isStrictRelativePath(entry)) return false;
  if (styles === undefined) return true;
  return (
    Array.isArray(styles) &&
    styles.length <= MAX_CONTROL_UI_STYLES &&
    styles.every(
      (style) =>
        typeof style === "string" &&
        style.endsWith(".css") &&
        style.startsWith(folder) &&
        isStrictRelativePath(style),
    )
  );
}

const DASHBOARD_ID = /^[a-z0-9][a-z0-9._-]*$/;

function isDashboard(value: unknown): boolean {
  if (!isPlain(value)) return false;
  return ["dataBindings", "actionVerbs"].every((key) => {
    const list = value[key];
    return (
      list === undefined ||
      (Array.isArray(list) &&
        list.every(
          (item) =>
            isPlain(item) &&
            typeof item["id"] === "string" &&
            DASHBOARD_ID.test(item["id"]) &&
            text(item["method"]) !== undefined &&
            text(item["description"]) !== undefined,
        ))
    );
  });
}
