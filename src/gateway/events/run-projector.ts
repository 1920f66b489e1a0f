import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import type { AgentEvent, AgentRuntime } from "../../runtime/agent/index.ts";
import type { TurnOutcome } from "../../store/records.ts";
import type { EventDraft, EventHub, EventReceiver } from "./hub.ts";
import { type LiveText, Pacer } from "./pacer.ts";
import {
  chatEvent,
  chatMessage,
  endOf,
  type RunPlace,
  sessionChanged,
  terminalChat,
  visibleMessage,
} from "./run-payloads.ts";

/** Runs whose live text is remembered; more than the lanes ever hold open. */
export const MAX_PROJECTED_RUNS = 20_000;

/** What has been told about one run. */
interface RunView extends RunPlace {
  /** Text that `chat` frames have told, trailing space trimmed. */
  told: string;
  pacers: Map<string, Pacer>;
}

const LIVE_STREAMS = new Set(["assistant", "thinking"]);
const TOOL_EVENTS_CAPABILITY = "tool-events";

/**
 * Tells clients about runs: the events of the agent room become `agent` and `chat` frames (spec 6.3,
 * 6.4), live text paced, and every run ends in exactly one terminal `chat` frame.
 */
export class RunProjector {
  readonly #hub: EventHub;
  readonly #clock: Clock;
  readonly #runs = new Map<string, RunView>();

  constructor(options: { hub: EventHub; clock: Clock }) {
    this.#hub = options.hub;
    this.#clock = options.clock;
  }

  /** Runs that have begun and not ended. */
  get size(): number {
    return this.#runs.size;
  }

  follow(agent: AgentRuntime): Disposable {
    return agent.onEvent((event) => this.accept(event));
  }

  accept(event: AgentEvent): void {
    const { sessionKey } = event;
    if (sessionKey === undefined) return;
    const view = this.#view(event, sessionKey);
    if (LIVE_STREAMS.has(event.stream)) {
      this.#pacer(view, event.stream).push(liveText(event));
      return;
    }
    for (const pacer of view.pacers.values()) pacer.flush();
    if (event.stream === "tool") {
      this.#tool(view, event);
      return;
    }
    const { outcome, ...data } = event.data;
    this.#agent(view, event.stream, data, event.seq, event.ts);
    if (event.stream === "run_status") {
      this.#chat(view, event.seq, { state: "status", phase: data["phase"] });
    }
    if (event.stream === "lifecycle") this.#lifecycle(view, event, outcome as TurnOutcome | undefined);
  }

  #lifecycle(view: RunView, event: AgentEvent, outcome: TurnOutcome | undefined): void {
    const phase = String(event.data["phase"]);
    const { ts } = event;
    if (phase === "start") {
      this.#publish(sessionChanged(view, { ts, phase, activeRunIds: [view.runId] }));
      return;
    }
    if (phase !== "end" && phase !== "error") return;
    this.#runs.delete(view.runId);
    const message = outcome && visibleMessage(outcome);
    if (message && endOf(event, outcome) === "done") this.#tell(view, event.seq, ts, message.text);
    this.#publish(terminalChat(view, event, outcome));
    this.#publish(sessionChanged(view, { ts, phase, activeRunIds: [] }));
  }

  #live(view: RunView, stream: string, live: LiveText): void {
    const { text: _text, delta: _delta, replace: _replace, ...rest } = live.data;
    const data = {
      text: live.text,
      delta: live.replace ? live.text : live.delta,
      ...(live.replace ? { replace: true } : {}),
      ...rest,
    };
    this.#agent(view, stream, data, live.seq, live.ts);
    if (stream === "assistant") this.#tell(view, live.seq, live.ts, live.text);
  }

  /** Brings the `chat` frames up to `text`; sends nothing when they are. */
  #tell(view: RunView, seq: number, ts: number, text: string): void {
    const visible = text.trimEnd();
    if (visible === view.told) return;
    const continues = visible.startsWith(view.told);
    const deltaText = continues ? visible.slice(view.told.length) : visible;
    view.told = visible;
    this.#chat(view, seq, {
      state: "delta",
      deltaText,
      ...(continues ? {} : { replace: true }),
      message: chatMessage(visible, ts),
    });
  }

  /** Tool frames go to those who started the run and asked for them; session subscribers get their own event. */
  #tool(view: RunView, event: AgentEvent): void {
    const payload = this.#agentPayload(view, "tool", event.data, event.seq, event.ts);
    const direct = (receiver: EventReceiver) =>
      receiver.capabilities.has(TOOL_EVENTS_CAPABILITY) && receiver.subscriptions.joined(view.runId);
    this.#hub.publish("agent", payload, { sessionKey: view.sessionKey, to: direct });
    this.#hub.publish("session.tool", payload, {
      sessionKey: view.sessionKey,
      to: (receiver) => !direct(receiver),
    });
  }

  #agent(view: RunView, stream: string, data: Record<string, unknown>, seq: number, ts: number): void {
    this.#hub.publish("agent", this.#agentPayload(view, stream, data, seq, ts), {
      sessionKey: view.sessionKey,
    });
  }

  #agentPayload(view: RunView, stream: string, data: object, seq: number, ts: number) {
    return {
      runId: view.runId,
      stream,
      data,
      sessionKey: view.sessionKey,
      ...(view.sessionId === undefined ? {} : { sessionId: view.sessionId }),
      ...(view.agentId === undefined ? {} : { agentId: view.agentId }),
      seq,
      ts,
    };
  }

  #chat(view: RunView, seq: number, fields: Record<string, unknown>): void {
    this.#publish(chatEvent(view, seq, fields));
  }

  #publish({ event, payload, options }: EventDraft): void {
    this.#hub.publish(event, payload, options);
  }

  #view(event: AgentEvent, sessionKey: string): RunView {
    const known = this.#runs.get(event.runId);
    if (known) return known;
    const view: RunView = {
      runId: event.runId,
      sessionKey,
      agentId: event.agentId,
      sessionId: event.sessionId,
      told: "",
      pacers: new Map(),
    };
    this.#runs.set(event.runId, view);
    if (this.#runs.size > MAX_PROJECTED_RUNS) {
      const oldest = this.#runs.keys().next();
      if (!oldest.done) this.#runs.delete(oldest.value);
    }
    return view;
  }

  #pacer(view: RunView, stream: string): Pacer {
    let pacer = view.pacers.get(stream);
    if (!pacer) {
      pacer = new Pacer(this.#clock, (live) => this.#live(view, stream, live));
      view.pacers.set(stream, pacer);
    }
    return pacer;
  }
}

function liveText(event: AgentEvent): LiveText {
  return {
    text: String(event.data["text"] ?? ""),
    delta: String(event.data["delta"] ?? ""),
    replace: event.data["replace"] === true,
    seq: event.seq,
    ts: event.ts,
    data: event.data,
  };
}
