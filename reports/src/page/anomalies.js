// Section 2: what broke, and the smallest proof of it.

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
  const total = anomalies.reduce((sum, a) => sum + a.count, 0);
  add(
    host,
    el(
      "p",
      { class: "lead" },
      `${counted(total, "anomaly").replace("anomalys", "anomalies")} in ${counted(anomalies.length + verdict.groups_left_out, "group")}. Shown is the smallest of each group, broken promises first. In the sentences, ${run.words.numbers}.`,
    ),
  );
  const causes = new Map();
  for (const a of anomalies) causes.set(a.cause, [...(causes.get(a.cause) ?? []), a]);
  for (const [cause, list] of causes) {
    const label = run.words.grounds[list[0].grounds];
    const title = label ? `${label}: ${cause}` : cause;
    add(host, el("div", { class: "group" }, cause && el("h3", {}, title), list.map(article)));
  }
  if (verdict.groups_left_out > 0)
    add(host, el("p", { class: "muted" }, `${counted(verdict.groups_left_out, "further group")} are left out here.`));
}

function article(a) {
  const id = "anomaly-" + a.id;
  const show =
    timed && el("button", { type: "button", class: "show", onclick: () => showAnomaly(a) }, "Show in timeline");
  return el(
    "article",
    { id },
    el(
      "header",
      {},
      el("a", { class: "permalink", href: "#" + id, title: "Link to this anomaly" }, a.id + "."),
      el("h4", {}, a.kind),
      el(
        "span",
        { class: "tag " + (a.promised ? "bad" : "plain") },
        [nameOf(a), ...(a.or ?? [])].join(" or ") + (a.promised ? "" : ", not promised"),
      ),
      a.count > 1 && el("span", { class: "muted small" }, counted(a.count, "time")),
      show,
    ),
    run.words.kinds[a.kind] && el("p", { class: "small muted" }, run.words.kinds[a.kind]),
    el("p", { class: "sentence" }, a.sentence),
    a.control && el("p", {}, a.control),
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
    timed && graph(a),
    timed && witnesses(a),
    a.edges.length > 0 &&
      el(
        "ul",
        { class: "why" },
        a.edges.map((e) => el("li", {}, opLink(e.from), " → ", opLink(e.to), ` ${e.label}: ${e.why}`)),
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
      el("td", { class: "value" }, text(ops.input[op])),
      el("td", { class: "value" }, text(ops.output[op])),
      el(
        "td",
        { class: "word" },
        OUTCOMES[ops.status[op]],
        ops.error[op] >= 0 && el("div", { class: "small muted" }, text(ops.error[op])),
      ),
      el("td", { class: "value" }, text(ops.version[op])),
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
  );
}

// The operations as boxes in the order of time, a row a session, and their dependencies as arrows.
function graph(a) {
  const nodes = [...new Set(a.edges.flatMap((e) => [e.from, e.to]))].filter((n) => ops.byIndex.has(n)).slice(0, 40);
  if (nodes.length < 2) return null;
  nodes.sort((x, y) => ops.at[ops.byIndex.get(x)] - ops.at[ops.byIndex.get(y)]);
  const rows = [...new Set(nodes.map((n) => ops.session[ops.byIndex.get(n)]))];
  const W = 178,
    H = 46,
    DX = 244,
    DY = 96,
    LEFT = 96,
    LOOP = 22;
  const rank = new Map(nodes.map((n, i) => [n, i]));
  const edges = a.edges.filter((e) => rank.has(e.from) && rank.has(e.to) && e.from !== e.to);
  // To the next box straight; further on over the top, back underneath. Each box has a column of its own, so that
  // nothing is crossed on the way.
  const way = (e) => {
    const by = rank.get(e.to) - rank.get(e.from);
    return by === 1 ? "straight" : by > 1 ? "over" : "under";
  };
  const over = edges.filter((e) => way(e) === "over"),
    under = edges.filter((e) => way(e) === "under");
  const TOP = 22 + over.length * LOOP;
  const place = new Map(
    nodes.map((n, i) => [n, { x: LEFT + i * DX, y: TOP + rows.indexOf(ops.session[ops.byIndex.get(n)]) * DY }]),
  );
  const bottom = TOP + (rows.length - 1) * DY + H;
  const width = LEFT + (nodes.length - 1) * DX + W + 24,
    height = bottom + under.length * LOOP + 24;
  const clip = (words, n) => (words.length > n ? words.slice(0, n - 1) + "…" : words);
  const picture = svg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `Dependencies of anomaly ${a.id}`,
  });
  const labels = [...new Set(a.edges.map((e) => e.label))];
  picture.append(
    svg(
      "defs",
      {},
      labels.map((label) =>
        svg(
          "marker",
          {
            id: `head-${a.id}-${label}`,
            viewBox: "0 0 8 8",
            refX: 7,
            refY: 4,
            markerWidth: 7,
            markerHeight: 7,
            orient: "auto-start-reverse",
          },
          svg("path", { d: "M0,0 L8,4 L0,8 z", class: label, style: { fill: "currentColor", stroke: "none" } }),
        ),
      ),
    ),
  );
  for (const [i, session] of rows.entries()) {
    const y = TOP + i * DY + H / 2;
    picture.append(
      svg("line", { x1: LEFT - 14, x2: width - 8, y1: y, y2: y, stroke: "var(--line)" }),
      svg("text", { x: 14, y: y + 4, class: "sub" }, "session " + run.sessions[session]),
    );
  }
  const texts = [];
  const used = new Map();
  const turnOf = (name) => {
    const turn = used.get(name) ?? 0;
    used.set(name, turn + 1);
    return turn;
  };
  for (const e of edges) {
    const p = place.get(e.from),
      q = place.get(e.to),
      kind = way(e);
    let d, lx, ly;
    if (kind === "straight") {
      const shift = 15 * turnOf(e.from + " " + e.to);
      if (p.y === q.y) {
        const y = p.y + H / 2 + shift;
        d = `M${p.x + W},${y} L${q.x},${y}`;
        lx = (p.x + W + q.x) / 2;
        ly = y - 7;
      } else {
        const down = q.y > p.y;
        const x1 = p.x + W * 0.72 + shift,
          x2 = q.x + W * 0.28 + shift,
          y1 = down ? p.y + H : p.y,
          y2 = down ? q.y : q.y + H;
        const bend = Math.max(30, Math.abs(y2 - y1) * 0.6) * (down ? 1 : -1);
        d = `M${x1},${y1} C${x1},${y1 + bend} ${x2},${y2 - bend} ${x2},${y2}`;
        lx = (x1 + x2) / 2;
        ly = (y1 + y2) / 2 + 4 + shift;
      }
    } else {
      const up = kind === "over",
        turn = turnOf(kind),
        r = 10;
      const base = up ? TOP - 8 - LOOP * turn - LOOP / 2 : bottom + LOOP * turn + LOOP;
      const x1 = p.x + W * 0.5 + (up ? 26 : -26) + 12 * turnOf("at " + e.from),
        x2 = q.x + W * 0.5 + (up ? -26 : 26) - 12 * turnOf("at " + e.to);
      const side = x2 > x1 ? 1 : -1,
        v = up ? 1 : -1;
      d = `M${x1},${up ? p.y : p.y + H} V${base + v * r} Q${x1},${base} ${x1 + side * r},${base} H${x2 - side * r} Q${x2},${base} ${x2},${base + v * r} V${up ? q.y : q.y + H}`;
      lx = (x1 + x2) / 2;
      ly = base + 4;
    }
    picture.append(
      svg(
        "path",
        { d, class: "edge " + e.label, "marker-end": `url(#head-${a.id}-${e.label})` },
        svg("title", {}, e.why),
      ),
    );
    texts.push(
      svg(
        "text",
        { x: lx, y: ly, class: "halo " + e.label, "text-anchor": "middle" },
        e.label,
        svg("title", {}, e.why),
      ),
    );
  }
  for (const n of nodes) {
    const op = ops.byIndex.get(n),
      p = place.get(n);
    const link = svg(
      "a",
      { href: "#op-" + n },
      svg("rect", { class: "box " + OUTCOMES[ops.status[op]], x: p.x, y: p.y, width: W, height: H, rx: 8 }),
      svg("text", { x: p.x + 12, y: p.y + 19 }, clip(deed(op), 24), svg("title", {}, deed(op))),
      svg(
        "text",
        { x: p.x + 12, y: p.y + 36, class: "sub" },
        clip(`op ${n} · ${run.nodes[ops.node[op]]} · ${OUTCOMES[ops.status[op]]}`, 30),
      ),
    );
    picture.append(link);
  }
  picture.append(...texts);
  return el("div", { class: "graph", tabindex: 0 }, picture);
}
