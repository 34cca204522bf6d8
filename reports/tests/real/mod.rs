//! The pages of real runs, in a browser: their order, their heights, and that their pictures show the contradiction.
//!
//! The runs are made in the simulated world, so that a seed makes the same one every time.

use crate::opened::{Page, READY};
use afterall_checkers::verdict::{AnomalyKind, Label};
use afterall_checkers::{Anomaly, Valid, Verdict, check};
use afterall_engine::{Plan, RunConfig, RunConfigBuilder, SessionKind, WorldKind};
use afterall_history::{History, NodeId, OpView, Status, read_jsonl_from};
use afterall_reference::core::Flavour;
use afterall_reports::{Context, report_html};
use afterall_sim::Reference;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// A run of ten seconds with the fault kinds that bring out its mutant, or with all that the sim has.
fn config(mutant: Option<&str>, rate: u32) -> RunConfigBuilder {
    let config = RunConfig::builder().world(WorldKind::Sim).seed(1).rate(rate);
    let config = config.time(Duration::from_secs(10));
    match mutant {
        Some(name) => config.mutant(Some(name.parse().unwrap())),
        None => config.flavour(Some(Flavour::Crdt)),
    }
}

fn made(mutant: Option<&str>, rate: u32) -> (History, Verdict) {
    made_of(config(mutant, rate))
}

/// Carried out and judged.
fn made_of(config: RunConfigBuilder) -> (History, Verdict) {
    let plan = Plan::new(config.build()).unwrap();
    let recording = afterall_engine::run(&plan, &mut *Reference::world(&plan), &mut ()).unwrap();
    let history = recording.into_history();
    let verdict = check(&history);
    (history, verdict)
}

fn height(page: &Page) -> u64 {
    page.js("return document.documentElement.scrollHeight").as_u64().unwrap()
}

/// Where a part of the page begins.
fn top(page: &Page, selector: &str) -> f64 {
    let script = format!(
        "return document.querySelector('{selector}').getBoundingClientRect().top + scrollY"
    );
    page.js(&script).as_f64().unwrap()
}

/// The edges of an anomaly's picture: which operations they join, by kind.
fn edges(page: &Page, anomaly: &Anomaly, label: &str) -> Vec<(u64, u64)> {
    let id = anomaly.id;
    page.js(&format!("document.querySelector('#anomaly-{id}').unfold()"));
    page.js(&format!("location.hash = '#anomaly-{id}'"));
    page.until(&format!("document.querySelector('#anomaly-{id} .graph svg')"));
    let script = format!(
        "return [...document.querySelectorAll('#anomaly-{id} .graph path.edge.{label}[data-from]')]
           .map(p => [+p.dataset.from, +p.dataset.to])"
    );
    let pairs = page.js(&script);
    let pair = |pair: &Value| (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap());
    pairs.as_array().unwrap().iter().map(pair).collect()
}

fn found(verdict: &Verdict, kind: AnomalyKind) -> &Anomaly {
    verdict.anomalies.iter().find(|a| a.kind == kind).unwrap()
}

/// The remove that the first resurrected item had.
fn remove_of<'h>(history: &'h History, verdict: &Verdict) -> OpView<'h> {
    let anomaly = found(verdict, AnomalyKind::ResurrectedItem);
    let remove = history.op(history.op_of_number(anomaly.edges[0].to).unwrap());
    assert_eq!(remove.f().name(), "remove");
    remove
}

/// Whether the operation with this number is drawn as one that is wrong.
fn is_loud(page: &Page, anomaly: &Anomaly, op: u64) -> bool {
    let id = anomaly.id;
    let script = format!(
        "return !!document.querySelector('#anomaly-{id} .graph a[href=\"#op-{op}\"] rect.wrong')"
    );
    page.js(&script) == json!(true)
}

