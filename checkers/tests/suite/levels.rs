//! What operations at each consistency level got, and what mixing levels cost.

use crate::table::judge;
use afterall_history::Level;

const STORY: &str = "p1@n1 write x 1 @quorum 10..20
    p2@n2 read x [1] @one 30..31
    p1@n1 write x 2 @quorum 40..50
    p1@n1 read x [2] @quorum 52..54
    p2@n2 read x [1] @one 60..61
    p2@n2 write x 3 @quorum 70..80
    p3@n1 read x [3] @quorum 90..95
    p3@n1 write x 4 @quorum fail 100..110
    p3@n1 write x 5 @all 120..130";

#[test]
fn each_level_is_counted_by_itself() {
    let levels = judge(STORY).figures.levels;
    let told: Vec<_> =
        levels.iter().map(|of| (of.level, of.ops, of.ok, of.reads, of.stale)).collect();
    assert_eq!(
        told,
        [(Level::One, 2, 2, 2, 1), (Level::Quorum, 6, 5, 2, 0), (Level::All, 1, 1, 0, 0)]
    );
    assert_eq!((levels[0].read_p99_ns, levels[0].write_p50_ns), (Some(1), None));
    assert_eq!(levels[1].write_p50_ns, Some(10));
    let without = STORY.replace(" @quorum", "").replace(" @one", "").replace(" @all", "");
    let figures = judge(&without).figures;
    assert!(figures.levels.is_empty() && figures.mixed.is_none());
}

#[test]
fn a_strong_write_that_rests_on_a_stale_read_is_named() {
    let mixed = judge(STORY).figures.mixed.unwrap();
    assert_eq!((mixed.strong_writes, mixed.after_weak_reads, mixed.after_stale_reads), (4, 1, 1));
    let told = &mixed.examples[0];
    assert_eq!((told.write, told.read, told.age_ns), (10, 8, 10));
    let sentence = "Session 2 read x at level one (#8), and got a value that had been overwritten 10 ns before; then session 2 wrote x=3 at n2 (#10) at level quorum.";
    assert_eq!(told.sentence, sentence);
    // What the session read at a quorum since, or wrote itself, it knows better.
    for line in ["p2@n2 read x [2] @quorum 62..63", "p2@n2 write x 9 @one 62..63"] {
        let table =
            STORY.replace("    p2@n2 write x 3", &format!("    {line}\n    p2@n2 write x 3"));
        assert_eq!(judge(&table).figures.mixed.unwrap().after_stale_reads, 0, "{line}");
    }
    // A fresh read at one is luck, and no harm.
    let fresh =
        judge(&STORY.replace("read x [1] @one 60", "read x [2] @one 60")).figures.mixed.unwrap();
    assert_eq!((fresh.after_weak_reads, fresh.after_stale_reads), (1, 0));
}
