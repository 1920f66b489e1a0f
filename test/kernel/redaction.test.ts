import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLogger, type LogLevel, silentLogger } from "../../src/kernel/logger.ts";
import { isSecretKey, MIN_SECRET_LENGTH, Redactor } from "../../src/kernel/redaction.ts";

const logged = (redactor: Redactor, level: LogLevel = "debug") => {
  const lines: string[] = [];
  return { lines, logger: createLogger({ level, redactor, write: (line) => lines.push(line) }) };
};

describe("redaction", () => {
  it("masks every known secret in any text, however it is made", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: MIN_SECRET_LENGTH }), { minLength: 1, maxLength: 5 }),
        fc.string(),
        (secrets, around) => {
          const redactor = new Redactor();
          for (const secret of secrets) redactor.add(secret);
          const text = redactor.text(`${around}|${secrets.join("|")}|${around}`);
          for (const secret of secrets) {
            // A secret that occurs in the mask itself can not disappear.
            if (!"[redacted]".includes(secret) && !around.includes("[redacted]"))
              expect(text).not.toContain(`|${secret}|`);
          }
        },
      ),
    );
  });

  it("masks the longest of overlapping secrets first, and leaves short words alone", () => {
    const redactor = new Redactor();
    redactor.add("secret");
    redactor.add("secret-longer");
    redactor.add("short");
    expect(redactor.text("a secret-longer b secret c short")).toBe("a [redacted] b [redacted] c short");
  });

  it("knows a secret as it stands in addresses and in JSON", () => {
    const redactor = new Redactor();
    redactor.add('p@ss/"word"');
    redactor.add("half \ud800 a character");
    expect(redactor.text(`https://me:${encodeURIComponent('p@ss/"word"')}@x.test/`)).toBe(
      "https://me:[redacted]@x.test/",
    );
    expect(redactor.text(JSON.stringify({ a: 'p@ss/"word"' }))).toBe('{"a":"[redacted]"}');
    expect(redactor.text("half \ud800 a character")).toBe("[redacted]");
  });

  it("masks by key, cuts what is too deep, and copies instead of changing", () => {
    const redactor = new Redactor();
    const value = {
      apiKey: "x",
      nested: { Authorization: "y", list: [{ password: 5 }] },
      token: null,
      error: new Error("e"),
    };
    const copy = redactor.value(value) as Record<string, unknown>;
    expect(copy).toMatchObject({
      apiKey: "[redacted]",
      nested: { Authorization: "[redacted]", list: [{ password: "[redacted]" }] },
      token: null,
      error: { name: "Error", message: "e" },
    });
    expect(value.apiKey).toBe("x");
    let deep: unknown = "bottom";
    for (let level = 0; level < 20; level++) deep = { deep };
    expect(JSON.stringify(redactor.value(deep))).toContain("[deep]");
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(JSON.stringify(redactor.value(cycle))).toContain("[deep]");
  });

  it("knows secret keys by their end", () => {
    for (const key of [
      "token",
      "botToken",
      "api_key",
      "apiKey",
      "api-keys",
      "clientSecret",
      "privateKey",
      "set-cookie",
    ]) {
      expect(isSecretKey(key), key).toBe(true);
    }
    for (const key of ["tokenizer", "passwordless", "name", "key"]) expect(isSecretKey(key), key).toBe(false);
  });
});

describe("the logger", () => {
  it("writes one JSON line with part, fields and time, redacted by key and by value", () => {
    const redactor = new Redactor();
    redactor.add('quo"ted-secret');
    const { lines, logger } = logged(redactor);
    logger
      .child("store", { file: "x" })
      .info('opened with quo"ted-secret', { token: "abc", where: 'quo"ted-secret' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\n$/);
    const line = JSON.parse(lines[0] as string) as Record<string, unknown>;
    expect(line).toMatchObject({
      level: "info",
      part: "store",
      file: "x",
      token: "[redacted]",
      where: "[redacted]",
    });
    expect(line["msg"]).toBe("opened with [redacted]");
    expect(lines[0]).not.toContain("ted-secret");
  });

  it("redacts the fields of a child as well", () => {
    const { lines, logger } = logged(new Redactor());
    logger.child("part", { password: "hunter2!" }).info("hello");
    expect(lines[0]).not.toContain("hunter2!");
  });

  it("writes errors with their message and stack", () => {
    const { lines, logger } = logged(new Redactor());
    logger.error("failed", { error: new Error("because") });
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      error: { message: "because", stack: expect.any(String) },
    });
  });

  it("writes what its level lets through", () => {
    const { lines, logger } = logged(new Redactor(), "warn");
    logger.debug("a");
    logger.info("b");
    logger.warn("c");
    logger.error("d");
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["c", "d"]);
    expect([logger.enabled("info"), logger.enabled("error")]).toEqual([false, true]);
    expect(silentLogger.child("x").enabled("error")).toBe(false);
  });

  it("writes nothing that steers the terminal it may be shown on, and keeps what was said", () => {
    const lines: string[] = [];
    const logger = createLogger({
      level: "info",
      redactor: new Redactor(),
      write: (line) => lines.push(line),
    });
    const said = "a\u001b[2J \u009b2J \u202egnp.exe \u2028 b";
    logger.info(said, { field: said });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
    expect(lines[0]).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ msg: said, field: said });
  });
});
