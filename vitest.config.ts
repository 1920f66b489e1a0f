import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^sluice\/plugin-sdk$/, replacement: source("./src/plugin-sdk/index.ts") },
      { find: /^sluice\/plugin-sdk\/(.+)$/, replacement: `${source("./src/plugin-sdk/")}$1.ts` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/fixtures/**"],
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    // Generous, because a busy machine is no failure: what never happens still ends in a failed test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000, interval: 10 } },
    restoreMocks: true,
  },
});
