//! Where histories come from: pipes, packed files, folders, and what editors do to files.

use crate::files::{kept, refused};
use afterall_formats::{Format, Options, Read, Recorded, read, read_bytes, read_from};
use std::io::{self, Write};

const EDN: &str = "{:process 0, :type :invoke, :f :write, :value 1, :time 1}
{:process 0, :type :ok, :f :write, :value 1, :time 2}
{:process 1, :type :invoke, :f :read, :value nil, :time 3}
{:process 1, :type :ok, :f :read, :value 1, :time 4}
";

const JSON: &str = r#"[{"process":0,"type":"invoke","f":"write","value":1},
{"process":0,"type":"ok","f":"write","value":1}]"#;

const LOG: &str =
    "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - 0\t:ok\t:write\t1\n";

const OURS: &str = r#"{"format":"afterall-history","version":1,"target":"t","world":"sim","workload":"register","seed":0,"nodes":["n1"]}
{"index":0,"time":0,"type":"invoke","process":0,"node":"n1","f":"write","key":"k","value":1}
{"index":1,"time":1,"type":"ok","process":0,"node":"n1","f":"write","key":"k","value":1}
"#;

const SAMPLES: &[(Format, &str)] = &[
    (Format::JepsenEdn, EDN),
    (Format::JepsenJson, JSON),
    (Format::JepsenLog, LOG),
    (Format::Afterall, OURS),
    (Format::Plume, "w(1,2,0,0)\nr(1,2,1,1)\n"),
    (Format::Awdit, "w 1 2\n-----\nr 1 2\n-----\n=====\n"),
    (Format::DbcopText, "[x:=1 y==0]\n[y:=2]!\n---\n[x==1 z==?]\n"),
    (
        Format::DbcopJson,
        r#"[[{"events":[{"Write":{"variable":0,"version":1}}],"committed":true}]]"#,
    ),
];

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes.as_ref()).unwrap();
    packed.finish().unwrap()
}

fn zstd(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(bytes.as_ref(), level)
}

fn counted(read: &Read) -> (Format, usize) {
    let ops = match &read.recorded {
        Recorded::Operations(history) => history.len(),
        Recorded::Transactions(transactions) => transactions.ops(),
    };
    (read.format, ops)
}

/// One byte at a time, as the slowest of pipes.
struct Slow<'b>(&'b [u8]);

impl io::Read for Slow<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let most = bytes.len().min(1);
        self.0.read(&mut bytes[..most])
    }
}

#[test]
fn a_pipe_a_packed_file_and_a_file_are_the_same() {
    let options = Options::default();
    for (format, text) in SAMPLES {
        let plain = counted(&read_bytes(text.as_bytes(), "h", &options).unwrap());
        assert_eq!(plain.0, *format, "{text}");
        let (one, other) = text.as_bytes().split_at(text.len() / 2);
        for bytes in [
            text.as_bytes().to_vec(),
            gzip(text),
            zstd(text),
            [gzip(one), gzip(other)].concat(),
            [zstd(one), b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(other)].concat(),
            format!("\u{feff}{text}").into_bytes(),
            gzip(format!("\u{feff}{text}")),
            text.replace('\n', "\r\n").into_bytes(),
            zstd(format!("\u{feff}{}", text.replace('\n', "\r\n"))),
        ] {
            let whole = read_bytes(&bytes, "h", &options).unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(counted(&whole), plain, "{text}");
            let piped = read_from(Slow(&bytes), "stdin", &options).unwrap();
            assert_eq!((counted(&piped), &piped.notes), (plain, &whole.notes), "{text}");
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&bytes).unwrap();
            assert_eq!(counted(&read(file.path(), &options).unwrap()), plain, "{text}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_fifo_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe.edn");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let text = EDN.repeat(20_000);
    let writer = std::thread::spawn({
        let (path, text) = (path.clone(), text.clone());
        move || std::fs::write(path, text).unwrap()
    });
    let piped = read(&path, &Options::default()).unwrap();
    writer.join().unwrap();
    let whole = read_bytes(text.as_bytes(), "h", &Options::default()).unwrap();
    assert_eq!(counted(&piped), counted(&whole));
}

#[test]
fn what_does_not_fit_in_memory_goes_through_a_file() {
    let line = "{:process 0, :type :invoke, :f :write, :value 1, :x \"".to_owned();
    let text = format!("{line}{}\"}}\n{{:process 0, :type :ok, :f :write}}\n", "y".repeat(3 << 20));
    let text = text.repeat(30);
    let piped = read_from(text.as_bytes(), "stdin", &Options::default()).unwrap();
    assert_eq!(counted(&piped), (Format::JepsenEdn, 30));
    let unpacked = read_from(gzip(&text).as_slice(), "stdin", &Options::default()).unwrap();
    assert_eq!(counted(&unpacked), (Format::JepsenEdn, 30));
}

#[test]
fn errors_name_the_line_of_the_unpacked_text() {
    let text = format!("\u{feff}{}{{:process 9, :type :ok, :f :read}}", EDN.replace('\n', "\r\n"));
    for bytes in [text.as_bytes().to_vec(), gzip(&text), zstd(&text)] {
        let error = read_from(bytes.as_slice(), "stdin", &Options::default()).unwrap_err();
        assert!(error.to_string().starts_with("stdin:5: "), "{error}");
    }
}

#[test]
fn a_history_that_has_lost_its_first_line_is_told_so() {
    let event = r#"{"index":0,"time":0,"type":"node","node":"n1","change":"ready"}"#;
    let (_, operations) = OURS.split_once('\n').unwrap();
    for text in [format!("{event}\n{operations}"), format!("{operations}{event}\n")] {
        let error = read_bytes(text.as_bytes(), "h", &Options::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "h:1: expected the first line of a history, with \"format\":\"afterall-history\", found a later line: \
             the file has lost its beginning"
        );
    }
    // Operations alone may be another tool's.
    let read = read_bytes(operations.as_bytes(), "h", &Options::default());
    assert!(read.is_err() || read.is_ok_and(|read| read.format == Format::JepsenJson));
}

#[test]
fn damaged_packings_are_errors() {
    for (packed, name) in [(gzip(EDN), "gzip"), (zstd(EDN), "zstd")] {
        for cut in [5, packed.len() / 2, packed.len() - 1] {
            let error = read_bytes(&packed[..cut], "h", &Options::default()).unwrap_err();
            let error = error.to_string();
            assert!(error.contains(name) && error.contains("cut off"), "{cut}: {error}");
        }
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x55;
        assert!(read_bytes(&damaged, "h", &Options::default()).is_err(), "{name}");
    }
}

#[test]
fn the_target_is_called_after_the_unpacked_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("my.store.edn.gz", gzip(EDN)), ("my.store.edn", EDN.into())] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let Recorded::Operations(history) = read(&path, &Options::default()).unwrap().recorded
        else {
            panic!("{name}")
        };
        assert_eq!(history.header().target, "my.store");
    }
}

