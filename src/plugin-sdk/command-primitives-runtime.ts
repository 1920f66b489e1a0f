export { isAbortRequestText, isBtwRequestText } from "./replies/request-texts.ts";
