import { join } from "node:path";
import Database from "better-sqlite3";

/** Holds what clients and the tool saw against what the database says. */
export function judgeWorkflow(stateDir, facts) {
  const database = new Database(join(stateDir, "sluice.db"), { readonly: true, fileMustExist: true });
  const problems = [];
  try {
    if (database.pragma("integrity_check", { simple: true }) !== "ok")
      problems.push("the database is damaged");
    const ends = judgeCalls(database, facts, problems);
    const injections = judgeInjections(database, facts, problems);
    judgeState(database, facts, problems);
    const bindings = judgeBindings(database, facts, problems);
    const law = judgeLaw(database, problems);
    const figures = {
      calls: facts.asked.size,
      ...ends,
      injections: injections.length,
      flows: facts.flows.size,
      bindings,
      claimed: facts.claimed.size,
      turnsStartedMoreThanOnce: database.prepare("SELECT COUNT(*) FROM turns WHERE starts > 1").pluck().get(),
      law,
    };
    return { ok: problems.length === 0, problems, figures };
  } finally {
    database.close();
  }
}

/** Every acknowledged call ended once, as its question did. */
function judgeCalls(database, { asked, decided, maybeDecided, sights, ledger }, problems) {
  const ends = { paid: 0, denied: 0, late: 0, unrouted: 0, interrupted: 0 };
  const lines = ledger.split("\n");
  const count = (line) => lines.filter((one) => one === line).length;
  const approvals = database.prepare("SELECT * FROM approvals").all();
  const questions = groupBy(approvals, (row) => row.run_id);
  for (const key of asked) {
    const turn = database.prepare("SELECT * FROM turns WHERE run_id = ?").get(key);
    if (turn?.status !== "done") problems.push(`the acknowledged run ${key} is ${turn?.status ?? "lost"}`);
    const rows = questions.get(key) ?? [];
    if (rows.length > 1) problems.push(`run ${key} asked ${rows.length} times`);
    if ((sights.get(key)?.size ?? 0) > 1)
      problems.push(`the question of ${key} changed: ${[...sights.get(key)]}`);
    const { results, answers } = saidIn(database, key);
    if (results.length > 1) problems.push(`run ${key} has ${results.length} tool results`);
    if (answers.length !== 1) problems.push(`run ${key} has ${answers.length} answers`);
    // A call that may have run has no result of its own; the model was told so and the answer repeats it.
    const result = results[0] ?? answers[0] ?? "";
    const end = endOf(result);
    if (end === undefined) problems.push(`run ${key} ended with "${result}"`);
    else ends[end] += 1;

    const began = count(`begin ${key}`);
    if (began > 1) problems.push(`the tool ran ${began} times for ${key}`);
    if (began > 0 && end !== "paid" && end !== "interrupted")
      problems.push(`the tool ran for ${key}, which is ${end}`);
    if (end === "paid" && count(`end ${key}`) !== 1)
      problems.push(`${key} is paid and its tool did not end once`);
    const [row] = rows;
    if (began > 0 && row?.decision !== "allow-once")
      problems.push(`the tool ran for ${key} without an allowance`);
    const said = decided.get(key);
    if (said && row?.decision !== said) problems.push(`${key} was decided ${said} and is ${row?.decision}`);
    if (row?.decision && !maybeDecided.get(key)?.has(row.decision)) problems.push(`nobody decided ${key}`);
    const expected = { "allow-once": ["paid", "interrupted"], deny: ["denied"] }[row?.decision];
    if (expected && !expected.includes(end))
      problems.push(`${key} was decided ${row.decision} and ended ${end}`);
    if (row?.status === "pending") problems.push(`the question of the ended run ${key} is open`);
  }
  return ends;
}

function endOf(text) {
  if (text.startsWith("paid ")) return "paid";
  if (text.includes("was denied")) return "denied";
  if (text.includes("not approved in time")) return "late";
  if (text.includes("nobody is there")) return "unrouted";
  if (/may have run|lost when the gateway stopped/.test(text)) return "interrupted";
  return undefined;
}

/** Results of tools and final answers of a run, as text. */
function saidIn(database, runId) {
  const messages = database
    .prepare("SELECT body FROM transcript_entries WHERE run_id = ? AND type = 'message'")
    .all(runId)
    .map(({ body }) => JSON.parse(body));
  const texts = (wanted) =>
    messages.filter(wanted).map(({ content }) => content.map(({ text }) => text ?? "").join(""));
  return {
    results: texts(({ role }) => role === "toolResult"),
    answers: texts(({ role, stopReason }) => role === "assistant" && stopReason === "stop"),
  };
}

