// Section 3: what was going on at the time. A space-time diagram on a canvas, and how it is moved, filtered and asked.

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
    const selects = e.shiftKey;
    grip = { selects, x: e.offsetX, y: e.offsetY, from: view.from, to: view.to, scroll: view.scroll };
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
      if (grip.selects) {
        const ends = [timeAt(Math.max(grip.x, GUTTER())), timeAt(Math.max(e.offsetX, GUTTER()))];
        view.brush = ends.sort((a, b) => a - b);
        sharp.redraw();
        return;
      }
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
    if (grip?.selects && moved && view.brush)
      panel.replaceChildren(
        brushed(view.brush, (zoomTo) => {
          if (zoomTo) set(...view.brush);
          view.brush = null;
          panel.replaceChildren();
          sharp.redraw();
          touched();
        }),
      );
    if (grip) touched();
    grip = null;
    canvas.classList.remove("dragging");
  };
  pinch(
    canvas,
    () => {
      grip = null;
    },
    (factor, middle) => {
      zoom(factor, timeAt(Math.max(middle, GUTTER())));
      touched();
    },
  );
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
      view.brush = null;
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
  statusLine = el("p", { class: "small muted status", "aria-live": "polite" });
  panel = el("div", {});
  sharp = sharpCanvas(
    () => (window.innerWidth < 640 ? 420 : 520),
    "Timeline of operations. Arrow keys move, plus and minus zoom, n and p go from operation to operation, Home shows all.",
    (c, w, h) => {
      if (h !== view.height) {
        view.height = h;
        layout = null;
      }
      paintTimeline(c, w, h);
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
    run.total > 0 && minimap(),
    statusLine,
    panel,
    timelineLegend(),
    el(
      "p",
      { class: "small muted" },
      "Click into the diagram, then: wheel to zoom, shift and wheel or drag to move, shift and drag to measure, arrow keys, + and −, n and p from operation to operation, Home for all, Escape to let go.",
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

const timeline = {
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
