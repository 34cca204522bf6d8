//! Numbers, shares and spans of time in sentences: one rule for verdicts and reports.

/// `31,204`
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 group`, `2 groups`
#[must_use]
pub fn counted(n: u64, what: &str) -> String {
    let several = |what: &str| match what.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{what}s"),
    };
    let what = if n == 1 { what.to_owned() } else { several(what) };
    format!("{} {what}", count(n))
}

/// `85 µs`, `230 ms`, `1.42 s`, `2 min 3 s`, `17 h 50 min`
#[must_use]
pub fn duration(ns: i64) -> String {
    let sign = if ns < 0 { "−" } else { "" };
    let ns = ns.unsigned_abs();
    let s = ns as f64 / 1e9;
    if ns < 1_000 {
        format!("{sign}{ns} ns")
    } else if ns < 1_000_000 {
        format!("{sign}{} µs", ns / 1_000)
    } else if ns < 1_000_000_000 {
        format!("{sign}{} ms", ns / 1_000_000)
    } else if s < 10.0 {
        format!("{sign}{s:.2} s")
    } else if s < 120.0 {
        format!("{sign}{s:.1} s")
    } else if s < 2.0 * 3_600.0 {
        format!("{sign}{} min{}", ns / 60_000_000_000, rest(ns / 1_000_000_000 % 60, "s"))
    } else {
        format!("{sign}{} h{}", ns / 3_600_000_000_000, rest(ns / 60_000_000_000 % 60, "min"))
    }
}

/// ` 3 s`; nothing for none.
fn rest(n: u64, unit: &str) -> String {
    if n == 0 { String::new() } else { format!(" {n} {unit}") }
}

/// `0.025 %`
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = if share == 0.0 {
        "0".to_owned()
    } else if percent >= 10.0 {
        format!("{percent:.0}")
    } else if percent >= 1.0 {
        format!("{percent:.1}")
    } else if percent >= 0.001 {
        // Two digits that count.
        let digits = (1.0 - percent.log10().floor()).clamp(1.0, 5.0);
        format!("{percent:.*}", digits as usize)
    } else {
        format!("{percent:.1e}")
    };
    format!("{text} %")
}

/// As [`percent`], but where almost all is not all: `99.968 %`
#[must_use]
pub fn share(share: f64) -> String {
    if share < 1.0 && share > 0.99 {
        // Rounded down: what is less than all is never called all.
        return format!("{:.3} %", (share * 100_000.0).floor() / 1_000.0);
    }
    percent(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [0, 999, 1000, 31_204, 1_000_000].map(count).join(" "),
            "0 999 1,000 31,204 1,000,000"
        );
        assert_eq!(counted(1, "group"), "1 group");
        assert_eq!(counted(2, "group"), "2 groups");
        assert_eq!(counted(2, "key"), "2 keys");
        assert_eq!(counted(2, "property"), "2 properties");
    }

    #[test]
    fn durations_read_well() {
        let ns =
            [0, 850, 85_000, 230_000_000, 1_420_000_000, 31_240_000_000, 123_000_000_000, -5_000]
                .into_iter()
                .chain([64_200_000_000_000, 68_400_000_000_000, 120_000_000_000]);
        let text = ns.map(duration).collect::<Vec<_>>().join(", ");
        assert_eq!(
            text,
            "0 ns, 850 ns, 85 µs, 230 ms, 1.42 s, 31.2 s, 2 min 3 s, −5 µs, 17 h 50 min, 19 h, 2 min"
        );
    }

    #[test]
    fn almost_all_is_not_all() {
        let read = [1.0, 0.999_999, 0.995, 0.5].map(share);
        assert_eq!(read, ["100 %", "99.999 %", "99.500 %", "50 %"]);
    }

    #[test]
    fn shares_read_well() {
        let text = [1.0, 0.3, 0.012, 0.000_25, 0.000_03, 1e-9].map(percent).join(", ");
        assert_eq!(text, "100 %, 30 %, 1.2 %, 0.025 %, 0.0030 %, 1.0e-7 %");
    }
}
