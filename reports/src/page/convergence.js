// Section 4: what each replica returned when, and for how long they disagreed.

function drawConvergence() {
  const figures = verdict.figures.convergence;
  const host = folded(
    "convergence",
    "Convergence",
    figures &&
      (figures.divergent > 0 ? `${counted(figures.divergent, "key")} differ at the end` : "what each replica returned"),
  );
  if (figures) {
    const tiles = [
      figures.divergent > 0
        ? ["bad", count(figures.divergent), `of ${counted(figures.keys, "key")} differ between replicas at the end`]
        : verdict.nodes.every((node) => node === "?")
          ? ["", count(figures.keys), "keys on which the last reads agree; of which replica they are is not told"]
          : ["good", count(figures.keys), "keys on which all replicas agree at the end"],
      figures.window_ns !== undefined && ["", duration(figures.window_ns), "from the quiet to the last stale answer"],
      ["", duration(figures.quiet_from), "the quiet began: all healed, no more updates"],
      figures.last_stale !== undefined && ["", duration(figures.last_stale), "the last stale answer"],
      figures.unread > 0 && ["unsure", count(figures.unread), "keys not read on every replica"],
    ].filter(Boolean);
    add(
      host,
      el(
        "div",
        { class: "tiles" },
        tiles.map(([tone, big, words]) =>
          el("div", { class: "tile " + tone }, el("b", {}, big), el("span", {}, words)),
        ),
      ),
    );
    if (figures.examples.length) {
      add(
        host,
        el("h3", {}, "What the replicas hold at the end"),
        table(
          ["key", "replica", "value", "read"],
          figures.examples
            .slice(0, 20)
            .flatMap((e) =>
              e.replicas.map((h, i) =>
                el(
                  "tr",
                  {},
                  el("td", { class: "word" }, i === 0 && el("code", {}, e.key)),
                  el("td", { class: "word" }, h.node),
                  el("td", { class: "value" }, h.value),
                  el("td", {}, opLink(h.op)),
                ),
              ),
            ),
        ),
      );
      if (figures.divergent > 20)
        add(host, el("p", { class: "small muted" }, `and ${count(figures.divergent - 20)} more keys.`));
    }
  }
  fates(host);
  staleness(host);
  if (run.tracks.length === 0) {
    add(host, el("p", { class: "muted" }, "No replica returned a read, so there is nothing to draw here."));
    return;
  }
  add(host, el("h3", {}, "What each replica returned"));
  let track = run.tracks[0];
  const select = el(
    "select",
    {
      "aria-label": "Key",
      onchange: () => {
        track = run.tracks[+select.value];
        sharp.redraw();
        note();
      },
    },
    run.tracks.map((t, i) => el("option", { value: i }, keyName(t.key) + (t.divergent ? " (divergent)" : ""))),
  );
  const follow = el("input", { type: "checkbox", onchange: () => sharp.redraw() });
  const words = el("p", { class: "small muted" });
  const note = () => {
    words.textContent =
      "Each band is the value a replica last returned; its colour follows from the value. Below: red where replicas last returned different values." +
      (track.left_out ? ` ${counted(track.left_out, "later change")} left out.` : "");
  };
  const sharp = ribbon({
    track: () => track,
    range: () => (follow.checked ? [timeline.view.from, timeline.view.to] : [0, Math.max(1, run.end)]),
    row: 34,
  });
  timeline.onMove(() => follow.checked && sharp.redraw());
  add(
    host,
    el("div", { class: "bar" }, el("label", {}, "key", select), el("label", {}, follow, "as zoomed in the timeline")),
    el("div", { class: "stage" }, sharp.canvas),
    words,
  );
  note();
}

function windows(host) {
  const f = verdict.figures.windows;
  if (!f?.writes) return;
  const window = (ns) => (ns === undefined ? "endless" : duration(ns));
  add(
    host,
    el("h3", {}, "How long writes took to be seen everywhere"),
    (verdict.slos ?? []).map((slo) => el("p", { class: slo.met === false ? "bad" : "" }, slo.summary)),
    table(
      ["acknowledged", "writes", "half no longer than", "99 %", "longest"],
      [...f.phases, { phase: "in all", ...f }].map((p) =>
        el(
          "tr",
          {},
          el("td", { class: "word" }, phaseName(p.phase)),
          el("td", {}, count(p.writes)),
          el("td", {}, window(p.p50_ns)),
          el("td", {}, window(p.p99_ns)),
          el("td", {}, window(p.max_ns)),
        ),
      ),
    ),
    el(
      "p",
      { class: "small muted" },
      `From a write's acknowledgement to the last read, at any replica, that returned what is older.${f.never ? ` ${counted(f.never, "write")} not seen everywhere by the end: endless.` : ""}${f.asked_every_ns ? ` Each replica was asked for a key every ${duration(f.asked_every_ns)}.` : ""}`,
    ),
  );
}

