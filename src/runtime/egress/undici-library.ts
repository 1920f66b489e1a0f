/** What the room uses of undici; loads all of it. */
export { Agent, EnvHttpProxyAgent, fetch, ProxyAgent } from "undici";
