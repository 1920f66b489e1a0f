export { isAutoLinkedFileRef } from "./text/file-references.ts";
