import type { ProfileUsage } from "../../contracts/auth-profiles.ts";
import type { AssistantMessage } from "../../contracts/messages.ts";
import type { ModelDefinition, StreamFn } from "../../contracts/model-stream.ts";
import type {
  FailoverReason,
  ProviderApiKey,
  ProviderPlugin,
  ProviderStreamContext,
} from "../../contracts/provider.ts";
import type { ProviderAuthResult } from "../../contracts/runtime/host.ts";
import type { PickedProfile, ProfileWish } from "./profile-book.ts";
import type { AuthQuestion } from "./provider-auth.ts";
import type { ModelQuestion, ModelRequest } from "./request.ts";
import type { ThinkingPolicy } from "./thinking.ts";

export type ModelErrorCode = "MODEL_UNKNOWN" | "MODEL_NOT_CONFIGURED" | "MODEL_AUTH_MISSING";

/** A model that is ready to be asked. */
export interface ResolvedModel {
  /** `provider/model`. */
  ref: string;
  model: ModelDefinition;
  /** The transport, before the provider's wrappers of one request. */
  stream: StreamFn;
  owner: ProviderPlugin;
  apiKey?: string;
  authMode?: ProviderApiKey["mode"];
  /** The sign-in behind the key. */
  profile?: PickedProfile;
  /** Stands where the key would and is never sent; the provider may make a key of it (spec 1.10). */
  authMarker?: string;
  /** Why the model can not be asked: there is no key. */
  missingAuth?: string;
  /** What the provider's functions are told. */
  context: ProviderStreamContext;
  /** `agents.defaults.models.<ref>.params`. */
  params: Readonly<Record<string, unknown>>;
  thinking: ThinkingPolicy;
  /** Without an event for this long the call is given up. */
  idleTimeoutMs: number;
}

/** One row of `models.list` (gateway spec 5.8). */
export interface ListedModel {
  id: string;
  name: string;
  provider: string;
  tags?: string[];
  available: boolean;
  unavailableReason?: "missing-auth";
  contextWindow: number;
  reasoning: boolean;
  input: ("text" | "image")[];
  thinkingLevels: { id: string; label: string }[];
  thinkingDefault: string;
  status?: "preview" | "deprecated";
  /** Why the model is marked. */
  statusReason?: string;
  /** What took the model's place. */
  replacedBy?: string;
}

/** Chooses providers and models for everybody who needs one. */
export interface Models {
  /**
   * Resolves a reference, or the default model when there is none. The key is that of the agent's sign-in
   * whose turn it is, or else the configured one.
   * @throws SluiceError with a {@link ModelErrorCode}; the message says what to configure
   */
  resolve(ref?: string, agentId?: string, profile?: Omit<ProfileWish, "agentId">): Promise<ResolvedModel>;
  /** A model was asked and answered, or did not for `reason`: what that says of the sign-in is kept in mind. */
  report(resolved: ResolvedModel, reason?: FailoverReason): void;
  /** How sign-ins fared since the gateway started, by profile id. */
  profileUsage(): Readonly<Record<string, ProfileUsage>>;
  /**
   * A question in the form the model's provider takes it.
   * @throws SluiceError `MODEL_AUTH_MISSING`, or what the provider's `prepareRuntimeAuth` throws
   */
  prepare(resolved: ResolvedModel, question: ModelQuestion): Promise<ModelRequest>;
  /** The answer with the reason its provider sees in an error; `status` is that of the HTTP answer. */
  explain(resolved: ResolvedModel, answer: AssistantMessage, status?: number): AssistantMessage;
  /** The reference used when nobody chose one. */
  defaultRef(agentId?: string): Promise<string>;
  list(view: "default" | "configured" | "provider-config" | "all"): Promise<ListedModel[]>;
  /** The catalogued definition, without preparing anything. */
  find(provider: string, modelId: string): Promise<ModelDefinition | undefined>;
  thinkingPolicy(provider: string, modelId: string): Promise<ThinkingPolicy>;
  apiKeyFor(provider: string): ProviderApiKey;
  /**
   * A provider's key for somebody else's request; loads the provider's plugin where that still waits. Without
   * a key where none is needed.
   * @throws SluiceError `MODEL_AUTH_MISSING` with what to do about it
   */
  findAuth(question: AuthQuestion): Promise<ProviderAuthResult>;
  /** Whether an agent, by default the default one, has a sign-in or a key for a provider, or what does as one. */
  hasAuth(provider: string, agentId?: string): boolean;
  /** The provider whose keys and sign-ins another one uses; itself without an alias (spec 1.11). */
  authProviderOf(provider: string): string;
  /** The plugin that serves a provider id. */
  ownerOf(provider: string): ProviderPlugin | undefined;
}
