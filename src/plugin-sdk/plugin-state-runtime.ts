export { createPluginStateErrorReporter } from "./values/persistent-dedupe.ts";
