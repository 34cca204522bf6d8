// The picture of an anomaly: its operations from top to bottom in the order of time, and beside them how they depend on each
// other. It shows the edges that the checkers found, and no others.

const EDGES = {
  "must-agree": "must agree, do not",
  "must-see": "must see, does not",
  so: "session order",
  "reads-from": "reads from",
  conflict: "must come before",
  version: "by the versions",
  "real-time": "in real time",
};
// Those that cannot be, with those that say why.
const LOUD = ["must-agree", "must-see", "conflict", "version"];

const PICTURE_OPS_MAX = 24;

function picture(a) {
  const inEdges = a.edges.flatMap((e) => [e.from, e.to]);
  const shown = [...new Set([...a.witness, ...inEdges])].filter((n) => ops.byIndex.has(n));
  if (shown.length < 2 && a.edges.length === 0) return null;
  // Where there are too many, those that edges join.
  const joined = new Set(inEdges);
  const few = shown.length > PICTURE_OPS_MAX ? shown.filter((n) => joined.has(n)).slice(0, PICTURE_OPS_MAX) : shown;
  if (few.length === 0) return null;
  few.sort((x, y) => ops.at[ops.byIndex.get(x)] - ops.at[ops.byIndex.get(y)] || x - y);
  const host = el("div", { class: "graph" });
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.round(host.clientWidth);
    if (!now || now === width) return;
    width = now;
    host.replaceChildren(drawn(a, few, width), pictureLegend(a));
  }).observe(host);
  return host;
}

function drawn(a, list, width) {
  const narrow = width < 640;
  const row = new Map(list.map((n, i) => [n, i]));
  const edges = a.edges.filter((e) => row.has(e.from) && row.has(e.to) && e.from !== e.to);
  // What leaves one operation for the same reason shares a column.
  const trunks = new Map();
  for (const e of edges) {
    const name = e.from + " " + e.label;
    const ends = [row.get(e.from), row.get(e.to)];
    const trunk = trunks.get(name) ?? { label: e.label, low: Infinity, high: -1, edges: [] };
    trunk.low = Math.min(trunk.low, ...ends);
    trunk.high = Math.max(trunk.high, ...ends);
    trunk.edges.push(e);
    trunks.set(name, trunk);
  }
  const columns = [];
  const order = [...trunks.values()].sort((p, q) => p.high - p.low - (q.high - q.low));
  for (const trunk of order) {
    let c = columns.findIndex((until) => until.every((t) => t.high < trunk.low || t.low > trunk.high));
    if (c < 0) c = columns.push([]) - 1;
    columns[c].push(trunk);
    trunk.column = c;
  }
  const H = narrow ? 46 : 38,
    PITCH = narrow ? 58 : 47,
    TOP = 12,
    LEFT = 12;
  const labelled = !narrow && columns.length <= 3;
  const step = labelled ? 152 : Math.min(26, (width * 0.35) / Math.max(1, columns.length));
  const right = width - LEFT - (columns.length ? columns.length * step + (labelled ? 4 : 14) : 0);
  const height = TOP * 2 + (list.length - 1) * PITCH + H;
  const point = pointOf(a);
  const image = svg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "group",
    "aria-label": `The operations of anomaly ${a.id} and how they depend on each other`,
  });
  const labels = [...new Set(edges.map((e) => e.label))];
  image.append(
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
  const middle = (n) => TOP + row.get(n) * PITCH + H / 2;
  // Arrows that leave and arrive at one operation do so side by side.
  const taken = new Map();
  const slot = (n, name) => {
    const slots = taken.get(n) ?? new Map();
    taken.set(n, slots);
    if (!slots.has(name)) slots.set(name, slots.size);
    return middle(n) + [0, -8, 8, -14, 14, -3, 3][slots.get(name) % 7];
  };
  const texts = [];
  for (const [name, trunk] of trunks) {
    const x = right + (trunk.column + (labelled ? 0.12 : 0.8)) * step,
      y1 = slot(trunk.edges[0].from, name);
    for (const e of trunk.edges) {
      const y2 = slot(e.to, name),
        r = Math.min(8, Math.abs(y2 - y1) / 2) * Math.sign(y2 - y1);
      image.append(
        svg(
          "path",
          {
            d: `M${right},${y1} H${x - Math.abs(r)} Q${x},${y1} ${x},${y1 + r} V${y2 - r} Q${x},${y2} ${x - Math.abs(r)},${y2} H${right + 2}`,
            class: `edge ${e.label}${LOUD.includes(e.label) ? "" : " quiet"}`,
            "data-from": e.from,
            "data-to": e.to,
            "marker-end": `url(#head-${a.id}-${e.label})`,
          },
          svg("title", {}, `${EDGES[e.label] ?? e.label}: ${e.why}`),
        ),
      );
    }
    if (labelled) {
      // In the middle of two rows, where no arrow runs; beside those of other columns.
      const between = TOP + (Math.floor((trunk.low + trunk.high) / 2) + 1) * PITCH - (PITCH - H) / 2;
      texts.push(
        svg("text", { x: x + 7, y: between + 4, class: "halo " + trunk.label }, EDGES[trunk.label] ?? trunk.label),
      );
    }
  }
  const room = Math.floor((right - LEFT - 24) / 7.3);
  const missing = new Set(
    edges.flatMap((e) => (e.label === "must-see" ? [e.to] : e.label === "must-agree" ? [e.from, e.to] : [])),
  );
  for (const n of list) {
    const op = ops.byIndex.get(n),
      y = TOP + row.get(n) * PITCH;
    const whole = deed(op);
    image.append(
      svg(
        "a",
        { href: "#op-" + n },
        svg("title", {}, whole),
        svg("rect", {
          class: `box ${OUTCOMES[ops.status[op]]}${missing.has(n) ? " wrong" : ""}`,
          x: LEFT,
          y,
          width: right - LEFT,
          height: H,
          rx: 7,
        }),
        svg("text", { x: LEFT + 12, y: y + H / 2 - 3, class: "deed" }, cutAround(whole, room, point)),
        svg(
          "text",
          { x: LEFT + 12, y: y + H / 2 + 13, class: "sub" },
          cutAround(
            `#${n} · ${moment(ops.at[op])} · session ${run.sessions[ops.session[op]]} at ${run.nodes[ops.node[op]]}${ops.last.has(op) ? " · final read" : ""}${ops.status[op] ? " · " + OUTCOMES[ops.status[op]] : ""}`,
            Math.floor(room * 1.12),
          ),
        ),
      ),
    );
  }
  image.append(...texts);
  return image;
}

function pictureLegend(a) {
  const labels = Object.keys(EDGES).filter((label) => a.edges.some((e) => e.label === label));
  return el(
    "ul",
    { class: "legend" },
    labels.map((label) =>
      el(
        "li",
        {},
        svg(
          "svg",
          { width: 30, height: 10, "aria-hidden": "true" },
          svg("path", { d: "M0,5 H30", class: "edge " + label }),
        ),
        EDGES[label],
      ),
    ),
  );
}
