//! Texts: linearizability by eras.
//!
//! A *piece* is what one operation put or appended. If no piece is empty and none begins with another, a text that was
//! read falls into pieces in one way at most. A put and all that reads show after it, with these reads, are an *era*
//! (the first begins with nothing): the longest of the reads shows in which order its updates took effect, and no other
//! update can have come between them. So an era is what a cluster is in `zones`, and so is an update by itself that no
//! read shows. If each piece has one operation, the text is linearizable if and only if
//!
//! - each read shows pieces, none twice and a put only in front,
//! - of two reads of one era one begins with the other, and no piece is shown in two eras,
//! - within an era nothing that has a later place was over before something that has an earlier one began, and
//! - the zones of all clusters agree, as those of registers must.
//!
//! Where several operations put or append the same, nothing is concluded from that piece, which is *shared*: what is found
//! wrong is wrong, and where nothing is, that proves nothing. So it is where operations were left out of a part of a history.
//!
//! O(n log n) for n bytes in all reads together.

use super::zones::{Clash, Zone, clashes};
use crate::context::Context;
use afterall_history::{Datum, Function, KeyId, OpId, OpView, Status, View};
use std::cmp::Reverse;

/// What shows that a text is not linearizable.
#[derive(Debug, Clone)]
pub(super) enum Wrong {
    /// No puts and appends make what it shows.
    Unmade { read: OpId },
    /// No one order of puts and appends makes what both show.
    Apart { reads: [OpId; 2] },
    /// The first was over before the second began, and yet has its place after it: as `shown` tells, if neither does.
    Turned { over: OpId, begun: OpId, shown: Option<OpId> },
    /// Two eras, or an era and an update, that must each come before the other.
    Torn(Clash<OpId>),
}

impl Wrong {
    /// All operations of it, each once.
    pub(super) fn all(&self) -> Vec<OpId> {
        let mut all: Vec<OpId> = match self {
            Wrong::Unmade { read } => vec![*read],
            Wrong::Apart { reads } => reads.to_vec(),
            Wrong::Turned { over, begun, shown } => {
                [Some(*over), Some(*begun), *shown].into_iter().flatten().collect()
            }
            Wrong::Torn(clash) => clash.all(),
        };
        all.sort_unstable();
        all.dedup();
        all
    }
}

struct Act<'h> {
    id: OpId,
    invoked: u32,
    completed: Option<u32>,
    /// What it put, appended or read.
    text: &'h str,
    f: Function,
}

/// A text that some operation put or appended.
struct Piece<'h> {
    text: &'h str,
    /// Some operation puts it; some appends it.
    puts: bool,
    appends: bool,
    /// Several operations do.
    shared: bool,
    /// The operation, by position; none if it is not part of this history, or the piece is shared.
    by: Option<usize>,
    /// The longest read of the era that shows it.
    shown: Option<usize>,
}

/// The places of an era: every piece and every read has one, the later the larger.
struct Place {
    rank: usize,
    act: usize,
}

/// What reads of one era have in common: they begin with nothing, or show this piece before any other that is not shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Era {
    Initial,
    With(usize),
}

/// Everything that was found wrong with a text.
pub(super) struct Judged {
    pub(super) wrongs: Vec<Wrong>,
    /// Nothing else can be wrong.
    pub(super) all: bool,
}

