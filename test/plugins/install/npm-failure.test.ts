import { describe, expect, it } from "vitest";
import { npmFailure, searchFailure } from "../../../src/plugins/install/npm-failure.ts";
import { installBench } from "./support/install-bench.ts";
import { pluginTarball } from "./support/packages.ts";
import { packageRegistry } from "./support/registry.ts";

describe("what npm could not do", () => {
  it("[F259] a package or version that is not there, and a registry that is away, are said in one line", async () => {
    const tarball = await pluginTarball({ name: "here" });
    const registry = await packageRegistry("here", [{ version: "1.0.0", tarball }]);
    const bench = await installBench({ registry });
    await expect(bench.install("gone")).rejects.toMatchObject({
      message: 'npm knows no package "gone"; check its name, and whether you must sign in with npm',
      details: { npmCode: "E404" },
    });
    await expect(bench.install("here@2.0.0")).rejects.toMatchObject({
      message: 'npm has no such version or tag: "here@2.0.0"',
    });
    await expect((await installBench()).install("here")).rejects.toMatchObject({
      message: expect.stringMatching(/^npm can not reach its registry for "here"; check the network/),
      retryable: true,
    });
  });

  it("[F259] a package it depends on is named, not the one that was asked for", () => {
    const said = (...lines: string[]) =>
      npmFailure(
        "@me/plugin@1.2.0",
        {
          status: 1,
          stdout: "",
          stderr: lines.map((line) => `npm error ${line}`).join("\n"),
        },
        1_000,
      );
    const version = "No matching version found for @me/core@^0.2.1.";
    const name = "The requested resource '@me/core@^0.2.1' could not be found or you do not have permission";
    for (const failure of [
      said("code ETARGET", `notarget ${version}`),
      said(
        "code E404",
        "404 Not Found - GET https://registry.invalid/@me%2fcore",
        `404  ${name} to access it.`,
      ),
      said("code E404", "404  '@me/core@^0.2.1' is not in this registry."),
    ]) {
      expect(failure).toMatchObject({
        code: "PACKAGE_UNAVAILABLE",
        message:
          '"@me/plugin@1.2.0" needs "@me/core@^0.2.1", which npm does not have; tell its author, or install another version of it',
        details: { missing: "@me/core@^0.2.1" },
      });
    }
    const asked = said("code ETARGET", "notarget No matching version found for @me/plugin@1.2.0.");
    expect(asked.message).toBe('npm has no such version or tag: "@me/plugin@1.2.0"');
  });

  it("[F259] a registry without a search is said to be one, not to lack the words", () => {
    const stderr = "npm error code E404\nnpm error 404 Not Found - GET https://registry.invalid/-/v1/search";
    expect(searchFailure("garden", { status: 1, stdout: "", stderr }, 1_000)).toMatchObject({
      code: "PACKAGE_UNAVAILABLE",
      message: expect.stringMatching(
        /^the registry of your npm settings cannot be searched; install by name/,
      ),
    });
    const away = "npm error code ECONNREFUSED";
    expect(searchFailure("garden", { status: 1, stdout: "", stderr: away }, 1_000).message).toContain(
      "npm can not reach its registry",
    );
  });

  it("anything else is npm's own words without its marks and the place of its log", () => {
    const stderr = [
      "npm error code EOTHER",
      "npm error something odd",
      "npm error A complete log of this run can be found in: /home/me/.npm/_logs/x.log",
    ].join("\n");
    expect(npmFailure("x", { status: 1, stdout: "", stderr }, 1_000).message).toBe(
      'npm could not provide "x": code EOTHER\nsomething odd',
    );
    expect(npmFailure("x", { status: 7, stdout: "", stderr: "" }, 1_000).message).toContain("exit status 7");
    expect(npmFailure("x", { status: null, stdout: "", stderr: "", ended: "timeout" }, 1_000)).toMatchObject({
      message: 'npm took longer than 1 s for "x"; try again',
      retryable: true,
    });
  });
});
