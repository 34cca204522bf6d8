//! Two runs side by side.

use super::{Page, filled, message, missing, report_link, run_link, tone};
use crate::address::Query;
use crate::shelf::Shelf;
use afterall_checkers::words::count;
use afterall_store::{KeyCounts, Pair, Place, Rung, comparison, plain, read_verdict};
use minijinja::context;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Both {
    name: String,
    first: String,
    second: String,
    first_tone: &'static str,
    second_tone: &'static str,
    differs: bool,
    note: &'static str,
}

impl Both {
    fn plain(pair: &Pair) -> Both {
        Both {
            name: pair.name.clone(),
            first: pair.first.clone(),
            second: pair.second.clone(),
            first_tone: "",
            second_tone: "",
            differs: pair.differs(),
            note: "",
        }
    }

    fn rung(rung: &Rung) -> Both {
        let (first, second) = rung.promised;
        let note = match rung.promised {
            (true, true) => "promised",
            (true, false) => "promised by the first",
            (false, true) => "promised by the second",
            (false, false) => "",
        };
        Both {
            first_tone: tone::of_word(&rung.pair.first, first),
            second_tone: tone::of_word(&rung.pair.second, second),
            differs: rung.differs(),
            note,
            ..Both::plain(&rung.pair)
        }
    }
}

#[derive(Debug, Serialize)]
struct Failure {
    key: String,
    promised: bool,
    first: String,
    second: String,
    sentence: String,
    word: &'static str,
    tone: &'static str,
}

impl Failure {
    fn of(of: &KeyCounts) -> Failure {
        let (word, tone) = match (of.is_new(), of.is_gone()) {
            (true, _) => ("new", if of.promised { "bad" } else { "unsure" }),
            (_, true) => ("gone", "good"),
            _ => ("in both", "plain"),
        };
        Failure {
            key: of.key.clone(),
            promised: of.promised,
            first: count(of.counts.0),
            second: count(of.counts.1),
            sentence: of.sentence.clone(),
            word,
            tone,
        }
    }
}

#[derive(Debug, Serialize)]
struct Side {
    path: String,
    when: String,
    link: String,
    report: String,
    verdict: String,
    tone: &'static str,
}

pub(super) fn page(shelf: &Shelf, query: &Query) -> Page {
    let chosen: Vec<&str> = query.all("run").collect();
    let [first, second] = chosen.as_slice() else {
        let why = format!(
            "Choose two runs in the list, and compare these; {} were chosen.",
            count(chosen.len() as u64)
        );
        return message(400, "Two runs side by side", &why);
    };
    let mut verdicts = Vec::new();
    for path in [first, second] {
        if !plain(path) {
            return message(400, "Not answered", "Expected the path of a run below the store.");
        }
        match read_verdict(shelf.store(), path) {
            Ok(verdict) => verdicts.push(verdict),
            Err(error) => return missing(&error.to_string()),
        }
    }
    let [a, b] = verdicts.as_slice() else { return missing("There is no such run.") };
    let of = comparison(a, b);
    let side = |path: &str, verdict: &str| Side {
        path: path.to_owned(),
        when: Place::new(path).when.unwrap_or_default(),
        link: run_link(path),
        report: report_link(path),
        verdict: verdict.to_owned(),
        tone: tone::of_word(verdict, true),
    };
    let differ = of.ladder.iter().filter(|rung| rung.differs()).count() as u64;
    let new = of.failures.iter().filter(|of| of.is_new()).count() as u64;
    let gone = of.failures.iter().filter(|of| of.is_gone()).count() as u64;
    let came = if differ == 1 { "property came" } else { "properties came" };
    let ways = |n: u64, what: &str| match n {
        0 => format!("no way of failing is {what}"),
        1 => format!("1 way of failing is {what}"),
        n => format!("{} ways of failing are {what}", count(n)),
    };
    let summary = match of.is_same() {
        true => "One verdict, the same outcome of each property, and the same ways in which promises broke.".to_owned(),
        false => {
            let (new, gone) = (ways(new, "new"), ways(gone, "gone"));
            format!("{} {came} out otherwise; {new}, and {gone}.", count(differ))
        }
    };
    filled(
        200,
        "compare.html",
        context! {
            title => "Two runs side by side",
            here => "runs",
            same => of.is_same(),
            summary,
            sides => [side(first, &of.verdict.first), side(second, &of.verdict.second)],
            facts => of.facts.iter().map(Both::plain).collect::<Vec<_>>(),
            ladder => of.ladder.iter().map(Both::rung).collect::<Vec<_>>(),
            figures => of.figures.iter().map(Both::plain).collect::<Vec<_>>(),
            failures => of.failures.iter().map(Failure::of).collect::<Vec<_>>(),
            swapped => format!("?run={}&run={}", crate::address::encoded(second), crate::address::encoded(first)),
        },
    )
}
