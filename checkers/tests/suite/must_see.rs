//! The edges that are the contradiction itself: that they join the right operations, and stand only where that is proven.

use crate::table::judge;
use afterall_checkers::verdict::{AnomalyKind, Label};

/// The pairs of operations that an anomaly's edges of a kind join.
fn joined(table: &str, kind: AnomalyKind, label: Label) -> Vec<(u32, u32)> {
    let verdict = judge(table);
    let anomaly = verdict.anomalies.iter().find(|a| a.kind == kind);
    let anomaly = anomaly.unwrap_or_else(|| panic!("{:?}", verdict.anomalies));
    assert!(
        anomaly
            .edges
            .iter()
            .all(|edge| { [edge.from, edge.to].iter().all(|op| anomaly.witness.contains(op)) }),
        "{anomaly:?}"
    );
    let edges = anomaly.edges.iter().filter(|edge| edge.label == label);
    edges.map(|edge| (edge.from, edge.to)).collect()
}

#[test]
fn the_final_reads_had_to_respect_the_remove() {
    let table = "
        ! workload cart
        p1@n1 add c [\"a\",1]
        p1@n1 remove c \"a\"
        p8@n1 read c [[\"a\",1]] final
        p9@n2 read c [[\"a\",1]] final";
    let seen = joined(table, AnomalyKind::ResurrectedItem, Label::MustSee);
    assert_eq!(seen, [(2, 4), (2, 6)]);
}

#[test]
fn the_final_reads_had_to_show_the_write_that_is_lost() {
    let table = "
        p1@n1 write x 1
        p1@n1 write x 2
        p8@n1 read x [1] final
        p9@n2 read x [1] final";
    let seen = joined(table, AnomalyKind::LostWrite, Label::MustSee);
    assert!(!seen.is_empty());
    assert!(seen.iter().all(|&(write, read)| write == 2 && read >= 4), "{seen:?}");
}

#[test]
fn of_two_values_of_which_one_may_have_replaced_the_other_none_had_to_be_shown() {
    let table = "
        p1@n1 write x 1 10..20
        p2@n2 write x 2 10..20
        p8@n1 read x [1] final
        p9@n2 read x [2] final";
    assert_eq!(joined(table, AnomalyKind::Divergence, Label::MustSee), []);
    assert_eq!(joined(table, AnomalyKind::Divergence, Label::MustAgree).len(), 1);
}

#[test]
fn what_another_value_may_have_replaced_need_not_be_shown() {
    // The sibling 2 came later, and may have replaced 1; that n1 still shows 1 may be what is wrong.
    let table = "
        p1@n1 write x 1
        p2@n2 write x 2
        p8@n1 read x [1,2] final
        p9@n2 read x [2] final";
    assert_eq!(joined(table, AnomalyKind::Divergence, Label::MustSee), []);
    assert_eq!(joined(table, AnomalyKind::Divergence, Label::MustAgree), [(4, 6)]);
}

#[test]
fn what_nothing_can_have_replaced_had_to_be_shown() {
    let by_time = "
        p1@n1 write x 1
        p2@n2 write x 2
        p8@n1 read x [1,2] final
        p9@n2 read x [1] final";
    assert_eq!(joined(by_time, AnomalyKind::Divergence, Label::MustSee), [(2, 6)]);
    let by_versions = "
        ! rule siblings-replica
        p1@n1 write x 1 v={\"n1\":1} 10..30
        p2@n2 write x 2 v={\"n2\":1} 10..30
        p8@n1 read x [1,2] v={\"n1\":1,\"n2\":1} final
        p9@n2 read x [2] v={\"n2\":1} final";
    let seen = joined(by_versions, AnomalyKind::Divergence, Label::MustSee);
    assert_eq!(seen.len(), 1);
    let nothing = "
        p1@n1 write x 1
        p8@n1 read x [1] final
        p9@n2 read x [] final";
    assert_eq!(joined(nothing, AnomalyKind::Divergence, Label::MustSee), [(0, 4)]);
}

#[test]
fn what_may_have_been_deleted_need_not_be_shown() {
    let table = "
        p1@n1 write x 1
        p2@n2 delete x null
        p8@n1 read x [1] final
        p9@n2 read x [] final";
    assert_eq!(joined(table, AnomalyKind::Divergence, Label::MustSee), []);
    assert_eq!(joined(table, AnomalyKind::Divergence, Label::MustAgree).len(), 1);
}

#[test]
fn a_session_had_to_see_its_own_update() {
    let table = "
        p1@n1 write x 1 v={\"n1\":1}
        p1@n2 read x [] v={}";
    assert_eq!(joined(table, AnomalyKind::ReadYourWrites, Label::MustSee), [(0, 2)]);
    let order = "
        p1@n1 write x 1 v={\"n1\":1}
        p1@n2 write x 2 v={\"n2\":1}";
    assert_eq!(joined(order, AnomalyKind::MonotonicWrites, Label::MustSee), [], "it reads nothing");
}
