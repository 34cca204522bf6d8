#![no_main]

use afterall_formats::{Finals, InitialValue, Nil, Options, Order, read_bytes};
use libfuzzer_sys::fuzz_target;

// The first line is an initial value, and its first byte says what else is asked for.
fuzz_target!(|bytes: &[u8]| {
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else { return };
    let (line, rest) = bytes.split_at(end);
    let asked = line.first().copied().unwrap_or(0);
    let initial = std::str::from_utf8(line.get(1..).unwrap_or_default()).ok();
    let initial = initial.and_then(|text| text.parse::<InitialValue>().ok());
    let options = Options {
        nil: (asked & 1 != 0).then_some(Nil::Initial),
        order: if asked & 2 != 0 { Order::Time } else { Order::Lines },
        finals: if asked & 4 != 0 { Finals::Last } else { Finals::Marked },
        initial: initial.into_iter().collect(),
        ..Options::default()
    };
    let _ = read_bytes(&rest[1..], "fuzz", &options);
});
