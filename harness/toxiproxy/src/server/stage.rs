//! What one toxic does to one direction of one connection: a pure state machine.
//!
//! Time and randomness are handed in; chunks go in and come out. [`super::chain`] strings stages together.

use super::toxic::{Toxic, ToxicType};
use bytes::Bytes;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How much a latency toxic may hold for one direction of a connection. Then the sender has to wait: memory is
/// bounded, and so is the rate, at this much per delay.
pub(super) const HELD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The longest single delay: a day. Keeps arithmetic on times in range, whatever a caller asks for.
const DELAY_MS_MAX: i64 = 24 * 3600 * 1000;

/// The interval in which a slow bandwidth toxic lets pieces through.
const BANDWIDTH_INTERVAL_MS: usize = 100;

/// Data that was read together.
#[derive(Debug)]
pub(super) struct Chunk {
    /// When it was received or, behind a latency, released.
    pub(super) at: Instant,
    pub(super) data: Bytes,
}

/// What a stage has to give.
#[derive(Debug)]
pub(super) enum Output {
    /// Data for the next stage.
    Data(Chunk),
    /// Nothing before that moment, or (`None`) before something else happens.
    Wait(Option<Instant>),
    /// The end: nothing more will come.
    End,
    /// The end, and the connection is to be reset.
    Reset,
}

/// One toxic on one direction of one connection.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) id: u64,
    pub(super) revision: u64,
    kind: ToxicType,
    /// The toxicity's throw of the dice for this connection.
    active: bool,
    queue: VecDeque<Chunk>,
    queued_bytes: usize,
    /// Nothing more will come in, since then.
    ended_at: Option<Instant>,
    /// Latency, bandwidth, slicer: when what is at the head of the queue may leave. Timeout: since when nothing
    /// came. Reset: since when something has come.
    mark: Option<Instant>,
    /// Bandwidth: until when the line is busy. Slicer: until when it pauses.
    busy_until: Option<Instant>,
    /// Limit: bytes let through.
    sent: u64,
    /// Slicer: the pieces of the head, as ranges still to be cut or sent, the first one last.
    ranges: Vec<(usize, usize)>,
}

impl Stage {
    pub(super) fn new(toxic: &Toxic, now: Instant, rng: &mut Pcg64Mcg) -> Stage {
        let mut stage = Stage {
            id: toxic.id,
            revision: toxic.revision,
            kind: toxic.kind,
            active: false,
            queue: VecDeque::new(),
            queued_bytes: 0,
            ended_at: None,
            mark: None,
            busy_until: None,
            sent: 0,
            ranges: Vec::new(),
        };
        stage.start(toxic, now, rng);
        stage
    }

    /// The toxic has changed. As in the original its dice are thrown again and its clocks start anew; what it
    /// has counted stays.
    pub(super) fn start(&mut self, toxic: &Toxic, now: Instant, rng: &mut Pcg64Mcg) {
        self.revision = toxic.revision;
        self.kind = toxic.kind;
        self.active = rng.random::<f32>() < toxic.toxicity;
        self.mark = matches!(self.kind, ToxicType::Timeout { .. }).then_some(now);
        self.busy_until = None;
        self.take_up_ranges();
    }

    /// Whether removing it closes the connection (as in the original: whatever the dice had said).
    pub(super) fn closes_when_removed(&self) -> bool {
        matches!(self.kind, ToxicType::Timeout { .. })
    }

    pub(super) fn has_room(&self) -> bool {
        match self.kind {
            ToxicType::Latency { .. } if self.active => self.queued_bytes < HELD_BYTES_MAX,
            ToxicType::Timeout { .. } if self.active => true,
            ToxicType::ResetPeer { .. } if self.active => self.mark.is_none(),
            _ => self.queue.is_empty(),
        }
    }

    pub(super) fn put(&mut self, chunk: Chunk, now: Instant) {
        if self.active {
            match self.kind {
                ToxicType::Timeout { .. } => {
                    self.mark = Some(now);
                    return;
                }
                ToxicType::ResetPeer { .. } => {
                    self.mark.get_or_insert(now);
                    return;
                }
                _ => {}
            }
        }
        self.queued_bytes += chunk.data.len();
        self.queue.push_back(chunk);
    }

