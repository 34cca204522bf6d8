// All that is known of one operation, beside the timeline.

const touches = (fault, node) =>
  (fault.nodes.length === 0 && fault.links.length === 0) ||
  fault.nodes.includes(node) ||
  fault.links.some(([a, b]) => a === node || b === node);

// `cone` is what could have influenced it, or null; `again` pins an operation (−1: none), with its cone or without.
function pinned(i, cone, again) {
  const rows = [
    ["operation", opLink(ops.index[i])],
    ["what", el("code", {}, deed(i))],
    ["session", run.sessions[ops.session[i]]],
    ["sent to", run.nodes[ops.sent[i]]],
    ["served by", run.nodes[ops.node[i]]],
    ["invoked", moment(ops.at[i])],
    ["completed", ops.took[i] < 0 ? "never" : `${moment(ops.until[i])}, after ${duration(ops.took[i])}`],
    ["outcome", OUTCOMES[ops.status[i]] + (ops.last.has(i) ? ", a final read" : "")],
    ["asked", el("code", {}, text(ops.input[i]) || "–")],
    ["returned", el("code", {}, text(ops.output[i]) || "–")],
    ops.version[i] >= 0 && ["version", el("code", {}, text(ops.version[i]))],
    !ofOthers &&
      run.context.history_path && ["in the file", `line ${count(ops.index[i] + 2)} of ${run.context.history_path}`],
    ops.error[i] >= 0 && ["error", text(ops.error[i])],
    !(ofOthers && run.faults.length === 0) && [
      "faults",
      run.faults
        .filter((f) => f.from <= ops.until[i] && (f.to ?? run.end) >= ops.at[i] && touches(f, ops.node[i]))
        .map((f) => `${f.kind} ${f.fault}`)
        .join(", ") || "none on this replica",
    ],
    [
      "part of",
      anomalies
        .filter((a) => a.witness.includes(ops.index[i]))
        .map((a) => [el("a", { href: "#anomaly-" + a.id }, `${a.id}. ${a.kind}`), " "]),
    ],
  ].filter((r) => r && (!Array.isArray(r[1]) || r[1].length));
  return el(
    "div",
    { class: "pinned" },
    el(
      "span",
      { class: "close" },
      el(
        "button",
        { type: "button", "aria-pressed": String(cone !== null), onclick: () => again(i, cone === null) },
        "What could have influenced it",
      ),
      " ",
      el("button", { type: "button", onclick: () => again(-1, false) }, "Unpin"),
    ),
    el("strong", {}, "Pinned operation"),
    cone &&
      el(
        "p",
        { class: "small muted" },
        `${count(cone.size - 1)} of the ${counted(ops.count - 1, "other operation")} here could have influenced it; the rest is grey. Knowledge travels with sessions and over links, except while a partition was measured to cut them.`,
      ),
    el(
      "dl",
      {},
      rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
    ),
  );
}
