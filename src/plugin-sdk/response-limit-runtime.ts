export { readResponseTextPrefix, readResponseWithLimit } from "./net/responses.ts";
