//! Which tone a word has: green, red, yellow or none, as the classes of the style sheet.

use afterall_campaign::{Ended, Judgement, Standing as Found};
use afterall_store::Standing;

/// The tone of a run.
pub(super) fn of_run(standing: Standing) -> &'static str {
    match standing {
        Standing::Valid => "good",
        Standing::Invalid => "bad",
        Standing::Unknown | Standing::Unreadable => "unsure",
        Standing::Measured | Standing::Running | Standing::Unjudged | Standing::NotARun => "plain",
    }
}

/// The tone of how a run of a campaign ended.
pub(super) fn of_end(ended: Ended) -> &'static str {
    match ended {
        Ended::Valid => "good",
        Ended::Unknown => "unsure",
        Ended::Invalid | Ended::Crashed => "bad",
    }
}

/// The tone of what a campaign comes to.
pub(super) fn of_judgement(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Valid => "good",
        Judgement::Unknown | Judgement::Void => "unsure",
        Judgement::Invalid | Judgement::Crashed => "bad",
    }
}

/// The tone of how a failure stands against the nights before.
pub(super) fn of_finding(standing: Found) -> &'static str {
    match standing {
        Found::New | Found::Ongoing => "bad",
        Found::Rare => "unsure",
        Found::Resolved => "good",
    }
}

/// The tone of an outcome or a verdict, by its word.
pub(super) fn of_word(word: &str, promised: bool) -> &'static str {
    match word {
        "held" | "valid" => "good",
        "broken" | "invalid" if promised => "bad",
        "hardly exercised" | "undecided" | "unknown" if promised => "unsure",
        _ => "plain",
    }
}
