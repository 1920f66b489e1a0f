import { describe, expect, it } from "vitest";
import { assertSafeUrl, isLoopbackHost } from "../../src/cli/client/gateway-url.ts";

const codeOf = (url: string): string | undefined => {
  try {
    assertSafeUrl(url);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("the gateway's address", () => {
  it.each([
    "ws://127.0.0.1:1",
    "ws://localhost:1",
    "ws://[::1]:1",
    "ws://127.9.9.9",
    "wss://gateway.example.org",
  ])("accepts %s", (url) => expect(codeOf(url)).toBeUndefined());

  it.each([
    "ws://gateway.example.org",
    "ws://192.0.2.1:18789",
    "ws://127.0.0.1.example.org",
    "ws://localhost.example.org",
    "ws://0.0.0.0:1",
    "ws://3232235777:1",
  ])("does not send a token in the clear to %s", (url) => expect(codeOf(url)).toBe("GATEWAY_INSECURE"));

  it.each([
    "http://127.0.0.1",
    "127.0.0.1:18789",
    "ws://user:secret@127.0.0.1",
    "ws://127.0.0.1/?token=x",
    "",
  ])("refuses %j as an address", (url) => expect(codeOf(url)).toBe("USAGE"));

  it("knows other spellings of this machine", () => {
    // The URL parser has already turned decimal and short forms into dotted ones.
    expect(isLoopbackHost(new URL("ws://2130706433:1").hostname)).toBe(true);
    expect(isLoopbackHost("::ffff:127.0.0.1")).toBe(false);
  });
});
