//! Histories of transactions that have a name, to be read: `[x:=1 y==2 z==?]` writes x and reads y, and z as nothing;
//! `!` was aborted; a line of `-` begins the next session.

use crate::txns::{LEVELS, header, outcome, text};
use afterall_checkers::{Outcome, Valid, Verdict, check_transactions};
use afterall_history::{
    Initial, Name, Promise, Property, Sessions, Status, TransactionsBuilder, Workload,
};

fn judge(history: &str) -> Verdict {
    check_transactions(&text(history))
}

/// Broken are the levels that are named: of read committed, read atomic and causal convergence the last so many.
#[track_caller]
fn breaks(history: &str, levels: usize, kinds: &[&str]) -> Verdict {
    let verdict = judge(history);
    let broken = LEVELS.map(|level| outcome(&verdict, level).is_broken());
    let expected = [levels >= 3, levels >= 2, levels >= 1];
    assert_eq!(broken[..3], expected, "{:#?}", verdict.anomalies);
    let mut found: Vec<&str> = verdict.anomalies.iter().map(|a| a.kind.name()).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, kinds);
    verdict
}

#[track_caller]
fn allowed(history: &str) {
    breaks(history, 0, &[]);
}

// What all three allow.

#[test]
fn lost_update_is_allowed() {
    allowed("[x:=1]\n---\n[x==1 x:=2]\n---\n[x==1 x:=3]\n");
}

#[test]
fn write_skew_is_allowed() {
    allowed("[x:=1 y:=1]\n---\n[x==1 y==1 x:=2]\n---\n[x==1 y==1 y:=2]\n");
}

#[test]
fn long_fork_is_allowed() {
    allowed("[x:=1]\n---\n[y:=1]\n---\n[x==1 y==?]\n---\n[x==? y==1]\n");
}

#[test]
fn what_was_aborted_and_not_read_does_not_matter() {
    allowed("[x:=1] [x:=2]!\n---\n[x==1] [x==1]\n");
}

// What is wrong by itself.

#[test]
fn a_read_of_what_nobody_wrote() {
    let verdict = breaks("[x:=1]\n---\n[x==7]\n", 3, &["ThinAirRead"]);
    assert_eq!(verdict.anomalies[0].witness, [1]);
    assert_eq!(
        verdict.anomalies[0].sentence,
        "Session 1 read x=7 (transaction 1, #1): no transaction wrote that value."
    );
}

#[test]
fn an_aborted_read() {
    let verdict = breaks("[x:=1]!\n---\n[x==1]\n", 3, &["AbortedRead"]);
    assert_eq!(verdict.anomalies[0].witness, [0, 1]);
}

#[test]
fn an_intermediate_read() {
    breaks("[x:=1 x:=2]\n---\n[x==1]\n", 3, &["IntermediateRead"]);
    allowed("[x:=1 x:=2 x:=1]\n---\n[x==1]\n");
}

#[test]
fn a_transaction_sees_its_own_last_write_and_not_what_it_has_not_written_yet() {
    breaks("[x==1 x:=1]\n", 3, &["FutureRead"]);
    breaks("[x:=1 x:=2 x==1]\n", 3, &["NotMyLastWrite"]);
    breaks("[x:=1]\n---\n[x:=2 x==1]\n", 3, &["NotMyOwnWrite"]);
    breaks("[x:=1 x==?]\n", 3, &["NotMyOwnWrite"]);
    allowed("[x:=1 x==1 x:=2 x==2]\n");
}

#[test]
fn effects_before_causes() {
    let verdict = breaks("[x==1 y:=1]\n---\n[y==1 x:=1]\n", 3, &["CyclicCO"]);
    assert_eq!(verdict.anomalies[0].witness, [0, 1, 2, 3]);
    assert_eq!(verdict.anomalies[0].edges.len(), 2);
}

// What breaks read committed.

#[test]
fn a_read_of_nothing_after_the_writer_was_seen() {
    breaks(
        "[x:=1 y:=1]\n---\n[x==1 y==?]\n",
        3,
        &["FracturedRead", "NonMonotonicRead", "WriteCOInitRead"],
    );
}

#[test]
fn older_states_the_further_it_goes() {
    breaks(
        "[x:=1 y:=1] [x:=2 y:=2]\n---\n[x==2 y==1]\n",
        3,
        &["FracturedRead", "NonMonotonicRead", "WriteCORead"],
    );
}

