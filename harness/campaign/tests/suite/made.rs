//! Campaigns and lines for tests.

use afterall_campaign::{
    Campaign, CampaignFile, CampaignHeader, Ended, Facts, GridError, Index, Line, Outside, Shard,
};

/// The campaign of a text, which names nothing outside.
pub(crate) fn campaign(text: &str) -> Result<Campaign, GridError> {
    campaign_with(text, 0)
}

pub(crate) fn campaign_with(text: &str, add: u64) -> Result<Campaign, GridError> {
    let file = CampaignFile::parse(text, "x.toml").unwrap_or_else(|error| panic!("{error}"));
    let scenario = |name: &str| match name {
        "story" => Ok("time = '5s'\nrate = 50\nfaults = []\n[expect]\nvalid = true\n".to_owned()),
        other => Err(format!("unknown scenario {other:?}")),
    };
    let manifest = |target: &str| Err(format!("unknown target {target:?}"));
    Campaign::new(file, text, add, &Outside { scenario: &scenario, manifest: &manifest })
}

/// The header of a campaign with so many runs and a canary of two.
pub(crate) fn header(runs: u64) -> CampaignHeader {
    let text = "[grid]\nseeds = 1\n[canary]\nmutant = 'no-anti-entropy'\nseeds = '1..2'\n[thresholds]\nunknown = '50%'\n";
    let text = text.replace("[grid]", "[grid]\nflavour = 'crdt'");
    let header = campaign(&text).unwrap().header("x.toml", "0.1.0", None);
    CampaignHeader { runs: runs + 2, ..header }
}

/// A line of a cell that was put to the test.
pub(crate) fn line(run: u64, cell: &str, verdict: Ended, keys: &[&str]) -> Line {
    let facts = Facts { run, canary: false, cell, seed: run, floor: 10 };
    let mut line = Line::crashed(facts, "why");
    line.verdict = verdict;
    line.keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let chances = (verdict != Ended::Invalid).then_some(20);
    line.promises = [("convergence".to_owned(), chances)].into();
    line.ops = 100 + run;
    line
}

/// An index with these lines, after two runs of a canary that was found.
pub(crate) fn index(runs: u64, lines: impl IntoIterator<Item = Line>) -> Index {
    let mut index = Index::new(header(runs));
    for run in 0..2 {
        let mut canary = line(run, "canary", Ended::Invalid, &["c"]);
        canary.canary = true;
        index.lines.insert(run, canary);
    }
    index.lines.extend(lines.into_iter().map(|line| (line.run, line)));
    index
}

/// So many runs of a cell, from a number on, of which the first fail with a key.
pub(crate) fn runs(from: u64, count: u64, cell: &str, failed: u64, key: &str) -> Vec<Line> {
    let one = |place: u64| match place < failed {
        true => line(from + place, cell, Ended::Invalid, &[key]),
        false => line(from + place, cell, Ended::Valid, &[]),
    };
    (0..count).map(one).collect()
}

pub(crate) fn shard(text: &str) -> Shard {
    text.parse().unwrap()
}
