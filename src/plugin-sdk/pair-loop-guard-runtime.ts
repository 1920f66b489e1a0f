export { mergePairLoopGuardConfig } from "./inbound/bot-pair-loop.ts";
