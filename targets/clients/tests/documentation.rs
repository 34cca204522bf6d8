//! The example that `docs/external-clients.md` shows, as a client of a store. It needs Python.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "../src/fake.rs"]
#[allow(dead_code, reason = "the tests of other clients need more of it")]
mod fake;

use afterall_clients::{Answer, Cluster, OpError, open};
use afterall_history::{Function, Value, Workload};
use afterall_manifest::ClientSpec;
use afterall_needs::tests;
use afterall_workloads::Operation;
use fake::{Fake, nowhere};
use std::process::ExitCode;

fn main() -> ExitCode {
    afterall_needs::run(tests! {
        || afterall_needs::program("python3") => the_example_in_the_documentation_drives_redis;
    })
}

fn read() -> Operation {
    Operation { f: Function::Read, key: "r1".to_owned(), value: Value::Nil, level: None }
}

fn write(value: i64) -> Operation {
    Operation { f: Function::Write, key: "r1".to_owned(), value: Value::Int(value), level: None }
}

fn the_example_in_the_documentation_drives_redis() {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(the_example_drives_redis());
}

async fn the_example_drives_redis() {
    let answers =
        ["+OK\r\n", "$2\r\n17\r\n", "$-1\r\n", "-READONLY no\r\n", "-ERR no\r\n", "+PONG\r\n", ""];
    let fake = Fake::start(answers).await;
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/redis_client.py");
    let spec = ClientSpec {
        protocol: "external".to_owned(),
        port: 1,
        command: ["python3", example].map(str::to_owned).to_vec(),
        options: Default::default(),
    };
    let addresses = vec![fake.address, nowhere().await];
    let names = ["n1", "n2"].map(str::to_owned).to_vec();
    let cluster = Cluster { names, internal: Vec::new(), addresses };
    let mut client = open(&spec, Workload::Register, cluster).unwrap();
    assert_eq!(client.invoke(0, &write(17)).await, Ok(Answer::done()));
    let read_17 = Answer::read(Value::List(vec![Value::Int(17)]));
    assert_eq!(client.invoke(0, &read()).await, Ok(read_17));
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Nil)));
    assert_eq!(client.invoke(0, &write(1)).await, Err(OpError::Failed("READONLY no".to_owned())));
    assert_eq!(client.invoke(0, &write(2)).await, Err(OpError::Indeterminate("ERR no".to_owned())));
    assert_eq!(client.ping(0).await, Ok(()));
    let lost = client.invoke(0, &write(3)).await;
    assert!(matches!(lost, Err(OpError::Indeterminate(_))), "{lost:?}");
    let refused = client.invoke(1, &write(4)).await;
    assert!(matches!(refused, Err(OpError::Failed(_))), "{refused:?}");
    let set = b"*3\r\n$3\r\nSET\r\n$2\r\nr1\r\n$2\r\n17\r\n";
    assert_eq!(fake.requests()[0], set);
}
