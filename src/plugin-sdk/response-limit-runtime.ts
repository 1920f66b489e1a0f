export {
  readByteStreamWithLimit,
  readResponseTextPrefix,
  readResponseWithLimit,
} from "../runtime/egress/index.ts";
