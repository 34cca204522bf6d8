#![no_main]

use afterall_formats::{Format, Options, read_bytes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = Options { format: Some(Format::JepsenEdn), ..Options::default() };
    let _ = read_bytes(bytes, "fuzz", &options);
});
