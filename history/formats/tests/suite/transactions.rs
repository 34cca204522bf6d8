//! The readers of transactional histories: every format says the same, errors say where, and nothing makes a reader
//! panic.

use crate::files::read;
use afterall_formats::{Format, FormatError, Options, Recorded, awdit, cobra, dbcop, plume};
use afterall_history::{Name, OpId, Status, Transactions};
use proptest::prelude::*;

/// A read or write: whether it writes, the key, the value; 0 is the initial value.
type Op = (bool, u64, u64);
/// Sessions of transactions: whether they were committed, and their operations.
type Sessions = Vec<Vec<(bool, Vec<Op>)>>;

fn as_plume(sessions: &Sessions) -> Vec<u8> {
    let mut text = String::new();
    let mut number = 0;
    for (session, txns) in sessions.iter().enumerate() {
        for (_, ops) in txns {
            for (write, key, value) in ops {
                let kind = if *write { 'w' } else { 'r' };
                text.push_str(&format!("{kind}({key},{value},{session},{number})\n"));
            }
            number += 1;
        }
    }
    text.into_bytes()
}

fn as_awdit(sessions: &Sessions) -> Vec<u8> {
    let txn = |(_, ops): &(bool, Vec<Op>)| {
        let line = |(write, key, value): &Op| {
            format!("{} {key} {value}\n", if *write { 'w' } else { 'r' })
        };
        ops.iter().map(line).collect::<String>()
    };
    let session = |txns: &Vec<_>| txns.iter().map(txn).collect::<Vec<_>>().join("-----\n");
    sessions.iter().map(session).collect::<Vec<_>>().join("=====\n").into_bytes()
}

fn as_dbcop_text(sessions: &Sessions) -> Vec<u8> {
    let op = |(write, key, value): &Op| match (write, value) {
        (true, value) => format!("k{key}:={value}"),
        (false, 0) => format!("k{key}==?"),
        (false, value) => format!("k{key}=={value}"),
    };
    let txn = |(committed, ops): &(bool, Vec<Op>)| {
        let ops: Vec<String> = ops.iter().map(op).collect();
        format!("[{}]{}", ops.join(" "), if *committed { "" } else { "!" })
    };
    let session = |txns: &Vec<_>| txns.iter().map(txn).collect::<Vec<_>>().join(" ") + "\n";
    sessions.iter().map(session).collect::<Vec<_>>().join("---\n").into_bytes()
}

fn as_dbcop_json(sessions: &Sessions, short: bool) -> Vec<u8> {
    let op = |&(write, key, value): &Op| {
        let value = if value == 0 { "null".to_owned() } else { value.to_string() };
        match (short, write) {
            (true, _) => format!("[\"{}\",{key},{value}]", if write { 'w' } else { 'r' }),
            (false, true) => format!("{{\"Write\":{{\"variable\":{key},\"version\":{value}}}}}"),
            (false, false) => format!("{{\"Read\":{{\"version\":{value},\"variable\":{key}}}}}"),
        }
    };
    let txn = |(committed, ops): &(bool, Vec<Op>)| {
        let ops: Vec<String> = ops.iter().map(op).collect();
        format!("{{\"events\":[{}],\"committed\":{committed}}}", ops.join(","))
    };
    let session =
        |txns: &Vec<_>| format!("[{}]", txns.iter().map(txn).collect::<Vec<_>>().join(","));
    let data = sessions.iter().map(session).collect::<Vec<_>>().join(",\n");
    let text = if short {
        format!("[{data}]")
    } else {
        format!(
            "{{\"params\":{{\"id\":1}},\"info\":\"\",\n\"start\":\"\",\"end\":\"\",\"data\":[{data}]}}"
        )
    };
    text.into_bytes()
}

fn as_bincode(sessions: &Sessions) -> Vec<u8> {
    let mut bytes = Vec::new();
    let number = |bytes: &mut Vec<u8>, n: u64| bytes.extend(n.to_le_bytes());
    (0..5).for_each(|n| number(&mut bytes, n));
    for text in ["about", "then", ""] {
        number(&mut bytes, text.len() as u64);
        bytes.extend(text.as_bytes());
    }
    number(&mut bytes, sessions.len() as u64);
    for txns in sessions {
        number(&mut bytes, txns.len() as u64);
        for (committed, ops) in txns {
            number(&mut bytes, ops.len() as u64 + 1);
            for &(write, key, value) in ops {
                bytes.push(u8::from(write));
                number(&mut bytes, key);
                number(&mut bytes, value);
                bytes.push(1);
            }
            // An event that failed did nothing.
            bytes.push(1);
            number(&mut bytes, 77);
            number(&mut bytes, 77);
            bytes.extend([0, u8::from(*committed)]);
        }
    }
    bytes
}

