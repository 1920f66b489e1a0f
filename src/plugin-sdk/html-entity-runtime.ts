export { decodeHtmlEntities } from "./values/text.ts";
