import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kernel/clock.ts";
import { RunningPrograms } from "../../../src/kernel/running-programs.ts";
import { localSystem } from "../../../src/runtime/system/index.ts";
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

  it("ends with its owner: asked first, killed when it stays, and refused afterwards", async () => {
    const programs = new RunningPrograms('plugin "x"');
    const ready = { polite: () => {}, stubborn: () => {} };
    const start = (name: keyof typeof ready, script: string) => {
      const said = new Promise<void>((resolve) => {
        ready[name] = resolve;
      });
      const options = { killGraceMs: 100, onOutputChunk: () => ready[name]() };
      const ended = runCommand([process.execPath, "-e", script], options, systemClock, programs);
      return { said, ended };
    };
    const hold = "setInterval(() => {}, 1000); console.log('up');";
    const polite = start("polite", `process.on('SIGTERM', () => process.exit(7)); ${hold}`);
    const stubborn = start("stubborn", `process.on('SIGTERM', () => {}); ${hold}`);
    const over = await runCommand([process.execPath, "-e", ""], {}, systemClock, programs);
    await Promise.all([polite.said, stubborn.said]);
    await programs.dispose();
    expect(over).toMatchObject({ code: 0, termination: "exit" });
    expect(await polite.ended).toMatchObject({ code: 7, killed: true, termination: "signal" });
    expect(await stubborn.ended).toMatchObject({ signal: "SIGKILL", killed: true, termination: "signal" });
    await expect(runCommand([process.execPath, "-e", ""], {}, systemClock, programs)).rejects.toMatchObject({
      code: "COMMAND_REFUSED",
      message: 'plugin "x" was unloaded and can start no programs any more',
    });
  });

  it.skipIf(process.platform === "win32")(
    "does not wait for what a killed program started and left with its output",
    async () => {
      const stop = new AbortController();
      const { stdout, ...result } = await runCommand(
        ["sh", "-c", "sleep 600 & echo $!; wait"],
        { signal: stop.signal, killGraceMs: 50, onOutputChunk: () => stop.abort() },
        systemClock,
      );
      process.kill(Number(stdout), "SIGKILL");
      expect(result).toMatchObject({ killed: true, termination: "signal" });
    },
  );
});

describe("the command of the host", () => {
  const SAY = "console.log(process.argv.slice(1).join(' ') + ' of ' + process.env.SLUICE_STATE_DIR)";
  const host = { argv: [process.execPath, "-e", SAY, "--"], env: { SLUICE_STATE_DIR: "/this/gateway" } };
  const system = (given?: typeof host) => localSystem(systemClock, new RunningPrograms("test"), given);

  it("is this gateway's own under every name of the ecosystem", async () => {
    for (const name of ["openclaw", "clawdbot", "moltbot"]) {
      const { stdout } = await system(host).runCommandWithTimeout([name, "gateway", "call", "health"]);
      expect(stdout).toBe("gateway call health of /this/gateway\n");
    }
  });

  it("leaves a plugin what it sets itself, and other programs alone", async () => {
    const env = { SLUICE_STATE_DIR: "/another" };
    const { stdout } = await system(host).runCommandWithTimeout(["openclaw", "status"], { env });
    expect(stdout).toBe("status of /another\n");
    const own = await system(host).runCommandWithTimeout([process.execPath, "-p", "1"], { env: {} });
    expect(own.stdout).toBe("1\n");
    await expect(system().runCommandWithTimeout(["moltbot", "status"], 1_000)).rejects.toMatchObject({
      code: "COMMAND_FAILED",
    });
  });
});
