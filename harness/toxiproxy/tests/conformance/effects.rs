//! What the peers of a proxied connection see.

use crate::subject::{Subject, dial, drain, echo, is_silent, refuses, round_trip, speaker, within};
use serde_json::json;
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) async fn carries_data_both_ways(s: &Subject) {
    let address = s.proxy("a", echo().await).await;
    let data: Vec<u8> =
        (0..3_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let socket = dial(address).await;
    let (mut read, mut write) = socket.into_split();
    let expected = data.clone();
    let sender = tokio::spawn(async move {
        write.write_all(&data).await.unwrap();
        write
    });
    let mut back = vec![0; expected.len()];
    within(read.read_exact(&mut back)).await.unwrap();
    assert!(back == expected);
    drop(sender.await.unwrap());
}

pub(crate) async fn passes_on_the_end(s: &Subject) {
    let address = s.proxy("a", speaker(b"good bye".to_vec()).await).await;
    assert_eq!(drain(&mut dial(address).await).await, b"good bye");
    // And from the client to the upstream.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = s.proxy("b", listener.local_addr().unwrap()).await;
    let mut client = dial(address).await;
    client.write_all(b"hello").await.unwrap();
    let (mut accepted, _) = within(listener.accept()).await.unwrap();
    drop(client);
    assert_eq!(drain(&mut accepted).await, b"hello");
}

pub(crate) async fn closes_when_the_upstream_refuses(s: &Subject) {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let address = s.proxy("a", nobody).await;
    assert_eq!(drain(&mut dial(address).await).await, b"");
}

pub(crate) async fn latency_delays_its_direction(s: &Subject) {
    let address = s.proxy("a", echo().await).await;
    let mut socket = dial(address).await;
    round_trip(&mut socket, b"before").await;
    for (stream, latency) in [("upstream", 120), ("downstream", 150)] {
        s.toxic("a", "latency", stream, json!({"latency": latency})).await;
        let begin = Instant::now();
        round_trip(&mut socket, b"during").await;
        assert!(begin.elapsed() >= ms(latency), "{stream}: {:?}", begin.elapsed());
        // Changed on the live connection.
        let body = json!({"attributes": {"latency": 2 * latency}});
        s.post("/proxies/a/toxics/latency", &body).await.expect(200);
        let begin = Instant::now();
        round_trip(&mut socket, b"longer").await;
        assert!(begin.elapsed() >= ms(2 * latency), "{stream}: {:?}", begin.elapsed());
        s.delete("/proxies/a/toxics/latency").await.expect(204);
        round_trip(&mut socket, b"after").await;
    }
}

pub(crate) async fn latency_with_jitter_keeps_the_order(s: &Subject) {
    let address = s.proxy("a", echo().await).await;
    s.toxic("a", "latency", "upstream", json!({"latency": 60, "jitter": 30})).await;
    let mut socket = dial(address).await;
    let begin = Instant::now();
    let data: Vec<u8> = (0..20).collect();
    for byte in &data {
        socket.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut back = vec![0; data.len()];
    within(socket.read_exact(&mut back)).await.unwrap();
    assert_eq!(back, data);
    assert!(begin.elapsed() >= ms(30), "{:?}", begin.elapsed());
}

pub(crate) async fn latency_loses_nothing_at_the_end(s: &Subject) {
    let address = s.proxy("a", speaker(vec![7; 100_000]).await).await;
    s.toxic("a", "latency", "downstream", json!({"latency": 100})).await;
    let begin = Instant::now();
    assert_eq!(drain(&mut dial(address).await).await.len(), 100_000);
    assert!(begin.elapsed() >= ms(100), "{:?}", begin.elapsed());
}

pub(crate) async fn bandwidth_limits_the_rate(s: &Subject) {
    let address = s.proxy("a", speaker(vec![7; 40_000]).await).await;
    s.toxic("a", "bandwidth", "downstream", json!({"rate": 100})).await;
    let begin = Instant::now();
    assert_eq!(drain(&mut dial(address).await).await.len(), 40_000);
    // 400 ms by the rate; the last timers of the original may be early by a hair.
    assert!(begin.elapsed() >= ms(350), "{:?}", begin.elapsed());
}

pub(crate) async fn slow_close_delays_the_end(s: &Subject) {
    let address = s.proxy("a", speaker(b"good bye".to_vec()).await).await;
    s.toxic("a", "slow_close", "downstream", json!({"delay": 200})).await;
    let begin = Instant::now();
    let mut socket = dial(address).await;
    let mut data = [0; 8];
    within(socket.read_exact(&mut data)).await.unwrap();
    assert_eq!(drain(&mut socket).await, b"");
    assert!(begin.elapsed() >= ms(200), "{:?}", begin.elapsed());
}

pub(crate) async fn timeout_swallows_and_closes(s: &Subject) {
    let address = s.proxy("a", echo().await).await;
    s.toxic("a", "timeout", "upstream", json!({"timeout": 150})).await;
    let begin = Instant::now();
    let mut socket = dial(address).await;
    socket.write_all(b"lost").await.unwrap();
    assert_eq!(drain(&mut socket).await, b"");
    assert!(begin.elapsed() >= ms(150), "{:?}", begin.elapsed());
}

pub(crate) async fn a_black_hole_is_silent_in_one_direction_and_closes_when_removed(s: &Subject) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = s.proxy("a", listener.local_addr().unwrap()).await;
    let mut client = dial(address).await;
    let (mut upstream, _) = within(listener.accept()).await.unwrap();
    client.write_all(b"x").await.unwrap();
    within(upstream.read_exact(&mut [0])).await.unwrap();
    s.toxic("a", "timeout", "upstream", json!({"timeout": 0})).await;
    client.write_all(b"lost").await.unwrap();
    assert!(is_silent(&mut upstream).await);
    // The way back is open.
    upstream.write_all(b"y").await.unwrap();
    within(client.read_exact(&mut [0])).await.unwrap();
    assert!(is_silent(&mut client).await, "the connection stands");
    s.delete("/proxies/a/toxics/timeout").await.expect(204);
    assert_eq!(drain(&mut upstream).await, b"");
    drop(upstream);
    assert_eq!(drain(&mut client).await, b"");
    let again = dial(address).await;
    let (mut upstream, _) = within(listener.accept()).await.unwrap();
    drop(again);
    assert_eq!(drain(&mut upstream).await, b"");
}

pub(crate) async fn a_black_hole_takes_new_connections(s: &Subject) {
    let address = s.proxy("a", echo().await).await;
    s.toxic("a", "timeout", "downstream", json!({"timeout": 0})).await;
    let mut socket = dial(address).await;
    socket.write_all(b"hello?").await.unwrap();
    assert!(is_silent(&mut socket).await);
    s.call("POST", "/reset", "").await.expect(204);
    assert_eq!(drain(&mut socket).await, b"");
    round_trip(&mut dial(address).await, b"hello again").await;
}

pub(crate) async fn reset_peer_resets(s: &Subject) {
    let address = s.proxy("a", echo().await).await;
    s.toxic("a", "reset_peer", "downstream", json!({"timeout": 100})).await;
    let mut socket = dial(address).await;
    let begin = Instant::now();
    socket.write_all(b"x").await.unwrap();
    let error = within(socket.read_exact(&mut [0])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(begin.elapsed() >= ms(100), "{:?}", begin.elapsed());
}

pub(crate) async fn slicer_spreads_data_and_loses_nothing(s: &Subject) {
    let data: Vec<u8> = (0..100).collect();
    let address = s.proxy("a", echo().await).await;
    let attributes = json!({"average_size": 10, "size_variation": 2, "delay": 10_000});
    s.toxic("a", "slicer", "upstream", attributes).await;
    let mut socket = dial(address).await;
    let begin = Instant::now();
    round_trip(&mut socket, &data).await;
    // A hundred bytes in pieces of at most twelve: nine of them, eight pauses.
    assert!(begin.elapsed() >= ms(80), "{:?}", begin.elapsed());
}

pub(crate) async fn limit_data_closes_after_so_many_bytes(s: &Subject) {
    let address = s.proxy("a", speaker(vec![7; 1000]).await).await;
    s.toxic("a", "limit_data", "downstream", json!({"bytes": 100})).await;
    assert_eq!(drain(&mut dial(address).await).await.len(), 100);
    // What a live connection has had counts, also after an update.
    let address = s.proxy("b", echo().await).await;
    s.toxic("b", "limit_data", "downstream", json!({"bytes": 10})).await;
    let mut socket = dial(address).await;
    round_trip(&mut socket, b"1234567").await;
    let body = json!({"attributes": {"bytes": 9}});
    s.post("/proxies/b/toxics/limit_data", &body).await.expect(200);
    socket.write_all(b"890123").await.unwrap();
    assert_eq!(drain(&mut socket).await, b"89");
}

pub(crate) async fn toxics_stack(s: &Subject) {
    let address = s.proxy("a", speaker(vec![7; 1000]).await).await;
    s.toxic("a", "limit_data", "downstream", json!({"bytes": 500})).await;
    s.toxic("a", "latency", "downstream", json!({"latency": 100})).await;
    s.toxic("a", "slow_close", "downstream", json!({"delay": 100})).await;
    let begin = Instant::now();
    assert_eq!(drain(&mut dial(address).await).await.len(), 500);
    assert!(begin.elapsed() >= ms(200), "{:?}", begin.elapsed());
}

pub(crate) async fn toxicity_0_does_nothing(s: &Subject) {
    let address = s.proxy("a", echo().await).await;
    let body = json!({"type": "timeout", "stream": "upstream", "toxicity": 0,
        "attributes": {"timeout": 1}});
    s.post("/proxies/a/toxics", &body).await.expect(200);
    round_trip(&mut dial(address).await, b"unharmed").await;
}

pub(crate) async fn disabling_ends_connections_and_refuses_new_ones(s: &Subject) {
    let address = s.proxy("a", echo().await).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let mut socket = dial(address).await;
        round_trip(&mut socket, b"up").await;
        sockets.push(socket);
    }
    s.post("/proxies/a", &json!({"enabled": false})).await.expect(200);
    assert!(refuses(address).await);
    for socket in &mut sockets {
        assert_eq!(drain(socket).await, b"");
    }
    s.post("/proxies/a", &json!({"enabled": true})).await.expect(200);
    round_trip(&mut dial(address).await, b"up again, on the same port").await;
}

pub(crate) async fn deleting_ends_connections(s: &Subject) {
    let address = s.proxy("a", echo().await).await;
    let mut socket = dial(address).await;
    round_trip(&mut socket, b"up").await;
    s.delete("/proxies/a").await.expect(204);
    assert!(refuses(address).await);
    assert_eq!(drain(&mut socket).await, b"");
}

pub(crate) async fn another_upstream_takes_over(s: &Subject) {
    let address = s.proxy("a", speaker(b"first".to_vec()).await).await;
    assert_eq!(drain(&mut dial(address).await).await, b"first");
    let second = speaker(b"second".to_vec()).await;
    s.post("/proxies/a", &json!({"upstream": second.to_string()})).await.expect(200);
    assert_eq!(drain(&mut dial(address).await).await, b"second");
}