fn as_cobra(txns: &[(bool, Vec<Op>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut record = |kind: u8, numbers: &[u64]| {
        bytes.push(kind);
        numbers.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
    };
    for (id, (_, ops)) in txns.iter().enumerate() {
        record(b'S', &[id as u64]);
        for &(write, key, value) in ops {
            match (write, value) {
                (true, id) => record(b'W', &[id, key, 9]),
                (false, 0) => record(b'R', &[0xdead_beef, 0xdead_beef, key, 0]),
                (false, id) => record(b'R', &[3, id, key, 9]),
            }
        }
        record(b'C', &[id as u64]);
    }
    bytes
}

/// What was read, as it was written; sessions in the order of their names.
fn back(history: &Transactions) -> Sessions {
    let number = |name: Name<'_>| match name {
        Name::Number(number) => number,
        Name::Text(text) => text.trim_start_matches('k').parse().unwrap(),
    };
    let mut sessions: Sessions = vec![Vec::new(); history.sessions()];
    for txn in history.txns() {
        let ops = history.ops_of(txn).map(|op| {
            let value = history.value(op.value).map_or(0, number);
            (op.write, number(history.key_name(op.key)), value)
        });
        let session = number(history.session_name(history.session_of(txn))) as usize;
        sessions[session].push((history.status(txn) == Status::Ok, ops.collect()));
    }
    sessions
}

/// Sessions in which every session has a transaction and every transaction an operation, as the text formats want it.
fn some_sessions() -> impl Strategy<Value = Sessions> {
    let op = (any::<bool>(), 0..5_u64, prop_oneof![0..9_u64, Just(1 << 40), Just(u64::MAX)])
        .prop_map(|(write, key, value)| (write, key, if write { value.max(1) } else { value }));
    let txn = (any::<bool>(), proptest::collection::vec(op, 1..6));
    proptest::collection::vec(proptest::collection::vec(txn, 1..5), 1..5)
}

/// All of them committed, as formats want that know nothing else.
fn committed(mut sessions: Sessions) -> Sessions {
    sessions.iter_mut().flatten().for_each(|txn| txn.0 = true);
    sessions
}

type Reader = fn(&[u8]) -> Result<Transactions, FormatError>;

const READERS: [(&str, Reader); 6] = [
    ("plume", |bytes| plume::read(bytes, "f")),
    ("awdit", |bytes| awdit::read(bytes, "f")),
    ("dbcop text", |bytes| dbcop::text::read(bytes, "f")),
    ("dbcop json", |bytes| dbcop::json::read(bytes, "f")),
    ("dbcop bincode", |bytes| dbcop::bincode::read(bytes, "f")),
    ("cobra", |bytes| cobra::read_log(bytes, "f")),
];

fn written(sessions: &Sessions) -> Vec<Vec<u8>> {
    vec![
        as_plume(sessions),
        as_awdit(sessions),
        as_dbcop_text(sessions),
        as_dbcop_json(sessions, false),
        as_bincode(sessions),
        as_cobra(&sessions[0]),
        as_dbcop_json(sessions, true),
    ]
}

proptest! {
    #[test]
    fn what_was_written_is_read(sessions in some_sessions()) {
        let all = committed(sessions.clone());
        prop_assert_eq!(&back(&plume::read(&as_plume(&sessions)[..], "f").unwrap()), &all);
        prop_assert_eq!(&back(&awdit::read(&as_awdit(&sessions)[..], "f").unwrap()), &all);
        let one = cobra::read_log(&as_cobra(&sessions[0])[..], "f").unwrap();
        prop_assert_eq!(&back(&one)[..], &all[..1]);
        let text = dbcop::text::read(&as_dbcop_text(&sessions)[..], "f").unwrap();
        prop_assert_eq!(&back(&text), &sessions);
        for short in [false, true] {
            let json = dbcop::json::read(&as_dbcop_json(&sessions, short)[..], "f").unwrap();
            prop_assert_eq!(&back(&json), &sessions);
        }
        let binary = dbcop::bincode::read(&as_bincode(&sessions)[..], "f").unwrap();
        prop_assert_eq!(&back(&binary), &sessions);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for (_, read) in READERS {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn no_damage_to_a_good_file_makes_a_reader_panic_and_errors_name_the_file(
        sessions in some_sessions(),
        at in any::<proptest::sample::Index>(),
        byte in prop_oneof![any::<u8>(), proptest::sample::select(b"0123456789rw(),-=[]!?:\"{}\n ".to_vec())],
        how in 0..4_u8,
    ) {
        for (which, mut bytes) in written(&sessions).into_iter().enumerate() {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
            let (name, read) = READERS[if which == 6 { 3 } else { which }];
            if let Err(error) = read(&bytes) {
                prop_assert!(error.to_string().starts_with("f:"), "{name}: {error}");
            }
        }
    }
}

#[test]
fn a_length_in_a_binary_file_does_not_make_room_for_what_is_not_there() {
    let mut bytes = vec![0_u8; 5 * 8];
    bytes.extend(u64::MAX.to_le_bytes());
    let error = dbcop::bincode::read(&bytes[..], "f").unwrap_err().to_string();
    assert_eq!(error, "f: byte 48: expected the end of the description, found the end of the file");
    let mut bytes = vec![0_u8; 8 * 8];
    for _ in 0..3 {
        bytes.extend(u64::MAX.to_le_bytes());
    }
    let error = dbcop::bincode::read(&bytes[..], "f").unwrap_err().to_string();
    assert_eq!(
        error,
        "f: byte 88: expected the end of whether the event writes, found the end of the file"
    );
}

#[track_caller]
fn refused(read: Reader, bytes: &[u8], says: &str) {
    let error = read(bytes).unwrap_err().to_string();
    assert_eq!(error, says);
}

#[test]
fn errors_of_plumes_text_say_which_line() {
    let read = READERS[0].1;
    let line = |line: &str, says: &str| {
        refused(read, format!("w(1,1,0,0)\n{line}\n").as_bytes(), &format!("f:2: {says}"));
    };
    line("x(1,1,0,0)", "expected r(KEY,VALUE,SESSION,TRANSACTION) or w(…), found \"x(1,1,0,0)\"");
    line("", "expected r(KEY,VALUE,SESSION,TRANSACTION) or w(…), found \"\"");
    line("r1,1,0,0)", "expected '(' before the key, found \"1,1,0,0)\"");
    line("r(-1,1,0,0)", "expected a number below 2^64 as the key, found \"-1,1,0,0)\"");
    line(
        "r(1,18446744073709551616,0,0)",
        "expected a number below 2^64 as the value, found \"18446744073709551616,0,0)\"",
    );
    line("r(1,1;0,0)", "expected ',' before the session, found \";0,0)\"");
    line("r(1,1,0)", "expected ',' before the transaction, found \")\"");
    line("r(1,1,0,-2)", "expected -1 as the only negative transaction, found \",-2)\"");
    line("r(1,1,0,x)", "expected a number below 2^64, or -1, as the transaction, found \"x)\"");
    line("r(1,1,0,0", "expected ')' and the end of the line after the transaction, found \"\"");
    line("r(1,1,0,0) ", "expected ')' and the end of the line after the transaction, found \" \"");
    line("r(1,1,7,0)", "expected transaction 0 in session 0, as before, found it in session 7");
}

#[test]
fn errors_of_awdits_text_say_which_line() {
    let read = READERS[1].1;
    let line = |line: &str, says: &str| {
        refused(read, format!("w 1 1\n\n{line}\n").as_bytes(), &format!("f:3: {says}"));
    };
    let kinds = "expected r KEY VALUE, w KEY VALUE, a row of - or a row of =, found";
    line("a 1 1", &format!("{kinds} \"a 1 1\""));
    line("--=", &format!("{kinds} \"--=\""));
    line("r1 1", "expected a space and the key, a number below 2^64, found \"1 1\"");
    line("r 1", "expected a space and the value, a number below 2^64, found \"\"");
    line("r 1 1 1", "expected the end of the line after the value, found \" 1\"");
}

#[test]
fn errors_of_dbcops_text_say_which_line() {
    let read = READERS[2].1;
    let line = |line: &str, says: &str| {
        refused(read, format!("// one\n[x:=1]\n{line}\n").as_bytes(), &format!("f:3: {says}"));
    };
    line("x:=1", "expected a transaction in brackets, a row of - or a comment, found \"x:=1\"");
    line(
        "[x:=1][x:=2]",
        "expected a transaction in brackets, a row of - or a comment, found \"[x:=2]\"",
    );
    line("[]", "expected KEY:=VALUE, KEY==VALUE or KEY==? as an operation, found \"]\"");
    line("[x=1]", "expected KEY:=VALUE, KEY==VALUE or KEY==? as an operation, found \"x=1]\"");
    line("[x:=?]", "expected KEY:=VALUE, KEY==VALUE or KEY==? as an operation, found \"x:=?]\"");
    line("[x:=1y==2]", "expected a space or ']' after an operation, found \"y==2]\"");
    line("[x:=1", "expected a space or ']' after an operation, found \"\"");
}

#[test]
fn errors_of_dbcops_json_say_which_line() {
    let read = READERS[3].1;
    let says = |bytes: &str, line: u32, what: &str| {
        let error = read(bytes.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("f:{line}: {what}")), "{error}");
    };
    says(
        "[[\n{\"events\":[]}]]",
        2,
        "expected \"events\" and \"committed\" in a transaction, found one of them (column 13)",
    );
    says(
        "[[{\"events\":[\n[\"x\",1,1]]}]]",
        2,
        "expected a Read or a Write as an event, found \"x\"",
    );
    says("[[{\"events\":[[\"w\",1,null]]}]]", 1, "expected a version in a write, found none");
    says("[[{\"events\":[[\"r\",1,-1]]}]]", 1, "expected a whole number from 0, found -1");
    says(
        "[[{\"events\":[[\"r\",1]]}]]",
        1,
        "expected a kind, a variable and a version in an event",
    );
    says("{\"data\":[],\"more\":1}", 1, "\"more\" is not a part of a history");
    says("{}", 1, "expected \"data\", found none");
    says("[]\n[]", 2, "expected nothing after the value, found more");
    says("[[", 1, "expected the rest of a list, found the end");
    says(&"[".repeat(100_000), 1, "expected ");
}

#[test]
fn errors_of_binary_files_say_which_byte() {
    let sessions = vec![vec![(true, vec![(true, 1, 1)])]];
    let good = as_bincode(&sessions);
    let read = READERS[4].1;
    let mut bytes = good.clone();
    bytes.push(0);
    let after = format!(
        "f: byte {}: expected the end of the file after its last session, found more",
        good.len()
    );
    refused(read, &bytes, &after);
    *bytes.last_mut().unwrap() = 0;
    bytes.truncate(good.len() - 1);
    bytes.push(2);
    let says = "expected 0 or 1 for whether the transaction was committed, found 2";
    refused(read, &bytes, &format!("f: byte {}: {says}", good.len() - 1));

    let read = READERS[5].1;
    let record = |kind: u8, numbers: &[u64]| {
        let mut bytes = vec![kind];
        numbers.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
        bytes
    };
    let begin = record(b'S', &[5]);
    let after = |more: Vec<u8>| [begin.clone(), more].concat();
    refused(read, b"X", "f: byte 0: expected S, C, W or R at the beginning of a record, found 'X'");
    refused(
        read,
        &begin[..4],
        "f: byte 1: expected the end of the beginning of a transaction, found the end of the file",
    );
    refused(
        read,
        &after(begin.clone()),
        "f: byte 9: expected the end of transaction 5, found the beginning of 5",
    );
    refused(
        read,
        &after(record(b'C', &[6])),
        "f: byte 9: expected a transaction that is under way, found the end of 6",
    );
    refused(
        read,
        &record(b'W', &[1, 2, 3]),
        "f: byte 0: expected the beginning of a transaction, found an operation",
    );
    let nothing = record(b'W', &[0xdead_beef, 2, 3]);
    refused(
        read,
        &after(nothing),
        "f: byte 9: expected the id of a write, found 0xdeadbeef, which stands for none",
    );
    let collected = record(b'R', &[0xbebe_ebee, 0x2333_2333, 2, 3]);
    refused(
        read,
        &after(collected),
        "f: byte 9: expected no write id in a read of the initial state, found 0x23332333",
    );
}

#[test]
fn plumes_lines_may_be_mixed_and_what_was_aborted_is_known_to_be() {
    let text = "w(1,1,0,10)\nw(1,2,1,11)\nr(1,2,0,10)\nw(1,3,0,-1)\nr(1,0,0,-1)\nr(1,1,0,12)\r\nr(1,0,1,11)";
    let history = plume::read(text.as_bytes(), "f").unwrap();
    let expected: Sessions = vec![
        vec![
            (true, vec![(true, 1, 1), (false, 1, 2)]),
            (false, vec![(true, 1, 3), (false, 1, 0)]),
            (true, vec![(false, 1, 1)]),
        ],
        vec![(true, vec![(true, 1, 2), (false, 1, 0)])],
    ];
    assert_eq!(back(&history), expected);
    let numbers =
        history.txns().flat_map(|txn| history.ops_of(txn)).map(|op| history.number(op.id));
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 3, 2, 7, 4, 5, 6]);
}

