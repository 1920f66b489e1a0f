import { join } from "node:path";
import Database from "better-sqlite3";

/** Holds what the clients saw against what the database says. */
export function judge(stateDir, facts) {
  const database = open(stateDir);
  const problems = [];
  try {
    if (database.pragma("integrity_check", { simple: true }) !== "ok")
      problems.push("the database is damaged");
    const inbox = database.prepare("SELECT * FROM inbox WHERE kind = 'message'").all();
    const turns = database.prepare("SELECT * FROM turns").all();
    const outbox = database.prepare("SELECT * FROM outbox").all();
    const transcript = transcriptByRun(database);

    for (const row of inbox) {
      if (row.status !== "answered") problems.push(`inbox ${row.inbox_id} is ${row.status} (${row.reason})`);
    }
    for (const turn of turns) {
      if (turn.status !== "done") problems.push(`turn ${turn.run_id} is ${turn.status}: ${turn.outcome}`);
      const { user = 0, final = 0 } = transcript.get(turn.run_id) ?? {};
      if (user !== 1) problems.push(`run ${turn.run_id} has ${user} user messages in the transcript`);
      if (final !== 1) problems.push(`run ${turn.run_id} has ${final} answers in the transcript`);
    }
    const runs = new Set(turns.map((turn) => turn.run_id));
    for (const row of inbox) if (!runs.has(row.run_id)) problems.push(`inbox ${row.inbox_id} has no turn`);
    for (const key of facts.acked) if (!runs.has(key)) problems.push(`the acknowledged chat ${key} is lost`);
    for (const run of transcript.keys())
      if (!runs.has(run)) problems.push(`transcript of unknown run ${run}`);

    const unknown = judgeDeliveries(outbox, inbox, facts, problems);
    const law = judgeLaw(database, { inbox, turns, outbox }, problems);
    return {
      ok: problems.length === 0,
      problems,
      figures: {
        linesSaid: facts.said,
        linesAccepted: inbox.length,
        chatsAcknowledged: facts.acked.size,
        turns: turns.length,
        turnsStartedMoreThanOnce: turns.filter((turn) => turn.starts > 1).length,
        answersDelivered: outbox.filter((row) => row.status === "delivered").length,
        answersUnknownAfterSend: unknown,
        restarts: facts.restarts,
        law,
      },
    };
  } finally {
    database.close();
  }
}

/** A delivered answer was heard once, an ambiguous one at most once, every answered line has its row. */
function judgeDeliveries(outbox, inbox, facts, problems) {
  const heard = new Map();
  for (const [nick, texts] of Object.entries(facts.heard)) {
    for (const text of texts) {
      const line = /line (\d+) of round/.exec(text)?.[1];
      if (line) heard.set(`${nick} ${line}`, (heard.get(`${nick} ${line}`) ?? 0) + 1);
    }
  }
  let unknown = 0;
  const byRun = new Map();
  for (const row of outbox) byRun.set(row.run_id, [...(byRun.get(row.run_id) ?? []), row]);
  for (const row of inbox) {
    const rows = byRun.get(row.run_id) ?? [];
    if (rows.length !== 1) {
      problems.push(`run ${row.run_id} has ${rows.length} outbound messages`);
      continue;
    }
    const [answer] = rows;
    const line = /line (\d+) of round/.exec(answer.chunks)?.[1];
    const times = heard.get(`${answer.recipient} ${line}`) ?? 0;
    if (answer.status === "delivered" && times !== 1) {
      problems.push(`line ${line} was delivered and heard ${times} times`);
    } else if (answer.status === "dead") {
      unknown += 1;
      if (answer.reason !== "unknown-after-send") problems.push(`line ${line} is dead: ${answer.reason}`);
      if (times > 1) problems.push(`line ${line} was ambiguous and heard ${times} times`);
    } else if (answer.status !== "delivered") {
      problems.push(`the answer to line ${line} is ${answer.status}`);
    }
  }
  return unknown;
}

/** accepted = Σ terminal + still queued (+ what retention removed), per kind, accepted from its own counter. */
function judgeLaw(database, { inbox, turns, outbox }, problems) {
  const counter = (name) =>
    database.prepare("SELECT value FROM counters WHERE name = ?").pluck().get(name) ?? 0;
  const law = {
    inbox: {
      accepted: counter("inbox.message.accepted"),
      rows: inbox.length + counter("inbox.message.trimmed"),
    },
    turns: { accepted: counter("turns.accepted"), rows: turns.length },
    outbox: { accepted: counter("outbox.accepted"), rows: outbox.length + counter("outbox.trimmed") },
  };
  for (const [kind, { accepted, rows }] of Object.entries(law)) {
    if (accepted !== rows) problems.push(`${kind}: ${accepted} accepted but ${rows} accounted for`);
  }
  return law;
}

/** User messages and final answers per run; answers that only call tools do not count. */
function transcriptByRun(database) {
  const runs = new Map();
  const entries = database
    .prepare("SELECT run_id, body FROM transcript_entries WHERE type = 'message'")
    .iterate();
  for (const { run_id: run, body } of entries) {
    if (!run) continue;
    const message = JSON.parse(body);
    const counts = runs.get(run) ?? { user: 0, final: 0 };
    if (message.role === "user") counts.user += 1;
    if (message.role === "assistant" && message.stopReason === "stop") counts.final += 1;
    runs.set(run, counts);
  }
  return runs;
}

function open(stateDir) {
  return new Database(join(stateDir, "sluice.db"), { readonly: true, fileMustExist: true });
}
