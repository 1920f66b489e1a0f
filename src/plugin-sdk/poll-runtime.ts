export { normalizePollInput, type PollInput } from "./values/polls.ts";
