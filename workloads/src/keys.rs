//! Which key an operation goes to: a few at a time, each retired after enough updates.
//!
//! A key that is written for ever hides what was lost from it, because the next write covers them. Keys therefore rotate:
//! each takes a bounded number of updates and is then left alone, and what it holds at the end is evidence.

use rand::RngExt;
use rand_pcg::Pcg64;

/// A rotation of keys.
#[derive(Debug, Clone)]
pub struct Rotation {
    prefix: &'static str,
    updates_max: u32,
    /// Keys in use: position in `keys`, and updates left.
    active: Vec<(usize, u32)>,
    keys: Vec<String>,
}

impl Rotation {
    /// `active` keys at a time, named by the prefix and a number, each for about `updates_max` updates.
    #[must_use]
    pub fn new(prefix: &'static str, active: usize, updates_max: u32) -> Self {
        let mut rotation = Rotation { prefix, updates_max, active: Vec::new(), keys: Vec::new() };
        for place in 0..active.max(1) {
            // The first keys retire one after another, not all at once.
            let share = updates_max * (place as u32 + 1) / active.max(1) as u32;
            rotation.open(share.max(1));
        }
        rotation
    }

    fn open(&mut self, updates: u32) {
        self.active.push((self.keys.len(), updates));
        self.keys.push(format!("{}{}", self.prefix, self.keys.len()));
    }

    pub(crate) fn pick(&mut self, random: &mut Pcg64) -> &str {
        let (position, _) = self.active[random.random_range(0..self.active.len())];
        &self.keys[position]
    }

    pub(crate) fn used(&mut self, key: &str) {
        let Some(place) = self.active.iter().position(|&(p, _)| self.keys[p] == key) else {
            return;
        };
        let (_, left) = &mut self.active[place];
        *left -= 1;
        if *left == 0 {
            self.active.swap_remove(place);
            self.open(self.updates_max);
        }
    }

    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }
}
