// One anomaly: folded it is a sentence, open it is at most a screen.

function article(a, open) {
  const id = "anomaly-" + a.id;
  const body = el("div", { class: "body" });
  const fold = el(
    "details",
    { open },
    el(
      "summary",
      {},
      el("span", { class: "no" }, a.id + "."),
      el("h3", {}, a.kind),
      el(
        "span",
        { class: "tag " + (a.promised ? "bad" : "plain") },
        promiseOf(a) + (a.promised ? "" : ", not promised"),
      ),
      a.count > 1 && el("span", { class: "muted small" }, counted(a.count, "time")),
      el("span", { class: "sentence" }, a.sentence),
    ),
    body,
  );
  // Most cards are never opened, and a page of thousands of operations has to open at once.
  const fill = () => {
    if (fold.open && !body.hasChildNodes()) put(body, {}, cardBody(a));
  };
  fold.addEventListener("toggle", fill);
  const card = el("article", { id }, fold);
  card.unfold = () => {
    fold.open = true;
    fill();
  };
  if (open) fill();
  return card;
}

const promiseOf = (a) => [nameOf(a), ...(a.or ?? [])].join(" or ");

function cardBody(a) {
  const label = run.words.grounds[a.grounds];
  return [
    run.words.kinds[a.kind] && el("p", { class: "small muted" }, run.words.kinds[a.kind]),
    a.control && el("p", {}, a.control),
    label && a.cause && el("p", { class: "cause" }, el("span", { class: "muted" }, label + ": "), a.cause),
    el(
      "p",
      { class: "meta" },
      a.key !== undefined && el("span", {}, "key ", el("code", {}, a.key)),
      a.replicas.length > 0 && el("span", {}, "served by " + a.replicas.join(", ")),
      a.faults.length > 0 &&
        el(
          "span",
          {},
          "under ",
          a.faults.map((f, i) => [i > 0 && ", ", el("a", { href: "#fault-" + f }, faultName(f))]),
        ),
      a.phase && el("span", {}, "phase: " + phaseName(a.phase)),
      timed && el("span", {}, `${moment(a.from)} – ${moment(a.to)}`),
    ),
    timed && picture(a),
    timed && sides(a),
    timed && ribbonOf(a),
    el(
      "div",
      { class: "bar" },
      timed && el("button", { type: "button", class: "show", onclick: () => showAnomaly(a) }, "Show in timeline"),
      run.witnesses[a.id] &&
        copyButton(
          "Copy witness",
          run.witnesses[a.id],
          "Its operations as a history that afterall check judges the same",
        ),
      copyButton("Copy for an issue", () => issue(a), "The anomaly in Markdown"),
      el("a", { class: "permalink", href: "#anomaly-" + a.id, title: "Link to this anomaly" }, "Link"),
    ),
    timed && fold(`The ${counted(a.witness.length, "operation")} in full`, () => witnesses(a)),
    a.edges.length > 0 && fold(`Why: ${counted(a.edges.length, "dependency")}`, () => reasons(a)),
  ];
}

function fold(title, fill) {
  const details = el("details", {}, el("summary", {}, title));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) put(details, {}, [fill()]);
  });
  return details;
}

// What somebody who has to mend it needs to know, as Markdown.
function issue(a) {
  const lines = [
    `### ${a.kind}: ${promiseOf(a)}`,
    "",
    a.sentence,
    "",
    `${run.words.grounds[a.grounds] ?? "Found"}: ${a.cause || "see above"}. ${counted(a.count, "time")} in ${counted(verdict.counts.ops, "operation")}.`,
    "",
    ...a.witness
      .map((index) => [index, ops.byIndex.get(index)])
      .filter(([, op]) => op !== undefined)
      .map(
        ([index, op]) =>
          `- #${index} ${moment(ops.at[op])} session ${run.sessions[ops.session[op]]} at ${run.nodes[ops.node[op]]}: \`${deed(op).replaceAll("`", "'")}\` (${OUTCOMES[ops.status[op]]})`,
      ),
    ...a.edges.map((e) => `- #${e.from} → #${e.to} ${EDGES[e.label] ?? e.label}: ${e.why}`),
  ];
  if (run.context.command) lines.push("", "    " + run.context.command);
  return lines.join("\n");
}

const reasons = (a) =>
  el(
    "ul",
    { class: "why" },
    a.edges.map((e) => el("li", {}, opLink(e.from), " → ", opLink(e.to), ` ${EDGES[e.label] ?? e.label}: ${e.why}`)),
  );

// Of replicas that differ: what each of them returned, side by side.
function sides(a) {
  if (a.kind !== "divergence") return null;
  const example = verdict.figures.convergence?.examples.find((e) => e.key === a.key);
  if (!example) return null;
  const point = pointOf(a);
  const by = new Map();
  for (const held of example.replicas) by.set(held.value, [...(by.get(held.value) ?? []), held]);
  return el(
    "div",
    { class: "sides" },
    [...by].map(([held, replicas]) =>
      el(
        "div",
        {},
        el("b", {}, replicas.map((h) => h.node).join(", ")),
        el("div", {}, value(held, point)),
        el(
          "span",
          { class: "small muted" },
          "read by ",
          replicas.map((h, i) => [i > 0 && ", ", opLink(h.op)]),
        ),
      ),
    ),
  );
}

const faultName = (f) => {
  const v = verdict.faults.find((x) => x.fault === f);
  return v ? `${v.kind} ${f}` : "fault " + f;
};

function showAnomaly(a) {
  const span = Math.max(a.to - a.from, 1e5);
  timeline.show(a.from - span * 0.15, a.to + span * 0.15, a.witness, a);
}

function witnesses(a) {
  const point = pointOf(a);
  const rows = a.witness.map((index) => {
    const op = ops.byIndex.get(index);
    if (op === undefined)
      return el(
        "tr",
        {},
        el("td", { class: "num" }, index),
        el("td", { colspan: 8, class: "muted" }, "not embedded; see the history"),
      );
    return el(
      "tr",
      {},
      el("td", { class: "num" }, opLink(index)),
      el("td", { class: "num" }, moment(ops.at[op])),
      el("td", { class: "num" }, run.sessions[ops.session[op]]),
      el("td", { class: "word" }, run.nodes[ops.node[op]]),
      el(
        "td",
        { class: "word" },
        run.functions[ops.f[op]] + " ",
        el("code", {}, keyName(ops.key[op])),
        ops.last.has(op) && el("span", { class: "muted" }, " (final)"),
      ),
      el("td", { class: "value" }, value(text(ops.input[op]), point)),
      el("td", { class: "value" }, value(text(ops.output[op]), point)),
      el(
        "td",
        { class: "word" },
        OUTCOMES[ops.status[op]],
        ops.error[op] >= 0 && el("div", { class: "small muted" }, text(ops.error[op])),
      ),
      el("td", { class: "value" }, value(text(ops.version[op]))),
    );
  });
  return table(
    [
      { name: "op", num: true },
      { name: "invoked", num: true },
      { name: "session", num: true },
      "replica",
      "what",
      "asked",
      "returned",
      "outcome",
      "version",
    ],
    rows,
    `Operations of anomaly ${a.id}`,
  );
}
