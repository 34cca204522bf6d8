// The timeline: finding operations by words, and keys by their names.

// The places of those whose values or errors contain the words, and of those that the words name: a key, #1042, session 3.
function matchesOf(words) {
  const matches = new Set();
  const number = /^#?\d+$/.test(words) ? +words.replace("#", "") : -1;
  const session = /^session (\d+)$/.exec(words)?.[1];
  const texts = new Set();
  run.texts.forEach((known, place) => known.includes(words) && texts.add(place));
  for (let i = 0; i < ops.count; i++)
    if (
      texts.has(ops.input[i]) ||
      texts.has(ops.output[i]) ||
      texts.has(ops.error[i]) ||
      ops.index[i] === number ||
      keyName(ops.key[i]) === words ||
      (session !== undefined && String(run.sessions[ops.session[i]]) === session)
    )
      matches.add(i);
  return matches;
}

// To the first hit, where none is in view.
function toHit() {
  if (!matching?.size) return;
  const hits = [...matching];
  if (hits.some((i) => ops.at[i] <= view.to && ops.until[i] >= view.from)) return;
  const span = view.to - view.from,
    t = ops.at[hits[0]];
  set(t - span / 2, t + span / 2);
  reveal([ops.index[hits[0]]]);
}

// Names are offered as they are typed: there may be too many for a list.
function chooseKey() {
  const names = Object.entries(run.keys);
  const list = el("datalist", { id: "keys" });
  const box = el("input", {
    type: "search",
    list: "keys",
    placeholder: "any key",
    "aria-label": `Key, one of ${count(names.length)}`,
    oninput: () => {
      const words = box.value.trim();
      const like = names.filter(([, name]) => name.includes(words)).slice(0, 40);
      list.replaceChildren(...like.map(([, name]) => el("option", { value: name })));
      const chosen = names.find(([, name]) => name === words)?.[0] ?? "";
      box.setAttribute("aria-invalid", String(words !== "" && chosen === ""));
      if (chosen === filter.key) return;
      filter.key = chosen;
      lay();
      sharp.redraw();
      touched();
    },
  });
  controls.key = box;
  return [box, list];
}
