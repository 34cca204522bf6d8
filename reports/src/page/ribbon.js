// Replicas × time for one key: a band is the value that a replica last returned, and its colour follows from the value, so that a
// replica that never changes is seen at once.

// The same value has the same colour throughout a ribbon. Values that follow each other at a replica, and those that replicas
// returned last, have different ones, as far as there are colours.
function coloursOf({ replicas }) {
  const first = new Map(),
    beside = new Map();
  const apart = (one, other) => {
    if (one === other) return;
    for (const [p, q] of [
      [one, other],
      [other, one],
    ])
      beside.set(p, (beside.get(p) ?? new Set()).add(q));
  };
  const last = [];
  for (const answers of replicas) {
    for (let i = 0; i < answers.length; i += 3) {
      first.set(answers[i + 1], Math.min(answers[i], first.get(answers[i + 1]) ?? Infinity));
      if (i > 0) apart(answers[i - 2], answers[i + 1]);
    }
    if (answers.length) last.push(answers[answers.length - 2]);
  }
  for (const one of last) for (const other of last) apart(one, other);
  const chosen = new Map(),
    used = Array(8).fill(0);
  const order = [...first].sort((p, q) => p[1] - q[1]).map(([place]) => place);
  for (const place of order.filter((place) => place >= 0)) {
    const taken = new Set([...(beside.get(place) ?? [])].map((other) => chosen.get(other)));
    const free = used.map((_, n) => n).filter((n) => !taken.has(n));
    const n = (free.length ? free : used.map((_, n) => n)).reduce((p, q) => (used[q] < used[p] ? q : p));
    used[n]++;
    chosen.set(place, n);
  }
  return (place) => (place < 0 ? colour.other : colour["v" + chosen.get(place)]);
}

const trackOf = (name) => run.tracks.find((t) => keyName(t.key) === name);

// The canvas of a track. `track` and `range` are asked whenever it is drawn; `marks` are moments with a colour.
function ribbon({ track, range, row, marks = [], label = "What each replica returned over time" }) {
  const LEFT = 92,
    TOP = 22;
  let boxes = [],
    coloured = null,
    valueColour = null;
  const height = () => TOP + run.tracks[0].replicas.length * row + 26;
  const sharp = sharpCanvas(height, label, (c, width, high) => {
    boxes = [];
    const [from, to] = range();
    const { replicas, until } = track();
    if (coloured !== track()) {
      coloured = track();
      valueColour = coloursOf(coloured);
    }
    const left = width < 560 ? 58 : LEFT;
    const x = (t) => left + ((t - from) / (to - from)) * (width - left - 8);
    c.clearRect(0, 0, width, high);
    c.font = "11px " + getComputedStyle(document.body).fontFamily;
    c.textBaseline = "middle";
    const { list, step } = ticks(from, to, width / 130);
    c.strokeStyle = colour.line;
    c.fillStyle = colour.soft;
    for (const t of list) {
      c.beginPath();
      c.moveTo(x(t), TOP - 6);
      c.lineTo(x(t), high - 6);
      c.stroke();
      if (x(t) + 40 < width) c.fillText(tickLabel(t, step), x(t) + 4, 10);
    }
    const changes = [];
    replicas.forEach((answers, node) => {
      const y = TOP + node * row;
      c.fillStyle = colour.ink;
      c.fillText(run.nodes[node], 10, y + row / 2 - 1);
      c.save();
      c.beginPath();
      c.rect(left, y, width - left, row);
      c.clip();
      for (let i = 0; i < answers.length; i += 3) {
        const begin = answers[i],
          end = i + 3 < answers.length ? answers[i + 3] : Math.max(until[node], begin);
        changes.push([begin, node, answers[i + 1]]);
        const a = x(begin),
          w = Math.max(1.5, x(end) - a - (x(end) - a > 4 ? 1 : 0));
        if (a > width || a + w < left) continue;
        c.fillStyle = valueColour(answers[i + 1]);
        c.globalAlpha = answers[i + 1] < 0 ? 0.25 : 0.8;
        c.fillRect(a, y + 2, w, row - 5);
        c.globalAlpha = 1;
        if (w > 36) {
          c.save();
          c.beginPath();
          c.rect(a, y, w - 3, row);
          c.clip();
          c.fillStyle = "#101316";
          c.fillText(text(answers[i + 1]) || "nothing", Math.max(a, left) + 5, y + row / 2 - 1);
          c.restore();
        }
        boxes.push([a, y, w, row, node, begin, end, answers[i + 1], answers[i + 2]]);
      }
      c.restore();
    });
    drawDisagreement(c, changes, { x, left, width, y: TOP + replicas.length * row + 3, last: Math.max(...until) });
    for (const [t, tone] of marks) {
      if (t < from || t > to) continue;
      c.strokeStyle = tone;
      c.lineWidth = 1.6;
      c.setLineDash([4, 3]);
      c.beginPath();
      c.moveTo(x(t), TOP - 6);
      c.lineTo(x(t), high - 4);
      c.stroke();
      c.setLineDash([]);
    }
  });
  sharp.canvas.style.touchAction = "auto";
  sharp.canvas.style.cursor = "default";
  sharp.canvas.addEventListener("pointermove", (e) => {
    const box = boxes.findLast(
      ([a, y, w, h]) => e.offsetX >= a && e.offsetX <= a + w && e.offsetY >= y && e.offsetY <= y + h,
    );
    if (box)
      showTip(
        e.clientX,
        e.clientY,
        `${run.nodes[box[4]]} returned ${text(box[7]) || "nothing"}\nfrom ${moment(box[5])} to ${moment(box[6])}` +
          (box[8] >= 0 ? `\nversion ${text(box[8])}` : ""),
      );
    else hideTip();
  });
  sharp.canvas.addEventListener("pointerleave", hideTip);
  return sharp;
}

