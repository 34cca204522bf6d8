// Section 1: did it hold?

const TONES = { held: "good", broken: "bad", "not-exercised": "unsure", undecided: "unsure" };
const MARKS = { held: "✓", broken: "✗", "not-exercised": "?", undecided: "?" };
const WORDS = { held: "held", broken: "broken", "not-exercised": "not exercised", undecided: "undecided" };
// What held in too few chances is not known to hold.
const sure = (p) => (p.hardly_exercised ? "undecided" : p.outcome);
const tone = (p) => (p.outcome === "broken" && !p.promised ? "plain" : TONES[sure(p)]);
const mark = (p) => MARKS[sure(p)];
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
  const facts = [
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
      v.reasons.length > 0 &&
        el(
          "ul",
          {},
          v.reasons.map((reason) => el("li", {}, reason)),
        ),
      notes.length > 0 &&
        el(
          "ul",
          { class: "small muted" },
          notes.map((note) => el("li", {}, "Note: " + note)),
        ),
    ),
    el(
      "dl",
      { class: "facts" },
      facts.map(([name, value, more]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, value, more && el("small", {}, "  " + more))),
      ),
    ),
    run.context.command && command(run.context.command),
    ladder(),
    el("h3", {}, "Promises"),
    promises(),
    faultTable(),
  );
}

function command(line) {
  const button = el("button", { type: "button" }, "Copy");
  button.addEventListener("click", () => {
    const done = () => {
      button.textContent = "Copied";
      setTimeout(() => {
        button.textContent = "Copy";
      }, 1500);
    };
    const select = () => {
      const range = document.createRange();
      range.selectNodeContents(pre);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = "Selected";
    };
    if (navigator.clipboard) navigator.clipboard.writeText(line).then(done, select);
    else select();
  });
  const pre = el(
    "pre",
    {
      tabindex: 0,
      "aria-label": ofOthers ? "The command that judges this history again" : "The command that makes this run again",
    },
    line,
  );
  return el("div", { class: "command" }, pre, button);
}

function ladder() {
  const rungs = LADDER.flatMap((name) => verdict.properties.filter((p) => p.property === name));
  if (rungs.length === 0) return null;
  return [
    el("h3", {}, "The ladder"),
    el(
      "p",
      { class: "small muted" },
      "The consistency models, strongest first; then the session guarantees and convergence, which say nothing of one another. " +
        (verdict.strongest
          ? `The strongest consistency model that held: ${verdict.strongest} (${run.words.strongest}).`
          : "No level held for all sessions."),
    ),
    el(
      "ol",
      { class: "ladder" },
      rungs.map((p) =>
        el(
          "li",
          { class: TONES[sure(p)] + (p.property === verdict.strongest ? " strongest" : ""), title: p.summary },
          el("span", { class: "mark" }, mark(p)),
          nameOf(p),
        ),
      ),
    ),
  ];
}

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
  const promised = verdict.properties.filter((p) => p.promised);
  const others = verdict.properties.filter((p) => !p.promised);
  const list = table(
    ["property", "outcome", { name: "chances", num: true }, "what is known"],
    [
      promised.map(row),
      others.length > 0 &&
        el("tr", { class: "subhead" }, el("td", { colspan: 4 }, "Not promised, only measured: cannot fail the run")),
      others.map(row),
    ],
  );
  return [list, run.words.tiers && el("p", { class: "small muted" }, run.words.tiers)];
}

function faultTable() {
  const faults = verdict.faults;
  if (faults.length === 0)
    return !ofOthers && [el("h3", {}, "Faults"), el("p", { class: "muted" }, "None were injected.")];
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
  return [
    el("h3", {}, `Faults: ${took} of ${faults.length} took hold`),
    table([{ name: "no.", num: true }, "kind", "what", "in force", "evidence?", "what was measured"], rows),
    run.faults_left_out > 0 &&
      el(
        "p",
        { class: "small muted" },
        `${counted(run.faults_left_out, "later fault")} left out here; see verdict.json.`,
      ),
  ];
}
