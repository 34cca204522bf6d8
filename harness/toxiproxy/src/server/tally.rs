//! What is counted: the bytes of each proxy, and the errors of the system's that proxies met.

use crate::direction::Direction;
use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The bytes that a proxy let through, in each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Towards the upstream.
    pub upstream: u64,
    /// Back.
    pub downstream: u64,
    /// Connections taken.
    pub connections: u64,
}

/// Counts the bytes of a proxy as they pass.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    upstream: AtomicU64,
    downstream: AtomicU64,
}

impl Bytes {
    pub(super) fn passed(&self, direction: Direction, bytes: usize) {
        let counter = match direction {
            Direction::Upstream => &self.upstream,
            Direction::Downstream => &self.downstream,
        };
        counter.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn traffic(&self, connections: u64) -> Traffic {
        Traffic {
            upstream: self.upstream.load(Ordering::Relaxed),
            downstream: self.downstream.load(Ordering::Relaxed),
            connections,
        }
    }
}

/// The errors of the system's that proxies met when they took or made connections, each once.
#[derive(Debug, Default)]
pub(super) struct SystemErrors {
    codes: Mutex<BTreeSet<i32>>,
}

impl SystemErrors {
    pub(super) fn met(&self, error: &io::Error) {
        if let Some(code) = error.raw_os_error() {
            self.codes.lock().unwrap_or_else(PoisonError::into_inner).insert(code);
        }
    }

    pub(super) fn all(&self) -> Vec<io::Error> {
        let codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.iter().map(|&code| io::Error::from_raw_os_error(code)).collect()
    }
}