/** Every acknowledged injection is a row that one turn took. */
function judgeInjections(database, { injected, talk }, problems) {
  const rows = database.prepare("SELECT * FROM injections WHERE session_key = ?").all(talk);
  for (const key of injected.keys()) {
    const mine = rows.filter((row) => row.injection_id === key);
    if (mine.length !== 1) problems.push(`the injection ${key} has ${mine.length} rows`);
    else if (mine[0].status !== "delivered") problems.push(`the injection ${key} is ${mine[0].status}`);
  }
  return rows;
}

/** A conversation's question and its binding end together; one plugin owns a conversation once. */
function judgeBindings(database, { claimed, ledger }, problems) {
  const rows = database
    .prepare(
      `SELECT b.*, a.status AS question, a.decision AS answer FROM conversation_bindings b
       LEFT JOIN approvals a ON a.approval_id = b.approval_id`,
    )
    .all();
  const ends = {};
  for (const row of rows) {
    ends[row.status] = (ends[row.status] ?? 0) + 1;
    if (row.status === "pending" && row.question !== "pending") {
      problems.push(`the binding ${row.binding_id} waits for a question that is ${row.question}`);
    }
    // The first one allowed keeps the conversation; a later allowance finds it taken.
    const taken = rows.some(
      (one) =>
        one.conversation_id === row.conversation_id &&
        one.bound_at !== null &&
        one.bound_at <= row.settled_at,
    );
    if (row.status === "denied" && row.answer !== "deny" && !taken) {
      problems.push(`${row.binding_id} was denied by nobody`);
    }
    if (row.status === "bound" && row.answer === "deny")
      problems.push(`${row.binding_id} is bound against a denial`);
  }
  const owned = rows.filter(({ status }) => status === "bound").map((row) => row.conversation_id);
  if (new Set(owned).size !== owned.length) problems.push("a conversation has two owners");
  const told = new Set(ledger.split("\n"));
  for (const text of claimed) {
    if (!told.has(`claimed ${text}`)) problems.push(`"${text}" was acknowledged and its owner never saw it`);
  }
  const open = database
    .prepare("SELECT COUNT(*) FROM inbox WHERE status IN ('pending', 'claimed')")
    .pluck()
    .get();
  if (open > 0) problems.push(`${open} messages are still open`);
  return ends;
}

/** What was acknowledged is there, or something later. */
function judgeState(database, { flows, patched, talk }, problems) {
  const rank = ["queued", "waiting", "succeeded"];
  for (const [flowId, status] of flows) {
    const row = database.prepare("SELECT * FROM flows WHERE flow_id = ?").get(flowId);
    if (!row) problems.push(`the flow ${flowId} is lost`);
    else if (rank.indexOf(row.status) < rank.indexOf(status)) {
      problems.push(`the flow ${flowId} went back from ${status} to ${row.status}`);
    }
  }
  if (patched === 0) return;
  const entry = database.prepare("SELECT entry FROM sessions WHERE session_key = ?").pluck().get(talk);
  const step = JSON.parse(entry).pluginExtensions?.asking?.state?.step ?? 0;
  if (step < patched) problems.push(`the session's state went back from ${patched} to ${step}`);
}

/** accepted = Σ terminal + still open, accepted from its own counter. */
function judgeLaw(database, problems) {
  const counter = (name) =>
    database.prepare("SELECT value FROM counters WHERE name = ?").pluck().get(name) ?? 0;
  const open = (table, status) =>
    database.prepare(`SELECT COUNT(*) FROM ${table} WHERE status = ?`).pluck().get(status);
  const sum = (kind, states) => states.reduce((total, state) => total + counter(`${kind}.${state}`), 0);
  const law = {
    approvals: {
      accepted: counter("approvals.accepted"),
      accounted:
        sum("approvals", ["decided", "expired", "cancelled", "refused"]) + open("approvals", "pending"),
    },
    injections: {
      accepted: counter("injections.accepted"),
      accounted: sum("injections", ["delivered", "expired"]) + open("injections", "queued"),
    },
  };
  for (const [kind, { accepted, accounted }] of Object.entries(law)) {
    if (accepted !== accounted) problems.push(`${kind}: ${accepted} accepted but ${accounted} accounted for`);
  }
  return law;
}

function groupBy(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}
