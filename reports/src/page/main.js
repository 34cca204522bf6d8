// Putting the page together, and its addresses.

function drawAppendix() {
  const host = folded("appendix", "Appendix", "machine, versions, configuration, logs");
  const c = run.context;
  const whole = ops.count === run.total;
  add(
    host,
    el(
      "p",
      {},
      !timed
        ? "Transactions have no times, so nothing is drawn over time."
        : whole
          ? "Every operation of the history is in this file."
          : `This file has ${count(ops.count)} of ${counted(run.total, "operation")} exactly; counts and percentiles are over all of them.`,
      " Values of more than 400 characters are cut. ",
      c.history_path && ["The whole history: ", el("code", {}, c.history_path), "."],
    ),
    run.torn &&
      el(
        "p",
        {},
        el("span", { class: "tag unsure" }, "torn"),
        " The last line of the history was not written to its end: " + run.torn,
      ),
    timed &&
      !run.complete &&
      el(
        "p",
        {},
        el("span", { class: "tag unsure" }, "cut off"),
        " The history ends without saying how the run ended.",
      ),
  );
  const details = (title, body) => add(host, el("details", {}, el("summary", {}, title), body));
  if (c.machine.length)
    add(
      host,
      el("h3", {}, "Machine and versions"),
      table(
        ["what", "which"],
        c.machine.map(([name, value]) =>
          el("tr", {}, el("td", { class: "word muted" }, name), el("td", { class: "wide" }, value)),
        ),
      ),
      el("div", { style: { height: "18px" } }),
    );
  if (c.traffic.length)
    add(
      host,
      el("h3", {}, "What the nodes sent to each other"),
      verdict.world === "process" && el("p", { class: "muted" }, "Each node counts from its last start on."),
      table(
        ["what", { name: "how many", num: true }],
        c.traffic.map(([name, value]) =>
          el("tr", {}, el("td", { class: "word muted" }, name), el("td", { class: "num" }, count(value))),
        ),
      ),
      el("div", { style: { height: "18px" } }),
    );
  const by = verdict.counts.by_f ?? [];
  if (by.length)
    add(
      host,
      el("h3", {}, "Operations by kind"),
      table(
        ["kind", { name: "ok", num: true }, { name: "fail", num: true }, { name: "info", num: true }],
        by.map((f) =>
          el(
            "tr",
            {},
            el("td", {}, f.f),
            el("td", { class: "num" }, count(f.ok)),
            el("td", { class: "num" }, count(f.fail)),
            el("td", { class: "num" }, count(f.info)),
          ),
        ),
      ),
      el("div", { style: { height: "18px" } }),
    );
  if (c.run_toml)
    details("run.toml", [
      copyButton("Copy scenario", c.run_toml, "The configuration, which afterall scenario run takes"),
      el("pre", { class: "block", tabindex: 0, role: "region", "aria-label": "run.toml" }, c.run_toml),
    ]);
  for (const log of c.logs)
    details(`Log of ${log.node}, its end`, el("pre", { class: "block", tabindex: 0 }, log.tail));
  if (run.turns.length)
    details(
      "What happened to nodes by themselves",
      el(
        "pre",
        { class: "block", tabindex: 0 },
        run.turns.map((t) => `${moment(t.time)}  ${run.nodes[t.node]}  ${t.change}  ${t.detail}`).join("\n"),
      ),
    );
}

const TIMED = ["timeline", "convergence", "performance"];

function drawNav() {
  const links = [
    ["verdict", "Verdict"],
    ["anomalies", "Anomalies", anomalies.filter((a) => a.promised).length],
    ["timeline", "Timeline"],
    ["faults", "Faults", verdict.faults.length],
    ["ladder", "Ladder"],
    ["convergence", "Convergence"],
    ["performance", "Performance"],
    ["appendix", "Appendix"],
  ].filter(([id]) => timed || !TIMED.includes(id));
  add(
    section("nav"),
    el(
      "div",
      { class: "inner" },
      el("a", { class: "brand", href: "#verdict" }, "Afterall"),
      links.map(([id, name, n]) => el("a", { href: "#" + id }, name, n !== undefined && el("span", { class: "n" }, n))),
    ),
  );
}

// #anomaly-3 opens an anomaly, #op-1042 an operation in the timeline, #fault-2 a fault, #at=… a view of the timeline.
function follow() {
  const hash = location.hash;
  const [, kind, number] = /^#(anomaly|op|fault)-(\d+)$/.exec(hash) ?? [];
  document.querySelectorAll(".target").forEach((a) => a.classList.remove("target"));
  const saved = timed && viewOf(hash);
  if (saved) timeline.restore(saved);
  else if (kind === "op" && timed) timeline.go(+number);
  else if (kind) {
    const place = document.getElementById(`${kind}-${number}`);
    unfoldTo(place);
    place?.unfold?.();
    place?.classList.add("target");
    place?.scrollIntoView();
  } else if (/^#[a-z]+$/.test(hash)) {
    const fold = document.querySelector(`${hash} > details`);
    if (fold) fold.open = true;
  }
}

readColours();
drawNav();
drawVerdict();
drawAnomalies();
if (timed) {
  timeline.draw();
  drawConvergence();
  drawPerformance();
} else {
  for (const id of TIMED) section(id).remove();
}
drawFaults();
drawLadder();
drawAppendix();
window.addEventListener("hashchange", follow);
// Following a link to where one already is should still lead there.
document.addEventListener("click", (e) => {
  const link = e.target.closest?.("a[href^='#']");
  if (link && link.getAttribute("href") === location.hash) follow();
});
follow();
// For those who drive the page from outside: what the timeline shows.
window.afterall = {
  place: timeline.place,
  get view() {
    const { from, to, lanes, pinned, marked, cone, search } = timeline.view;
    return {
      from,
      to,
      lanes,
      search,
      filter: { ...timeline.filter },
      address: timeline.address(),
      pinned: pinned < 0 ? null : ops.index[pinned],
      marked: [...marked],
      // By the numbers of operations, those that stay bright.
      cone: cone && [...cone].map((i) => ops.index[i]),
    };
  },
};
