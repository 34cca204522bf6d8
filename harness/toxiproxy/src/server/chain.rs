//! The toxics on one direction of one connection, one behind the other: a pure state machine.
//!
//! Data goes in at the head, through each stage in the order in which the toxics were added, and comes out at the
//! tail. Changes to the proxy's toxics are taken over while data is under way, and nothing of it is lost.

use super::stage::{Chunk, Output, Stage};
use super::toxic::Toxic;
use bytes::Bytes;
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use std::collections::VecDeque;
use std::time::Instant;

/// What the connection has to do next.
#[derive(Debug)]
pub(super) enum NextAction {
    /// Send this on, then ask again.
    Write(Bytes),
    /// Everything is sent: close the destination.
    Close,
    /// Reset both sides.
    Reset,
    /// Wait until `until`, or for data if it is wanted, or for a change of the toxics.
    Wait { until: Option<Instant>, read: bool },
}

/// See the module.
#[derive(Debug)]
pub(super) struct Chain {
    /// Those that have not ended, head first.
    stages: Vec<Stage>,
    /// What has left the last stage.
    out: VecDeque<Chunk>,
    /// Nothing will leave any more, once `out` is empty.
    ended: bool,
    reset: bool,
    /// The newest toxic ever seen here: ids only grow, so an older one that is not a stage has ended.
    newest: Option<u64>,
    rng: Pcg64Mcg,
}

impl Chain {
    pub(super) fn new(toxics: &[Toxic], now: Instant, seed: u64) -> Chain {
        let mut chain = Chain {
            stages: Vec::new(),
            out: VecDeque::new(),
            ended: false,
            reset: false,
            newest: None,
            rng: Pcg64Mcg::seed_from_u64(seed),
        };
        chain.take_over(toxics, now);
        chain
    }

    /// Whether data may be copied straight through.
    pub(super) fn is_clear(&self) -> bool {
        self.stages.is_empty() && self.out.is_empty() && !self.ended
    }

    /// Makes the stages follow the proxy's toxics, which are in the order of their ids.
    pub(super) fn take_over(&mut self, toxics: &[Toxic], now: Instant) {
        let mut position = 0;
        while position < self.stages.len() {
            if toxics.iter().any(|toxic| toxic.id == self.stages[position].id) {
                position += 1;
            } else if self.stages[position].closes_when_removed() {
                self.end_through(position, now);
                position = 0;
            } else {
                self.take_out(position, now);
            }
        }
        for toxic in toxics {
            match self.stages.iter_mut().find(|stage| stage.id == toxic.id) {
                Some(stage) if stage.revision != toxic.revision => {
                    stage.start(toxic, now, &mut self.rng);
                }
                Some(_) => {}
                None if self.ended || self.newest.is_some_and(|newest| toxic.id <= newest) => {}
                None => self.stages.push(Stage::new(toxic, now, &mut self.rng)),
            }
        }
        self.newest = self.newest.max(toxics.iter().map(|toxic| toxic.id).max());
    }

    /// Takes in what was read. Only after a [`NextAction::Wait`] that asked for it.
    pub(super) fn put(&mut self, data: Bytes, now: Instant) {
        let chunk = Chunk { at: now, data };
        match self.stages.first_mut() {
            Some(first) => first.put(chunk, now),
            None if self.ended => {}
            None => self.out.push_back(chunk),
        }
    }

    /// The source has closed.
    pub(super) fn end_input(&mut self, now: Instant) {
        match self.stages.first_mut() {
            Some(first) => first.end_input(now),
            None => self.ended = true,
        }
    }

    pub(super) fn step(&mut self, now: Instant) -> NextAction {
        let mut until = None;
        let mut moved = true;
        while moved && !self.reset {
            moved = false;
            until = None;
            for position in (0..self.stages.len()).rev() {
                moved |= self.drain(position, now, &mut until);
            }
        }
        if self.reset {
            return NextAction::Reset;
        }
        if let Some(chunk) = self.out.pop_front() {
            return NextAction::Write(chunk.data);
        }
        if self.ended {
            return NextAction::Close;
        }
        let read = self.stages.first().is_none_or(|s| s.has_room() && !s.input_ended());
        NextAction::Wait { until, read }
    }

    /// Moves on what the stage at `position` has to give, as far as the next has room. Whether anything moved.
    fn drain(&mut self, position: usize, now: Instant, until: &mut Option<Instant>) -> bool {
        let mut moved = false;
        loop {
            let room = match self.stages.get(position + 1) {
                Some(next) => next.has_room(),
                None => self.out.is_empty(),
            };
            let Some(stage) = self.stages.get_mut(position).filter(|_| room) else { return moved };
            match stage.poll(now, &mut self.rng) {
                Output::Data(chunk) => self.put_behind(position, chunk, now),
                Output::Wait(at) => {
                    *until = match (*until, at) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                    return moved;
                }
                Output::End => {
                    self.end_through(position, now);
                    return true;
                }
                Output::Reset => {
                    self.reset = true;
                    return true;
                }
            }
            moved = true;
        }
    }

    fn put_behind(&mut self, position: usize, chunk: Chunk, now: Instant) {
        match self.stages.get_mut(position + 1) {
            Some(next) => next.put(chunk, now),
            None => self.out.push_back(chunk),
        }
    }

    /// The stage at `position` gives no more: those before it have nobody to give to.
    fn end_through(&mut self, position: usize, now: Instant) {
        self.stages.drain(..=position);
        self.end_input(now);
    }

    /// Removes a stage. What it held goes on at once, whether there is room or not.
    fn take_out(&mut self, position: usize, now: Instant) {
        let stage = self.stages.remove(position);
        let ended = stage.input_ended();
        for chunk in stage.into_rest() {
            match self.stages.get_mut(position) {
                Some(next) => next.put(chunk, now),
                None => self.out.push_back(chunk),
            }
        }
        if ended {
            // Only the first stage can have a closed input: what is before it would have gone with the end.
            match self.stages.get_mut(position) {
                Some(next) => next.end_input(now),
                None => self.ended = true,
            }
        }
    }
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
