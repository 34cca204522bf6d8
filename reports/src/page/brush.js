// A span of the timeline that was selected, and what is in it.

function drawBrush(c) {
  const [from, to] = view.brush.map(xAt);
  clipLanes(c);
  c.fillStyle = colour.accent;
  c.globalAlpha = 0.14;
  c.fillRect(from, top(), to - from, view.height - top());
  c.globalAlpha = 1;
  c.strokeStyle = colour.accent;
  c.strokeRect(from + 0.5, top() - 1, Math.max(1, to - from), view.height - top() + 2);
  c.restore();
}

// What was measured; `done` is told whether to go there.
function brushed([from, to], done) {
  const cells = [0, 0, 0];
  for (let i = 0; i < ops.count; i++) if (passes(i) && ops.at[i] <= to && ops.until[i] >= from) cells[ops.status[i]]++;
  const by = OUTCOMES.map((name, s) => cells[s] > 0 && `${count(cells[s])} ${name}`).filter(Boolean);
  return el(
    "div",
    { class: "pinned" },
    el(
      "span",
      { class: "close" },
      el("button", { type: "button", onclick: () => done(true) }, "Zoom to it"),
      " ",
      el("button", { type: "button", onclick: () => done(false) }, "Let go"),
    ),
    el("strong", {}, duration(to - from)),
    ` from ${moment(from)} to ${moment(to)}: ${by.length ? by.join(", ") : "no operations"}${ops.count < run.total ? ", of those that are here" : ""}.`,
  );
}