pub(crate) fn the_page_of_a_valid_run_is_short() {
    let (history, verdict) = made(None, 2_000);
    assert_eq!(verdict.valid, Valid::True, "{:?}", verdict.reasons);
    assert!(verdict.anomalies.len() > 50, "measured and not promised");
    let page = Page::open(&history, &verdict, "");
    page.browser.resize(1280, 900);
    page.until(READY);
    page.until("document.querySelector('#timeline canvas').width > 0");
    assert!(height(&page) <= 8_000, "{}", height(&page));
    // None of what nobody promised is open, and no mark of it is red.
    let open = page.js("return document.querySelectorAll('#anomalies details[open]').length");
    assert_eq!(open, json!(0));
    assert_eq!(page.js("return document.querySelectorAll('#verdict .tag.bad').length"), json!(0));
    assert!(page.bytes <= 2_000_000, "{}", page.bytes);
    let whole = page.js("return document.querySelector('#timeline .lead').textContent");
    assert_eq!(
        whole.as_str().unwrap().split(',').next(),
        Some(format!("All {}", history.len() / 1000).as_str()),
        "a usual run is here whole: {whole}"
    );
    page.assert_no_complaints();
}

pub(crate) fn the_page_of_a_broken_run_begins_with_the_gravest_and_is_short() {
    let (history, verdict) = made(Some("cart-union"), 2_000);
    assert!(verdict.anomalies.len() > 50, "{}", verdict.anomalies.len());
    let page = Page::open(&history, &verdict, "");
    page.browser.resize(1280, 900);
    page.until(READY);
    page.until("document.querySelectorAll('#anomalies .graph > svg').length === 3");
    assert!(height(&page) <= 12_000, "{}", height(&page));
    assert!(page.bytes <= 2_000_000, "{}", page.bytes);
    let order = ["#verdict h1", "#anomalies h2", "#timeline canvas", "#faults", "#appendix"];
    let tops: Vec<f64> = order.iter().map(|part| top(&page, part)).collect();
    assert!(tops.is_sorted(), "{tops:?}");
    // Three are open, each at most a screen high.
    let open = page.js(
        "return [...document.querySelectorAll('#anomalies > article')].map(a => [a.id, a.offsetHeight])",
    );
    let open = open.as_array().unwrap();
    assert_eq!(open.len(), 3, "{open:?}");
    assert!(open.iter().all(|card| card[1].as_u64().unwrap() <= 900), "{open:?}");
    assert_eq!(open[0][0], json!("anomaly-1"));
    // With what each replica returned for the key, and long values cut around what matters, whole on a click.
    page.until("document.querySelector('#anomaly-1 figure canvas').width > 0");
    assert!(page.drawn("#anomaly-1 figure canvas") > 0.1);
    page.js("[...document.querySelectorAll('#anomaly-1 .body > details')][0].open = true");
    page.until("document.querySelector('#anomaly-1 td button.long')");
    let value = "document.querySelector('#anomaly-1 td button.long').textContent";
    let cut = page.js(&format!("return {value}"));
    page.js("document.querySelector('#anomaly-1 td button.long').click()");
    let whole = page.js(&format!("return {value}"));
    let [cut, whole] = [cut.as_str().unwrap(), whole.as_str().unwrap()];
    let item = history.data().value(remove_of(&history, &verdict).input()).to_string();
    assert!(cut.len() < 100 && cut.contains(&item), "{item} in {cut}");
    assert!(whole.len() > cut.len() && whole.contains(&item) && whole.ends_with("]]"), "{whole}");
    // All others are there, and can be filtered.
    let all = page.js("return document.querySelectorAll('#anomalies article').length");
    assert_eq!(all, json!(verdict.anomalies.len()));
    page.js(
        "const others = document.querySelector('#anomalies details.others'); others.open = true;
         const find = others.querySelector('input'); find.value = 'own update';
         find.dispatchEvent(new Event('input'));",
    );
    let shown = "return [...document.querySelectorAll('#anomalies details.others')[0].querySelectorAll('article')]
                   .filter(a => !a.hidden).map(a => a.querySelector('h3').textContent)";
    let shown = page.js(shown);
    assert!(!shown.as_array().unwrap().is_empty());
    assert!(shown.as_array().unwrap().iter().all(|kind| kind == "own update not seen"), "{shown}");

    // The remove that the reads should have respected.
    let anomaly = found(&verdict, AnomalyKind::ResurrectedItem);
    let remove = remove_of(&history, &verdict);
    let missed = edges(&page, anomaly, "must-see");
    assert!(!missed.is_empty());
    for (from, to) in missed {
        assert_eq!(from, u64::from(remove.number()));
        let read = history.op(history.op_of_number(to as u32).unwrap());
        assert!(read.f().is_read() && read.is_final() && read.key() == remove.key());
        assert!(is_loud(&page, anomaly, to));
    }
    page.assert_no_complaints();
}

