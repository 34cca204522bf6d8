//! Paths, shapes, statuses and error texts.

use crate::subject::{Subject, echo, refuses};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const UPSTREAM: &str = "127.0.0.1:9";

fn proxy(name: &str) -> Value {
    json!({"name": name, "listen": "127.0.0.1:0", "upstream": UPSTREAM})
}

pub(crate) async fn answers_its_version(s: &Subject) {
    let answer = s.get("/version").await;
    assert_eq!(answer.status, 200);
    assert!(!answer.text.trim().is_empty());
}

pub(crate) async fn creates_a_proxy_on_a_port_of_its_choice(s: &Subject) {
    let made = s.post("/proxies", &proxy("a")).await.expect(201);
    let listen = made["listen"].as_str().unwrap();
    assert!(listen.starts_with("127.0.0.1:") && !listen.ends_with(":0"), "{listen}");
    let expected = json!({
        "name": "a", "listen": listen, "upstream": UPSTREAM, "enabled": true, "toxics": []
    });
    assert_eq!(made, expected);
    assert_eq!(s.get("/proxies/a").await.expect(200), expected);
}

pub(crate) async fn creates_a_disabled_proxy(s: &Subject) {
    let mut body = proxy("a");
    body["enabled"] = json!(false);
    let made = s.post("/proxies", &body).await.expect(201);
    assert_eq!((&made["enabled"], &made["listen"]), (&json!(false), &json!("127.0.0.1:0")));
    let enabled = s.post("/proxies/a", &json!({"enabled": true})).await.expect(200);
    assert_eq!(enabled["enabled"], true);
    assert_ne!(enabled["listen"], "127.0.0.1:0");
}

pub(crate) async fn refuses_bad_proxies(s: &Subject) {
    for bad in ["", "{", "[]", "7", r#"{"name": 7}"#, r#"{"enabled": "yes"}"#] {
        let answer = s.call("POST", "/proxies", bad).await;
        assert_eq!(answer.status, 400, "{bad:?}: {}", answer.text);
        let text = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(text.starts_with("bad request body: "), "{bad:?}: {text}");
    }
    let without = s.post("/proxies", &json!({"upstream": UPSTREAM})).await;
    without.refused(400, "missing required field: name");
    let without = s.post("/proxies", &json!({"name": "a"})).await;
    without.refused(400, "missing required field: upstream");
    assert_eq!(s.get("/proxies").await.expect(200), json!({}));
}

pub(crate) async fn refuses_a_second_proxy_of_the_same_name(s: &Subject) {
    s.post("/proxies", &proxy("a")).await.expect(201);
    s.post("/proxies", &proxy("a")).await.refused(409, "proxy already exists");
}

pub(crate) async fn says_when_an_address_is_taken(s: &Subject) {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut body = proxy("a");
    body["listen"] = json!(taken.local_addr().unwrap().to_string());
    let answer = s.post("/proxies", &body).await;
    assert_eq!(answer.status, 500);
    assert!(answer.text.to_lowercase().contains("address already in use"), "{}", answer.text);
    assert_eq!(s.get("/proxies").await.expect(200), json!({}));
}

pub(crate) async fn lists_shows_and_deletes_proxies(s: &Subject) {
    let a = s.post("/proxies", &proxy("a")).await.expect(201);
    let b = s.post("/proxies", &proxy("b")).await.expect(201);
    assert_eq!(s.get("/proxies").await.expect(200), json!({"a": a, "b": b}));
    let answer = s.delete("/proxies/a").await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert!(refuses(a["listen"].as_str().unwrap().parse().unwrap()).await);
    assert_eq!(s.get("/proxies").await.expect(200), json!({"b": b}));
    s.delete("/proxies/a").await.refused(404, "proxy not found");
}

pub(crate) async fn says_what_is_missing(s: &Subject) {
    s.get("/proxies/a").await.refused(404, "proxy not found");
    s.post("/proxies/a", &json!({})).await.refused(404, "proxy not found");
    s.get("/proxies/a/toxics").await.refused(404, "proxy not found");
    s.post("/proxies/a/toxics", &json!({})).await.refused(404, "proxy not found");
    s.get("/proxies/a/toxics/t").await.refused(404, "proxy not found");
    s.post("/proxies", &proxy("a")).await.expect(201);
    s.get("/proxies/a/toxics/t").await.refused(404, "toxic not found");
    s.post("/proxies/a/toxics/t", &json!({})).await.refused(404, "toxic not found");
    s.delete("/proxies/a/toxics/t").await.refused(404, "toxic not found");
}

pub(crate) async fn updates_a_proxy_in_part(s: &Subject) {
    let made = s.post("/proxies", &proxy("a")).await.expect(201);
    let off = s.post("/proxies/a", &json!({"enabled": false})).await.expect(200);
    assert_eq!((&off["enabled"], &off["listen"]), (&json!(false), &made["listen"]));
    let moved = s.post("/proxies/a", &json!({"upstream": "127.0.0.1:10"})).await.expect(200);
    assert_eq!((&moved["enabled"], &moved["upstream"]), (&json!(false), &json!("127.0.0.1:10")));
    let on = s.post("/proxies/a", &json!({"enabled": true, "name": "b"})).await.expect(200);
    let expected = json!({"name": "a", "listen": made["listen"], "upstream": "127.0.0.1:10",
        "enabled": true, "toxics": []});
    assert_eq!(on, expected);
    let bad = s.post("/proxies/a", &json!({"enabled": 7})).await;
    assert_eq!(bad.status, 400);
    assert_eq!(s.get("/proxies/a").await.expect(200), expected);
}

