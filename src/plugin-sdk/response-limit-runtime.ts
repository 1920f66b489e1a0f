export {
  readByteStreamWithLimit,
  readResponseTextPrefix,
  readResponseWithLimit,
} from "../runtime/egress/response-body.ts";
