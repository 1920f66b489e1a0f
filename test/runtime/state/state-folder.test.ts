import { expect, it } from "vitest";
import { resolveStateDir } from "../../../src/runtime/state/index.ts";

const home = () => "/home/someone";

it("[F224] resolves the state folder from our variable, the ecosystem's, or the home folder", () => {
  expect(resolveStateDir({}, home)).toBe("/home/someone/.sluice");
  expect(resolveStateDir({ OPENCLAW_STATE_DIR: "/var/peer" }, home)).toBe("/var/peer");
  expect(resolveStateDir({ SLUICE_STATE_DIR: "/var/ours", OPENCLAW_STATE_DIR: "/var/peer" }, home)).toBe(
    "/var/ours",
  );
  expect(resolveStateDir({ SLUICE_STATE_DIR: "~/state" }, home)).toBe("/home/someone/state");
  expect(resolveStateDir({ SLUICE_STATE_DIR: " " }, home)).toBe("/home/someone/.sluice");
});
