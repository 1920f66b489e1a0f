/** What one look at the installation found. */
export interface CheckResult {
  name: string;
  level: "ok" | "warning" | "error";
  message: string;
  /** The command or change that cures it. */
  repair?: string;
}

export function passed(name: string, message: string): CheckResult {
  return { name, level: "ok", message };
}

export function warned(name: string, message: string, repair?: string): CheckResult {
  return { name, level: "warning", message, ...(repair ? { repair } : {}) };
}

export function failed(name: string, message: string, repair?: string): CheckResult {
  return { name, level: "error", message, ...(repair ? { repair } : {}) };
}
