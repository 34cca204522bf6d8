// Building the page. Data goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function put(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [p, v] of Object.entries(value)) node.style.setProperty(p, v);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}
const el = (tag, attributes, ...children) => put(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => put(document.createElementNS(SVG, tag), attributes, children);
const section = (id) => document.getElementById(id);

// The inside of a section that is folded until it is asked for.
function folded(id, title, more) {
  const inside = el("div", { class: "inside" });
  add(
    section(id),
    el(
      "details",
      {},
      el("summary", {}, el("h2", { id: id + "-title" }, title), more && el("span", { class: "muted" }, more)),
      inside,
    ),
  );
  return inside;
}
const add = (host, ...children) => put(host, {}, children);

const count = (n) => n.toLocaleString("en-US");
// English plurals, as far as this page needs them: an anomaly, anomalies; a match, matches; a key, keys.
const plural = (what) =>
  /[^aeiou]y$/.test(what) ? what.replace(/y$/, "ies") : /(ch|s)$/.test(what) ? `${what}es` : `${what}s`;
const counted = (n, what) => `${count(n)} ${n === 1 ? what : plural(what)}`;
// A phase, in the words of the terminal.
const phaseName = (phase) => run.words.phases[phase] ?? phase;
function duration(ns) {
  if (verdict.untimed) return counted(Math.round(ns), "event");
  const a = Math.abs(ns),
    sign = ns < 0 ? "−" : "";
  if (a < 1e3) return sign + Math.round(a) + " ns";
  if (a < 1e6) return sign + +(a / 1e3).toPrecision(3) + " µs";
  if (a < 1e9) return sign + +(a / 1e6).toPrecision(3) + " ms";
  if (a < 12e10) return sign + +(a / 1e9).toPrecision(3) + " s";
  const rest = (n, unit) => (Math.floor(n) === 0 ? "" : ` ${Math.floor(n)} ${unit}`);
  if (a < 72e11) return sign + Math.floor(a / 6e10) + " min" + rest((a / 1e9) % 60, "s");
  return sign + Math.floor(a / 36e11) + " h" + rest((a / 6e10) % 60, "min");
}
// A moment of the run, to the microsecond; where no times were recorded, the place of the event.
const moment = (ns) => (verdict.untimed ? "event " + ns : (ns / 1e9).toFixed(6) + " s");
function percent(share) {
  const p = share * 100;
  return (p >= 10 ? p.toFixed(0) : p >= 0.001 ? String(+p.toPrecision(2)) : p.toExponential(1)) + " %";
}

// The colours of the style sheet, for canvases; read again when the scheme changes.
let colour = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names =
    "paper card ink soft faint line wash ok fail info good bad accent partition latency kill pause clock other v0 v1 v2 v3 v4 v5 v6 v7";
  colour = Object.fromEntries(names.split(" ").map((name) => [name, style.getPropertyValue("--" + name).trim()]));
}
const faultColour = (kind) => colour[kind] ?? colour.other;
const faultVariable = (kind) =>
  ["partition", "latency", "kill", "pause", "clock"].includes(kind) ? `var(--${kind})` : "var(--other)";

const tip = document.getElementById("tip");
function showTip(x, y, words) {
  tip.textContent = words;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = Math.max(8, Math.min(x + 14, window.innerWidth - box.width - 8));
  const top = y + 18 + box.height > window.innerHeight ? y - box.height - 12 : y + 18;
  tip.style.transform = `translate(${left}px, ${Math.max(8, top)}px)`;
}
const hideTip = () => {
  tip.hidden = true;
};

function table(heads, rows, label) {
  const head = el(
    "tr",
    {},
    heads.map((h) => el("th", { scope: "col", class: h.num && "num" }, h.name ?? h)),
  );
  return el(
    "div",
    {
      class: "scroll",
      tabindex: 0,
      role: "region",
      "aria-label": label ?? "Table: " + heads.map((h) => h.name ?? h).join(", "),
    },
    el("table", {}, el("thead", {}, head), el("tbody", {}, rows)),
  );
}

// Copies a text, or what a function gives. Where the browser does not let it, `shown` is selected, or else the text is shown.
function copyButton(name, words, title, shown) {
  const button = el("button", { type: "button", title }, name);
  const say = (what) => {
    button.textContent = what;
    setTimeout(() => {
      button.textContent = name;
    }, 1500);
  };
  button.addEventListener("click", () => {
    const whole = typeof words === "function" ? words() : words;
    const select = () => {
      const place = shown ?? el("pre", { class: "block", tabindex: 0, role: "region", "aria-label": title }, whole);
      if (!shown) button.parentElement.after(place);
      const range = document.createRange();
      range.selectNodeContents(place);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      say("Selected");
    };
    if (navigator.clipboard) navigator.clipboard.writeText(whole).then(() => say("Copied"), select);
    else select();
  });
  return button;
}

function opLink(index) {
  return timed ? el("a", { href: "#op-" + index, class: "mono" }, index) : el("span", { class: "mono" }, index);
}

// A canvas as sharp as the screen; draw(context, width, height) is called when it has to be drawn.
function sharpCanvas(height, label, draw) {
  const canvas = el("canvas", { tabindex: 0, role: "img", "aria-label": label });
  let asked = false;
  const redraw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      const ratio = window.devicePixelRatio || 1;
      const wide = canvas.clientWidth,
        high = typeof height === "function" ? height() : height;
      if (!wide) return;
      canvas.style.height = high + "px";
      canvas.width = Math.round(wide * ratio);
      canvas.height = Math.round(high * ratio);
      const context = canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      draw(context, wide, high);
    });
  };
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    readColours();
    redraw();
  });
  return { canvas, redraw };
}

// Moments for an axis: about `wanted` of them, at round distances.
function ticks(from, to, wanted) {
  const rough = (to - from) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? power * 10;
  const list = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) list.push(t);
  return { list, step };
}
function tickLabel(ns, step) {
  if (step >= 1e9) return +(ns / 1e9).toFixed(0) + " s";
  const digits = Math.min(9, Math.max(0, Math.ceil(9 - Math.log10(step))));
  return (ns / 1e9).toFixed(digits) + " s";
}
