export {
  channelIngressRoutes,
  defineStableChannelIngressIdentity,
  identityEntryAuthenticationClassifier,
} from "./ingress/identity.ts";
export { fanInChannelIngressLifecycles } from "./ingress/lifecycle.ts";
export { readChannelIngressStoreAllowFromForDmPolicy } from "./ingress/paired-senders.ts";
export {
  createChannelIngressResolver,
  resolveChannelImplicitMentions,
  resolveStableChannelMessageIngress,
} from "./ingress/resolver.ts";
export { createStandardRawEventIngressMonitor } from "./ingress/standard-monitor.ts";
