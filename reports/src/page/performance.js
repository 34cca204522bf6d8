// Section 5: how fast, and when not.

function drawPerformance() {
  const p = run.performance;
  const host = folded(
    "performance",
    "Performance",
    run.total > 0 && p.whole[0] >= 0 && `p50 ${duration(p.whole[0])}, p99 ${duration(p.whole[1])}`,
  );
  add(
    host,
    el("p", { class: "lead" }, "By the moment of invocation" + (run.faults.length ? "; faults shaded behind." : ".")),
  );
  if (run.total === 0) {
    add(host, el("p", { class: "muted" }, "No operations, no figures."));
    return;
  }
  const seconds = Math.max(run.end, 1) / 1e9;
  add(
    host,
    el(
      "div",
      { class: "tiles" },
      [
        ["p50", p.whole[0]],
        ["p99", p.whole[1]],
        ["p99.9", p.whole[2]],
      ].map(([name, ns]) =>
        el(
          "div",
          { class: "tile" },
          el("b", {}, ns < 0 ? "–" : duration(ns)),
          el("span", {}, `latency, ${name} of acknowledged`),
        ),
      ),
      el(
        "div",
        { class: "tile" },
        el("b", {}, count(Math.round(run.total / seconds)) + "/s"),
        el("span", {}, "operations invoked, on average"),
      ),
    ),
  );
  const high = Math.max(1, ...p.p999),
    low = Math.max(1, Math.min(...p.p50.filter((n) => n > 0), high));
  const bottom = Math.floor(Math.log10(low)),
    top = Math.max(bottom + 1, Math.ceil(Math.log10(high)));
  const log = (ns) => (Math.log10(Math.max(ns, 1)) - bottom) / (top - bottom);
  const marks = [];
  for (let e = bottom; e <= top; e++) marks.push([duration(10 ** e), log(10 ** e)]);
  chart(
    host,
    "Latency",
    marks,
    (x, y) =>
      [
        ["p999", "--v5", "p99.9", null],
        ["p99", "--v1", "p99", "6 3"],
        ["p50", "--v0", "p50", null],
      ].map(([name, variable, , dash]) => {
        let d = "",
          pen = false;
        p[name].forEach((ns, i) => {
          if (ns < 0) {
            pen = false;
            return;
          }
          d += `${pen ? "L" : "M"}${x(i + 0.5).toFixed(1)},${y(log(ns)).toFixed(1)}`;
          if (!pen) d += `h0.01`;
          pen = true;
        });
        return svg("path", {
          d,
          style: {
            fill: "none",
            stroke: `var(${variable})`,
            "stroke-width": name === "p999" ? 5 : 1.8,
            "stroke-opacity": name === "p999" ? 0.4 : 1,
            "stroke-linejoin": "round",
            "stroke-dasharray": dash ?? "none",
            "stroke-linecap": "round",
          },
        });
      }),
    (i) =>
      ["p50", "p99", "p999"]
        .map((n) => `${n.replace("999", "99.9")} ${p[n][i] < 0 ? "–" : duration(p[n][i])}`)
        .join("\n"),
    [
      ["--v0", "p50"],
      ["--v1", "p99"],
      ["--v5", "p99.9"],
    ],
  );
  const width = seconds / p.bins;
  const most = Math.max(1, ...p.ok.map((n, i) => n + p.fail[i] + p.info[i]));
  const steps = ticks(0, most / width, 4);
  chart(
    host,
    "Operations a second",
    steps.list.map((r) => [count(r), (r * width) / most]),
    (x, y) =>
      p.ok.map((_, i) => {
        let base = 0;
        return [
          ["ok", "--ok"],
          ["fail", "--fail"],
          ["info", "--info"],
        ].map(([name, variable]) => {
          const n = p[name][i];
          if (!n) return null;
          const y1 = y((base + n) / most),
            y0 = y(base / most);
          base += n;
          return svg("rect", {
            x: x(i),
            y: y1,
            width: Math.max(0.5, x(i + 1) - x(i) - 0.6),
            height: Math.max(0.8, y0 - y1),
            style: { fill: `var(${variable})` },
          });
        });
      }),
    (i) => OUTCOMES.map((name) => `${name} ${count(Math.round(p[name][i] / width))}/s`).join("\n"),
    [
      ["--ok", "ok"],
      ["--fail", "fail"],
      ["--info", "info"],
    ],
  );
  levels(host);
  availability(host);
}

