import { describe, expect, it } from "vitest";
// @ts-expect-error a plain script without declarations
import { featureList, featuresOf, proveFeatures } from "../../scripts/features.mjs";

describe("the feature report", () => {
  it("knows every feature of the plugin contract once", () => {
    const ids = (featureList() as { id: string }[]).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toBe("F001");
    expect(ids).toContain("F261");
  });

  it("reads ids from brackets only", () => {
    expect(featuresOf("hooks [F095] run in order")).toEqual(["F095"]);
    expect(featuresOf("[F001, F002 F003] imports")).toEqual(["F001", "F002", "F003"]);
    expect(featuresOf("F004 without brackets, [X005], [F06]")).toEqual([]);
  });

  it("proves a feature by a passing test and by no failing one", () => {
    const features = [{ id: "F001" }, { id: "F002" }, { id: "F003" }, { id: "F004" }];
    const tests = [
      { title: "[F001] a", status: "passed" },
      { title: "[F002] b", status: "passed" },
      { title: "[F002] c", status: "failed" },
      { title: "[F003] d", status: "skipped" },
    ];
    expect(proveFeatures(features, tests)).toEqual({ proven: ["F001"], missing: ["F002", "F003", "F004"] });
  });
});
