export { isLoopbackHost, resolveRequestUrl } from "../runtime/egress/index.ts";
