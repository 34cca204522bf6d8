#![no_main]

use afterall_formats::{Options, read_bytes};
use libfuzzer_sys::fuzz_target;

// The first byte says which beginning the rest is given.
const MARKS: &[&[u8]] = &[
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\x50\x2a\x4d\x18",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, rest)) = bytes.split_first() else { return };
    let bytes = [MARKS[usize::from(which) % MARKS.len()], rest].concat();
    let _ = read_bytes(&bytes, "fuzz", &Options::default());
});
