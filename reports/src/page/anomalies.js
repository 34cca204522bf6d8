// Section 2: what broke, and the smallest proof of it. The gravest stand open; the others are folded, to be filtered and sorted.

const GRAVEST = 3;

// The first of each kind, in the order of the verdict: broken promises first, the gravest first.
function gravest() {
  const kinds = new Set();
  const first = anomalies.filter((a) => a.promised && !kinds.has(a.kind) && kinds.add(a.kind));
  const others = anomalies.filter((a) => a.promised && !first.includes(a));
  return first.concat(others).slice(0, GRAVEST);
}

function drawAnomalies() {
  const host = section("anomalies");
  add(host, el("h2", { id: "anomalies-title" }, "Anomalies"));
  if (anomalies.length === 0) {
    add(
      host,
      el(
        "p",
        { class: "lead" },
        verdict.valid === true
          ? "None were found."
          : "None were found. That alone is no proof: see what was not exercised.",
      ),
    );
    return;
  }
  const chosen = gravest();
  const promised = anomalies.filter((a) => a.promised);
  const total = promised.reduce((sum, a) => sum + a.count, 0);
  const groups = (list) => counted(list.length, "group");
  add(
    host,
    el(
      "p",
      { class: "lead" },
      promised.length === 0
        ? verdict.properties.some((p) => p.promised)
          ? "No promise was broken. "
          : "Nothing was promised. "
        : `${counted(total, "anomaly")} in ${groups(promised)} broke promises. ${promised.length > chosen.length ? `These are the gravest, each the smallest of its group. ` : ""}`,
      `In the sentences, ${run.words.numbers}.`,
    ),
    chosen.map((a) => article(a, true)),
  );
  const rest = promised.filter((a) => !chosen.includes(a));
  if (rest.length) add(host, others(rest, `${counted(rest.length, "further group")} of broken promises`));
  const measured = anomalies.filter((a) => !a.promised);
  if (measured.length) add(host, others(measured, `${groups(measured)} of what was measured and not promised`));
  if (verdict.groups_left_out > 0)
    add(host, el("p", { class: "muted" }, `${counted(verdict.groups_left_out, "further group")} are left out here.`));
}

const SORTS = {
  "gravest first": null,
  "most frequent first": (a, b) => b.count - a.count,
  "earliest first": (a, b) => a.from - b.from,
  "fewest operations first": (a, b) => a.witness.length - b.witness.length,
};

// A folded list of anomalies, each a sentence.
function others(list, title) {
  const cards = list.map((a) => [a, article(a, false)]);
  const body = el(
    "div",
    { class: "cards" },
    cards.map(([, card]) => card),
  );
  const said = el("span", { class: "small muted", "aria-live": "polite" });
  const find = el("input", {
    type: "search",
    placeholder: "Filter: key, property, words",
    "aria-label": "Filter these anomalies",
    oninput: () => {
      const words = find.value.trim().toLowerCase();
      let shown = 0;
      for (const [a, card] of cards) {
        const hay = `${a.kind} ${promiseOf(a)} ${a.cause} ${a.sentence} ${a.key ?? ""} ${a.replicas.join(" ")}`;
        card.hidden = !hay.toLowerCase().includes(words);
        shown += !card.hidden;
      }
      said.textContent = words ? `${count(shown)} of ${count(cards.length)}` : "";
    },
  });
  const sort = el(
    "select",
    {
      "aria-label": "Order of these anomalies",
      onchange: () => {
        const by = SORTS[sort.value];
        const order = by ? cards.toSorted(([a], [b]) => by(a, b)) : cards;
        body.replaceChildren(...order.map(([, card]) => card));
      },
    },
    Object.keys(SORTS).map((name) => el("option", {}, name)),
  );
  return el(
    "details",
    { class: "others" },
    el("summary", {}, title),
    cards.length > 5 && el("div", { class: "bar" }, find, sort, said),
    body,
  );
}

// Opens whatever an element lies in.
function unfoldTo(element) {
  for (let at = element?.parentElement; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
}
