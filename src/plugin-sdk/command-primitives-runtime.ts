export { isAbortRequestText } from "./replies/request-texts.ts";
