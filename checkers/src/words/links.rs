//! The links of a fault in words: what was cut off from what, and not a list.

use std::collections::{BTreeMap, BTreeSet};

/// The most links that are listed one by one.
const LINKS_MAX: usize = 8;

/// The most groups of links that are told one by one.
const GROUPS_MAX: usize = 5;

/// Which links: `between n2 and n1, n3`, `from n1 to n2, n3`, `among n1, n2, n3`, or a list of them, such as ` on n1→n2, n2→n3`. The words say all
/// of the links and no others, unless a list ends with `…`. Both nodes of a link are different; a link is given once.
pub(crate) fn links<'a>(links: &[(&'a str, &'a str)]) -> String {
    let set: BTreeSet<(&str, &str)> = links.iter().copied().collect();
    between(&set).or_else(|| among(&set)).or_else(|| from_to(&set)).unwrap_or_else(|| listed(links))
}

/// All links between two groups, both ways.
fn between(set: &BTreeSet<(&str, &str)>) -> Option<String> {
    let first = set.first()?.0;
    let others = neighbours(set, first);
    let own = neighbours(set, others.first()?);
    let is_all = set.len() == 2 * own.len() * others.len()
        && own.is_disjoint(&others)
        && pairs(&own, &others).all(|(a, b)| set.contains(&(a, b)) && set.contains(&(b, a)));
    // Of two groups the smaller is what was cut off.
    let (few, many) = if own.len() <= others.len() { (own, others) } else { (others, own) };
    is_all.then(|| format!(" between {} and {}", names(&few), names(&many)))
}

/// All links of a group.
fn among(set: &BTreeSet<(&str, &str)>) -> Option<String> {
    let group: BTreeSet<&str> = set.iter().flat_map(|&(from, to)| [from, to]).collect();
    let is_all = group.len() > 2 && set.len() == group.len() * (group.len() - 1);
    is_all.then(|| format!(" among {}", names(&group)))
}

/// All links from one group to another, or from each of several groups to one.
fn from_to(set: &BTreeSet<(&str, &str)>) -> Option<String> {
    let mut by_source: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for &(from, to) in set {
        by_source.entry(from).or_default().insert(to);
    }
    let mut by_targets: BTreeMap<BTreeSet<&str>, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in by_source {
        by_targets.entry(to).or_default().insert(from);
    }
    // As many words as a list has are no better than it.
    if by_targets.len() > GROUPS_MAX || by_targets.len() * 2 > set.len() {
        return None;
    }
    let said = |(to, from): (&BTreeSet<&str>, &BTreeSet<&str>)| {
        format!("from {} to {}", names(from), names(to))
    };
    let mut groups: Vec<_> = by_targets.iter().collect();
    groups.sort_by_key(|(_, from)| *from);
    let said: Vec<String> = groups.into_iter().map(said).collect();
    Some(format!(" {}", said.join("; ")))
}

fn listed(links: &[(&str, &str)]) -> String {
    let first = links.iter().take(LINKS_MAX).map(|(from, to)| format!("{from}→{to}"));
    let more = if links.len() > LINKS_MAX { ", …" } else { "" };
    format!(" on {}{more}", first.collect::<Vec<_>>().join(", "))
}

fn neighbours<'a>(set: &BTreeSet<(&'a str, &'a str)>, of: &str) -> BTreeSet<&'a str> {
    set.iter().filter(|(from, _)| *from == of).map(|&(_, to)| to).collect()
}

fn pairs<'a>(
    one: &'a BTreeSet<&'a str>,
    other: &'a BTreeSet<&'a str>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    one.iter().flat_map(|&a| other.iter().map(move |&b| (a, b)))
}

/// At most as many as are listed one by one.
fn names(of: &BTreeSet<&str>) -> String {
    let first: Vec<&str> = of.iter().take(LINKS_MAX).copied().collect();
    match of.len() - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(pairs: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
        pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect()
    }

    #[test]
    fn what_is_cut_off_is_said_and_not_listed() {
        let alone = both(&[("n2", "n1"), ("n2", "n3"), ("n2", "n4")]);
        assert_eq!(links(&alone), " between n2 and n1, n3, n4");
        let halves = both(&[
            ("n1", "n4"),
            ("n1", "n5"),
            ("n3", "n4"),
            ("n3", "n5"),
            ("n2", "n4"),
            ("n2", "n5"),
        ]);
        assert_eq!(links(&halves), " between n4, n5 and n1, n2, n3");
        assert_eq!(links(&both(&[("a", "b")])), " between a and b");
        let all = both(&[("a", "b"), ("a", "c"), ("b", "c")]);
        assert_eq!(links(&all), " among a, b, c");
        assert_eq!(links(&[("n1", "n2"), ("n1", "n3")]), " from n1 to n2, n3");
        assert_eq!(links(&[("n1", "n3"), ("n2", "n3")]), " from n1, n2 to n3");
        // A ring of majorities: each node reaches its neighbours alone.
        let ring = both(&[("a", "c"), ("b", "d"), ("c", "e"), ("d", "a"), ("e", "b")]);
        let cut = " from a to c, d; from b to d, e; from c to a, e; from d to a, b; from e to b, c";
        assert_eq!(links(&ring), cut);
    }

    #[test]
    fn what_is_not_all_links_of_groups_is_listed() {
        assert_eq!(links(&[("n1", "n2")]), " on n1→n2");
        assert_eq!(links(&[("n1", "n2"), ("n2", "n3")]), " on n1→n2, n2→n3");
        let path = both(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("f", "g")]);
        assert!(links(&path).ends_with(", …"), "{}", links(&path));
        // One way is missing.
        let most = &both(&[("n1", "n2"), ("n1", "n3")])[1..];
        assert_eq!(links(most), " on n2→n1, n1→n3, n3→n1");
    }

    #[test]
    fn many_nodes_are_not_all_named() {
        let names: Vec<String> = (10..30).map(|n| format!("n{n}")).collect();
        let pairs: Vec<(&str, &str)> =
            names.iter().flat_map(|n| [("a", n.as_str()), (n.as_str(), "a")]).collect();
        assert_eq!(
            links(&pairs),
            " between a and n10, n11, n12, n13, n14, n15, n16, n17 and 12 more"
        );
    }
}
