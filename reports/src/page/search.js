// Finding operations by words.

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
