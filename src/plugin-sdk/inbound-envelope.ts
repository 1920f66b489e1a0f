export {
  formatAgentEnvelope,
  formatInboundEnvelope,
  formatInboundFromLabel,
  resolveEnvelopeFormatOptions,
} from "./inbound/envelope.ts";
