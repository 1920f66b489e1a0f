export { registerPluginHttpRoute } from "./routes/plugin-routes.ts";