/// What is wrong with a text; none if its pieces are not told apart.
pub(super) fn judge(ctx: &Context<'_>, key: KeyId) -> Option<Judged> {
    let acts: Vec<Act<'_>> = ctx.on(key).filter_map(|op| act(ctx, op)).collect();
    let mut texts = Texts { pieces: pieces(ctx, key, &acts)?, acts, wrongs: Vec::new() };
    // By era, the longest first.
    let mut reads: Vec<(Era, Reverse<usize>, usize)> = Vec::new();
    for (at, act) in texts.acts.iter().enumerate().filter(|(_, act)| act.f.is_read()) {
        match texts.era_of(act.text) {
            Ok(era) => reads.extend(era.map(|era| (era, Reverse(act.text.len()), at))),
            Err(Unmade) => texts.wrongs.push(Wrong::Unmade { read: act.id }),
        }
    }
    reads.sort_unstable();
    let mut zones = Vec::new();
    for era in reads.chunk_by(|a, b| a.0 == b.0) {
        zones.extend(texts.era(era.iter().map(|&(.., read)| read), era[0].0));
    }
    for piece in texts.pieces.iter().filter(|piece| piece.shown.is_none()) {
        if let Some(at) = piece.by {
            let mut zone = Zone::NONE;
            zone.add(at, texts.acts[at].invoked, texts.acts[at].completed);
            zones.push(zone);
        }
    }
    let torn = clashes(&zones).into_iter().map(|clash| clash.map(|at| texts.acts[at].id));
    let torn: Vec<Wrong> = torn.map(Wrong::Torn).collect();
    texts.wrongs.extend(torn);
    let all = texts.pieces.iter().all(|piece| piece.by.is_some());
    Some(Judged { wrongs: texts.wrongs, all })
}

fn act<'h>(ctx: &Context<'h>, op: OpView<'_>) -> Option<Act<'h>> {
    let reads = op.f().is_read();
    if op.status() == Status::Fail || (reads && !op.is_ok()) {
        return None;
    }
    Some(Act {
        id: op.id(),
        invoked: op.index(),
        completed: op.completion_index().filter(|_| op.is_ok()),
        text: text(ctx, if reads { op.output() } else { op.input() }),
        f: op.f(),
    })
}

fn text<'h>(ctx: &Context<'h>, datum: Datum) -> &'h str {
    match ctx.history.data().view(datum) {
        View::Text(text) => text,
        _ => "",
    }
}

/// All pieces, in the order of their texts; none if they are not told apart.
fn pieces<'h>(ctx: &Context<'h>, key: KeyId, acts: &[Act<'h>]) -> Option<Vec<Piece<'h>>> {
    let piece = |text, f, shared, by| {
        let puts = f == Function::Write;
        Piece { text, puts, appends: !puts, shared, by, shown: None }
    };
    let here = acts.iter().enumerate().filter(|(_, act)| !act.f.is_read());
    let here = here.map(|(at, act)| piece(act.text, act.f, false, Some(at)));
    let elsewhere = ctx.history.left_out_of(key);
    let elsewhere = elsewhere.map(|(f, of, shared)| piece(text(ctx, of), f, shared, None));
    let mut pieces: Vec<Piece<'h>> = here.chain(elsewhere).collect();
    pieces.sort_unstable_by(|a, b| a.text.cmp(b.text));
    pieces.dedup_by(|again, piece| {
        let same = again.text == piece.text;
        if same {
            piece.puts |= again.puts;
            piece.appends |= again.appends;
            (piece.shared, piece.by) = (true, None);
        }
        same
    });
    let told_apart = pieces.first().is_none_or(|first| !first.text.is_empty())
        && pieces.windows(2).all(|pair| !pair[1].text.starts_with(pair[0].text));
    told_apart.then_some(pieces)
}

struct Texts<'h> {
    acts: Vec<Act<'h>>,
    pieces: Vec<Piece<'h>>,
    wrongs: Vec<Wrong>,
}

/// A text that no puts and appends make.
struct Unmade;

impl<'h> Texts<'h> {
    /// The piece with which a text goes on from here.
    fn piece_at(&self, text: &str, from: usize) -> Result<usize, Unmade> {
        let rest = &text[from..];
        // Nothing sorts between a piece and what begins with it, since that would begin with the piece as well.
        let at = self.pieces.partition_point(|piece| piece.text <= rest).checked_sub(1);
        let at = at.filter(|&at| rest.starts_with(self.pieces[at].text)).ok_or(Unmade)?;
        let fits = from == 0 || self.pieces[at].appends;
        fits.then_some(at).ok_or(Unmade)
    }

    /// The era of a text; none if it cannot be told.
    fn era_of(&self, text: &str) -> Result<Option<Era>, Unmade> {
        let mut from = 0;
        while from < text.len() {
            let piece = self.piece_at(text, from)?;
            if from == 0 && !self.pieces[piece].puts {
                return Ok(Some(Era::Initial));
            }
            if !self.pieces[piece].shared {
                return Ok(Some(Era::With(piece)));
            }
            from += self.pieces[piece].text.len();
        }
        Ok(text.is_empty().then_some(Era::Initial))
    }

