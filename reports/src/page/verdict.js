// Section 1: did it hold?

const TONES = { held: "good", broken: "bad", "not-exercised": "unsure", undecided: "unsure" };
const MARKS = { held: "✓", broken: "✗", "not-exercised": "?", undecided: "?" };
const WORDS = { held: "held", broken: "broken", "not-exercised": "not exercised", undecided: "undecided" };
// What held in too few chances is not known to hold.
const sure = (p) => (p.hardly_exercised ? "undecided" : p.outcome);
const tone = (p) => (p.outcome === "broken" && !p.promised ? "plain" : TONES[sure(p)]);
// A circle where nobody promised what was broken.
const mark = (p) => (p.outcome === "broken" && !p.promised ? "○" : MARKS[sure(p)]);
const wordOf = (p) => (p.outcome === "held" && p.hardly_exercised ? "hardly exercised" : WORDS[p.outcome]);
const nameOf = (p) => p.property + (SESSIONS[String(p.sessions).toLowerCase()] ?? "");
const SESSIONS = { sticky: "/sticky", roaming: "/roaming" };

// From strong to weak; what is not on the ladder is a property of its own.
const LADDER = [
  "linearizable",
  "sequential",
  "causal-convergence",
  "causal-memory",
  "causal",
  "pram",
  "read-your-writes",
  "monotonic-reads",
  "monotonic-writes",
  "writes-follow-reads",
  "convergence",
];

function grounds(p) {
  if (p.outcome === "held") return `may still break in at most ${percent(p.bound)} of the chances (95 % confidence)`;
  if (p.outcome === "broken") return `${counted(p.count, "time")}, ${counted(p.groups, "group")}`;
  return p.why;
}

function drawVerdict() {
  const v = verdict;
  const [word, kind] =
    v.valid === true
      ? ["It held.", "good"]
      : v.valid === false
        ? ["It broke.", "bad"]
        : v.valid === "measured"
          ? ["It was measured.", "unsure"]
          : ["Nobody can say.", "unsure"];
  const notes = v.notes ?? [];
  const target = v.target + (v.flavour ? "/" + v.flavour : "");
  const promised = v.properties.filter((p) => p.promised);
  const held = promised.filter((p) => p.outcome === "held").length;
  add(
    section("verdict"),
    el(
      "div",
      { class: "hero " + kind },
      el("h1", {}, word),
      el(
        "div",
        { class: "what" },
        `${target}${v.mutant ? ", mutant " + v.mutant : ""}${v.lie ? ", lie " + v.lie : ""}: ${promised.length > 0 ? `${held} of ${counted(promised.length, "promise")} held` : "nothing was promised"} under the ${v.workload} workload.`,
      ),
      v.reasons.length > 0 && shortList(v.reasons),
      notes.length > 0 &&
        el(
          "ul",
          { class: "small muted" },
          notes.map((note) => el("li", {}, "Note: " + note)),
        ),
    ),
    run.context.command && command(run.context.command),
    el(
      "dl",
      { class: "facts" },
      facts(target).map(([name, value, more]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, value, more && el("small", {}, "  " + more))),
      ),
    ),
    promises(),
  );
}

function facts(target) {
  const v = verdict;
  return [
    ["target", target],
    v.mutant && ["mutant", v.mutant],
    v.lie && ["lie", v.lie],
    ["workload", v.workload],
    ofOthers ? ["recorded", "by another tool"] : ["world", v.world],
    !ofOthers && ["nodes", count(v.nodes.length)],
    !ofOthers && ["seed", String(v.seed)],
    !v.untimed && ["lasted", duration(v.duration_ns)],
    [
      "operations",
      count(v.counts.ops),
      `${count(v.counts.ok)} ok, ${count(v.counts.fail)} failed, ${count(v.counts.info)} with unknown outcome`,
    ],
    ["sessions", count(v.counts.sessions)],
    ["keys", count(v.counts.keys)],
    v.started && ["started", v.started],
  ].filter(Boolean);
}

// The first few of a list, the others folded.
function shortList(lines) {
  const few = 5;
  const list = (part) =>
    el(
      "ul",
      {},
      part.map((line) => el("li", {}, line)),
    );
  return [
    list(lines.slice(0, few)),
    lines.length > few &&
      el("details", {}, el("summary", {}, `${count(lines.length - few)} more`), list(lines.slice(few))),
  ];
}

function command(line) {
  const pre = el(
    "pre",
    {
      tabindex: 0,
      role: "region",
      "aria-label": ofOthers ? "The command that judges this history again" : "The command that makes this run again",
    },
    line,
  );
  return el("div", { class: "command" }, pre, copyButton("Copy", line, "Copy the command", pre));
}

