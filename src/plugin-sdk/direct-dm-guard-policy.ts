export {
  createDirectDmPreCryptoGuardPolicy,
  type DirectDmPreCryptoGuardPolicy,
} from "./policy/direct-dm-guard.ts";
