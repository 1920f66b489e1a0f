import { expect, it } from "vitest";
import { workflowCrashLoop } from "../../../scripts/crash-loop-workflow.mjs";

const KILLS = 4;

it("[F270, F095, F094, F212] questions, injections, session state and flows keep their law under kill -9", async () => {
  const { problems, figures } = await workflowCrashLoop({
    kills: KILLS,
    seed: Math.floor(Math.random() * 1e9),
  });
  expect(problems).toEqual([]);
  expect(figures["calls"]).toBeGreaterThan(0);
}, 120_000);