    /// Nothing more will come in.
    pub(super) fn end_input(&mut self, now: Instant) {
        self.ended_at.get_or_insert(now);
    }

    pub(super) fn input_ended(&self) -> bool {
        self.ended_at.is_some()
    }

    /// Everything it still holds, in order; for when the toxic is removed.
    pub(super) fn into_rest(mut self) -> VecDeque<Chunk> {
        self.take_up_ranges();
        self.queue
    }

    pub(super) fn poll(&mut self, now: Instant, rng: &mut Pcg64Mcg) -> Output {
        if !self.active {
            return self.pass();
        }
        match self.kind {
            ToxicType::Noop => self.pass(),
            ToxicType::Latency { latency_ms, jitter_ms } => {
                self.delay(now, latency_ms, jitter_ms, rng)
            }
            ToxicType::Bandwidth { rate_kb_s } => self.throttle(now, rate_kb_s),
            ToxicType::SlowClose { delay_ms } => match (self.queue.is_empty(), self.ended_at) {
                (true, Some(ended)) if now < ended + millis(delay_ms) => {
                    Output::Wait(Some(ended + millis(delay_ms)))
                }
                _ => self.pass(),
            },
            ToxicType::Timeout { timeout_ms } => self.swallow(now, timeout_ms),
            ToxicType::ResetPeer { timeout_ms } => match self.first_sign() {
                None => Output::Wait(None),
                Some(first) if now < first + millis(timeout_ms) => {
                    Output::Wait(Some(first + millis(timeout_ms)))
                }
                Some(_) => Output::Reset,
            },
            ToxicType::Slicer { average_size, size_variation, delay_us } => {
                self.slice(now, average_size, size_variation, delay_us, rng)
            }
            ToxicType::LimitData { bytes } => self.limit(u64::try_from(bytes).unwrap_or(0)),
        }
    }

    /// When the first data came, or the end.
    fn first_sign(&self) -> Option<Instant> {
        self.mark.or(self.queue.front().map(|chunk| chunk.at)).or(self.ended_at)
    }

    fn pop(&mut self) -> Option<Chunk> {
        let chunk = self.queue.pop_front()?;
        self.queued_bytes -= chunk.data.len();
        Some(chunk)
    }

    fn end_or_wait(&self) -> Output {
        if self.input_ended() { Output::End } else { Output::Wait(None) }
    }

    fn pass(&mut self) -> Output {
        match self.pop() {
            Some(chunk) => Output::Data(chunk),
            None => self.end_or_wait(),
        }
    }

    fn delay(
        &mut self,
        now: Instant,
        latency_ms: i64,
        jitter_ms: i64,
        rng: &mut Pcg64Mcg,
    ) -> Output {
        let Some(head) = self.queue.front() else { return self.end_or_wait() };
        let release = *self.mark.get_or_insert_with(|| {
            let jitter_ms = jitter_ms.clamp(0, DELAY_MS_MAX);
            let jitter = if jitter_ms > 0 { rng.random_range(-jitter_ms..jitter_ms) } else { 0 };
            head.at + millis(latency_ms.clamp(0, DELAY_MS_MAX) + jitter)
        });
        if now < release {
            return Output::Wait(Some(release));
        }
        self.mark = None;
        match self.pop() {
            Some(chunk) => Output::Data(Chunk { at: release, data: chunk.data }),
            None => Output::Wait(None),
        }
    }

