//! What is written of runs, and read again.

use crate::made::{header, index, line, runs};
use afterall_campaign::{
    CampaignHeader, Changed, Ended, Index, Line, MergeError, Retention, Wall, difference, merge,
    to_keep,
};

fn read(text: &str) -> Result<Option<Index>, String> {
    Index::read(text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn what_is_written_is_read_and_a_torn_end_is_not() {
    let whole = index(5, runs(2, 5, "a", 2, "k"));
    let text = whole.to_text().unwrap();
    let again = read(&text).unwrap().unwrap();
    assert_eq!(again, Index { whole_bytes: text.len() as u64, ..whole.clone() });
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in 0..text.len() {
        let lines = ends.iter().filter(|&&end| end <= cut).count();
        let read = read(&text[..cut]).unwrap();
        match lines {
            0 => assert_eq!(read, None),
            lines => {
                let read = read.unwrap();
                assert_eq!(read.lines.len(), lines - 1);
                assert_eq!(read.whole_bytes, ends[lines - 1] as u64);
            }
        }
    }
}

#[test]
fn a_damaged_line_is_told_with_its_number() {
    let text = index(5, runs(2, 3, "a", 1, "k")).to_text().unwrap();
    for (from, to, says) in [
        ("{\"run\":3,", "{\"run\":2,", "line 5: expected each run once, found the run 2 twice"),
        ("{\"run\":3,", "{\"run\":7,", "line 5: expected a run below 7, found 7"),
        (
            "{\"run\":3,",
            "{\"runs\":3,",
            "line 5: expected what became of a run, found none: unknown field `runs`",
        ),
        ("\"verdict\":\"valid\"", "\"verdict\":\"good\"", "line 5: "),
        (
            "afterall-campaign",
            "afterall-history",
            "line 1: expected the format afterall-campaign 1",
        ),
        ("\"version\":1", "\"version\":9", "found afterall-campaign 9"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = read(&text.replacen(from, to, 1)).unwrap_err();
        assert!(error.contains(says), "{to}: {error}");
    }
    assert!(read("x\n").unwrap_err().starts_with("line 1: expected the first line"));
    let long = format!("{}{}\n", text, "x".repeat(2 << 20));
    assert!(read(&long).unwrap_err().contains("expected at most 1048576 bytes"));
}

fn part(whole: &Index, number: u32, of: u32) -> Index {
    let of_part = |run: u64| run < 2 || (run - 2) % u64::from(of) == u64::from(number - 1);
    let header = CampaignHeader { shards: vec![number], of, ..whole.header.clone() };
    let lines = whole.lines.iter().filter(|(run, _)| of_part(**run));
    Index { lines: lines.map(|(run, line)| (*run, line.clone())).collect(), ..Index::new(header) }
}

#[test]
fn the_parts_of_a_campaign_are_the_whole_in_any_order() {
    let whole = index(9, runs(2, 9, "a", 3, "k"));
    let parts: Vec<Index> = (1..=3).map(|number| part(&whole, number, 3)).collect();
    assert_eq!(merge(&parts).unwrap(), whole);
    let [a, b, c] = [&parts[0], &parts[1], &parts[2]].map(Clone::clone);
    assert_eq!(merge(&[c.clone(), a.clone(), b.clone()]).unwrap(), whole);
    // Two of three are a part, too, which can be joined with the third.
    let two = merge(&[a.clone(), b]).unwrap();
    assert_eq!((two.header.shards.as_slice(), two.header.of), (&[1, 2][..], 3));
    assert_eq!(two.header.own_runs(), two.lines.len() as u64);
    assert_eq!(merge(&[two, c]).unwrap(), whole);
    assert_eq!(merge(&[a.clone(), a.clone()]).unwrap(), a);
}

#[test]
fn parts_of_two_campaigns_are_refused_and_so_is_a_run_that_came_out_in_two_ways() {
    let whole = index(9, runs(2, 9, "a", 3, "k"));
    let (a, mut b) = (part(&whole, 1, 2), part(&whole, 2, 2));
    assert_eq!(merge(&[]), Err(MergeError::None));
    b.header.digest.push('x');
    assert!(matches!(merge(&[a.clone(), b]), Err(MergeError::Other { place: 2, .. })));
    assert!(matches!(
        merge(&[a.clone(), part(&whole, 2, 3)]),
        Err(MergeError::Other { place: 2, .. })
    ));
    let mut again = a.clone();
    again.lines.get_mut(&2).unwrap().wall = Wall { ended: "later".to_owned(), took_ms: 9 };
    assert!(merge(&[a.clone(), again.clone()]).is_ok());
    again.lines.get_mut(&2).unwrap().ops += 1;
    assert_eq!(merge(&[a, again]), Err(MergeError::Twice { run: 2, place: 2 }));
}

#[test]
fn of_each_key_the_smallest_run_is_kept() {
    let with = |run, ops, keys: &[&str]| Line { ops, ..line(run, "a", Ended::Invalid, keys) };
    let lines = [
        with(2, 50, &["k"]),
        with(3, 40, &["k"]),
        with(4, 40, &["k", "also"]),
        with(5, 10, &["other", "k"]),
        line(6, "a", Ended::Valid, &[]),
        line(7, "a", Ended::Crashed, &[]),
        Line { folder: Some("runs/8".to_owned()), ..line(8, "a", Ended::Crashed, &[]) },
    ];
    let index = index(9, lines);
    let kept = |retention| to_keep(&index, retention).into_iter().collect::<Vec<_>>();
    // Run 5 is smaller, and another key is its gravest.
    assert_eq!(kept(Retention::Smallest), [3, 4, 5, 8]);
    assert_eq!(kept(Retention::All), [2, 3, 4, 5, 8]);
    assert_eq!(kept(Retention::None), [0; 0]);
}

#[test]
fn a_run_that_comes_out_otherwise_is_a_difference() {
    let one = index(9, runs(2, 5, "a", 2, "k"));
    assert!(difference(&one, &one).is_empty());
    let mut other = one.clone();
    other.lines.insert(2, line(2, "a", Ended::Valid, &[]));
    other.lines.insert(3, line(3, "a", Ended::Invalid, &["l"]));
    other.lines.remove(&6);
    // When it ended is none.
    other.lines.get_mut(&4).unwrap().wall.took_ms = 77;
    let found = difference(&one, &other);
    assert_eq!((found.both, found.only_first, found.only_second), (6, 1, 0));
    let was = (Ended::Invalid, Some("k".to_owned()));
    let changed = |seed, is| Changed { cell: "a".to_owned(), seed, was: was.clone(), is };
    let expected =
        [changed(2, (Ended::Valid, None)), changed(3, (Ended::Invalid, Some("l".to_owned())))];
    assert_eq!(found.changed, expected);
    assert_eq!(
        found.keys.into_iter().collect::<Vec<_>>(),
        [("k".to_owned(), (2, 0)), ("l".to_owned(), (0, 1))]
    );
}

#[test]
fn a_header_knows_how_many_runs_its_parts_have() {
    let header = header(10);
    let of = |shards: Vec<u32>, of| CampaignHeader { shards, of, ..header.clone() }.own_runs();
    assert_eq!(of(vec![], 1), 12);
    assert_eq!(of(vec![1], 3) + of(vec![2], 3) + of(vec![3], 3), 12 + 2 * 2);
    assert_eq!((of(vec![1], 3), of(vec![3], 3)), (2 + 4, 2 + 3));
}
