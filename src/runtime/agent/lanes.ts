import { SluiceError } from "../../kernel/errors.ts";

export type LaneErrorCode = "AGENT_BUSY" | "AGENT_STOPPING";

/** Turns that may wait or run in one session. */
export const MAX_TURNS_PER_SESSION = 200;
/** Turns that may wait or run in all. */
export const MAX_OPEN_TURNS = 20_000;

export interface LaneLimits {
  /** Jobs that run at once over all lanes. */
  concurrency: number;
  perLane?: number;
  total?: number;
}

/**
 * A place in a lane. Its job runs when it is first in the lane and a global slot is free; until `attach`
 * names the job, the place is held.
 */
export interface LaneTicket {
  /** True from the moment the ticket holds its lane and a global slot. */
  readonly admitted: boolean;
  /** Names the job; it starts at once when the ticket is admitted. */
  attach(job: () => Promise<void>): void;
  /** Gives the place back. Does nothing once the job has started. */
  leave(): boolean;
}

interface Lane {
  key: string;
  waiting: Ticket[];
  busy: boolean;
}

/**
 * First come, first served per lane, one job at a time; over all lanes at most `concurrency` jobs, handed
 * out in the order in which lanes became ready. A waiting lane holds no global slot (spec 3.6).
 */
export class LaneScheduler {
  readonly #limits: Required<LaneLimits>;
  readonly #lanes = new Map<string, Lane>();
  /** Heads of lanes that wait for a global slot. */
  #ready: Ticket[] = [];
  #active = 0;
  #total = 0;
  #stopped = false;

  constructor(limits: LaneLimits) {
    this.#limits = {
      concurrency: limits.concurrency,
      perLane: limits.perLane ?? MAX_TURNS_PER_SESSION,
      total: limits.total ?? MAX_OPEN_TURNS,
    };
  }

  /** Tickets that hold a slot. */
  get active(): number {
    return this.#active;
  }

  /** Tickets that are waiting or running. */
  get size(): number {
    return this.#total;
  }

  /** Lanes with somebody in them; an idle lane takes no memory. */
  get lanes(): number {
    return this.#lanes.size;
  }

  /**
   * @param standing a turn that was accepted by an earlier process has its place whatever the limits say now
   * @throws SluiceError `AGENT_BUSY` (retryable) over a limit, `AGENT_STOPPING` after `stop`
   */
  enter(key: string, standing: "new" | "accepted-before" = "new"): LaneTicket {
    if (this.#stopped) {
      throw new SluiceError<LaneErrorCode>("AGENT_STOPPING", "the gateway is stopping; try again soon", {
        retryable: true,
      });
    }
    let lane = this.#lanes.get(key);
    const inLane = lane ? lane.waiting.length + (lane.busy ? 1 : 0) : 0;
    const full = inLane >= this.#limits.perLane || this.#total >= this.#limits.total;
    if (full && standing === "new") {
      throw new SluiceError<LaneErrorCode>(
        "AGENT_BUSY",
        inLane >= this.#limits.perLane
          ? `the session has ${inLane} turns waiting; wait for an answer first`
          : `${this.#total} turns are waiting; try again later`,
        { retryable: true, retryAfterMs: 1_000, details: { waiting: inLane, total: this.#total } },
      );
    }
    if (!lane) {
      lane = { key, waiting: [], busy: false };
      this.#lanes.set(key, lane);
    }
    const ticket = new Ticket(this, lane);
    this.#total += 1;
    lane.waiting.push(ticket);
    this.#advance(lane);
    return ticket;
  }

  /** Admits nobody any more; jobs that run go on. */
  stop(): void {
    this.#stopped = true;
    this.#ready = [];
  }

  /** @internal the ticket gives up its place without having run */
  leave(ticket: Ticket): boolean {
    if (ticket.state === "gone" || ticket.state === "running") return false;
    const lane = ticket.lane;
    if (ticket.state === "waiting") {
      const place = lane.waiting.indexOf(ticket);
      lane.waiting.splice(place, 1);
      ticket.state = "gone";
      this.#total -= 1;
      this.#forget(lane);
      return true;
    }
    if (ticket.state === "ready") {
      const place = this.#ready.indexOf(ticket);
      if (place >= 0) this.#ready.splice(place, 1);
    } else {
      this.#active -= 1;
    }
    this.#release(ticket);
    return true;
  }

  /** @internal an admitted ticket with a job starts */
  start(ticket: Ticket, job: () => Promise<void>): void {
    ticket.state = "running";
    const ended = () => {
      this.#active -= 1;
      this.#release(ticket);
    };
    job().then(ended, ended);
  }

  #release(ticket: Ticket): void {
    ticket.state = "gone";
    this.#total -= 1;
    ticket.lane.busy = false;
    this.#advance(ticket.lane);
    this.#fill();
  }

  #advance(lane: Lane): void {
    if (lane.busy) return;
    const head = lane.waiting.shift();
    if (!head) {
      this.#forget(lane);
      return;
    }
    lane.busy = true;
    head.state = "ready";
    this.#ready.push(head);
    this.#fill();
  }

  #fill(): void {
    while (!this.#stopped && this.#active < this.#limits.concurrency) {
      const next = this.#ready.shift();
      if (!next) return;
      this.#active += 1;
      next.admit();
    }
  }

  #forget(lane: Lane): void {
    if (!lane.busy && lane.waiting.length === 0) this.#lanes.delete(lane.key);
  }
}

class Ticket implements LaneTicket {
  readonly lane: Lane;
  readonly #scheduler: LaneScheduler;
  #job: (() => Promise<void>) | undefined;
  state: "waiting" | "ready" | "admitted" | "running" | "gone" = "waiting";

  constructor(scheduler: LaneScheduler, lane: Lane) {
    this.#scheduler = scheduler;
    this.lane = lane;
  }

  get admitted(): boolean {
    return this.state === "admitted" || this.state === "running";
  }

  attach(job: () => Promise<void>): void {
    if (this.state === "gone") return;
    if (this.state === "admitted") this.#scheduler.start(this, job);
    else this.#job = job;
  }

  leave(): boolean {
    return this.#scheduler.leave(this);
  }

  admit(): void {
    this.state = "admitted";
    const job = this.#job;
    if (job) this.#scheduler.start(this, job);
  }
}
