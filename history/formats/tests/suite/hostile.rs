//! No file makes a reader panic, recurse without end or take more room than one operation needs.

use crate::files::{read_as, refused};
use afterall_formats::{Finals, Format, InitialValue, Nil, Options, Order};
use afterall_history::Value;
use proptest::prelude::*;
use proptest::sample::Index;
use std::io::Write;

/// Good files, which mutations take as their start.
const SAMPLES: &[(Format, &str)] = &[
    (
        Format::JepsenEdn,
        "[{:process 0, :type :invoke, :f :write, :value [1 2], :time 10, :index 0} ; said
         #_{:a 1} #jepsen.history.Op{:process 0, :type :ok, :f :write, :value [1 2], :time 14}
         {:process :nemesis, :type :info, :f :start, :value {\"n1\" #{\"n2\\u00e9\"}}}
         {:process 1, :type :invoke, :f :cas, :value [1 [2 3]]}
         {:process 1, :type :info, :f :cas, :value [1 [2 3]], :error [:timeout 5.0 \\a]}
         {:process 2, :type :invoke, :f :read, :value [1 nil]}
         {:process 2, :type :ok, :f :read, :value [1 2], :final? true}]",
    ),
    (
        Format::JepsenEdn,
        "{:process 0, :type :invoke, :f :txn, :value [[:w 1 2] [:r 3 nil]]}
         {:process 0, :type :ok, :f :txn, :value [[:w 1 2] [:r 3 nil]]}",
    ),
    (
        Format::JepsenEdn,
        "{:process 0, :type :invoke, :f :cas, :value [1 [nil [2 3]]], :time 4}
         {:process 1, :type :invoke, :f :read, :value [1 [nil nil]], :time 4}
         {:process 0, :type :ok, :f :cas, :value [1 [7 [2 3]]], :time 3}
         {:process 2, :type :invoke, :f :delete, :value [1 [nil nil]], :time 3}
         {:process 1, :type :ok, :f :read, :value [1 [7 nil]], :time 4}",
    ),
    (
        Format::JepsenEdn,
        "{:process 0, :type :ok, :f :add, :value [:k [:milk 2]], :time 1}
         {:process 1, :type :ok, :f :remove, :value [:k :milk], :time 1}
         {:process 1, :type :ok, :f :read-init, :value [:k #{[:milk 2] [{:b #{2 1} :a 1} 3]}], :time 1}",
    ),
    (
        Format::JepsenEdn,
        "{:process 0, :type :invoke, :f :post, :value [\"q\" nil], :node \"n1\"}
         {:process 0, :type :info, :f :post, :value [\"q\" nil], :node \"n1\"}",
    ),
    (
        Format::JepsenJson,
        r#"[{"process":0,"type":"invoke","f":"add","value":5,"time":1},
            {"process":0,"type":"ok","f":"add","value":5,"time":2},
            {"process":0,"type":"invoke","f":"read","value":null,"node":"n1"},
            {"process":0,"type":"ok","f":"read","value":[5,{"a":[]}],"x":1.5e3}]"#,
    ),
    (
        Format::JepsenLog,
        "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - 0\t:ok\t:write\t1\nother\n
         INFO  jepsen.util - :nemesis\t:info\t:start\tnil\nINFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\n
         INFO  jepsen.util - 0\t:info\t:cas\t:timed-out\nall :ok\nINFO jepsen.util: [ 77 ] 1\t:invoke\t:read\tnil\n\
         Everything looks good!\n1\t:ok\t:read\t5\n",
    ),
    (
        Format::Porcupine,
        "{:process 0, :type :invoke, :f :put, :key \"1\", :value \"x\"}
         {:process 0, :type :ok, :f :put, :key \"1\", :value \"x\"}
         {:process 0, :type :invoke, :f :get, :key \"1\", :value nil}
         {:process 0, :type :ok, :f :get, :key \"1\", :value \"x\"}",
    ),
    (Format::Plume, "w(1,2,0,0)\nr(1,2,1,1)\nw(3,4,1,1)\nw(3,5,1,-1)\nr(3,0,2,2)\n"),
    (Format::Awdit, "w 1 2\n-----\nr 1 2\nw 3 4\n-----\n=====\nr 3 0\n-----\n=====\n"),
    (Format::DbcopText, "[x:=1 y==0]\n[y:=2]!\n---\n[x==1 z==?]\n"),
    (
        Format::DbcopJson,
        r#"[[{"events":[{"Write":{"variable":0,"version":1}},{"Read":{"variable":1,"version":null}}],"committed":true}],[]]"#,
    ),
];

#[derive(Debug, Clone)]
enum Mutation {
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    // Bytes that mean something are tried more often than others.
    let byte = || prop_oneof![prop::sample::select(&b"[](){}\"\\:#,;-0n\n\t "[..]), any::<u8>()];
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (any::<Index>(), 1..200_usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
        any::<Index>().prop_map(Mutation::Cut),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    match mutation {
        Mutation::Set(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Mutation::Insert(at, byte) => bytes.insert(at.index(bytes.len()), *byte),
        Mutation::Remove(at, length) => {
            let at = at.index(bytes.len());
            bytes.drain(at..(at + length).min(bytes.len()));
        }
        Mutation::Repeat(at, length) => {
            let at = at.index(bytes.len());
            let part = bytes[at..(at + length).min(bytes.len())].to_vec();
            bytes.splice(at..at, part);
        }
        Mutation::Cut(at) => bytes.truncate(at.index(bytes.len())),
    }
}

/// Options that ask for everything that is not the usual.
fn options() -> impl Strategy<Value = Options> {
    let value = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        Just(Value::Nil),
        Just(Value::from("a")),
        Just(Value::from(vec![1, 2])),
        Just(Value::List(vec![Value::List(vec!["milk".into(), 1.into()])])),
    ];
    let initial = (prop::option::of(Just("1".to_owned())), value)
        .prop_map(|(key, value)| InitialValue { key, value });
    (
        prop::option::of(prop_oneof![Just(Nil::Initial), Just(Nil::Unknown)]),
        prop::collection::vec(initial, 0..2),
        prop_oneof![Just(Order::Lines), Just(Order::Time)],
        prop_oneof![Just(Finals::Marked), Just(Finals::Last)],
    )
        .prop_map(|(nil, initial, order, finals)| Options {
            nil,
            initial,
            order,
            finals,
            ..Options::default()
        })
}

/// Beginnings that say how the rest is packed or written.
const MARKS: &[&[u8]] = &[
    b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
    b"\x1f\x8b\x08\x1f",
    b"\x28\xb5\x2f\xfd",
    b"\x28\xb5\x2f\xfd\x24",
    b"\x50\x2a\x4d\x18",
    b"\x5f\x2a\x4d\x18\xff\xff\xff\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), format in prop::sample::select(Format::ALL)) {
        let _ = read_as(&bytes, &Options { format: Some(format), ..Options::default() });
        let _ = read_as(&bytes, &Options::default());
    }

    #[test]
    fn any_bytes_behind_a_mark(
        mark in prop::sample::select(MARKS),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [mark, bytes.as_slice()].concat();
        let _ = read_as(&bytes, &Options::default());
        let options = Options { format: Some(Format::JepsenEdn), ..Options::default() };
        let _ = read_as(&bytes, &options);
    }

    #[test]
    fn damaged_files(
        (format, sample) in prop::sample::select(SAMPLES),
        mutations in prop::collection::vec(mutation(), 1..6),
        options in options(),
    ) {
        let mut bytes = sample.as_bytes().to_vec();
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        let _ = read_as(&bytes, &Options { format: Some(format), ..options.clone() });
        let _ = read_as(&bytes, &options);
    }

    #[test]
    fn damaged_packed_files(
        (_, sample) in prop::sample::select(SAMPLES),
        mutations in prop::collection::vec(mutation(), 1..4),
        gz in any::<bool>(),
    ) {
        let mut bytes = if gz { gzip(sample.as_bytes()) } else { zstd(sample.as_bytes()) };
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        let _ = read_as(&bytes, &Options::default());
    }

    #[test]
    fn any_initial_value(text in r#"[-0-9a-z=:"\\\\\[\]{}# ]{0,12}"#) {
        let _ = text.parse::<InitialValue>();
    }
}

#[test]
fn the_samples_are_good() {
    for (format, sample) in SAMPLES {
        let read = read_as(sample, &Options::default()).unwrap();
        assert_eq!(read.format, *format);
    }
}

#[test]
fn a_megabyte_of_brackets_is_an_error() {
    let invoke = "{:process 0, :type :invoke, :f :write, :value ";
    for open in ["(", "[", "{", "#{", "#_", "#a ", "{:a "] {
        let deep = open.repeat(1 << 20);
        let error = refused(&format!("{invoke}{deep}"));
        assert!(error.contains(":1: "), "{open}: {error}");
        for (format, text) in [
            (Format::JepsenEdn, deep.clone()),
            (Format::JepsenJson, deep.clone()),
            (Format::JepsenLog, format!("INFO jepsen.util - 0\t:invoke\t:write\t{deep}")),
            (Format::Porcupine, deep.clone()),
        ] {
            let options = Options { format: Some(format), ..Options::default() };
            assert!(read_as(&text, &options).is_err(), "{format}: {open}");
        }
    }
    let json = format!("[{{\"type\":\"invoke\",\"value\":{}", "[".repeat(1 << 20));
    assert!(refused(&json).contains("within each other"));
    // As deep as values may be, and one deeper.
    let nested = |depth: usize| format!("{invoke}{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(read_as(nested(16), &Options::default()).is_ok());
    assert!(refused(&nested(17)).contains("nested at most 16 deep"));
}

#[test]
fn an_operation_without_end_is_an_error_long_before_the_file_ends() {
    for (format, start) in [
        (Format::JepsenEdn, "{:process 0, :value \""),
        (Format::JepsenEdn, ";"),
        (Format::JepsenJson, "[{\"process\":\""),
        (Format::JepsenLog, "INFO "),
    ] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "\n{start}").unwrap();
        // Zeros that take no room on disk.
        file.as_file().set_len(1 << 30).unwrap();
        let options = Options { format: Some(format), ..Options::default() };
        let error = afterall_formats::read(file.path(), &options).unwrap_err().to_string();
        assert!(
            error.contains("longer than 64 MiB") || error.contains(":2: "),
            "{format}: {error}"
        );
    }
}
