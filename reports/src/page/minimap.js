// The whole run in a strip below the timeline, and which part of it is in view.

function minimap() {
  const LEFT = 0,
    HIGH = 34;
  const p = run.performance;
  const most = Math.max(1, ...p.ok.map((n, bin) => n + p.fail[bin] + p.info[bin]));
  let width = 1;
  const strip = sharpCanvas(
    HIGH,
    "The whole run, and the part of it that is in view. Arrow keys move it.",
    (c, w, h) => {
      width = w;
      const at = (t) => LEFT + (t / full.to) * (w - LEFT);
      c.clearRect(0, 0, w, h);
      for (const fault of run.faults) {
        c.fillStyle = faultColour(fault.kind);
        c.globalAlpha = 0.25;
        c.fillRect(at(fault.from), 0, Math.max(1, at(fault.to ?? run.end) - at(fault.from)), h);
      }
      c.globalAlpha = 1;
      const wide = (w - LEFT) / p.bins;
      for (let bin = 0; bin < p.bins; bin++) {
        let y = h;
        for (const [list, tone] of [
          [p.ok, colour.ok],
          [p.fail, colour.fail],
          [p.info, colour.info],
        ]) {
          const high = (list[bin] / most) * (h - 4);
          c.fillStyle = tone;
          c.globalAlpha = 0.75;
          c.fillRect(LEFT + bin * wide, y - high, Math.max(1, wide - 0.5), high);
          y -= high;
        }
      }
      // What is not in view is veiled.
      const from = Math.max(0, at(view.from)),
        to = Math.min(w, at(view.to));
      c.globalAlpha = 0.72;
      c.fillStyle = colour.card;
      c.fillRect(0, 0, from, h);
      c.fillRect(to, 0, w - to, h);
      c.globalAlpha = 1;
      c.strokeStyle = colour.ink;
      c.strokeRect(from + 0.5, 0.5, Math.max(2, to - from - 1), h - 1);
    },
  );
  const centre = (x) => {
    const t = (x / width) * full.to,
      half = (view.to - view.from) / 2;
    set(t - half, t + half);
    touched();
  };
  let held = false;
  strip.canvas.addEventListener("pointerdown", (e) => {
    held = true;
    strip.canvas.setPointerCapture(e.pointerId);
    centre(e.offsetX);
  });
  strip.canvas.addEventListener("pointermove", (e) => held && centre(e.offsetX));
  for (const end of ["pointerup", "pointercancel"])
    strip.canvas.addEventListener(end, () => {
      held = false;
    });
  strip.canvas.addEventListener("keydown", (e) => {
    const by = { ArrowLeft: -0.5, ArrowRight: 0.5 }[e.key];
    if (!by) return;
    e.preventDefault();
    pan(by);
    touched();
  });
  listeners.push(strip.redraw);
  return el("div", { class: "stage minimap" }, strip.canvas);
}
