// The address of a view: what stands behind the # restores zoom, lanes, filters, search and pin.

const ADDRESS = { at: "at", lanes: "lanes", q: "search", pin: "pin" };

// `{from, to, lanes, filter, search, pin}`: times in nanoseconds, the filter by names, so that another report of the same run
// understands it, too.
function addressOf(view) {
  const words = new URLSearchParams();
  words.set(ADDRESS.at, `${Math.round(view.from)}_${Math.round(view.to)}`);
  words.set(ADDRESS.lanes, view.lanes);
  for (const [name, chosen] of Object.entries(view.filter)) if (chosen !== "") words.set(name, chosen);
  if (view.search) words.set(ADDRESS.q, view.search);
  if (view.pin !== null) words.set(ADDRESS.pin, view.pin);
  return "#" + words;
}

// The view of an address; null if it is none.
function viewOf(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const [from, to] = (words.get(ADDRESS.at) ?? "").split("_").map(Number);
  if (!(Number.isFinite(from) && Number.isFinite(to) && from < to)) return null;
  const lanes = words.get(ADDRESS.lanes);
  const pin = words.get(ADDRESS.pin);
  return {
    from,
    to,
    lanes: ["node", "session", "key"].includes(lanes) ? lanes : "node",
    filter: Object.fromEntries(["key", "session", "node", "f", "outcome"].map((name) => [name, words.get(name) ?? ""])),
    search: words.get(ADDRESS.q) ?? "",
    pin: pin !== null && /^\d+$/.test(pin) ? +pin : null,
  };
}