// The strip below: between two changes, whether the last answers differ.
function drawDisagreement(c, changes, { x, left, width, y, last }) {
  changes.sort((p, q) => p[0] - q[0]);
  const held = new Map();
  c.fillStyle = colour.soft;
  c.fillText("disagree", 10, y + 8);
  c.fillStyle = colour.wash;
  c.fillRect(left, y, width - left - 8, 14);
  c.save();
  c.beginPath();
  c.rect(left, y, width - left - 8, 14);
  c.clip();
  changes.forEach(([begin, node, place], n) => {
    held.set(node, place);
    if (new Set(held.values()).size < 2) return;
    const a = x(begin),
      b = x(changes[n + 1]?.[0] ?? last);
    c.fillStyle = colour.bad;
    c.fillRect(a, y, Math.max(1, b - a) + 0.6, 14);
  });
  c.restore();
}

// The ribbon of the key that an anomaly is about, over the life of that key; its updates are marked.
function ribbonOf(a) {
  const track = a.key !== undefined && trackOf(a.key);
  if (!track) return null;
  const begins = track.replicas.flatMap((answers) => answers.slice(0, 1));
  const known = a.witness.map((index) => ops.byIndex.get(index)).filter((op) => op !== undefined);
  const from = Math.min(...begins, a.from),
    to = Math.max(...track.until, a.to);
  const pad = Math.max(1, (to - from) * 0.02);
  const updates = known.filter((op) => !isRead(op));
  const sharp = ribbon({
    track: () => track,
    range: () => [from - pad, to + pad],
    row: 20,
    marks: updates.map((op) => [ops.at[op], colour.ink]),
    label: `What each replica returned for ${a.key}`,
  });
  return el(
    "figure",
    {},
    el(
      "figcaption",
      { class: "small muted" },
      "What each replica returned for ",
      el("code", {}, a.key),
      "; a band lasts until the next read there",
      updates.length > 0 && `; dashed: ${updates.map((op) => "#" + ops.index[op]).join(", ")}`,
    ),
    el("div", { class: "stage" }, sharp.canvas),
  );
}
