//! Texts taken apart: which append put which part of a text there.
//!
//! A text is what was appended to it, one piece after the other. Where every piece, whatever became of its append, is another
//! one, and all of a key end with one separator that occurs nowhere else in them, a text that was read falls into pieces in
//! one way: after each separator. Each part is then the piece of one append, or nobody's. Where a text was written as a whole,
//! or pieces are not told apart like this, nothing is concluded of what is in it, and it is left *whole*.
//!
//! O(n) for n bytes in all appends and reads together.

use crate::context::Context;
use afterall_history::{Datum, Function, KeyId, OpId, OpView, View, Workload};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Who appended a piece.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    /// An operation of this history, whatever became of it.
    Here(OpId),
    /// One that was left out of this part of a history, with the piece.
    Elsewhere(Datum),
}

/// How the texts of a history are taken apart; of other data types nothing.
#[derive(Debug, Default)]
pub(crate) struct Pieces<'h> {
    /// By key: what its pieces end with (nothing where there are none), or why its texts are left whole.
    separators: Vec<Result<Option<char>, String>>,
    /// Only looked up, never walked.
    appended: FxHashMap<(KeyId, &'h str), By>,
}

impl<'h> Pieces<'h> {
    /// Learns the pieces of every key.
    pub(crate) fn new(ctx: &Context<'h>) -> Self {
        let mut pieces = Pieces::default();
        if ctx.history.header().workload == Workload::Text {
            for key in ctx.keys() {
                let separator = pieces.learn(ctx, key).map_err(|why| {
                    let name = ctx.history.key_name(key);
                    format!("the pieces of the text {name:?} cannot be told apart: {why}")
                });
                pieces.separators.push(separator);
            }
        }
        pieces
    }

    /// The keys whose texts are left whole, and why.
    pub(crate) fn whole(&self) -> impl Iterator<Item = (KeyId, &str)> {
        let keys = (0..).map(KeyId).zip(&self.separators);
        keys.filter_map(|(key, separator)| Some((key, separator.as_ref().err()?.as_str())))
    }

    /// The parts of the text that was read, in its order: the bytes of each, and who appended it, if anybody did.
    pub(crate) fn of(
        &self,
        ctx: &Context<'h>,
        read: OpView<'_>,
    ) -> impl Iterator<Item = (Range<usize>, Option<By>)> {
        let key = read.key();
        let separator = self.separators.get(key.0 as usize).and_then(|known| known.as_ref().ok());
        let whole = if separator.is_some() { text(ctx, read.output()) } else { "" };
        let separator = separator.copied().flatten();
        let mut end = 0;
        whole.split_inclusive(move |c: char| Some(c) == separator).map(move |part| {
            let from = end;
            end += part.len();
            (from..end, self.appended.get(&(key, part)).copied())
        })
    }

    fn learn(&mut self, ctx: &Context<'h>, key: KeyId) -> Result<Option<char>, String> {
        let mut separator = None;
        for op in ctx.on(key).filter(|op| !op.f().is_read()) {
            if op.f() != Function::Append {
                return Err(match op.is_setup() {
                    true => "something was there from the beginning".to_owned(),
                    false => format!("#{} wrote it as a whole", op.number()),
                });
            }
            let who = || format!("#{}", op.number());
            self.note(ctx, key, &mut separator, (op.input(), By::Here(op.id())), &who)?;
        }
        let who = || "an operation that is not part of this history".to_owned();
        if ctx.history.left_out_of(key).any(|(f, ..)| f != Function::Append) {
            return Err(format!("{} wrote it as a whole", who()));
        }
        for (piece, several) in ctx.history.appends_left_out(key) {
            if several {
                return Err(format!("several operations appended {}", said(ctx, piece)));
            }
            self.note(ctx, key, &mut separator, (piece, By::Elsewhere(piece)), &who)?;
        }
        Ok(separator)
    }

    fn note(
        &mut self,
        ctx: &Context<'h>,
        key: KeyId,
        separator: &mut Option<char>,
        (datum, by): (Datum, By),
        who: &dyn Fn() -> String,
    ) -> Result<(), String> {
        let piece = text(ctx, datum);
        let mut ends = piece.chars();
        let Some(end) = ends.next_back() else { return Err(format!("{} appended nothing", who())) };
        if *separator.get_or_insert(end) != end || ends.any(|c| c == end) {
            return Err(format!(
                "{} appended {}, and not every piece ends with one separator that occurs nowhere else in it",
                who(),
                said(ctx, datum)
            ));
        }
        match self.appended.insert((key, piece), by) {
            None => Ok(()),
            Some(_) => Err(format!("several operations appended {}", said(ctx, datum))),
        }
    }
}

fn said(ctx: &Context<'_>, piece: Datum) -> String {
    crate::words::value(&ctx.history.data().value(piece))
}

/// A text, or nothing where nothing was read.
pub(crate) fn text<'h>(ctx: &Context<'h>, datum: Datum) -> &'h str {
    match ctx.history.data().view(datum) {
        View::Text(text) => text,
        _ => "",
    }
}

/// Whether a text shows a piece: all of it, and not the end of another.
pub(crate) fn shows(text: &str, piece: &str) -> bool {
    let end = piece.chars().next_back();
    text.split_inclusive(|c: char| Some(c) == end).any(|part| part == piece)
}
