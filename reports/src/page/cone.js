// What could have influenced an operation: its causal cone, as wide as the evidence leaves it.
//
// Knowledge travels with a session from one of its operations to the next, and between replicas over links at any speed, except
// while a partition was measured to cut the link. Whatever may have reached the operation stays; the rest cannot have.
// Only operations in this file are considered.

const cutLinks = (() => {
  // By target: the spans in which nothing arrived from a source.
  const into = run.nodes.map(() => new Map());
  for (const fault of run.faults) {
    const shown = verdict.faults.find((f) => f.fault === fault.fault);
    if (fault.kind !== "partition" || shown?.shown_from === undefined || shown.shown_to === undefined) continue;
    // A connection carries answers, too: a link cut in one direction alone may still let knowledge through.
    const cut = new Set(fault.links.map(([from, to]) => from + " " + to));
    for (const [from, to] of fault.links) {
      if (!cut.has(to + " " + from)) continue;
      const spans = into[to]?.get(from) ?? [];
      spans.push([shown.shown_from, shown.shown_to]);
      into[to]?.set(from, spans);
    }
  }
  return into;
})();

// The last moment at which something sent from `from` may have arrived at `to` by `until`.
function lastArrival(from, to, until) {
  let t = until;
  for (const [begin, end] of (cutLinks[to]?.get(from) ?? []).toSorted((p, q) => q[1] - p[1]))
    if (t >= begin && t <= end) t = begin;
  return t;
}

function influences(target) {
  const lit = new Set([target]);
  // By node: until when what happened there may have reached the operation.
  const until = run.nodes.map(() => -Infinity);
  // By session: whether a later operation of it is in the cone.
  const reach = (node, time) => {
    const open = [[node, time]];
    while (open.length) {
      const [at, t] = open.pop();
      if (t <= until[at]) continue;
      until[at] = t;
      for (let from = 0; from < run.nodes.length; from++) if (from !== at) open.push([from, lastArrival(from, at, t)]);
    }
  };
  reach(ops.node[target], ops.until[target]);
  const sessions = new Map([[ops.session[target], ops.at[target]]]);
  // An operation that joins late may bring in later ones, so the walk is repeated until nothing is added.
  for (let grown = true; grown; ) {
    grown = false;
    for (let i = ops.count - 1; i >= 0; i--) {
      if (lit.has(i)) continue;
      const bySession = ops.at[i] < (sessions.get(ops.session[i]) ?? -Infinity);
      if (!bySession && ops.at[i] > until[ops.node[i]]) continue;
      lit.add(i);
      grown = true;
      sessions.set(ops.session[i], Math.max(sessions.get(ops.session[i]) ?? -Infinity, ops.at[i]));
      // What it answered had happened at its replica by then.
      if (bySession) reach(ops.node[i], ops.took[i] < 0 ? ops.at[i] : ops.until[i]);
    }
  }
  return lit;
}