// What read committed allows and read atomic does not.

#[test]
fn fractured_read() {
    let verdict =
        breaks("[x:=1 y:=1] [x:=2 y:=2]\n---\n[x==1 y==2]\n", 2, &["FracturedRead", "WriteCORead"]);
    let fractured = verdict.anomalies.iter().find(|a| a.kind.name() == "FracturedRead").unwrap();
    assert_eq!(
        fractured.sentence,
        "Session 1 read x=1 (transaction 2, #4), although that value had been overwritten in a transaction that it saw: session 0 wrote x=2 (transaction 1, #2)."
    );
    assert_eq!(fractured.key.as_deref(), Some("x"));
}

#[test]
fn non_repeatable_read() {
    breaks("[x:=1] [x:=2]\n---\n[x==1 x==2]\n", 2, &["NonRepeatableRead", "WriteCORead"]);
}

#[test]
fn a_session_that_does_not_read_its_own_writes() {
    breaks("[x:=1] [x:=2] [x==1]\n", 2, &["FracturedRead", "WriteCORead"]);
    breaks("[x:=1] [x==?]\n", 2, &["FracturedRead", "WriteCOInitRead"]);
}

// What read atomic allows and causal consistency does not.

#[test]
fn a_session_whose_reads_go_back() {
    breaks("[x:=1] [x:=2]\n---\n[x==2] [x==1]\n", 1, &["WriteCORead"]);
    breaks("[x:=1]\n---\n[x==1] [x==?]\n", 1, &["WriteCOInitRead"]);
}

#[test]
fn a_reply_without_what_it_answers() {
    breaks("[x:=1]\n---\n[x==1 y:=1]\n---\n[y==1] [x==?]\n", 1, &["WriteCOInitRead"]);
    breaks("[x:=1] [x:=2]\n---\n[x==2 y:=1]\n---\n[y==1 x==1]\n", 1, &["WriteCORead"]);
}

#[test]
fn two_sessions_that_see_two_writes_in_two_orders() {
    let verdict =
        breaks("[x:=1]\n---\n[x:=2]\n---\n[x==1] [x==2]\n---\n[x==2] [x==1]\n", 1, &["CyclicCF"]);
    assert_eq!(verdict.anomalies[0].witness.len(), 6);
}

// The initial state.

/// The history in Plume's text that AWDIT lets pass: the initial transaction is in a session of its own there, and
/// concurrent with all others.
#[test]
fn the_initial_value_does_not_come_back() {
    let plume = "w(1,1,0,0)\nr(1,0,0,1)\n";
    let history = afterall_formats::plume::read(plume.as_bytes(), "test").unwrap();
    let verdict = check_transactions(&history);
    let causal = verdict.anomalies.iter().find(|a| a.property == Property::Causal).unwrap();
    assert_eq!(
        (causal.kind.name(), causal.sentence.as_str()),
        (
            "WriteCOInitRead",
            "Session 0 read 1=0, the initial value (transaction 1, #2), although there was a write in its causal past: session 0 wrote 1=1 (transaction 0, #1)."
        )
    );
}

#[test]
fn an_initial_value_that_somebody_wrote_cannot_be_traced_unless_it_is_the_initial_state_spelled_out()
 {
    let plume = |text: &str| {
        let history = afterall_formats::plume::read(text.as_bytes(), "test").unwrap();
        check_transactions(&history)
    };
    let spelled_out = plume("w(1,0,0,0)\nr(1,0,1,1)\nw(1,1,1,1)\nr(1,1,1,2)\n");
    assert!(outcome(&spelled_out, Property::Causal).is_held());
    let back = plume("w(1,0,0,0)\nw(1,1,1,1)\nr(1,0,1,2)\n");
    assert!(outcome(&back, Property::Causal).is_broken());
    let written = plume("w(1,1,0,0)\nw(1,0,0,1)\nr(1,0,0,2)\n");
    let Outcome::Undecided { why } = outcome(&written, Property::Causal) else { panic!() };
    assert!(why.contains("transaction 1 wrote 1=0, which is the initial value too"), "{why}");
}

// What nobody knows.

