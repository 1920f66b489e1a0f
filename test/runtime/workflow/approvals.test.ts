import { expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import type { ApprovalQuestion } from "../../../src/runtime/workflow/approval-question.ts";
import {
  DEFAULT_APPROVAL_TIMEOUT_MS,
  MAX_APPROVAL_TIMEOUT_MS,
  PluginApprovals,
} from "../../../src/runtime/workflow/approvals.ts";
import { openStore } from "../../../src/store/index.ts";
import { WRITE_RETRY_DELAYS_MS } from "../../../src/store/until-written.ts";
import { storeFaults } from "../../support/store-faults.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const YEAR_MS = 365 * 86_400_000;

async function room(folder: string, clock: ManualClock) {
  const store = await openStore({ folder });
  const faults = storeFaults();
  const approvals = new PluginApprovals({
    store: faults.around(store),
    clock,
    logger: silentLogger,
    hasRoute: () => true,
  });
  const close = async () => {
    await approvals.dispose();
    await store.dispose();
  };
  onTestFinished(close);
  return { approvals, faults, close };
}

const question: ApprovalQuestion = {
  pluginId: "probe",
  title: "May I?",
  allowedDecisions: ["allow-once", "deny"],
};

async function until(clock: ManualClock, check: () => boolean) {
  for (let tries = 0; tries < 500 && !check(); tries++) {
    await clock.advance(5_000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(check()).toBe(true);
}

it("[F270] ends a question whose deadline came while the store took nothing, so that its turn goes on", async () => {
  const clock = new ManualClock();
  const { approvals, faults } = await room(await temporaryFolder(), clock);
  const { id } = await approvals.request(question);
  let ended = false;
  const outcome = approvals.wait(id).then((found) => {
    ended = true;
    return found;
  });
  faults.refuse(["approvals.end"]);
  await clock.advance(DEFAULT_APPROVAL_TIMEOUT_MS);
  await until(clock, () => faults.refused > WRITE_RETRY_DELAYS_MS.length);
  expect(ended).toBe(false);
  faults.heal();
  await until(clock, () => ended);
  expect(await outcome).toMatchObject({ decision: null });
});

it("[F270] ends a question that was put while the clock was years ahead within the longest time one may wait", async () => {
  const folder = await temporaryFolder();
  const ahead = await room(folder, new ManualClock(Date.UTC(2026, 0, 1) + 4 * YEAR_MS));
  const { id } = await ahead.approvals.request(question);
  await ahead.close();
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const { approvals } = await room(folder, clock);
  await approvals.restore();
  let ended = false;
  void approvals.wait(id).then(() => {
    ended = true;
  });
  await clock.advance(MAX_APPROVAL_TIMEOUT_MS);
  await until(clock, () => ended);
});
