#![no_main]

use afterall_formats::{Options, read_bytes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_bytes(bytes, "fuzz", &Options::default());
});
