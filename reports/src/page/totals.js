// How many operations there are of what a filter chooses, those that are not in this file included.

const FILTERS = ["key", "session", "node", "f"];

const totals = (() => {
  const maps = {};
  if (!run.counts) {
    for (const name of FILTERS) {
      maps[name] = new Map();
      for (let i = 0; i < ops.count; i++) {
        const cells = maps[name].get(ops[name][i]) ?? [0, 0, 0];
        cells[ops.status[i]]++;
        maps[name].set(ops[name][i], cells);
      }
    }
    const all = [0, 0, 0];
    for (let i = 0; i < ops.count; i++) all[ops.status[i]]++;
    return { ...maps, all, left: {} };
  }
  for (const name of FILTERS) {
    const list = run.counts[name];
    maps[name] = new Map();
    for (let i = 0; i < list.length; i += 4) maps[name].set(list[i], list.slice(i + 1, i + 4));
  }
  return {
    ...maps,
    all: run.counts.all,
    left: { key: run.counts.keys_left_out, session: run.counts.sessions_left_out },
  };
})();

// Of a filter `{key, session, node, f, outcome}`, where "" is any: how many there are, and whether that is exact; null where
// nobody counted. Where several choices meet, only how many there are at most is known.
function totalOf(filter) {
  const chosen = FILTERS.filter((name) => filter[name] !== "");
  const sum = (cells) => (filter.outcome === "" ? cells[0] + cells[1] + cells[2] : cells[+filter.outcome]);
  if (chosen.length === 0) return { count: sum(totals.all), exact: true };
  const counts = chosen.map((name) => totals[name].get(+filter[name]));
  if (counts.every((cells) => !cells)) return null;
  const least = Math.min(...counts.filter(Boolean).map(sum));
  return { count: least, exact: chosen.length === 1 };
}

// What a filter chooses, in words: "fail operations of r100 by session 3".
function chosenWords(filter) {
  const parts = [
    filter.key !== "" && "of " + keyName(+filter.key),
    filter.session !== "" && "by session " + run.sessions[+filter.session],
    filter.node !== "" && "at " + run.nodes[+filter.node],
  ].filter(Boolean);
  const what = [filter.outcome !== "" && OUTCOMES[+filter.outcome], filter.f !== "" && run.functions[+filter.f]];
  return `${what.filter(Boolean).concat("").join(" ")}operations${parts.length ? " " + parts.join(" ") : ""}`;
}

// "37 of 129 operations of r100 are here".
function hereWords(filter, here) {
  const words = chosenWords(filter);
  if (!run.counts) return `${count(here)} ${words}, all of them here`;
  const all = totalOf(filter);
  if (!all) return `${count(here)} ${words} are here; how many there are in all was not counted`;
  if (all.exact && all.count === here) return `All ${count(here)} ${words} are here`;
  return `${count(here)} of ${all.exact ? "" : "at most "}${count(all.count)} ${words} are here`;
}
