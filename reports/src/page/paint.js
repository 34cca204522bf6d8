// The timeline: how it is drawn.

function paintTimeline(c, width, height) {
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
  if (view.brush) drawBrush(c);
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
    const a = xAt(fault.from),
      b = xAt(fault.to);
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
    const px = Math.round(xAt(t)) + 0.5;
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
      const a = xAt((bin / bins) * run.end),
        b = xAt(((bin + 1) / bins) * run.end);
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
    const a = xAt(ops.at[i]),
      b = Math.max(a + 1.5, xAt(ops.until[i])),
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
      px = xAt(turn.time);
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
  return {
    a: xAt(ops.at[i]),
    b: xAt(ops.until[i]),
    y: laneY(l) + 4 + layout.rows[i] * layout.pitch + layout.pitch / 2,
  };
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
    if (xAt(t) + c.measureText(tickLabel(t, step)).width + 6 < view.width)
      c.fillText(tickLabel(t, step), xAt(t) + 4, AXIS / 2);
  run.phases.forEach(([begin, phase], n) => {
    const a = Math.max(xAt(begin), GUTTER()),
      b = Math.min(xAt(run.phases[n + 1]?.[0] ?? run.end), view.width);
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
    const a = Math.max(xAt(f.from), GUTTER()),
      b = Math.min(xAt(f.to), view.width),
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
      if (t !== undefined && xAt(t) >= GUTTER()) c.fillRect(xAt(t) - 0.75, y + 1, 1.5, FAULT - 3);
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
    c.fillText(laneName(l.lane), 10, y);
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
  if (statusLine.textContent !== words) statusLine.textContent = words;
}