    /// The pieces of a text, each with the place where it ends.
    fn fall_apart(&self, text: &str) -> Result<Vec<(usize, usize)>, Unmade> {
        let (mut found, mut end) = (Vec::new(), 0);
        while end < text.len() {
            let piece = self.piece_at(text, end)?;
            end += self.pieces[piece].text.len();
            found.push((end, piece));
        }
        let mut once: Vec<usize> = found.iter().map(|&(_, piece)| piece).collect();
        once.retain(|&piece| !self.pieces[piece].shared);
        once.sort_unstable();
        let twice = once.windows(2).any(|pair| pair[0] == pair[1]);
        if twice { Err(Unmade) } else { Ok(found) }
    }

    /// Judges the reads of an era, the longest first, by themselves, and gives its zone.
    fn era(&mut self, reads: impl Iterator<Item = usize>, era: Era) -> Option<Zone> {
        let mut longest: Option<(usize, Vec<(usize, usize)>)> = None;
        let mut places: Vec<Place> = Vec::new();
        for read in reads {
            let (id, text) = (self.acts[read].id, self.acts[read].text);
            if let Some((most, chain)) = &longest {
                let begins = self.acts[*most].text.starts_with(text);
                let shown = chain.partition_point(|&(end, _)| end < text.len());
                let whole =
                    text.is_empty() || chain.get(shown).is_some_and(|&(end, _)| end == text.len());
                if begins && whole {
                    let pieces = if text.is_empty() { 0 } else { shown + 1 };
                    places.push(Place { rank: pieces * 2 + 1, act: read });
                    continue;
                }
                let made = !begins && self.fall_apart(text).is_ok();
                let most = self.acts[*most].id;
                self.wrongs.push(if made {
                    Wrong::Apart { reads: [most, id] }
                } else {
                    Wrong::Unmade { read: id }
                });
                continue;
            }
            let Ok(chain) = self.fall_apart(text) else {
                self.wrongs.push(Wrong::Unmade { read: id });
                continue;
            };
            places.push(Place { rank: chain.len() * 2 + 1, act: read });
            longest = Some((read, chain));
        }
        let (longest, chain) = longest?;
        let mut elsewhere = None;
        for (&(_, piece), rank) in chain.iter().zip((2..).step_by(2)) {
            let piece = &mut self.pieces[piece];
            if let (Some(other), false) = (piece.shown, piece.shared) {
                elsewhere = Some(other);
                continue;
            }
            piece.shown = Some(longest);
            places.extend(piece.by.map(|act| Place { rank, act }));
        }
        if let Some(other) = elsewhere {
            let reads = [self.acts[other].id, self.acts[longest].id];
            self.wrongs.push(Wrong::Apart { reads });
        }
        places.sort_unstable_by_key(|place| Reverse((place.rank, self.acts[place.act].invoked)));
        self.turned(&places, longest);
        let mut zone = if era == Era::Initial { Zone::INITIAL } else { Zone::NONE };
        for place in &places {
            let act = &self.acts[place.act];
            zone.add(place.act, act.invoked, act.completed);
        }
        Some(zone.bound_by(longest))
    }

    /// What began after something with a later place was over; the last place comes first.
    fn turned(&mut self, places: &[Place], longest: usize) {
        // Of the later places, the first that was over.
        let mut soonest: Option<(u32, usize)> = None;
        for same in places.chunk_by(|a, b| a.rank == b.rank) {
            for place in same {
                let begun = &self.acts[place.act];
                let Some((_, over)) = soonest.filter(|&(over, _)| over < begun.invoked) else {
                    continue;
                };
                let over = &self.acts[over];
                let shown = (!over.f.is_read()).then(|| self.acts[longest].id);
                self.wrongs.push(Wrong::Turned { over: over.id, begun: begun.id, shown });
            }
            let ends =
                same.iter().filter_map(|place| Some((self.acts[place.act].completed?, place.act)));
            soonest = ends.chain(soonest).min();
        }
    }
}
