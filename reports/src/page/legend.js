// What the marks of the timeline mean.

function timelineLegend() {
  const item = (draw, words) => el("li", {}, svg("svg", { width: 26, height: 14, "aria-hidden": "true" }, draw), words);
  const bar = (fill, more) => [svg("rect", { x: 0, y: 1, width: 26, height: 12, style: { fill } }), more];
  const kinds = [...new Set(run.faults.map((f) => f.kind))];
  return el(
    "ul",
    { class: "legend" },
    item(bar("var(--ok)"), "write, ok"),
    run.density &&
      item(
        [4, 9, 6, 12, 8].map((h, i) =>
          svg("rect", {
            x: i * 5,
            y: 13 - h,
            width: 4.5,
            height: h,
            style: { fill: "var(--ok)", "fill-opacity": 0.28 },
          }),
        ),
        "density: how many there are, those included that are not here one by one",
      ),
    item(
      [
        svg("rect", {
          x: 0.5,
          y: 1.5,
          width: 25,
          height: 11,
          style: { fill: "var(--ok)", "fill-opacity": 0.3, stroke: "var(--ok)" },
        }),
      ],
      "read, ok",
    ),
    item(
      bar("var(--fail)", svg("path", { d: "M0,1 L26,13 M0,13 L26,1", style: { stroke: "var(--card)" } })),
      "fail: surely not done",
    ),
    item(
      bar(
        "var(--info)",
        svg("path", {
          d: "M2,13 L14,1 M10,13 L22,1 M18,13 L26,5",
          style: { stroke: "var(--card)", "stroke-width": 1.6 },
        }),
      ),
      "info: nobody knows",
    ),
    run.faults.length > 0 &&
      item(
        [
          svg("rect", { x: 0, y: 1, width: 26, height: 12, style: { fill: "var(--other)", "fill-opacity": 0.5 } }),
          svg("path", {
            d: "M1,1 V13 M7,1 V13 M19,1 V13 M25,1 V13",
            style: { stroke: "var(--ink)", "stroke-width": 1.5 },
          }),
        ],
        "fault: asked for, seen to hold from and to, healed",
      ),
    kinds.map((kind) =>
      item(
        [
          svg("rect", {
            x: 0,
            y: 1,
            width: 26,
            height: 12,
            style: { fill: faultVariable(kind), "fill-opacity": 0.7 },
          }),
        ],
        kind,
      ),
    ),
  );
}