pub(crate) fn a_divergence_joins_the_reads_that_disagree() {
    let (history, verdict) = made(Some("no-anti-entropy"), 2_000);
    let anomaly = found(&verdict, AnomalyKind::Divergence);
    let page = Page::open(&history, &verdict, "");
    page.until(READY);
    let apart = edges(&page, anomaly, "must-agree");
    assert!(!apart.is_empty());
    for (one, other) in apart {
        let [one, other] =
            [one, other].map(|op| history.op(history.op_of_number(op as u32).unwrap()));
        assert!(one.is_final() && other.is_final() && one.key() == other.key());
        assert_ne!(history.data().value(one.output()), history.data().value(other.output()));
        assert!(is_loud(&page, anomaly, u64::from(one.number())));
    }
    // What each holds stands side by side.
    let sides = page.js(&format!(
        "return document.querySelectorAll('#anomaly-{} .sides > div').length",
        anomaly.id
    ));
    assert!(sides.as_u64().unwrap() >= 2);
    page.assert_no_complaints();
}

pub(crate) fn a_lost_write_joins_the_final_reads_that_do_not_show_it() {
    let (history, verdict) = made(Some("ack-before-sync"), 2_000);
    let anomaly = found(&verdict, AnomalyKind::LostWrite);
    let page = Page::open(&history, &verdict, "");
    page.until(READY);
    let missed = edges(&page, anomaly, "must-see");
    let known = anomaly.edges.iter().filter(|edge| edge.label == Label::MustSee);
    assert_eq!(missed.len(), known.count());
    assert!(!missed.is_empty());
    for (from, to) in missed {
        let [write, read] =
            [from, to].map(|op| history.op(history.op_of_number(op as u32).unwrap()));
        assert!(write.is_ok() && !write.f().is_read() && read.f().is_read());
        assert_eq!(write.key(), read.key());
        let shown = history.data().value(read.output()).to_string();
        let written = history.data().value(write.input()).to_string();
        let values: Vec<&str> = shown.split(|c: char| !c.is_ascii_digit()).collect();
        assert!(!values.contains(&written.as_str()), "{written} in {shown}");
    }
    page.assert_no_complaints();
}

pub(crate) fn filters_say_how_much_is_here() {
    // Too many to be all embedded.
    let (history, verdict) = made(None, 6_000);
    let page = Page::open(&history, &verdict, "");
    page.until(READY);
    page.until("document.querySelector('#timeline canvas').width > 0");
    let key = history.op(history.ops().next().unwrap().id()).key_name().to_owned();
    let all = history.ops().filter(|op| op.key_name() == key).count();
    page.js(&format!(
        "const box = document.querySelector('#timeline input[list]'); box.value = '{key}';
         box.dispatchEvent(new Event('input'));"
    ));
    let all = page.js(&format!("return ({all}).toLocaleString('en-US')"));
    let says = format!("of {} operations of {key} are here", all.as_str().unwrap());
    page.until(&format!(
        "document.querySelector('#timeline .status').textContent.includes('{says}')"
    ));
    // What failed, and what nobody knows the outcome of, is here to the last operation.
    for (number, word, status) in [("1", "fail", Status::Fail), ("2", "info", Status::Info)] {
        page.js(&format!(
            "const box = document.querySelector('#timeline input[list]'); box.value = '';
             box.dispatchEvent(new Event('input'));
             const outcome = document.querySelector('#timeline select[aria-label=outcome]');
             outcome.value = '{number}'; outcome.dispatchEvent(new Event('change'));"
        ));
        let all = history.ops().filter(|op| op.status() == status).count();
        assert!(all > 5, "{all} {word}");
        let all = page.js(&format!("return ({all}).toLocaleString('en-US')"));
        let says = format!("All {} {word} operations are here", all.as_str().unwrap());
        page.until(&format!(
            "document.querySelector('#timeline .status').textContent.includes('{says}')"
        ));
    }
    // Every key can be chosen, one of which nothing is embedded, too.
    let offered = page.js("return document.querySelector('#timeline input[list]').ariaLabel");
    assert_eq!(offered, json!(format!("Key, one of {}", history.keys())));
    page.assert_no_complaints();
}

