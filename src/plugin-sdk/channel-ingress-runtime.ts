export {
  channelIngressRoutes,
  defineStableChannelIngressIdentity,
  identityEntryAuthenticationClassifier,
} from "./ingress/identity.ts";
export { fanInChannelIngressLifecycles } from "./ingress/lifecycle.ts";
export {
  createChannelIngressResolver,
  resolveChannelImplicitMentions,
  resolveStableChannelMessageIngress,
} from "./ingress/resolver.ts";