#[test]
fn one_value_of_two_writers_is_traced_if_one_of_them_was_aborted() {
    allowed("[x:=1]\n---\n[x:=1]!\n---\n[x==1]\n");
    let verdict = judge("[x:=1]\n---\n[x:=1]\n---\n[x==1]\n");
    let Outcome::Undecided { why } = outcome(&verdict, Property::Causal) else { panic!() };
    assert!(why.contains("transactions 0 and 1 both wrote x=1"), "{why}");
    // What is wrong elsewhere is wrong all the same.
    breaks("[x:=1]\n---\n[x:=1]\n---\n[x==1] [y==9]\n", 3, &["ThinAirRead"]);
}

#[test]
fn a_transaction_of_which_nobody_knows_counts_if_it_was_read() {
    let build = |read: Option<u64>| {
        let mut b = TransactionsBuilder::new(header(), Initial::Nothing).unwrap();
        let (x, y) = (Name::Text("x"), Name::Text("y"));
        let doubtful = b.begin(Name::Number(0), Status::Info).unwrap();
        b.write(doubtful, x, Name::Number(1)).unwrap();
        b.write(doubtful, y, Name::Number(1)).unwrap();
        b.read(doubtful, y, Some(Name::Number(99))).unwrap();
        let reader = b.begin(Name::Number(1), Status::Ok).unwrap();
        b.read(reader, x, read.map(Name::Number)).unwrap();
        b.read(reader, y, None).unwrap();
        check_transactions(&b.finish())
    };
    assert!(build(None).anomalies.is_empty());
    let seen = build(Some(1));
    assert!(LEVELS.iter().all(|&level| outcome(&seen, level).is_broken()));
    assert_eq!(seen.figures.transactions.unwrap().unknown, 1);
}

#[test]
fn transactions_and_sessions_without_operations_do_no_harm() {
    let mut b = TransactionsBuilder::new(header(), Initial::Nothing).unwrap();
    b.session(Name::Number(0)).unwrap();
    b.begin(Name::Number(1), Status::Ok).unwrap();
    b.begin(Name::Number(1), Status::Fail).unwrap();
    let verdict = check_transactions(&b.finish());
    let causal = outcome(&verdict, Property::Causal);
    assert!(matches!(causal, Outcome::NotExercised { .. }), "{causal:?}");
}

// Verdicts.

#[test]
fn a_broken_promise_makes_it_invalid_and_what_was_not_promised_is_shown() {
    let with = |history: &str, promises: &[Property]| {
        let mut history = text(history);
        history.header_mut().promises = promises.iter().copied().map(Promise::to_all).collect();
        check_transactions(&history)
    };
    let fractured = "[x:=1 y:=1] [x:=2 y:=2]\n---\n[x==1 y==2]\n";
    let verdict = with(fractured, &[Property::ReadCommitted]);
    assert_eq!((verdict.valid, verdict.strongest), (Valid::True, Some(Property::ReadCommitted)));
    let names: Vec<Property> = verdict.properties.iter().map(|p| p.property).collect();
    assert_eq!(
        names,
        [
            Property::CausalConvergence,
            Property::Causal,
            Property::ReadAtomic,
            Property::ReadCommitted
        ]
    );
    let verdict = with(fractured, &[Property::ReadAtomic]);
    assert_eq!(verdict.valid, Valid::False);
    assert!(verdict.reasons[0].starts_with("promise broken: read-atomic"), "{:?}", verdict.reasons);
    assert!(verdict.anomalies[0].promised);
    let verdict = with("[x:=1]\n", &[Property::Causal]);
    assert_eq!(verdict.valid, Valid::Unknown);
    let verdict = with("", &[]);
    assert_eq!(
        (verdict.valid, verdict.reasons[0].as_str()),
        (Valid::Unknown, "no transaction was made")
    );
    let verdict = with("[x:=1]\n---\n[x==1]\n", &[Property::Linearizable]);
    assert_eq!(verdict.workload, Workload::Transactions);
    let strict = verdict.property(Property::Linearizable, Sessions::All);
    assert!(strict.is_none_or(|p| !p.outcome.is_held()));
}

#[test]
fn what_was_done_is_counted() {
    let counts = judge("[x:=1 x==1] [x:=2]!\n---\n[x==1]\n").counts;
    assert_eq!((counts.ops, counts.ok, counts.fail, counts.sessions, counts.keys), (4, 3, 1, 2, 1));
    let by_f: Vec<_> = counts.by_f.iter().map(|of| (of.f.as_str(), of.ok, of.fail)).collect();
    assert_eq!(by_f, [("read", 2, 0), ("write", 1, 1)]);
}
