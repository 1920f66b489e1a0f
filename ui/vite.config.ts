import { defineConfig } from "vite";

/** The page is built to dist/ui; extensions/webchat serves index.html at `/` and the rest below `/webchat/`. */
export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/ui",
    emptyOutDir: true,
    assetsDir: "webchat",
    // Inlined assets would need looser rules in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: false,
  },
});
