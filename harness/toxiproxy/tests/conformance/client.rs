//! The client module against the server: every change takes hold, or is reported.

use crate::subject::{Subject, dial, drain, echo, is_silent, refuses, round_trip, speaker};
use afterall_toxiproxy::{Change, Direction, Error, Links, NewLink, ToxicKind};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;

async fn links(s: &Subject) -> Links {
    Links::connect(&format!("http://{}/", s.api), "run7").await.unwrap()
}

pub(crate) async fn cuts_and_mends(s: &Subject) {
    let links = links(s).await;
    let address = links.create("n1-n2", &echo().await.to_string()).await.unwrap();
    let mut socket = dial(address).await;
    round_trip(&mut socket, b"up").await;
    links.cut("n1-n2").await.unwrap();
    assert!(refuses(address).await);
    assert_eq!(drain(&mut socket).await, b"");
    links.cut("n1-n2").await.unwrap();
    links.mend("n1-n2").await.unwrap();
    round_trip(&mut dial(address).await, b"up").await;
}

pub(crate) async fn delays_and_clears(s: &Subject) {
    let links = links(s).await;
    let address = links.create("n1-n2", &echo().await.to_string()).await.unwrap();
    let mut socket = dial(address).await;
    links.latency("n1-n2", Direction::Upstream, 100, 0).await.unwrap();
    links.latency("n1-n2", Direction::Downstream, 50, 10).await.unwrap();
    let begin = Instant::now();
    round_trip(&mut socket, b"slow").await;
    assert!(begin.elapsed() >= Duration::from_millis(140), "{:?}", begin.elapsed());
    let state = links.states().await.unwrap()["n1-n2"].clone();
    assert_eq!(state.toxics.keys().collect::<Vec<_>>(), ["latency_downstream", "latency_upstream"]);
    links.clear("n1-n2").await.unwrap();
    assert!(links.states().await.unwrap()["n1-n2"].toxics.is_empty());
    round_trip(&mut socket, b"fast").await;
}

pub(crate) async fn black_holes(s: &Subject) {
    let links = links(s).await;
    let address = links.create("n1-n2", &echo().await.to_string()).await.unwrap();
    let mut socket = dial(address).await;
    round_trip(&mut socket, b"up").await;
    links.black_hole("n1-n2", Direction::Downstream).await.unwrap();
    socket.write_all(b"?").await.unwrap();
    assert!(is_silent(&mut socket).await);
    links.clear("n1-n2").await.unwrap();
    assert_eq!(drain(&mut socket).await, b"");
}

pub(crate) async fn a_batch_is_made_and_read_back(s: &Subject) {
    let links = links(s).await;
    let upstream = echo().await.to_string();
    let names: Vec<String> =
        (0..5).flat_map(|i| (0..4).map(move |j| format!("n{i}-n{j}"))).collect();
    let new = names.iter().map(|name| NewLink::on_loopback(name, &upstream)).collect();
    let addresses = links.create_all(new).await.unwrap();
    assert_eq!(addresses.len(), 20);
    let cut = names.iter().take(10).map(|name| (name.clone(), Change::Cut));
    let slow = names
        .iter()
        .skip(10)
        .map(|name| (name.clone(), Change::latency(Direction::Upstream, 1, 0)));
    links.apply(cut.chain(slow).collect()).await.unwrap();
    for (position, name) in names.iter().enumerate() {
        assert_eq!(refuses(addresses[name]).await, position < 10, "{name}");
    }
    links.heal_all().await.unwrap();
    for (name, state) in links.states().await.unwrap() {
        assert!(state.enabled && state.toxics.is_empty(), "{name}: {state}");
        round_trip(&mut dial(addresses[&name]).await, b"whole").await;
    }
}

pub(crate) async fn a_dropped_change_is_a_mismatch(s: &Subject) {
    let links = links(s).await;
    links.create("n1-n2", "127.0.0.1:9").await.unwrap();
    links.latency("n1-n2", Direction::Upstream, 100, 0).await.unwrap();
    // The server refuses the second of the same name, and the crate does not say so.
    let error = links.latency("n1-n2", Direction::Upstream, 200, 0).await.unwrap_err();
    let Error::Mismatch(differences) = &error else { panic!("{error}") };
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].name, "n1-n2");
    let latency = |state: &Option<afterall_toxiproxy::LinkState>| {
        state.as_ref().unwrap().toxics["latency_upstream"].attributes["latency"]
    };
    assert_eq!((latency(&differences[0].expected), latency(&differences[0].found)), (200, 100));
    assert!(error.to_string().starts_with("the change did not take hold: n1-n2: expected "));
    // And the way out of it.
    links.clear("n1-n2").await.unwrap();
    links.latency("n1-n2", Direction::Upstream, 200, 0).await.unwrap();
}

