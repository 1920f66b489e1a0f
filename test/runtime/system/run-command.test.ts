import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kernel/clock.ts";
import { commandArguments, runCommand } from "../../../src/runtime/system/run-command.ts";

const node = (script: string, options = {}) =>
  runCommand([process.execPath, "-e", script], options, systemClock);

describe("running a command for a plugin", () => {
  it("collects output and code, gives input, and uses no shell", async () => {
    const result = await node(
      "process.stdin.on('data', d => process.stdout.write('got ' + d)).on('end', () => process.exit(3))",
      {
        input: "$(words)",
      },
    );
    expect(result).toMatchObject({ stdout: "got $(words)", code: 3, killed: false, termination: "exit" });
  });

  it("ends one that takes too long or says nothing, with code 124", async () => {
    expect(await node("setInterval(() => {}, 1000)", { timeoutMs: 100 })).toMatchObject({
      code: 124,
      killed: true,
      termination: "timeout",
    });
    expect(await node("setInterval(() => {}, 1000)", { noOutputTimeoutMs: 100 })).toMatchObject({
      noOutputTimedOut: true,
      termination: "no-output-timeout",
    });
  });

  it("stops at a signal, cuts long output and names a program that is not there", async () => {
    expect(await node("setInterval(() => {}, 1000)", { signal: AbortSignal.abort() })).toMatchObject({
      termination: "signal",
      killed: true,
    });
    expect(await node("process.stdout.write('x'.repeat(100))", { maxOutputBytes: 10 })).toMatchObject({
      stdout: "xxxxxxxxxx",
      stdoutTruncatedBytes: 90,
    });
    await expect(runCommand(["no-such-program-here"], {}, systemClock)).rejects.toMatchObject({
      code: "COMMAND_FAILED",
    });
  });

  it("takes both argument forms", () => {
    expect(commandArguments([["ls", "-l"], 500])).toEqual({
      argv: ["ls", "-l"],
      options: { timeoutMs: 500 },
    });
    expect(commandArguments(["ls", ["-l"], { cwd: "/" }])).toEqual({
      argv: ["ls", "-l"],
      options: { cwd: "/" },
    });
    expect(() => commandArguments([[]])).toThrow("needs a command");
  });
});
