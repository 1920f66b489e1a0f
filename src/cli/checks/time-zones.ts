import { type CheckResult, passed, warned } from "./check.ts";

/** A zone far from UTC with daylight saving; a Node built without full ICU does not know it. */
const SAMPLE_ZONE = "America/New_York";
const SAMPLE_INSTANT = Date.UTC(2027, 6, 1, 12);

/** Whether calendar zones work: schedules are computed in them. */
export function checkTimeZones(): CheckResult {
  const name = "time zones";
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    const hour = new Intl.DateTimeFormat("en-GB", {
      timeZone: SAMPLE_ZONE,
      hour: "2-digit",
      hourCycle: "h23",
    }).format(SAMPLE_INSTANT);
    if (hour === "08") return passed(name, `known; this machine is in ${local}`);
  } catch {}
  return warned(
    name,
    "this Node has no time zone data; schedules in named zones will be refused",
    "use a Node built with full ICU",
  );
}