    fn throttle(&mut self, now: Instant, rate_kb_s: i64) -> Output {
        let Some(head) = self.queue.front_mut() else { return self.end_or_wait() };
        // A thousand bytes a second are one byte a millisecond.
        let bytes_per_ms = usize::try_from(rate_kb_s).unwrap_or(0);
        if bytes_per_ms == 0 {
            return Output::Wait(None);
        }
        let piece = head.data.len().min(bytes_per_ms.saturating_mul(BANDWIDTH_INTERVAL_MS));
        let release = *self.mark.get_or_insert_with(|| {
            let start = self.busy_until.map_or(now, |busy| busy.max(now));
            start + Duration::from_secs_f64(piece as f64 / bytes_per_ms as f64 / 1000.0)
        });
        if now < release {
            return Output::Wait(Some(release));
        }
        self.mark = None;
        // Not `now`: a timer that fires late must not slow the line.
        self.busy_until = Some(release);
        self.queued_bytes -= piece;
        let chunk = Chunk { at: head.at, data: head.data.split_to(piece) };
        if head.data.is_empty() {
            self.queue.pop_front();
        } else {
            // The next piece starts where this one ended.
            let next = head.data.len().min(bytes_per_ms.saturating_mul(BANDWIDTH_INTERVAL_MS));
            self.mark =
                Some(release + Duration::from_secs_f64(next as f64 / bytes_per_ms as f64 / 1000.0));
        }
        Output::Data(chunk)
    }

    fn swallow(&mut self, now: Instant, timeout_ms: i64) -> Output {
        self.queue.clear();
        self.queued_bytes = 0;
        if self.input_ended() {
            return Output::End;
        }
        if timeout_ms <= 0 {
            return Output::Wait(None);
        }
        let close = *self.mark.get_or_insert(now) + millis(timeout_ms);
        if now < close { Output::Wait(Some(close)) } else { Output::End }
    }

    fn slice(
        &mut self,
        now: Instant,
        average_size: i64,
        size_variation: i64,
        delay_us: i64,
        rng: &mut Pcg64Mcg,
    ) -> Output {
        if let Some(busy) = self.busy_until.filter(|busy| now < *busy) {
            return Output::Wait(Some(busy));
        }
        let Some(head) = self.queue.front() else { return self.end_or_wait() };
        let average = usize::try_from(average_size.max(1)).unwrap_or(usize::MAX);
        let variation = usize::try_from(size_variation.max(0)).unwrap_or(usize::MAX);
        if self.ranges.is_empty() {
            self.ranges.push((0, head.data.len()));
        }
        // The original halves a chunk, with some variation, until its parts are small enough; here with a stack
        // in place of recursion.
        while let Some((start, end)) = self.ranges.pop() {
            let length = end - start;
            if length <= 1 || length.saturating_sub(average) <= variation {
                let chunk = Chunk { at: head.at, data: head.data.slice(start..end) };
                if self.ranges.is_empty() {
                    self.pop();
                }
                self.busy_until = Some(now + Duration::from_micros(clamp_us(delay_us)));
                return Output::Data(chunk);
            }
            let low = (length / 2).saturating_sub(variation).max(1);
            let high = (length / 2).saturating_add(variation).min(length - 1);
            let middle = start + if low < high { rng.random_range(low..high) } else { length / 2 };
            self.ranges.push((middle, end));
            self.ranges.push((start, middle));
        }
        Output::Wait(None)
    }

    /// Cuts what the slicer has already sent off the head.
    fn take_up_ranges(&mut self) {
        let Some(&(unsent, _)) = self.ranges.last() else { return };
        self.ranges.clear();
        if let Some(head) = self.queue.front_mut() {
            let sent = head.data.split_to(unsent.min(head.data.len()));
            self.queued_bytes -= sent.len();
        }
    }

    fn limit(&mut self, bytes: u64) -> Output {
        let left = usize::try_from(bytes.saturating_sub(self.sent)).unwrap_or(usize::MAX);
        match self.pop() {
            _ if left == 0 && self.sent > 0 => Output::End,
            None => self.end_or_wait(),
            Some(_) if left == 0 => Output::End,
            Some(mut chunk) => {
                chunk.data.truncate(left);
                self.sent += chunk.data.len() as u64;
                Output::Data(chunk)
            }
        }
    }
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms.clamp(0, DELAY_MS_MAX)).unwrap_or(0))
}

fn clamp_us(us: i64) -> u64 {
    u64::try_from(us.clamp(0, DELAY_MS_MAX * 1000)).unwrap_or(0)
}