// The consistency models from strong to weak; below them the session guarantees, of sessions that stay with one replica and of
// those that go to any.
function drawLadder() {
  const rungs = LADDER.flatMap((name) => verdict.properties.filter((p) => p.property === name));
  if (rungs.length === 0) {
    section("ladder").remove();
    return;
  }
  const host = folded(
    "ladder",
    "Ladder",
    verdict.strongest ? `the strongest model that held: ${verdict.strongest}` : "no level held for all sessions",
  );
  const on = (p) => String(p.sessions).toLowerCase();
  const row = (title, list) =>
    list.length > 0 &&
    el("div", { class: "rungs" }, el("h3", {}, title), el("ol", { class: "ladder" }, list.map(rung)));
  add(
    host,
    el(
      "p",
      { class: "small muted" },
      verdict.strongest
        ? `The strongest consistency model that held is ${verdict.strongest}: ${run.words.strongest}. `
        : "",
      "A solid frame is a promise, a dashed one was only measured.",
    ),
    row(
      "Consistency models, strongest first",
      rungs.filter((p) => !SESSIONS[on(p)] && p.property !== "convergence"),
    ),
    row(
      "Sessions that stay with one replica",
      rungs.filter((p) => on(p) === "sticky"),
    ),
    row(
      "Sessions that go to any replica",
      rungs.filter((p) => on(p) === "roaming"),
    ),
    row(
      "Replicas at the end",
      rungs.filter((p) => p.property === "convergence"),
    ),
  );
}

const rung = (p) =>
  el(
    "li",
    {
      class: `${tone(p)}${p.promised ? " promised" : " measured"}${p.property === verdict.strongest ? " strongest" : ""}`,
      title: p.summary,
    },
    el("span", { class: "mark", "aria-hidden": "true" }, mark(p)),
    nameOf(p),
    el("span", { class: "unseen" }, `: ${wordOf(p)}, ${p.promised ? "promised" : "only measured"}`),
  );

function promises() {
  const row = (p) =>
    el(
      "tr",
      {},
      el("td", { class: "word" }, nameOf(p)),
      el("td", {}, el("span", { class: "tag " + tone(p) }, mark(p) + " " + wordOf(p))),
      el("td", { class: "num" }, p.chances === undefined ? "–" : count(p.chances)),
      el(
        "td",
        { class: "wide" },
        grounds(p),
        p.tier && el("span", { class: "muted" }, p.tier === "exact" ? " (by versions)" : " (by values alone)"),
      ),
    );
  const heads = ["property", "outcome", { name: "chances", num: true }, "what is known"];
  const promised = verdict.properties.filter((p) => p.promised);
  const others = verdict.properties.filter((p) => !p.promised);
  return [
    promised.length > 0 && [el("h2", {}, "Promises"), table(heads, promised.map(row), "Promises")],
    others.length > 0 &&
      el(
        "details",
        {},
        el("summary", {}, `${counted(others.length, "property")} measured and not promised, which cannot fail the run`),
        table(heads, others.map(row), "What was measured and not promised"),
      ),
    run.words.tiers && el("p", { class: "small muted" }, run.words.tiers),
  ];
}

// Section 4: what was done to the system, and whether it took hold.
function drawFaults() {
  const faults = verdict.faults;
  if (faults.length === 0) {
    if (ofOthers) section("faults").remove();
    else add(section("faults"), el("p", { class: "muted" }, "No faults were injected."));
    return;
  }
  const took = faults.filter((f) => f.took).length;
  const rows = faults.map((f) =>
    el(
      "tr",
      { id: "fault-" + f.fault },
      el("td", { class: "num" }, f.fault),
      el(
        "td",
        { class: "word" },
        el(
          "button",
          { type: "button", class: "small", onclick: () => timeline.show(f.from, f.to ?? run.end, []) },
          f.kind,
        ),
      ),
      el("td", { class: "wide" }, f.what),
      el(
        "td",
        { class: "word" },
        duration(f.from) + " – " + (f.to === undefined ? "never healed" : duration(f.to)),
        f.shown_to !== undefined && [el("br"), `seen ${duration(f.shown_from)} – ${duration(f.shown_to)}`],
        f.touched !== undefined && [el("br"), `${counted(f.touched, "operation")} sent to these nodes`],
      ),
      el(
        "td",
        {},
        el(
          "span",
          { class: "tag " + (f.took ? "good" : "bad") },
          f.took ? "✓ took hold" : "✗ " + (f.doubt?.split(":")[0] ?? "no evidence"),
        ),
      ),
      el(
        "td",
        { class: "wide small muted" },
        f.evidence.map((e, i) => [i > 0 && el("br"), e]),
      ),
    ),
  );
  add(
    folded("faults", "Faults", `${took} of ${faults.length} took hold`),
    table(
      [{ name: "no.", num: true }, "kind", "what", "in force", "evidence?", "what was measured"],
      rows,
      "Faults and their evidence",
    ),
    run.faults_left_out > 0 &&
      el(
        "p",
        { class: "small muted" },
        `${counted(run.faults_left_out, "later fault")} left out here; see verdict.json.`,
      ),
  );
}