pub(crate) fn an_address_brings_back_zoom_filter_and_pin() {
    let (history, verdict) = made(None, 300);
    let page = Page::open(&history, &verdict, "");
    page.until(READY);
    page.until("document.querySelector('#timeline canvas').width > 0");
    let read = history.ops().find(|op| op.f().is_read() && op.invoked() > 1_000_000_000).unwrap();
    let key = read.key_name();
    page.js(&format!(
        "const box = document.querySelector('#timeline input[list]'); box.value = '{key}';
         box.dispatchEvent(new Event('input'));
         [...document.querySelectorAll('#timeline .segmented button')].find(b => b.textContent === 'session').click();
         const c = document.querySelector('#timeline canvas'); c.focus();
         for (const key of ['+', '+', 'ArrowRight', 'n', 'n'])
           c.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true }}));"
    ));
    page.until("location.hash.includes('at=')");
    page.until("location.hash === window.afterall.view.address");
    let before = page.js("return window.afterall.view");
    assert!(before["pinned"].is_u64(), "{before}");
    assert_eq!(before["lanes"], "session");
    let address = page.js("return location.hash");
    page.browser.go("about:blank");
    page.browser.go(&format!("{}{}", page.url, address.as_str().unwrap()));
    page.until(READY);
    page.until("window.afterall.view.pinned !== null");
    let after = page.js("return window.afterall.view");
    for part in ["lanes", "filter", "pinned"] {
        assert_eq!(before[part], after[part], "{part}");
    }
    for part in ["from", "to"] {
        let [was, is] = [&before, &after].map(|view| view[part].as_f64().unwrap());
        assert!((was - is).abs() <= 2.0, "{part}: {was} {is}");
    }
    let shown = page.js("return document.querySelector('#timeline input[list]').value");
    assert_eq!(shown, json!(key));
    page.assert_no_complaints();
}

pub(crate) fn what_cannot_have_influenced_a_clicked_operation_is_greyed() {
    let (history, verdict) = made_of(config(Some("cart-union"), 300).sessions(SessionKind::Sticky));
    // At the end of a partition that was seen to hold between one node and all others, at one of these.
    let (fault, alone) = verdict
        .faults
        .iter()
        .find_map(|fault| {
            let links = &history.faults().iter().find(|f| f.id == fault.fault)?.links;
            let is_cut = |a, b| links.contains(&(a, b)) && links.contains(&(b, a));
            let nodes = || (0..5).map(NodeId);
            let is_alone = |a: &NodeId| nodes().filter(|b| b != a).all(|b| is_cut(*a, b));
            Some((fault, nodes().find(is_alone)?))
        })
        .unwrap();
    let [begin, end] = [fault.shown_from.unwrap(), fault.shown_to.unwrap()];
    let clicked = history
        .ops()
        .filter(|op| op.f().is_read() && op.served_by() != alone)
        .rfind(|op| op.invoked() > begin && op.until() < end)
        .unwrap();
    let page = Page::open(&history, &verdict, "");
    page.browser.resize(1280, 900);
    page.until(READY);
    // What still moves cannot be clicked.
    page.js("document.documentElement.style.scrollBehavior = 'auto'");
    page.js(&format!("location.hash = '#op-{}'", clicked.number()));
    page.until(&format!("window.afterall.view.pinned === {}", clicked.number()));
    assert_eq!(page.js("return window.afterall.view.cone"), json!(null));
    // A click into the middle of it, wherever it is drawn.
    page.js(
        "document.querySelector('#timeline canvas').scrollIntoView({ block: 'center', behavior: 'instant' })",
    );
    let place = page.still("window.afterall.place(window.afterall.view.pinned)");
    page.browser.click(place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
    page.until("window.afterall.view.cone !== null");
    let cone = page.js("return window.afterall.view.cone");
    let cone: std::collections::BTreeSet<u64> =
        cone.as_array().unwrap().iter().map(|op| op.as_u64().unwrap()).collect();
    let lit = |op: OpView<'_>| cone.contains(&u64::from(op.number()));
    for op in history.ops() {
        // Nothing of the future, and all of the session's own past.
        assert!(!lit(op) || op.invoked() <= clicked.until(), "{op:?}");
        let own = op.session() == clicked.session() && op.invoked() <= clicked.invoked();
        assert!(!own || lit(op), "{op:?}");
        // All of what the replica did before.
        let there = op.served_by() == clicked.served_by() && op.invoked() < clicked.invoked();
        assert!(!there || lit(op), "{op:?}");
        // And all that any replica did before the links were cut.
        assert!(op.invoked() >= begin || lit(op), "{op:?}");
    }
    let grey = history.ops().filter(|&op| op.invoked() <= clicked.until() && !lit(op));
    let grey: Vec<_> = grey.map(|op| op.served_by()).collect();
    assert!(grey.len() > 20, "{}", grey.len());
    assert!(grey.iter().all(|&node| node == alone));
    page.assert_no_complaints();
}

/// The script of axe-core.
pub(crate) fn axe() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("node_modules/axe-core/axe.min.js")
}