pub(crate) async fn reads_fields_leniently(s: &Subject) {
    let body = r#"{"NAME": "a", "Listen": "127.0.0.1:0", "upstream": "127.0.0.1:9",
        "enabled": null, "colour": "blue"} trailing"#;
    let made = s.call("POST", "/proxies", body).await.expect(201);
    assert_eq!((&made["name"], &made["enabled"]), (&json!("a"), &json!(true)));
}

pub(crate) async fn adds_toxics_with_defaults(s: &Subject) {
    s.post("/proxies", &proxy("a")).await.expect(201);
    let bare = s.post("/proxies/a/toxics", &json!({"type": "latency"})).await.expect(200);
    let down = json!({"name": "latency_downstream", "type": "latency", "stream": "downstream",
        "toxicity": 1, "attributes": {"latency": 0, "jitter": 0}});
    assert_eq!(bare, down);
    let body = json!({"type": "latency", "stream": "upstream", "toxicity": 0.5,
        "attributes": {"latency": 7}});
    let up = json!({"name": "latency_upstream", "type": "latency", "stream": "upstream",
        "toxicity": 0.5, "attributes": {"latency": 7, "jitter": 0}});
    assert_eq!(s.post("/proxies/a/toxics", &body).await.expect(200), up);
    // Upstream ones first, whenever they came.
    assert_eq!(s.get("/proxies/a/toxics").await.expect(200), json!([up, down]));
    assert_eq!(s.get("/proxies/a").await.expect(200)["toxics"], json!([up, down]));
    assert_eq!(s.get("/proxies/a/toxics/latency_upstream").await.expect(200), up);
    let answer = s.delete("/proxies/a/toxics/latency_upstream").await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(s.get("/proxies/a/toxics").await.expect(200), json!([down]));
}

pub(crate) async fn writes_every_toxic_with_all_its_attributes(s: &Subject) {
    s.post("/proxies", &proxy("a")).await.expect(201);
    let all = [
        ("noop", json!({})),
        ("latency", json!({"latency": 1, "jitter": 2})),
        ("bandwidth", json!({"rate": 3})),
        ("slow_close", json!({"delay": 4})),
        ("timeout", json!({"timeout": 5})),
        ("reset_peer", json!({"timeout": 6})),
        ("slicer", json!({"average_size": 7, "size_variation": 8, "delay": 9})),
        ("limit_data", json!({"bytes": 10})),
    ];
    for (kind, attributes) in all {
        let mut body = json!({"name": format!("my-{kind}"), "type": kind, "stream": "upstream",
            "toxicity": 0, "attributes": attributes});
        assert_eq!(s.post("/proxies/a/toxics", &body).await.expect(200), body);
        body["attributes"]["unknown"] = json!(1);
        let path = format!("/proxies/a/toxics/my-{kind}");
        let answer = s.post(&path, &body).await.expect(200);
        assert_eq!(answer["attributes"], attributes);
    }
}

pub(crate) async fn refuses_bad_toxics(s: &Subject) {
    s.post("/proxies", &proxy("a")).await.expect(201);
    let path = "/proxies/a/toxics";
    s.post(path, &json!({"type": "nonsense"})).await.refused(400, "invalid toxic type");
    s.post(path, &json!({})).await.refused(400, "invalid toxic type");
    let sideways = s.post(path, &json!({"type": "latency", "stream": "sideways"})).await;
    sideways.refused(400, "stream was invalid, can be either upstream or downstream");
    for bad in [
        "",
        "{",
        "[]",
        r#"{"type": "latency", "toxicity": "much"}"#,
        r#"{"type": "latency", "attributes": {"latency": "long"}}"#,
        r#"{"type": "latency", "attributes": {"latency": 1.5}}"#,
    ] {
        let answer = s.call("POST", path, bad).await;
        assert_eq!(answer.status, 400, "{bad}: {}", answer.text);
        assert!(answer.text.contains("bad request body: "), "{bad}: {}", answer.text);
    }
    assert_eq!(s.get(path).await.expect(200), json!([]));
    s.post(path, &json!({"type": "latency"})).await.expect(200);
    s.post(path, &json!({"type": "latency"})).await.refused(409, "toxic already exists");
    let same_name = json!({"type": "timeout", "name": "latency_downstream", "stream": "upstream"});
    s.post(path, &same_name).await.refused(409, "toxic already exists");
}

