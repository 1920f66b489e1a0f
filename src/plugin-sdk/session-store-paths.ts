export { resolveStorePath } from "./session-store-runtime.ts";