#[test]
fn polysis_initial_transaction_is_the_initial_state() {
    let text = "w(1,0,0,0)\nw(2,0,0,0)\nr(1,0,1,1)\nw(1,5,1,1)\n";
    let history = plume::read(text.as_bytes(), "f").unwrap();
    assert_eq!(history.spelled_out().len(), 1);
}

#[test]
fn a_cobra_folder_is_a_file_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let says = cobra::read(folder.path()).unwrap_err().to_string();
    assert!(says.ends_with("found no file whose name ends in .log"), "{says}");
    let one = as_cobra(&[(true, vec![(true, 1, 1)])]);
    std::fs::write(folder.path().join("T1.log"), &one).unwrap();
    std::fs::write(folder.path().join("T0.log"), &one[..one.len() - 9]).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "no log").unwrap();
    let history = cobra::read(folder.path()).unwrap();
    let sessions = history.txns().map(|txn| {
        let name = history.session_name(history.session_of(txn)).to_string();
        (name, history.status(txn))
    });
    // The end of the first is missing: nobody knows whether it was committed.
    let expected = [("T0".to_owned(), Status::Info), ("T1".to_owned(), Status::Ok)];
    assert_eq!(sessions.collect::<Vec<_>>(), expected);
    std::fs::write(folder.path().join("T2.log"), "x").unwrap();
    let says = cobra::read(folder.path()).unwrap_err().to_string();
    assert!(says.contains("T2.log: byte 0: "), "{says}");
}