function levels(host) {
  const levels = verdict.figures.levels ?? [];
  if (!levels.length) return;
  const time = (ns) => (ns === undefined ? "–" : duration(ns));
  add(
    host,
    el("h3", {}, "What each consistency level got"),
    table(
      ["level", "operations", "answered", "reads", "stale", "reads p50, p99", "writes p50, p99"],
      levels.map((f) =>
        el(
          "tr",
          {},
          el("td", { class: "word" }, f.level),
          el("td", {}, count(f.ops)),
          el("td", {}, `${count(f.ok)} (${percent(f.ok / f.ops)})`),
          el("td", {}, count(f.reads)),
          el("td", {}, f.reads ? `${count(f.stale)} (${percent(f.stale / f.reads)})` : "–"),
          el("td", {}, `${time(f.read_p50_ns)}, ${time(f.read_p99_ns)}`),
          el("td", {}, `${time(f.write_p50_ns)}, ${time(f.write_p99_ns)}`),
        ),
      ),
    ),
  );
  const mixed = verdict.figures.mixed;
  if (!mixed?.after_weak_reads) return;
  add(
    host,
    el(
      "p",
      {},
      `Of ${counted(mixed.strong_writes, "write")} at quorum or all, ${count(mixed.after_weak_reads)} followed a read of the same key at level one by the same session; ${count(mixed.after_stale_reads)} of these reads ${mixed.after_stale_reads === 1 ? "was" : "were"} stale${mixed.examples.length ? ":" : "."}`,
    ),
    el(
      "ul",
      {},
      mixed.examples.map((example) => el("li", {}, example.sentence)),
    ),
  );
}

function availability(host) {
  const sides = verdict.figures.availability ?? [];
  if (!sides.length) return;
  const name = (side) => side.faults?.join(", ") ?? "none";
  const where = (side) => side.side?.join(", ") ?? "all that did not fail";
  add(
    host,
    el("h3", {}, "What was answered, by the faults in force and side"),
    table(
      ["faults", "nodes", "operations", "answered"],
      sides.map((side) =>
        el(
          "tr",
          {},
          el("td", { class: "word" }, name(side)),
          el("td", { class: "word" }, where(side)),
          el("td", {}, count(side.ops)),
          el("td", {}, `${count(side.ok)} (${percent(side.ok / side.ops)})`),
        ),
      ),
    ),
    el(
      "p",
      { class: "small muted" },
      "Operations at nodes that did not fail themselves, begun while these faults were in force. A side is the nodes that could still talk to each other.",
    ),
  );
}

function chart(host, title, marks, lines, words, legend) {
  const W = 1080,
    H = 250,
    L = 74,
    R = 14,
    T = 12,
    B = 28,
    bins = run.performance.bins;
  const x = (bin) => L + (bin / bins) * (W - L - R),
    y = (share) => H - B - share * (H - T - B);
  const at = (ns) => x((ns / Math.max(run.end, 1)) * bins);
  const picture = svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": title });
  for (const f of run.faults)
    picture.append(
      svg("rect", {
        x: at(f.from),
        y: T,
        width: Math.max(1, at(f.to ?? run.end) - at(f.from)),
        height: H - T - B,
        style: { fill: faultVariable(f.kind), "fill-opacity": 0.16 },
      }),
    );
  for (const [name, share] of marks) {
    if (share < -0.001 || share > 1.001) continue;
    picture.append(
      svg("line", { x1: L, x2: W - R, y1: y(share), y2: y(share), style: { stroke: "var(--line)" } }),
      svg("text", { x: L - 10, y: y(share) + 4, "text-anchor": "end", class: "sub" }, name),
    );
  }
  const time = ticks(0, run.end, 9);
  for (const t of time.list)
    picture.append(svg("text", { x: at(t), y: H - 9, "text-anchor": "middle", class: "sub" }, tickLabel(t, time.step)));
  for (const node of lines(x, y).flat(3)) if (node) picture.append(node);
  const rule = svg("line", {
    y1: T,
    y2: H - B,
    style: { stroke: "var(--ink)", "stroke-opacity": 0.4 },
    visibility: "hidden",
  });
  picture.append(rule);
  picture.addEventListener("pointermove", (e) => {
    const box = picture.getBoundingClientRect();
    const bin = Math.floor((((e.clientX - box.left) / box.width) * W - L) / ((W - L - R) / bins));
    if (bin < 0 || bin >= bins) {
      rule.setAttribute("visibility", "hidden");
      hideTip();
      return;
    }
    rule.setAttribute("x1", x(bin + 0.5));
    rule.setAttribute("x2", x(bin + 0.5));
    rule.setAttribute("visibility", "visible");
    const begin = (bin / bins) * run.end;
    const faults = run.faults
      .filter((f) => f.from < begin + run.end / bins && (f.to ?? run.end) >= begin)
      .map((f) => f.kind);
    showTip(e.clientX, e.clientY, `${moment(begin)}\n${words(bin)}${faults.length ? "\n" + faults.join(", ") : ""}`);
  });
  picture.addEventListener("pointerleave", () => {
    rule.setAttribute("visibility", "hidden");
    hideTip();
  });
  add(
    host,
    el("div", { class: "chart" }, el("h3", {}, title), picture),
    el(
      "ul",
      { class: "legend" },
      legend.map(([variable, name]) =>
        el(
          "li",
          {},
          svg(
            "svg",
            { width: 14, height: 14 },
            svg("rect", { y: 3, width: 14, height: 8, rx: 2, style: { fill: `var(${variable})` } }),
          ),
          name,
        ),
      ),
    ),
    el("div", { style: { height: "14px" } }),
  );
}