#[test]
fn texts_in_utf_16_are_refused() {
    for bytes in [b"\xff\xfe{\0:\0".as_slice(), b"\xfe\xff\0{\0:"] {
        for format in [None, Some(Format::JepsenEdn), Some(Format::Afterall)] {
            let options = Options { format, ..Options::default() };
            let error = read_bytes(bytes, "h", &options).unwrap_err().to_string();
            assert!(error.contains("expected text in UTF-8, found UTF-16"), "{error}");
        }
    }
}

#[test]
fn a_run_of_jepsen_is_read_from_its_folder() {
    let store = tempfile::tempdir().unwrap();
    let run = store.path().join("etcd/20240101T000000.000Z");
    std::fs::create_dir_all(&run).unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(run.join(name), bytes).unwrap();
    let look = |folder: &std::path::Path| read(folder, &Options::default());
    put("test.jepsen", b"JEPSEN\0");
    let error = look(&run).unwrap_err().to_string();
    assert!(error.contains("expected one of history.edn, "), "{error}");
    put("jepsen.log", LOG.as_bytes());
    assert_eq!(counted(&look(&run).unwrap()), (Format::JepsenLog, 1));
    put("history.edn.gz", &gzip(EDN));
    put("results.edn", b"{:valid? false}");
    let found = look(&run).unwrap();
    assert_eq!(counted(&found), (Format::JepsenEdn, 2));
    assert_eq!(found.notes[0], "read history.edn.gz of the run's folder");
    let Recorded::Operations(history) = found.recorded else { panic!() };
    assert_eq!(history.header().target, "etcd");
    put("history.edn", EDN.repeat(2).as_bytes());
    assert_eq!(counted(&look(&run).unwrap()), (Format::JepsenEdn, 4));
    // A format that is named is looked for.
    let options = Options { format: Some(Format::JepsenLog), ..Options::default() };
    assert_eq!(counted(&read(&run, &options).unwrap()), (Format::JepsenLog, 1));
    // The folder of the test, in which the last run has a name of its own.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&run, store.path().join("etcd/latest")).unwrap();
        let found = look(&store.path().join("etcd")).unwrap();
        assert_eq!(found.notes[0], "read latest/history.edn of the run's folder");
    }
    assert!(
        look(store.path()).unwrap_err().to_string().contains("expected a history in this folder")
    );
}

#[test]
fn pretty_printed_files_are_told_without_a_name() {
    let json = "[\n  {\n    \"process\": 0,\n    \"type\": \"invoke\",\n    \"f\": \"write\",\n    \"value\": 1\n  },\n  \
                {\n    \"process\": 0,\n    \"type\": \"ok\",\n    \"f\": \"write\",\n    \"value\": 1\n  },\n]\n";
    let edn = "[\n {\n  :process 0\n  :type :invoke\n  :f :write\n  :value 1}\n\n {:process\n  0, :type :ok, :f :write, :value 1},,]\n";
    for text in
        [json.to_owned(), edn.to_owned(), json.replace('\n', "\r\n"), edn.replace('\n', "\r\n")]
    {
        assert_eq!(kept(&text).0.len(), 1, "{text}");
    }
}

#[test]
fn an_empty_history_is_an_error_that_says_so() {
    for (text, says) in [
        ("", "found nothing: the file is empty"),
        ("\u{feff}", "found nothing: the file is empty"),
        (" \r\n\n", "found nothing: the file is empty"),
        ("[]", "--format"),
        (
            "{:process :nemesis, :type :info, :f :start, :value nil}",
            "expected an operation of a client",
        ),
    ] {
        let error = refused(text);
        assert!(error.contains(says), "{text:?}: {error}");
    }
    for format in [Format::JepsenEdn, Format::JepsenJson, Format::JepsenLog, Format::Porcupine] {
        for text in ["", "[]", "\n\n"] {
            let options = Options { format: Some(format), ..Options::default() };
            let error = read_bytes(text.as_bytes(), "h", &options).unwrap_err().to_string();
            assert!(error.contains("expected an operation"), "{format} {text:?}: {error}");
        }
    }
    for format in
        [Format::Plume, Format::Awdit, Format::DbcopText, Format::DbcopJson, Format::Cobra]
    {
        let options = Options { format: Some(format), ..Options::default() };
        let text = if format == Format::DbcopJson { "[]" } else { "" };
        let error = read_bytes(text.as_bytes(), "h", &options).unwrap_err().to_string();
        assert!(error.contains("expected"), "{format}: {error}");
    }
}
