// The run: what the Rust side wrote, with differences summed up and indices resolved.

// Characters that turn the direction of a text would turn what stands around it, too: they are shown by their numbers.
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const named = (c) => `⟨U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
const run = JSON.parse(document.getElementById("run").textContent.replace(TURNING, named));

const ops = (() => {
  const raw = run.ops;
  const sums = (list) => {
    let sum = 0;
    return list.map((n) => (sum += n));
  };
  const index = sums(raw.index);
  const at = sums(raw.at);
  const known = raw.took.filter((n) => n >= 0).sort((a, b) => a - b);
  // An operation that was never completed is drawn about as long as the slowest that were, with an open end.
  const open = Math.max(1e6, known.length ? known[Math.floor(known.length * 0.99)] : 1e6);
  const until = at.map((t, i) => (raw.took[i] < 0 ? Math.min(t + open, Math.max(run.end, t + 1)) : t + raw.took[i]));
  const last = new Set(raw.last);
  return { ...raw, index, at, until, last, count: index.length, byIndex: new Map(index.map((n, i) => [n, i])) };
})();

const OUTCOMES = ["ok", "fail", "info"];
const text = (place) => (place < 0 ? "" : run.texts[place]);
const keyName = (key) => run.keys[key] ?? "key " + key;

const isRead = (op) => run.functions[ops.f[op]] === "read" || run.functions[ops.f[op]] === "checkout";

// What an operation did, in a few words.
function deed(op) {
  const f = run.functions[ops.f[op]];
  const asked = text(ops.input[op]);
  const got = text(ops.output[op]);
  if (!isRead(op)) return `${f} ${keyName(ops.key[op])} ${asked}`;
  return `${f} ${keyName(ops.key[op])}` + (ops.status[op] === 0 ? ` → ${got || "nothing"}` : "");
}

const verdict = run.verdict;
// Transactions have no times, so there is nothing to draw over time.
const timed = verdict.workload !== "transactions";
// Another tool recorded the history: nothing is known of a run.
const ofOthers = verdict.world === "recorded";
const anomalies = verdict.anomalies;
