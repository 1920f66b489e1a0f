import fc from "fast-check";
import { expect, test } from "vitest";
import { openStore, type Store } from "../../../src/store/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** What a simple reading of the rules says, next to which the procedures are run. */
interface Model {
  rows: Map<
    string,
    { recipient: string; status: string; started: boolean; ordinal: number; availableAt: number }
  >;
  now: number;
  ordinal: number;
}

const key = { channel: "memo", accountId: "default" };

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("enqueue" as const),
        id: fc.nat(6),
        recipient: fc.constantFrom("a", "b"),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          "claim" as const,
          "start" as const,
          "deliver" as const,
          "retry" as const,
          "dead" as const,
          "cancel" as const,
          "crash" as const,
          "replay" as const,
          "wait" as const,
        ),
        id: fc.nat(6),
        recipient: fc.constant(""),
      }),
    },
  ),
  { maxLength: 30 },
);

test("the outbox does what its rules say: one in flight per recipient, in order, nothing lost", async () => {
  const store = await openStore({ folder: await temporaryFolder() });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      run += 1;
      const model: Model = { rows: new Map(), now: run * 1_000_000, ordinal: 0 };
      for (const step of given) await apply(store, model, step, run);
      await compare(store, model);
      // Leave nothing open for the next run.
      for (const [id, row] of model.rows) {
        if (row.status === "queued" || row.status === "sending") {
          await store.call.outbox.cancel({ outboxId: id, reason: "end of run", now: model.now });
        }
      }
      expect((await store.call.outbox.counts({})).balanced).toBe(true);
    }),
    { numRuns: 60 },
  );
  await store.dispose();
});

async function apply(
  store: Store,
  model: Model,
  step: { kind: string; id: number; recipient: string },
  run: number,
): Promise<void> {
  const outboxId = `${run}-${step.id}`;
  const row = model.rows.get(outboxId);
  const { outbox } = store.call;
  switch (step.kind) {
    case "enqueue": {
      const recipient = `${run}${step.recipient}`;
      const { inserted } = await outbox.enqueue({
        drafts: [{ outboxId, idempotencyKey: outboxId, ...key, to: recipient, chunks: ["x"] }],
        now: model.now,
      });
      expect(inserted.length).toBe(row ? 0 : 1);
      if (!row) {
        model.rows.set(outboxId, {
          recipient,
          status: "queued",
          started: false,
          ordinal: ++model.ordinal,
          availableAt: model.now,
        });
      }
      return;
    }
    case "claim": {
      const { claimed } = await outbox.claimDue({ ...key, now: model.now });
      const due = [...model.rows].filter(([, one]) => isDueHead(model, one)).map(([id]) => id);
      expect(claimed.map((one) => one.outboxId).sort()).toEqual(due.sort());
      for (const id of due) Object.assign(model.rows.get(id) ?? {}, { status: "sending", started: false });
      return;
    }
    case "start":
      expect(await outbox.attemptStarted({ outboxId, now: model.now })).toBe(row?.status === "sending");
      if (row?.status === "sending") row.started = true;
      return;
    case "deliver":
      expect(await outbox.delivered({ outboxId, receipt: [], now: model.now })).toBe(
        row?.status === "sending",
      );
      if (row?.status === "sending") row.status = "delivered";
      return;
    case "retry":
      expect(await outbox.retry({ outboxId, at: model.now + 500, error: "e" })).toBe(
        row?.status === "sending",
      );
      if (row?.status === "sending") Object.assign(row, { status: "queued", availableAt: model.now + 500 });
      return;
    case "dead":
    case "cancel": {
      const open = row?.status === "sending" || row?.status === "queued";
      const done = step.kind === "dead" ? outbox.dead : outbox.cancel;
      expect(await done({ outboxId, reason: "r", now: model.now })).toBe(open);
      if (row && open) row.status = step.kind === "dead" ? "dead" : "cancelled";
      return;
    }
    case "replay": {
      const ended = row?.status === "dead" || row?.status === "cancelled";
      expect((await outbox.replay({ outboxId, now: model.now })) !== undefined).toBe(ended);
      if (row && ended)
        Object.assign(row, { status: "queued", availableAt: model.now, ordinal: ++model.ordinal });
      return;
    }
    case "crash": {
      await outbox.recover({ resend: [], now: model.now });
      for (const one of model.rows.values()) {
        if (one.status === "sending")
          Object.assign(one, { status: one.started ? "dead" : "queued", availableAt: model.now });
      }
      return;
    }
    default:
      model.now += 300;
  }
}

/** Due, and no open message to the same recipient stands before it. */
function isDueHead(
  model: Model,
  row: { recipient: string; status: string; ordinal: number; availableAt: number },
): boolean {
  if (row.status !== "queued" || row.availableAt > model.now) return false;
  return ![...model.rows.values()].some(
    (other) =>
      other.recipient === row.recipient &&
      other.ordinal < row.ordinal &&
      (other.status === "queued" || other.status === "sending"),
  );
}

async function compare(store: Store, model: Model): Promise<void> {
  for (const [outboxId, row] of model.rows) {
    expect(await store.call.outbox.explain({ outboxId })).toMatchObject({
      status: row.status,
      chunks: ["x"],
    });
  }
}
