export { createTestPluginApi } from "./testing/plugin-api.ts";
