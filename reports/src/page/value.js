// Values as a reader wants them: in one line, with what matters in sight, and whole on a click.

const VALUE_SHOWN = 72;

// A long text cut in the middle; around `point`, what the reader looks for in it, if it is there.
function cutAround(words, most, point) {
  if (words.length <= most) return words;
  const at = point ? words.indexOf(point) : -1;
  if (at < 0 || at + point.length < most * 0.6) {
    const tail = Math.floor(most / 4);
    return `${words.slice(0, most - tail - 3)} … ${words.slice(-tail)}`;
  }
  const room = Math.max(0, Math.floor((most - point.length) / 2) - 4);
  const begin = Math.max(0, at - room),
    end = Math.min(words.length, at + point.length + room);
  return `${begin > 0 ? words.slice(0, 4) + " … " : ""}${words.slice(begin, end)}${end < words.length ? " …" : ""}`;
}

// With the point marked.
function pointed(words, point) {
  const at = point ? words.indexOf(point) : -1;
  if (at < 0) return [words];
  return [words.slice(0, at), el("mark", {}, point), words.slice(at + point.length)];
}

function value(words, point) {
  if (words.length <= VALUE_SHOWN) return el("code", {}, pointed(words, point));
  const button = el(
    "button",
    { type: "button", class: "long", "aria-expanded": "false", title: "Show the whole value" },
    el("code", {}, pointed(cutAround(words, VALUE_SHOWN, point), point)),
  );
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    button.title = open ? "Show less" : "Show the whole value";
    button.replaceChildren(el("code", {}, pointed(open ? words : cutAround(words, VALUE_SHOWN, point), point)));
  });
  return button;
}

// What an anomaly turns on: the value or the item of the update that is missed, or of the first update of its witness.
function pointOf(a) {
  const missed = a.edges.find((e) => e.label === "must-see");
  const updates = (missed ? [missed.from] : []).concat(a.witness);
  for (const index of updates) {
    const op = ops.byIndex.get(index);
    if (op === undefined || isRead(op) || ops.input[op] < 0) continue;
    const asked = text(ops.input[op]);
    // An item with its quantity, or a value by itself.
    const item = /^\["(?:[^"\\]|\\.)*"/.exec(asked)?.[0].slice(1) ?? asked;
    // A number may be part of any other number.
    return item.length >= 3 ? item : null;
  }
  return null;
}
