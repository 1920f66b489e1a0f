export { readByteStreamWithLimit, readResponseTextPrefix, readResponseWithLimit } from "./net/responses.ts";
