//! How many operations a history has so far, counted as it grows.

/// How many operations a history has so far. Given its bytes piece by piece, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many bytes were counted.
    pub bytes: u64,
    /// How many operations were begun in them.
    pub begun: u64,
    /// How many were acknowledged.
    pub ok: u64,
    /// Whether the history has its end.
    pub ended: bool,
    /// The beginning of a line whose end is still to come: as much of it as tells what it is.
    line: Vec<u8>,
}

/// The word that tells what an event is stands in front.
const HEAD_BYTES: usize = 160;

impl Tally {
    /// Counts the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            self.keep(&rest[..end]);
            self.count();
            self.line.clear();
            rest = &rest[end + 1..];
        }
        self.keep(rest);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = HEAD_BYTES.saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn count(&mut self) {
        let has = |word: &[u8]| self.line.windows(word.len()).any(|part| part == word);
        if has(br#""type":"invoke""#) {
            self.begun += 1;
        } else if has(br#""type":"ok""#) {
            self.ok += 1;
        } else if has(br#""type":"end""#) {
            self.ended = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_it_is_cut_the_count_is_the_same() {
        let text = "{\"format\":\"afterall-history\"}\n\
             {\"index\":0,\"time\":1,\"type\":\"invoke\",\"value\":\"\\\"type\\\":\\\"ok\\\"\"}\n\
             {\"index\":1,\"time\":2,\"type\":\"ok\"}\n\
             {\"index\":2,\"time\":3,\"type\":\"invoke\"}\n\
             {\"index\":3,\"time\":3,\"type\":\"end\",\"how\":\"complete\"}\n";
        let whole = |piece: usize| {
            let mut tally = Tally::default();
            text.as_bytes().chunks(piece).for_each(|piece| tally.take(piece));
            tally
        };
        for piece in [1, 7, 64, 10_000] {
            let tally = whole(piece);
            assert_eq!((tally.begun, tally.ok, tally.ended), (2, 1, true), "{piece}");
            assert_eq!(tally.bytes, text.len() as u64);
        }
        let mut torn = Tally::default();
        torn.take(b"{\"index\":2,\"time\":3,\"type\":\"inv");
        assert_eq!(torn.begun, 0);
        torn.take(b"oke\"}\n");
        assert_eq!(torn.begun, 1);
    }
}
