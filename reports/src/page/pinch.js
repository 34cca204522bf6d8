// Two fingers on a canvas.

// Tells by what factor the span grew and around which place, whenever the fingers moved; `begin` when there are two.
function pinch(canvas, begin, zoomed) {
  const fingers = new Map();
  const spread = () => {
    const [p, q] = fingers.values();
    return { apart: Math.max(8, Math.abs(p - q)), middle: (p + q) / 2 };
  };
  canvas.addEventListener("pointerdown", (e) => {
    if (e.pointerType !== "touch") return;
    fingers.set(e.pointerId, e.offsetX);
    if (fingers.size === 2) begin();
  });
  canvas.addEventListener("pointermove", (e) => {
    if (fingers.size !== 2 || !fingers.has(e.pointerId)) return;
    const before = spread();
    fingers.set(e.pointerId, e.offsetX);
    const after = spread();
    zoomed(before.apart / after.apart, after.middle);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (e) => fingers.delete(e.pointerId));
}