pub(crate) async fn updates_a_toxic_in_part(s: &Subject) {
    s.post("/proxies", &proxy("a")).await.expect(201);
    s.toxic("a", "latency", "upstream", json!({"latency": 10, "jitter": 5})).await;
    let path = "/proxies/a/toxics/latency";
    let updated = s.post(path, &json!({"attributes": {"latency": 20}})).await.expect(200);
    assert_eq!(updated["attributes"], json!({"latency": 20, "jitter": 5}));
    assert_eq!(updated["toxicity"], 1);
    let updated =
        s.post(path, &json!({"toxicity": 0.25, "stream": "downstream"})).await.expect(200);
    assert_eq!(updated["attributes"], json!({"latency": 20, "jitter": 5}));
    assert_eq!((&updated["toxicity"], &updated["stream"]), (&json!(0.25), &json!("upstream")));
    assert_eq!(s.get(path).await.expect(200), updated);
    assert_eq!(s.call("POST", path, "{").await.status, 400);
}

pub(crate) async fn takes_patch_for_post(s: &Subject) {
    s.post("/proxies", &proxy("a")).await.expect(201);
    s.toxic("a", "latency", "upstream", json!({"latency": 10})).await;
    let off = s.call("PATCH", "/proxies/a", r#"{"enabled": false}"#).await;
    if off.status == 405 {
        println!("this Toxiproxy is older than 2.6, which brought PATCH");
        return;
    }
    assert_eq!(off.expect(200)["enabled"], false);
    let body = r#"{"attributes": {"latency": 11}}"#;
    let toxic = s.call("PATCH", "/proxies/a/toxics/latency", body).await.expect(200);
    assert_eq!(toxic["attributes"]["latency"], 11);
}

pub(crate) async fn populates(s: &Subject) {
    let mut second = proxy("b");
    second["enabled"] = json!(false);
    let made = s.post("/populate", &json!([proxy("a"), second])).await.expect(201);
    let list = made["proxies"].as_array().unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(made.as_object().unwrap().len(), 1);
    assert_eq!((&list[0]["name"], &list[0]["enabled"]), (&json!("a"), &json!(true)));
    assert_eq!((&list[1]["name"], &list[1]["enabled"]), (&json!("b"), &json!(false)));
    assert_eq!(s.get("/proxies").await.expect(200), json!({"a": list[0], "b": list[1]}));
    let none = s.post("/populate", &json!([])).await.expect(201);
    assert_eq!(none, json!({"proxies": null}));
}

pub(crate) async fn populate_keeps_what_is_the_same(s: &Subject) {
    let made = s.post("/populate", &json!([proxy("a")])).await.expect(201);
    s.toxic("a", "latency", "upstream", json!({"latency": 1})).await;
    let mut same = proxy("a");
    same["listen"] = made["proxies"][0]["listen"].clone();
    s.post("/populate", &json!([same])).await.expect(201);
    let kept = s.get("/proxies/a").await.expect(200);
    assert_eq!((&kept["enabled"], &kept["toxics"][0]["name"]), (&json!(true), &json!("latency")));
    same["upstream"] = json!("127.0.0.1:10");
    s.post("/populate", &json!([same])).await.expect(201);
    let replaced = s.get("/proxies/a").await.expect(200);
    let expected = json!({"name": "a", "listen": same["listen"], "upstream": "127.0.0.1:10",
        "enabled": true, "toxics": []});
    assert_eq!(replaced, expected);
}

pub(crate) async fn populate_refuses_bad_lists(s: &Subject) {
    for (bad, text) in [
        (json!([proxy("a"), {"upstream": UPSTREAM}]), "missing required field: name at proxy 2"),
        (json!([{"name": "b"}]), "missing required field: upstream at proxy 1"),
    ] {
        let answer = s.post("/populate", &bad).await.expect(400);
        assert_eq!(answer, json!({"error": text, "status": 400, "proxies": null}));
    }
    for bad in ["", "{}", "[7]", "["] {
        let answer = s.call("POST", "/populate", bad).await;
        assert_eq!(answer.status, 400, "{bad:?}: {}", answer.text);
    }
    assert_eq!(s.get("/proxies").await.expect(200), json!({}));
}

pub(crate) async fn resets(s: &Subject) {
    let upstream = echo().await;
    let listen = s.proxy("a", upstream).await;
    s.toxic("a", "latency", "upstream", json!({"latency": 1})).await;
    s.toxic("a", "timeout", "downstream", json!({"timeout": 1})).await;
    s.post("/proxies/a", &json!({"enabled": false})).await.expect(200);
    let answer = s.call("POST", "/reset", "").await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let expected = json!({"name": "a", "listen": listen.to_string(),
        "upstream": upstream.to_string(), "enabled": true, "toxics": []});
    assert_eq!(s.get("/proxies/a").await.expect(200), expected);
}

pub(crate) async fn refuses_other_paths_methods_and_browsers(s: &Subject) {
    let nowhere = s.get("/nowhere").await;
    assert_eq!((nowhere.status, nowhere.text.as_str()), (404, "404 page not found\n"));
    assert_eq!(s.get("/reset").await.status, 405);
    assert_eq!(s.call("PUT", "/proxies", "{}").await.status, 405);
    let browser = s.call_as("Mozilla/5.0", "GET", "/proxies", "").await;
    assert_eq!((browser.status, browser.text.as_str()), (403, "User agent not allowed\n"));
}