pub(crate) fn nothing_serious_stands_in_the_way_of_anybody() {
    let script = std::fs::read_to_string(axe()).unwrap();
    let everywhere = [
        (None, [("light", 1280), ("dark", 390)]),
        (Some("cart-union"), [("light", 390), ("dark", 1280)]),
        (Some("no-anti-entropy"), [("light", 1280), ("dark", 390)]),
    ];
    for (mutant, looks) in everywhere {
        let (history, verdict) = made(mutant, 300);
        let page = Page::open(&history, &verdict, "");
        for (scheme, width) in looks {
            page.browser.scheme(scheme);
            page.browser.resize(width, 900);
            page.browser.go("about:blank");
            page.browser.go(&page.url);
            page.until(READY);
            page.js(
                "document.querySelectorAll('section > details, #verdict details, details.others')
                   .forEach(d => { d.open = true; })",
            );
            page.until("document.querySelector('#convergence canvas').width > 0");
            page.js(&script);
            let found = page.js(
                "return axe.run(document, { resultTypes: ['violations'] }).then(found =>
                   found.violations.filter(v => ['moderate', 'serious', 'critical'].includes(v.impact))
                     .map(v => [v.id, v.impact, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))]))",
            );
            assert_eq!(found, json!([]), "{mutant:?} {scheme} {width}");
        }
        page.assert_no_complaints();
    }
}

pub(crate) fn a_copied_witness_is_judged_the_same() {
    for mutant in ["cart-union", "no-anti-entropy", "ack-before-sync"] {
        let (history, verdict) = made(Some(mutant), 500);
        let page = report_html(&history, &verdict, &Context::default()).unwrap();
        let (_, rest) = page.split_once("<script type=\"application/json\" id=\"run\">").unwrap();
        let data: Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
        let witnesses = data["witnesses"].as_object().unwrap();
        assert!(!witnesses.is_empty(), "{mutant}");
        for (id, text) in witnesses {
            let anomaly = verdict.anomalies.iter().find(|a| a.id.to_string() == *id).unwrap();
            let text = text.as_str().unwrap();
            assert!(text.lines().count() < 900, "{mutant} {id}");
            let part = read_jsonl_from(text.as_bytes(), "copied").unwrap();
            assert!(part.len() < history.len() / 4, "{mutant} {id}: {}", part.len());
            let judged = check(&part);
            let same = |a: &Anomaly| a.property == anomaly.property && a.kind == anomaly.kind;
            assert!(judged.anomalies.iter().any(same), "{mutant} {id}: {:?}", judged.reasons);
            assert_eq!(judged.valid, Valid::False, "{mutant} {id}");
            for broken in judged.properties.iter().filter(|p| p.promised && p.outcome.is_broken()) {
                assert!(
                    verdict.breaks_promise(broken.property),
                    "{mutant} {id}: {}",
                    broken.summary
                );
            }
        }
    }
}
