// Section 3: what was going on at the time. A space-time diagram on a canvas.

const timeline = (() => {
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
    // How many operations the filter leaves.
    here: 0,
  };
  let matches = [],
    matching = null,
    layout = null,
    hit = [],
    sharp = null,
    status = null,
    panel = null,
    controls = {};
  const full = { from: 0, to: Math.max(run.end, 1) };

  const laneOf = { node: (i) => ops.node[i], session: (i) => ops.session[i], key: (i) => ops.key[i] };
  const laneName = { node: (l) => run.nodes[l], session: (l) => "s " + run.sessions[l], key: (l) => keyName(l) };
  const passes = (i) =>
    (filter.key === "" || ops.key[i] === +filter.key) &&
    (filter.session === "" || ops.session[i] === +filter.session) &&
    (filter.node === "" || ops.node[i] === +filter.node) &&
    (filter.f === "" || ops.f[i] === +filter.f) &&
    (filter.outcome === "" || ops.status[i] === +filter.outcome);
  const filtered = () => Object.values(filter).some((v) => v !== "");

  // The density of the lanes, as far as it is known for what the filter leaves: of whole lanes.
  function densityShown() {
    if (!run.density) return null;
    const { bins, lanes } = run.density[view.lanes];
    const others = Object.entries(filter).filter(([name, chosen]) => name !== view.lanes && chosen !== "");
    if (others.length) return null;
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
  const x = (t) => GUTTER() + ((t - view.from) / (view.to - view.from)) * (view.width - GUTTER());
  const timeAt = (px) => view.from + ((px - GUTTER()) / (view.width - GUTTER())) * (view.to - view.from);
  function draw(c, width, height) {
    view.width = width;
    view.height = height;
    if (!layout) lay();
    hit = [];
    c.clearRect(0, 0, width, height);
    c.font = "11px " + getComputedStyle(document.body).fontFamily;
    c.textBaseline = "middle";
    drawFaultBands(c);
    drawLanes(c);
    if (layout.cells) drawDensity(c);
    const shown = drawOps(c);
    drawTurns(c);
    if (view.anomaly) drawEdges(c, view.anomaly);
    drawTop(c);
    drawGutter(c);
    say(shown);
  }

  function clipLanes(c) {
    c.save();
    c.beginPath();
    c.rect(GUTTER(), top(), view.width - GUTTER(), view.height - top());
    c.clip();
  }
  const laneY = (l) => top() + l.y - view.scroll;

  function drawFaultBands(c) {
    clipLanes(c);
    for (const fault of layout.faults) {
      const a = x(fault.from),
        b = x(fault.to);
      if (b < GUTTER() || a > view.width) continue;
      c.fillStyle = faultColour(fault.kind);
      c.globalAlpha = 0.15;
      if (view.lanes === "node") {
        for (const l of layout.order) if (touches(fault, l.lane)) c.fillRect(a, laneY(l), Math.max(1, b - a), l.height);
      } else c.fillRect(a, top(), Math.max(1, b - a), view.height - top());
    }
    c.restore();
  }

  function drawLanes(c) {
    clipLanes(c);
    c.strokeStyle = colour.line;
    c.lineWidth = 1;
    const { list } = ticks(view.from, view.to, view.width / 130);
    c.beginPath();
    for (const t of list) {
      const px = Math.round(x(t)) + 0.5;
      c.moveTo(px, top());
      c.lineTo(px, view.height);
    }
    for (const l of layout.order) {
      const y = Math.round(laneY(l) + l.height) + 0.5;
      c.moveTo(GUTTER(), y);
      c.lineTo(view.width, y);
    }
    c.stroke();
    c.restore();
  }

  function drawDensity(c) {
    clipLanes(c);
    const { bins, lanes, most } = layout.cells;
    const colours = [colour.ok, colour.fail, colour.info];
    for (const [lane, cells] of lanes) {
      const l = layout.at.get(lane);
      if (!l || laneY(l) > view.height || laneY(l) + l.height < top()) continue;
      let bin = 0;
      for (let i = 0; i < cells.length; i += 4, bin++) {
        bin += cells[i];
        const a = x((bin / bins) * run.end),
          b = x(((bin + 1) / bins) * run.end);
        if (b < GUTTER() || a > view.width) continue;
        let y = laneY(l) + l.height - 3;
        for (let s = 0; s < 3; s++) {
          const n = cells[i + 1 + s];
          if (!n) continue;
          const h = Math.max(1.5, (l.height - 6) * Math.sqrt(n / most));
          c.globalAlpha = s === 0 ? 0.28 : 0.6;
          c.fillStyle = colours[s];
          c.fillRect(a, y - h, Math.max(1, b - a - 0.5), h);
          y -= s === 0 ? 0 : h;
        }
      }
    }
    c.restore();
  }

  function drawOps(c) {
    clipLanes(c);
    const colours = [colour.ok, colour.fail, colour.info];
    const search = matching,
      dim = search || view.marked.size > 0 || view.cone;
    let shown = 0;
    let low = 0,
      high = ops.count;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (ops.at[mid] < view.from - layout.longest) low = mid + 1;
      else high = mid;
    }
    const label = layout.pitch >= 13;
    for (let i = low; i < ops.count && ops.at[i] <= view.to; i++) {
      if (layout.rows[i] < 0 || ops.until[i] < view.from) continue;
      const l = layout.at.get(laneOf[view.lanes](i));
      const y = laneY(l) + 4 + layout.rows[i] * layout.pitch;
      if (y > view.height || y + layout.pitch < top()) continue;
      shown++;
      const a = x(ops.at[i]),
        b = Math.max(a + 1.5, x(ops.until[i])),
        w = b - a,
        h = Math.max(2, layout.pitch - 2);
      const s = ops.status[i],
        outline = isRead(i);
      const on =
        !dim ||
        view.marked.has(ops.index[i]) ||
        search?.has(i) ||
        view.pinned === i ||
        (view.cone?.has(i) && !search && view.marked.size === 0);
      c.globalAlpha = on ? 1 : 0.22;
      c.fillStyle = colours[s];
      // Writes are full, reads an outline with a light filling; fail is crossed, info hatched with an open end.
      if (outline && w > 5) {
        c.globalAlpha *= 0.3;
        c.fillRect(a, y, w, h);
        c.globalAlpha = on ? 1 : 0.22;
        c.strokeStyle = colours[s];
        c.lineWidth = 1;
        c.strokeRect(a + 0.5, y + 0.5, w - 1, h - 1);
      } else c.fillRect(a, y, w, h);
      if (s === 2 && w > 6) hatch(c, a, y, w, h);
      if (s === 1 && w > 6) {
        c.strokeStyle = outline ? colours[s] : colour.card;
        c.beginPath();
        c.moveTo(a, y);
        c.lineTo(b, y + h);
        c.moveTo(a, y + h);
        c.lineTo(b, y);
        c.stroke();
      }
      if (view.marked.has(ops.index[i]) || view.pinned === i || (search?.has(i) && w > 3)) {
        c.strokeStyle = colour.ink;
        c.lineWidth = view.pinned === i ? 2.5 : 1.6;
        c.strokeRect(a - 1.5, y - 1.5, w + 3, h + 3);
      }
      if (label && w > 46) {
        c.save();
        c.beginPath();
        c.rect(a + 2, y, w - 4, h);
        c.clip();
        c.fillStyle = outline ? colour.ink : colour.card;
        c.fillText(deed(i), Math.max(a, GUTTER()) + 5, y + h / 2 + 0.5);
        c.restore();
      }
      if (w > 1 || shown < 4000) hit.push([a - 1, y - 1, w + 2, h + 2, i]);
    }
    c.globalAlpha = 1;
    c.restore();
    return shown;
  }

  function hatch(c, x0, y0, w, h) {
    c.save();
    c.beginPath();
    c.rect(x0, y0, w, h);
    c.clip();
    c.strokeStyle = colour.card;
    c.lineWidth = 1.4;
    c.globalAlpha *= 0.8;
    c.beginPath();
    const step = 6,
      first = Math.max(x0, 0) - ((Math.max(x0, 0) - x0) % step) - h,
      end = Math.min(x0 + w, view.width);
    for (let p = first; p < end; p += step) {
      c.moveTo(p, y0 + h);
      c.lineTo(p + h, y0);
    }
    c.stroke();
    c.restore();
  }

  function drawTurns(c) {
    if (view.lanes !== "node") return;
    clipLanes(c);
    for (const turn of run.turns) {
      const l = layout.at.get(turn.node),
        px = x(turn.time);
      if (!l || px < GUTTER() || px > view.width) continue;
      c.fillStyle = turn.change === "died" ? colour.bad : colour.good;
      c.beginPath();
      c.moveTo(px, laneY(l) + 1);
      c.lineTo(px + 5, laneY(l) + 9);
      c.lineTo(px - 5, laneY(l) + 9);
      c.fill();
    }
    c.restore();
  }

  const edgeColour = (label) =>
    ({
      so: colour.soft,
      "reads-from": colour.v0,
      conflict: colour.bad,
      version: colour.v3,
      "real-time": colour.v2,
      "must-see": colour.bad,
      "must-agree": colour.bad,
    })[label];
  function boxOf(index) {
    const i = ops.byIndex.get(index);
    if (i === undefined || layout.rows[i] < 0) return null;
    const l = layout.at.get(laneOf[view.lanes](i));
    return { a: x(ops.at[i]), b: x(ops.until[i]), y: laneY(l) + 4 + layout.rows[i] * layout.pitch + layout.pitch / 2 };
  }
  function drawEdges(c, anomaly) {
    clipLanes(c);
    const used = new Map();
    for (const e of anomaly.edges) {
      const p = boxOf(e.from),
        q = boxOf(e.to);
      if (!p || !q) continue;
      // From the end of the earlier box to the beginning of the later one, and within those that overlap from middle to middle.
      const apart = q.a > p.b || p.a > q.b;
      const x1 = apart ? (q.a > p.b ? p.b : p.a) : (p.a + p.b) / 2,
        x2 = apart ? (q.a > p.b ? q.a : q.b) : (q.a + q.b) / 2,
        flat = Math.abs(p.y - q.y) < 4;
      // Several dependencies of the same two operations run side by side.
      const pair = Math.min(e.from, e.to) + " " + Math.max(e.from, e.to),
        turn = used.get(pair) ?? 0;
      used.set(pair, turn + 1);
      const bend = (flat ? -34 : -20) - 44 * turn,
        my = (p.y + q.y) / 2 + (turn % 2 ? -bend : bend),
        mx = (x1 + x2) / 2;
      c.strokeStyle = c.fillStyle = edgeColour(e.label);
      c.lineWidth = 1.8;
      c.lineWidth = e.label.startsWith("must") ? 2.6 : 1.8;
      c.setLineDash(e.label === "so" || e.label === "reads-from" ? [] : [6, 3]);
      c.beginPath();
      c.moveTo(x1, p.y);
      c.quadraticCurveTo(mx, my, x2, q.y);
      c.stroke();
      c.setLineDash([]);
      const angle = Math.atan2(q.y - my, x2 - mx);
      c.beginPath();
      c.moveTo(x2, q.y);
      c.lineTo(x2 - 9 * Math.cos(angle - 0.4), q.y - 9 * Math.sin(angle - 0.4));
      c.lineTo(x2 - 9 * Math.cos(angle + 0.4), q.y - 9 * Math.sin(angle + 0.4));
      c.fill();
      const lx = 0.25 * x1 + 0.5 * mx + 0.25 * x2,
        ly = 0.25 * p.y + 0.5 * my + 0.25 * q.y;
      const w = c.measureText(EDGES[e.label] ?? e.label).width;
      c.fillStyle = colour.card;
      c.fillRect(lx - w / 2 - 4, ly - 8, w + 8, 16);
      c.fillStyle = edgeColour(e.label);
      c.textAlign = "center";
      c.fillText(EDGES[e.label] ?? e.label, lx, ly);
      c.textAlign = "left";
    }
    c.restore();
  }

  function drawTop(c) {
    c.fillStyle = colour.card;
    c.fillRect(0, 0, view.width, top());
    c.save();
    c.beginPath();
    c.rect(GUTTER(), 0, view.width - GUTTER(), top());
    c.clip();
    const { list, step } = ticks(view.from, view.to, view.width / 130);
    c.fillStyle = colour.soft;
    for (const t of list)
      if (x(t) + c.measureText(tickLabel(t, step)).width + 6 < view.width)
        c.fillText(tickLabel(t, step), x(t) + 4, AXIS / 2);
    run.phases.forEach(([begin, phase], n) => {
      const a = Math.max(x(begin), GUTTER()),
        b = Math.min(x(run.phases[n + 1]?.[0] ?? run.end), view.width);
      if (b <= a) return;
      c.fillStyle = n % 2 ? colour.wash : colour.line;
      c.fillRect(a, AXIS, b - a - 1, PHASE - 2);
      if (b - a > 34) {
        c.save();
        c.beginPath();
        c.rect(a, AXIS, b - a - 4, PHASE);
        c.clip();
        c.fillStyle = colour.soft;
        c.fillText(phaseName(phase), a + 5, AXIS + PHASE / 2 - 1);
        c.restore();
      }
    });
    for (const f of layout.faults) {
      const a = Math.max(x(f.from), GUTTER()),
        b = Math.min(x(f.to), view.width),
        y = AXIS + (run.phases.length ? PHASE : 0) + f.row * FAULT;
      if (b < GUTTER() || a > view.width) continue;
      c.fillStyle = faultColour(f.kind);
      c.globalAlpha = f.took ? 0.85 : 0.3;
      c.fillRect(a, y + 1, Math.max(2, b - a), FAULT - 3);
      c.globalAlpha = 1;
      const name = `${f.kind} ${f.nodes.map((n) => run.nodes[n]).join(" ")}${f.took ? "" : " (missed)"}`;
      if (b - a > 30) {
        c.save();
        c.beginPath();
        c.rect(a, y, b - a - 3, FAULT);
        c.clip();
        c.fillStyle = f.kind === "kill" || f.kind === "clock" ? "#fff" : "#16191d";
        c.fillText(name, a + 5, y + FAULT / 2);
        c.restore();
      }
      // Asked for, seen to hold from and to, healed.
      c.fillStyle = colour.ink;
      for (const t of [f.from, f.shown?.shown_from, f.shown?.shown_to, f.shown?.to])
        if (t !== undefined && x(t) >= GUTTER()) c.fillRect(x(t) - 0.75, y + 1, 1.5, FAULT - 3);
      hit.push([a, y, Math.max(4, b - a), FAULT, -1, f]);
    }
    c.restore();
  }

  function drawGutter(c) {
    c.fillStyle = colour.card;
    c.fillRect(0, 0, GUTTER(), view.height);
    c.fillStyle = colour.faint;
    c.fillText(view.lanes, 10, AXIS / 2);
    c.save();
    c.beginPath();
    c.rect(0, top(), GUTTER() - 6, view.height - top());
    c.clip();
    c.fillStyle = colour.ink;
    let lastY = -99;
    for (const l of layout.order) {
      const y = laneY(l) + l.height / 2;
      if (y < top() || y > view.height || y - lastY < 11) continue;
      c.fillText(laneName[view.lanes](l.lane), 10, y);
      lastY = y;
    }
    c.restore();
    c.strokeStyle = colour.line;
    c.beginPath();
    c.moveTo(GUTTER() - 0.5, 0);
    c.lineTo(GUTTER() - 0.5, view.height);
    c.moveTo(0, top() - 0.5);
    c.lineTo(view.width, top() - 0.5);
    c.stroke();
    if (layout.total > lanesRoom()) {
      const h = lanesRoom(),
        bar = Math.max(24, (h * h) / layout.total);
      c.fillStyle = colour.faint;
      c.globalAlpha = 0.6;
      c.fillRect(view.width - 5, top() + (view.scroll / (layout.total - h)) * (h - bar), 3, bar);
      c.globalAlpha = 1;
    }
  }

  function say(shown) {
    const words =
      `${moment(Math.max(view.from, 0))} – ${moment(Math.min(view.to, full.to))} · ${counted(shown, "operation")} in view` +
      (matching ? ` · ${counted(matching.size, "match")}` : "") +
      (layout.total > lanesRoom() ? " · drag up or down for more lanes" : "") +
      (filtered() ? ` · ${hereWords(filter, view.here)}` : "");
    if (status.textContent !== words) status.textContent = words;
  }

  function set(from, to) {
    const least = 1000,
      most = (full.to - full.from) * 1.1;
    const span = Math.min(Math.max(to - from, least), most);
    const middle = (from + to) / 2;
    view.from = middle - span / 2;
    view.to = middle + span / 2;
    const slack = (full.to - full.from) * 0.05;
    if (view.from < full.from - slack) {
      view.to += full.from - slack - view.from;
      view.from = full.from - slack;
    }
    if (view.to > full.to + slack) {
      view.from = Math.max(full.from - slack, view.from - (view.to - full.to - slack));
      view.to = full.to + slack;
    }
    sharp.redraw();
    listeners.forEach((tell) => tell(view));
  }
  const zoom = (factor, around) => {
    const t = around ?? (view.from + view.to) / 2;
    set(t - (t - view.from) * factor, t + (view.to - t) * factor);
  };
  function zoomed(factor) {
    zoom(factor);
    touched();
  }
  const pan = (share) => {
    const by = (view.to - view.from) * share;
    set(view.from + by, view.to + by);
  };
  const listeners = [];

  function show(from, to, marked, anomaly) {
    view.marked = new Set(marked);
    view.anomaly = anomaly ?? null;
    view.cone = null;
    panel.replaceChildren(
      anomaly
        ? el("p", { class: "small" }, el("a", { href: "#anomaly-" + anomaly.id }, `Back to anomaly ${anomaly.id}`))
        : "",
    );
    // What is to be shown must not be hidden by a filter.
    if (
      marked.some((index) => {
        const i = ops.byIndex.get(index);
        return i !== undefined && !passes(i);
      })
    )
      clearFilter();
    lay();
    reveal(marked);
    set(from, to);
    section("timeline").scrollIntoView();
  }
  function reveal(indices) {
    const boxes = indices
      .map((n) => ops.byIndex.get(n))
      .filter((i) => i !== undefined && layout.rows[i] >= 0)
      .map((i) => {
        const l = layout.at.get(laneOf[view.lanes](i));
        return l.y + layout.rows[i] * layout.pitch;
      });
    if (!boxes.length) return;
    const low = Math.min(...boxes),
      high = Math.max(...boxes);
    if (low < view.scroll || high + 30 > view.scroll + lanesRoom())
      view.scroll = Math.max(0, Math.min(low - 40, layout.total - lanesRoom()));
  }
  function clearFilter() {
    for (const name of Object.keys(filter)) {
      filter[name] = "";
      controls[name].value = "";
    }
    lay();
  }
  // What was changed by hand goes into the address, where it can be copied from.
  let waiting = 0;
  function touched() {
    clearTimeout(waiting);
    waiting = setTimeout(() => history.replaceState(null, "", address()), 200);
  }
  function address() {
    const names = {
      key: filter.key === "" ? "" : keyName(+filter.key),
      session: filter.session === "" ? "" : run.sessions[+filter.session],
      node: filter.node === "" ? "" : run.nodes[+filter.node],
      f: filter.f === "" ? "" : run.functions[+filter.f],
      outcome: filter.outcome === "" ? "" : OUTCOMES[+filter.outcome],
    };
    const { from, to, lanes, search } = view;
    return addressOf({ from, to, lanes, filter: names, search, pin: view.pinned < 0 ? null : ops.index[view.pinned] });
  }
  function restore(saved) {
    const number = (list, name) => Object.entries(list).find(([, known]) => String(known) === name)?.[0] ?? "";
    const lists = { key: run.keys, session: run.sessions, node: run.nodes, f: run.functions, outcome: OUTCOMES };
    for (const [name, list] of Object.entries(lists)) {
      filter[name] = saved.filter[name] === "" ? "" : number(list, saved.filter[name]);
      controls[name].value = name === "key" && filter.key !== "" ? saved.filter.key : filter[name];
    }
    view.marked = new Set();
    view.anomaly = null;
    setLanes(saved.lanes);
    controls.search.value = saved.search;
    search(controls.search);
    const i = saved.pin === null ? undefined : ops.byIndex.get(saved.pin);
    pin(i ?? -1, i !== undefined);
    set(saved.from, saved.to);
    section("timeline").scrollIntoView();
  }
  function setLanes(mode) {
    view.lanes = mode;
    view.scroll = 0;
    controls.lanes.forEach((b) => b.setAttribute("aria-pressed", String(b.textContent === mode)));
    lay();
    reveal([...view.marked]);
    sharp.redraw();
  }

  function pin(i, cone = false) {
    view.pinned = i;
    view.cone = cone && i >= 0 ? influences(i) : null;
    panel.replaceChildren();
    if (i >= 0) {
      const again = (at, cone) => {
        pin(at, cone);
        touched();
      };
      panel.append(pinned(i, view.cone, again));
    }
    sharp.redraw();
  }
  // The operation that the event with this index invoked.
  function go(index) {
    const i = ops.byIndex.get(index);
    if (i === undefined) {
      section("timeline").scrollIntoView();
      panel.replaceChildren(
        el(
          "div",
          { class: "pinned" },
          `Operation ${index} is not embedded in this report; it is in ${run.context.history_path || "the history"}.`,
        ),
      );
      return;
    }
    const span = Math.max(ops.until[i] - ops.at[i], 1e5) * 12;
    const middle = (ops.at[i] + ops.until[i]) / 2;
    show(middle - span / 2, middle + span / 2, [index]);
    pin(i);
  }
  function step(by) {
    const list = [];
    for (let i = 0; i < ops.count; i++) if (layout.rows[i] >= 0 && (!matching || matching.has(i))) list.push(i);
    if (!list.length) return;
    let at = list.indexOf(view.pinned);
    if (at < 0)
      at = by > 0 ? list.findIndex((i) => ops.at[i] >= view.from) - 1 : list.findIndex((i) => ops.at[i] >= view.to);
    const i = list[Math.max(0, Math.min(list.length - 1, at + by))];
    const span = view.to - view.from;
    if (ops.at[i] < view.from || ops.until[i] > view.to) set(ops.at[i] - span / 3, ops.at[i] + (span * 2) / 3);
    reveal([ops.index[i]]);
    pin(i);
  }
  const hitAt = (px, py) => {
    for (let n = hit.length - 1; n >= 0; n--) {
      const [a, y, w, h] = hit[n];
      if (px >= a && px <= a + w && py >= y && py <= y + h && (hit[n][5] ? true : py > top())) return hit[n];
    }
    return null;
  };
  function wordsFor(found) {
    if (found[5]) {
      const f = verdict.faults.find((v) => v.fault === found[5].fault);
      return f
        ? `${f.kind}: ${f.what}\n${f.took ? "took hold" : "did not take hold"}\n${f.evidence.slice(0, 3).join("\n")}`
        : found[5].kind;
    }
    const i = found[4];
    return (
      `${deed(i)}\nop ${ops.index[i]} · session ${run.sessions[ops.session[i]]} · ${run.nodes[ops.node[i]]}\n${OUTCOMES[ops.status[i]]}${ops.took[i] < 0 ? "" : " after " + duration(ops.took[i])} at ${moment(ops.at[i])}` +
      (ops.error[i] >= 0 ? "\n" + text(ops.error[i]) : "")
    );
  }

  function wire(canvas) {
    let grip = null,
      moved = false;
    canvas.addEventListener("pointerdown", (e) => {
      grip = { x: e.offsetX, y: e.offsetY, from: view.from, to: view.to, scroll: view.scroll };
      moved = false;
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(e.pointerId);
    });
    canvas.addEventListener("pointermove", (e) => {
      if (grip) {
        const dx = e.offsetX - grip.x,
          dy = e.offsetY - grip.y;
        if (Math.abs(dx) + Math.abs(dy) > 3) {
          moved = true;
          canvas.classList.add("dragging");
          hideTip();
        }
        if (!moved) return;
        view.scroll = Math.max(0, Math.min(grip.scroll - dy, layout.total - lanesRoom()));
        const by = (dx / (view.width - GUTTER())) * (grip.to - grip.from);
        set(grip.from - by, grip.to - by);
        return;
      }
      const found = hitAt(e.offsetX, e.offsetY);
      if (found) showTip(e.clientX, e.clientY, wordsFor(found));
      else hideTip();
      canvas.style.cursor = found ? "pointer" : "";
    });
    const release = (e) => {
      if (grip && !moved && e.type === "pointerup") {
        const found = hitAt(e.offsetX, e.offsetY);
        if (found?.[5])
          set(found[5].from - (found[5].to - found[5].from) * 0.2, found[5].to + (found[5].to - found[5].from) * 0.2);
        else {
          view.marked = new Set();
          view.anomaly = null;
          pin(found ? found[4] : -1, true);
          if (found) panel.scrollIntoView({ block: "nearest" });
        }
      }
      if (grip) touched();
      grip = null;
      canvas.classList.remove("dragging");
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("pointerleave", hideTip);
    // The wheel belongs to the page until the canvas is entered by click or key.
    canvas.addEventListener(
      "wheel",
      (e) => {
        if (document.activeElement !== canvas && !e.ctrlKey) return;
        e.preventDefault();
        if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) pan((e.deltaX || e.deltaY) / 900);
        else zoom(Math.exp(e.deltaY / 400), timeAt(Math.max(e.offsetX, GUTTER())));
        touched();
      },
      { passive: false },
    );
    canvas.addEventListener("dblclick", (e) => zoom(0.3, timeAt(e.offsetX)));
    const scroll = (by) => {
      view.scroll = Math.max(0, Math.min(view.scroll + by, layout.total - lanesRoom()));
      sharp.redraw();
    };
    const keys = {
      ArrowLeft: () => pan(-0.2),
      ArrowRight: () => pan(0.2),
      ArrowUp: () => scroll(-40),
      ArrowDown: () => scroll(40),
      "+": () => zoom(0.6),
      "=": () => zoom(0.6),
      "-": () => zoom(1 / 0.6),
      Home: reset,
      n: () => step(1),
      p: () => step(-1),
      Escape: () => {
        view.marked = new Set();
        view.anomaly = null;
        pin(-1);
      },
    };
    canvas.addEventListener("keydown", (e) => {
      if (keys[e.key] && !e.ctrlKey && !e.metaKey && !e.altKey) {
        e.preventDefault();
        keys[e.key]();
        touched();
      }
    });
  }
  function reset() {
    view.scroll = 0;
    set(full.from - full.to * 0.01, full.to * 1.01);
  }

  function choose(name, label, options) {
    const select = el(
      "select",
      {
        "aria-label": label,
        onchange: () => {
          filter[name] = select.value;
          lay();
          sharp.redraw();
          touched();
        },
      },
      el("option", { value: "" }, "any " + label),
      options.map(([value, words]) => el("option", { value }, words)),
    );
    controls[name] = select;
    return select;
  }
  function search(input) {
    view.search = input.value.trim();
    matching = view.search ? matchesOf(view.search) : null;
    sharp.redraw();
  }
  // To the first hit, where none is in view.
  function toHit() {
    if (!matching?.size) return;
    const hits = [...matching];
    if (hits.some((i) => ops.at[i] <= view.to && ops.until[i] >= view.from)) return;
    const span = view.to - view.from,
      t = ops.at[hits[0]];
    set(t - span / 2, t + span / 2);
    reveal([ops.index[hits[0]]]);
  }

  // Names are offered as they are typed: there may be too many for a list.
  function chooseKey() {
    const names = Object.entries(run.keys);
    const list = el("datalist", { id: "keys" });
    const box = el("input", {
      type: "search",
      list: "keys",
      placeholder: "any key",
      "aria-label": `Key, one of ${count(names.length)}`,
      oninput: () => {
        const words = box.value.trim();
        const like = names.filter(([, name]) => name.includes(words)).slice(0, 40);
        list.replaceChildren(...like.map(([, name]) => el("option", { value: name })));
        const chosen = names.find(([, name]) => name === words)?.[0] ?? "";
        box.setAttribute("aria-invalid", String(words !== "" && chosen === ""));
        if (chosen === filter.key) return;
        filter.key = chosen;
        lay();
        sharp.redraw();
        touched();
      },
    });
    controls.key = box;
    return [box, list];
  }

  function drawTimeline() {
    const host = section("timeline");
    const exact = ops.count === run.total;
    const lead =
      run.total === 0
        ? "No operations were invoked."
        : exact
          ? `All ${counted(run.total, "operation")}, a lane a replica, session or key.`
          : `${count(ops.count)} of ${counted(run.total, "operation")} are here exactly: every anomaly with what surrounds it, and what failed or is unknown, and slices spread over the run. The rest is shown as density; all of it is in ${run.context.history_path || "the history"}.`;
    const modes = ["node", "session", "key"].map((mode) =>
      el(
        "button",
        {
          type: "button",
          "aria-pressed": String(mode === view.lanes),
          onclick: () => {
            setLanes(mode);
            touched();
          },
        },
        mode,
      ),
    );
    controls.lanes = modes;
    const used = (list) => [...new Set(list)].sort((a, b) => a - b);
    const find = el("input", {
      type: "search",
      placeholder: "Value, key or #operation",
      "aria-label": "Search a value, a key, #operation or session",
      oninput: () => {
        search(find);
        toHit();
        touched();
      },
      onkeydown: (e) => {
        if (e.key === "Enter") step(e.shiftKey ? -1 : 1);
      },
    });
    controls.search = find;
    status = el("p", { class: "small muted status", "aria-live": "polite" });
    panel = el("div", {});
    sharp = sharpCanvas(
      () => (window.innerWidth < 640 ? 420 : 520),
      "Timeline of operations. Arrow keys move, plus and minus zoom, n and p go from operation to operation, Home shows all.",
      (c, w, h) => {
        if (h !== view.height) {
          view.height = h;
          layout = null;
        }
        draw(c, w, h);
      },
    );
    wire(sharp.canvas);
    add(
      host,
      el("h2", { id: "timeline-title" }, "Timeline"),
      el("p", { class: "lead" }, lead),
      el(
        "div",
        { class: "bar" },
        el("span", { class: "segmented", role: "group", "aria-label": "Lanes" }, modes),
        chooseKey(),
        choose(
          "session",
          "session",
          used([...totals.session.keys()])
            .slice(0, 2000)
            .map((s) => [s, run.sessions[s]]),
        ),
        choose(
          "node",
          "replica",
          run.nodes.map((n, i) => [i, n]),
        ),
        choose(
          "f",
          "kind",
          used([...totals.f.keys()]).map((f) => [f, run.functions[f]]),
        ),
        choose(
          "outcome",
          "outcome",
          OUTCOMES.map((o, i) => [i, o]),
        ),
        find,
        el(
          "span",
          { class: "segmented" },
          el("button", { type: "button", "aria-label": "Zoom in", onclick: () => zoomed(0.5) }, "+"),
          el("button", { type: "button", "aria-label": "Zoom out", onclick: () => zoomed(2) }, "−"),
          el(
            "button",
            {
              type: "button",
              onclick: () => {
                clearFilter();
                find.value = "";
                search(find);
                reset();
                touched();
              },
            },
            "All",
          ),
        ),
      ),
      el("div", { class: "stage" }, sharp.canvas),
      status,
      panel,
      timelineLegend(),
      el(
        "p",
        { class: "small muted" },
        "Click into the diagram, then: wheel to zoom, shift and wheel or drag to move, arrow keys, + and −, n and p from operation to operation, Home for all, Escape to let go.",
      ),
    );
    view.from = full.from - full.to * 0.01;
    view.to = full.to * 1.01;
  }
  // Where an operation is drawn, in the window; null if it is not in view.
  function place(index) {
    const box = boxOf(index);
    if (!box) return null;
    const at = sharp.canvas.getBoundingClientRect();
    return [at.left + (Math.max(box.a, GUTTER()) + Math.min(box.b, view.width)) / 2, at.top + box.y];
  }
  return {
    draw: drawTimeline,
    place,
    address,
    filter,
    restore,
    show,
    go,
    pin,
    view,
    onMove: (tell) => listeners.push(tell),
    full,
  };
})();
