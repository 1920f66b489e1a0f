export { formatCliCommand, formatDocsLink } from "./setup/wizard.ts";