pub(crate) async fn a_proxy_removed_by_somebody_is_a_mismatch(s: &Subject) {
    let links = links(s).await;
    links.create("n1-n2", "127.0.0.1:9").await.unwrap();
    s.delete("/proxies/run7-n1-n2").await.expect(204);
    let error = links.cut("n1-n2").await.unwrap_err();
    let Error::Mismatch(differences) = &error else { panic!("{error}") };
    assert_eq!(differences[0].found, None);
}

pub(crate) async fn every_kind_of_toxic_takes_hold(s: &Subject) {
    let links = links(s).await;
    links.create("n1-n2", "127.0.0.1:9").await.unwrap();
    let kinds = [
        ToxicKind::Latency { latency_ms: 1, jitter_ms: 2 },
        ToxicKind::Bandwidth { rate_kb_s: 3 },
        ToxicKind::SlowClose { delay_ms: 4 },
        ToxicKind::Timeout { timeout_ms: 5 },
        ToxicKind::Slicer { average_size: 6, size_variation: 7, delay_us: 8 },
        ToxicKind::LimitData { bytes: 9 },
    ];
    let changes: Vec<_> = kinds
        .into_iter()
        .flat_map(|kind| {
            [Direction::Upstream, Direction::Downstream].map(|direction| {
                ("n1-n2".to_owned(), Change::Add { kind, direction, toxicity: 0.5 })
            })
        })
        .collect();
    links.apply(changes).await.unwrap();
    assert_eq!(links.states().await.unwrap()["n1-n2"].toxics.len(), 12);
}

pub(crate) async fn leads_a_link_elsewhere(s: &Subject) {
    let links = links(s).await;
    let first = speaker(b"first".to_vec()).await;
    let address = links.create("n1-n2", &first.to_string()).await.unwrap();
    assert_eq!(drain(&mut dial(address).await).await, b"first");
    let second = speaker(b"second".to_vec()).await;
    links.set_upstream("n1-n2", &second.to_string()).await.unwrap();
    assert_eq!(drain(&mut dial(address).await).await, b"second");
}

pub(crate) async fn leaves_the_proxies_of_others_alone(s: &Subject) {
    let other = json!({"name": "run70-x", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"});
    let other = s.post("/proxies", &other).await.expect(201);
    let links = links(s).await;
    links.create("n1-n2", "127.0.0.1:9").await.unwrap();
    links.heal_all().await.unwrap();
    assert_eq!(s.get("/proxies").await.expect(200).as_object().unwrap().len(), 2);
    links.delete_all().await.unwrap();
    assert_eq!(s.get("/proxies").await.expect(200), json!({"run70-x": other}));
    assert!(matches!(links.cut("n1-n2").await, Err(Error::Unknown { .. })));
    links.delete_all().await.unwrap();
}

pub(crate) async fn refuses_names_that_are_taken_unfit_or_unknown(s: &Subject) {
    let links = links(s).await;
    links.create("a", "127.0.0.1:9").await.unwrap();
    assert!(matches!(links.create("a", "127.0.0.1:9").await, Err(Error::Exists { .. })));
    for unfit in ["", "a/b", "a b", "ä", "?"] {
        let result = links.create(unfit, "127.0.0.1:9").await;
        assert!(matches!(result, Err(Error::BadName { .. })), "{unfit}");
    }
    let changes = vec![("a".to_owned(), Change::Cut), ("b".to_owned(), Change::Cut)];
    assert!(matches!(links.apply(changes).await, Err(Error::Unknown { .. })));
    assert!(links.states().await.unwrap()["a"].enabled, "nothing was changed");
}

pub(crate) async fn cleans_up_when_dropped(s: &Subject) {
    let links = links(s).await;
    let address = links.create("n1-n2", "127.0.0.1:9").await.unwrap();
    drop(links);
    let begin = Instant::now();
    while !refuses(address).await {
        assert!(begin.elapsed() < Duration::from_secs(20), "the proxy outlives its run");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
