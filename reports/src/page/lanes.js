// The timeline: what it shows, and where.

const GUTTER = () => (view.width < 560 ? 54 : 92);
const AXIS = 24,
  PHASE = 16,
  FAULT = 15;
const filter = { key: "", session: "", node: "", f: "", outcome: "" };
const view = {
  from: 0,
  to: 1,
  width: 0,
  height: 460,
  scroll: 0,
  lanes: "node",
  pinned: -1,
  marked: new Set(),
  anomaly: null,
  search: "",
  // What could have influenced the pinned operation; null where nothing is greyed.
  cone: null,
  // A span that was selected, [from, to]; null where none is.
  brush: null,
  // How many operations the filter leaves.
  here: 0,
};
let matching = null,
  layout = null,
  hit = [],
  sharp = null,
  statusLine = null,
  panel = null,
  controls = {};
const full = { from: 0, to: Math.max(run.end, 1) };

const laneOf = { node: (i) => ops.node[i], session: (i) => ops.session[i], key: (i) => ops.key[i] };
const laneName = (lane) => (lane === IN_ALL ? "in all" : laneNames[view.lanes](lane));
const laneNames = { node: (l) => run.nodes[l], session: (l) => "s " + run.sessions[l], key: (l) => keyName(l) };
const passes = (i) =>
  (filter.key === "" || ops.key[i] === +filter.key) &&
  (filter.session === "" || ops.session[i] === +filter.session) &&
  (filter.node === "" || ops.node[i] === +filter.node) &&
  (filter.f === "" || ops.f[i] === +filter.f) &&
  (filter.outcome === "" || ops.status[i] === +filter.outcome);
const filtered = () => Object.values(filter).some((v) => v !== "");

// A lane of its own for the density of what the filter chooses.
const IN_ALL = -1;

// The density of the lanes, as far as it is known for what the filter leaves: of whole lanes; or of the one key, session or node
// that it chooses, over all lanes.
function densityShown() {
  if (!run.density) return null;
  const { bins, lanes } = run.density[view.lanes];
  const others = Object.entries(filter).filter(([name, chosen]) => name !== view.lanes && chosen !== "");
  if (others.length) {
    const [[name, chosen]] = others;
    const known = others.length === 1 && filter[view.lanes] === "" && run.density[name];
    const row = known ? known.lanes.find(([lane]) => lane === +chosen) : undefined;
    return row ? { bins: known.bins, lanes: [[IN_ALL, row[1]]] } : null;
  }
  return { bins, lanes: lanes.filter(([lane]) => filter[view.lanes] === "" || lane === +filter[view.lanes]) };
}

// Which operations are shown, in which lane, and in which row of it: those that overlap stand below each other.
function lay() {
  const rows = new Int32Array(ops.count).fill(-1);
  const lanes = new Map();
  const density = densityShown();
  for (const [lane] of density?.lanes ?? []) lanes.set(lane, { lane, ends: [] });
  if (view.lanes === "node" && !filtered())
    run.nodes.forEach((_, n) => lanes.has(n) || lanes.set(n, { lane: n, ends: [] }));
  view.here = 0;
  for (let i = 0; i < ops.count; i++) {
    if (!passes(i)) continue;
    view.here++;
    const lane = laneOf[view.lanes](i);
    if (!lanes.has(lane)) lanes.set(lane, { lane, ends: [] });
    const { ends } = lanes.get(lane);
    let row = ends.findIndex((end) => end <= ops.at[i]);
    if (row < 0) row = ends.length < 24 ? ends.push(0) - 1 : 23;
    ends[row] = ops.until[i];
    rows[i] = row;
  }
  const order = [...lanes.values()].sort((a, b) => a.lane - b.lane);
  const faults = packFaults();
  const room = view.height - AXIS - PHASE - 12 - FAULT * Math.max(0, ...faults.map((f) => f.row + 1));
  let y = 0;
  const most = order.reduce((sum, l) => sum + Math.max(1, l.ends.length), 0);
  const pitch = Math.max(5, Math.min(26, (room - order.length * 8) / Math.max(1, most)));
  for (const l of order) {
    l.y = y;
    l.height = Math.max(1, l.ends.length) * pitch + 8;
    y += l.height;
  }
  const at = new Map(order.map((l) => [l.lane, l]));
  const cells = density && {
    bins: density.bins,
    lanes: density.lanes,
    most: Math.max(1, ...density.lanes.flatMap(([, c]) => peaks(c))),
  };
  layout = { rows, order, at, pitch, total: y, cells, longest: longest(), faults };
  view.scroll = Math.max(0, Math.min(view.scroll, y - lanesRoom()));
}
const peaks = (cells) => {
  let most = 0;
  for (let i = 0; i < cells.length; i += 4) most = Math.max(most, cells[i + 1] + cells[i + 2] + cells[i + 3]);
  return [most];
};
const longest = () => {
  let most = 0;
  for (let i = 0; i < ops.count; i++) most = Math.max(most, ops.until[i] - ops.at[i]);
  return most;
};
function packFaults() {
  const ends = [];
  return run.faults.map((fault) => {
    const to = fault.to ?? run.end;
    let row = ends.findIndex((end) => end <= fault.from);
    if (row < 0) row = ends.length < 5 ? ends.push(0) - 1 : 4;
    ends[row] = to;
    return { ...fault, to, row, shown: verdict.faults.find((f) => f.fault === fault.fault) };
  });
}
const faultRows = () => Math.max(0, ...layout.faults.map((f) => f.row + 1));
const top = () => AXIS + (run.phases.length ? PHASE : 0) + faultRows() * FAULT + 6;
const lanesRoom = () => view.height - (layout ? top() : AXIS + PHASE);
const xAt = (t) => GUTTER() + ((t - view.from) / (view.to - view.from)) * (view.width - GUTTER());
const timeAt = (px) => view.from + ((px - GUTTER()) / (view.width - GUTTER())) * (view.to - view.from);