#[test]
fn a_folder_with_dbcops_file_is_that_file() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = vec![vec![(true, vec![(true, 1, 5)])], vec![(true, vec![(false, 1, 5)])]];
    let file = folder.path().join("history.bincode");
    std::fs::write(&file, as_bincode(&sessions)).unwrap();
    let read = || afterall_formats::read(folder.path(), &Options::default());
    let good = read().unwrap();
    assert_eq!(good.format, Format::DbcopBincode);
    let Recorded::Transactions(history) = good.recorded else { panic!() };
    assert_eq!(back(&history), sessions);
    std::fs::write(&file, [0; 50]).unwrap();
    let says = read().unwrap_err().to_string();
    assert!(says.contains("history.bincode: byte "), "{says}");
}

#[test]
fn dbcops_keys_are_words_of_any_script() {
    let history = dbcop::text::read("[é_1:=1]\n---\n[é_1==1]\n".as_bytes(), "f").unwrap();
    assert_eq!(history.txns().count(), 2);
    for bad in ["[é-1:=1]", "[–:=1]"] {
        let says = dbcop::text::read(bad.as_bytes(), "f").unwrap_err().to_string();
        assert!(says.starts_with("f:1: expected KEY:=VALUE"), "{says}");
    }
}

#[test]
fn operations_and_transactions_are_called_what_the_file_calls_them() {
    let numbers = |text: &str| -> Vec<u32> {
        let Recorded::Transactions(history) = read(text).unwrap().recorded else { panic!() };
        (0..history.ops() as u32).map(|id| history.number(OpId(id))).collect()
    };
    assert_eq!(numbers("w(1,1,0,0)\nr(1,1,1,1)\nw(2,1,0,0)\n"), [1, 3, 2], "by lines");
    assert_eq!(numbers("w 1 2\n-----\nr 1 2\nw 3 4\n-----\n=====\n"), [1, 3, 4], "by lines");
    assert_eq!(numbers("[x:=1 y==0]\n[y:=2]\n"), [0, 1, 2], "several in a line: by places");
    let jepsen = "{:process 0, :type :invoke, :f :txn, :value [[:w 1 2] [:w 3 4]], :index 10}
        {:process 1, :type :invoke, :f :txn, :value [[:r 1 nil]], :index 11}
        {:process 2, :type :invoke, :f :txn, :value [[:w 5 5]], :index 12}
        {:process 1, :type :ok, :f :txn, :value [[:r 1 2]], :index 13}
        {:process 0, :type :ok, :f :txn, :value [[:w 1 2] [:w 3 4]], :index 14}\n";
    assert_eq!(numbers(jepsen), [11, 10, 10, 12], "by the index of the invocation");
    assert_eq!(numbers(&jepsen.replace(":index 1", ":indices 1")), [2, 1, 1, 3], "by lines");
    assert_eq!(
        numbers(&jepsen.replace(":index 1", ":x 1").replace('\n', " ")),
        [0, 1, 2, 3],
        "by places"
    );
    let Recorded::Transactions(history) = read(jepsen).unwrap().recorded else { panic!() };
    let named: Vec<u32> = history.txns().map(|txn| history.txn_number(txn)).collect();
    assert_eq!(named, [11, 10, 12]);
}