function staleness(host) {
  const f = verdict.figures.staleness;
  if (!f) return;
  const share = (n, of) => (of ? ((100 * n) / of).toFixed(n && n / of < 0.01 ? 3 : 1) + " %" : "–");
  const age = (ns) => (ns === undefined ? "–" : duration(ns));
  add(host, el("h3", {}, "How old the values were that reads returned"));
  add(
    host,
    el(
      "div",
      { class: "tiles" },
      [
        [
          share(f.stale, f.reads),
          `of ${counted(f.reads, "read")} were stale (95 %: ${(100 * f.share_low).toFixed(2)} to ${(100 * f.share_high).toFixed(2)} %)`,
        ],
        [age(f.p50_ns), "half of the stale ones were no older"],
        [age(f.p99_ns), "99 % of them"],
        [
          age(f.max_ns),
          f.stalest
            ? `the oldest, at ${f.stalest.node}, ${counted(f.versions_max, "write")} behind at most`
            : "the oldest",
        ],
      ].map(([big, words]) => el("div", { class: "tile" }, el("b", {}, big), el("span", {}, words))),
    ),
  );
  add(
    host,
    table(
      ["phase", "reads", "stale", "99 % no older than", "oldest"],
      f.phases.map((p) =>
        el(
          "tr",
          {},
          el("td", { class: "word" }, phaseName(p.phase)),
          el("td", {}, count(p.reads)),
          el("td", {}, `${count(p.stale)} (${share(p.stale, p.reads)})`),
          el("td", {}, age(p.p99_ns)),
          el("td", {}, age(p.max_ns)),
        ),
      ),
    ),
  );
  windows(host);
  add(host, el("h3", {}, "How likely a fresh read is, by the time since the last acknowledged write"));
  add(
    host,
    table(
      ["up to", "reads", "fresh", "95 % between", ...(f.predicted_for ? ["predicted"] : [])],
      f.fresh.map((s) =>
        el(
          "tr",
          {},
          el("td", {}, s.until_ns === undefined ? "later" : duration(s.until_ns)),
          el("td", {}, count(s.reads)),
          el("td", {}, share(s.fresh, s.reads)),
          el("td", {}, `${(100 * s.low).toFixed(1)} and ${(100 * s.high).toFixed(1)} %`),
          f.predicted_for && el("td", {}, s.predicted === undefined ? "–" : `${(100 * s.predicted).toFixed(1)} %`),
        ),
      ),
    ),
  );
  if (f.predicted_for)
    add(
      host,
      el(
        "p",
        { class: "small muted" },
        `Predicted by the WARS model of probabilistically bounded staleness for N = ${f.predicted_for.n}, R = ${f.predicted_for.r}, W = ${f.predicted_for.w}, with half the round trips of the healthy phase as latencies, and without gossip, repair or failure.`,
      ),
    );
  add(
    host,
    el(
      "p",
      { class: "small muted" },
      "A read is stale if what it returned had been overwritten, by an acknowledged write that began later, before the read began. Lower bounds: writes that overlap, and writes that nobody ever read, are given the benefit of the doubt.",
    ),
  );
}

function fates(host) {
  const kinds = {
    survived: "--v2",
    present: "--v2",
    superseded: "--v4",
    removed: "--v4",
    discarded: "--v1",
    lost: "--bad",
    undecided: "--other",
  };
  for (const [title, f, beside] of [
    ["What became of acknowledged writes", verdict.figures.fates, ["recovered", "resurrected", "phantom", "aborted"]],
    [
      {
        set: "What became of items: elements of sets",
        chat: "What became of items: messages of chats",
        text: "What became of items: pieces of texts",
      }[verdict.workload] ?? "What became of the items of carts",
      verdict.figures.items,
      ["resurrected", "recovered"],
    ],
  ]) {
    if (!f) continue;
    const parts = Object.keys(kinds).filter((k) => f[k] !== undefined);
    // Where no read is marked as final, the last ones are all that is known.
    const said = (k) => (f.unmarked && k === "survived" ? "in a last read" : k);
    add(
      host,
      el("h3", {}, title),
      el(
        "div",
        { class: "sum", role: "img", "aria-label": parts.map((k) => `${said(k)} ${f[k]}`).join(", ") },
        parts
          .filter((k) => f[k] > 0)
          .map((k) =>
            el("div", {
              style: { flex: `${f[k]} 1 0`, background: `var(${kinds[k]})` },
              title: `${said(k)}: ${count(f[k])}`,
            }),
          ),
      ),
      el(
        "ul",
        { class: "legend" },
        parts.map((k) =>
          el(
            "li",
            { class: k === "lost" && f[k] > 0 && "bad grave" },
            svg(
              "svg",
              { width: 14, height: 14 },
              svg("rect", { width: 14, height: 14, rx: 3, style: { fill: `var(${kinds[k]})` } }),
            ),
            `${said(k)} ${count(f[k])}`,
          ),
        ),
        el("li", {}, `= ${count(f.acknowledged)} acknowledged`),
      ),
      beside.some((k) => f[k] > 0) &&
        el(
          "p",
          { class: "small muted" },
          "Besides: ",
          beside
            .filter((k) => f[k] > 0)
            .map((k, i) => [
              i > 0 && ", ",
              el("span", { class: ["resurrected", "phantom"].includes(k) && "bad grave" }, `${count(f[k])} ${k}`),
            ]),
          ".",
        ),
    );
  }
  const counters = verdict.figures.counters ?? [];
  if (counters.length) {
    add(
      host,
      el("h3", {}, verdict.workload === "inventory" ? "What the stock came to" : "What the counters came to"),
      table(
        [
          "key",
          { name: "at the end", num: true },
          { name: "acknowledged", num: true },
          "possible",
          { name: "indeterminate", num: true },
        ],
        counters.slice(0, 100).map((k) => {
          const off = k.value === undefined || k.value < k.lowest || k.value > k.highest;
          return el(
            "tr",
            {},
            el("td", { class: "word" }, el("code", {}, k.key)),
            el(
              "td",
              { class: "num" },
              el("span", { class: off ? "tag bad" : "" }, k.value === undefined ? "replicas differ" : count(k.value)),
            ),
            el("td", { class: "num" }, count(k.acknowledged)),
            el("td", { class: "word" }, `${count(k.lowest)} to ${count(k.highest)}`),
            el("td", { class: "num" }, count(k.indeterminate)),
          );
        }),
      ),
    );
  }
}
