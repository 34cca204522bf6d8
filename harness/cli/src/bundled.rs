//! The scenarios that come with the program: one file each in `harness/scenarios`, one line each here.

macro_rules! scenarios {
    ($($name:literal,)+) => {
        /// Their names and texts, in the order in which they are listed.
        pub(crate) const SCENARIOS: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../scenarios/", $name, ".toml"))),)+
        ];
    };
}

scenarios! {
    "alice-and-bob",
    "alice-and-bob-both-kept",
    "equal-timestamps",
    "equal-timestamps-no-tie-break",
    "cart-two-devices",
    "cart-two-devices-last-write-wins",
    "like-counter",
    "like-counter-as-register",
    "undersea-cable",
    "three-regions",
    "slo",
    "slo-missed",
    "mixed-levels",
    "gossip-hundred",
    "anti-entropy-only",
    "rumor-only",
    "read-repair-only",
    "hints-only",
    "oversell",
    "oversell-reserved",
    "group-chat",
    "group-chat-causal",
    "device-switch",
    "device-switch-session",
    "device-switch-last-write-wins",
    "vector-clocks",
    "dns",
    "textbook-equal-timestamps",
    "textbook-lost-rumor",
    "textbook-older-write",
    "textbook-tree-shape",
}

/// The text of a scenario that comes with the program.
pub(crate) fn text_of(name: &str) -> Option<&'static str> {
    SCENARIOS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_has_its_line() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            assert_eq!(path.extension().and_then(|e| e.to_str()), Some("toml"), "{path:?}");
            path.file_stem().unwrap().to_str().unwrap().to_owned()
        });
        let listed = SCENARIOS.iter().map(|(name, _)| (*name).to_owned());
        assert_eq!(names.collect::<BTreeSet<_>>(), listed.collect());
    }
}
