//! Opening and closing: who may, what is believed, and what is said when it fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;
mod links;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Log, SIZE, terms, verifier};
use placet_core::Command as Asked;
use placet_store::contract::fixture::{
    Bench, action, deny, erase, keys, other_keys, propose_under, trip,
};
use placet_store::recover::recover;
use placet_store::sqlite::Options;
use placet_store::{
    KeysError, OpenError, Reader as _, Sequencer, Sqlite, SqliteReader, StoreError, SubmitError,
    System,
};

#[test]
fn a_second_opening_is_refused_with_the_name_of_the_first() {
    let (log, bench) = (Log::empty(), Bench::new(1));
    let first = log.start(keys(), &bench);
    let refused = log.try_start(keys(), &bench).unwrap_err().to_string();
    let path = fs::canonicalize(log.path()).unwrap();
    let pid = std::process::id();
    assert!(
        refused.starts_with(&format!(
            "the log {} is in use by process {pid} (opening",
            path.display()
        )),
        "{refused}"
    );
    assert!(refused.contains(" on "), "{refused}");
    assert!(
        refused.ends_with(
            " since 2023-11-14T22:13:20.000Z; that is this process itself: share the guard that has the \
             log open, or close that one first"
        ),
        "{refused}"
    );
    drop(first);
    log.start(keys(), &bench).close();
}

/// A child process has whatever its parent has open until it becomes another program.
#[test]
fn a_child_process_that_begins_does_not_keep_the_log() {
    let (log, bench) = (Log::empty(), Bench::new(1));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    assert!(Command::new("true").status().unwrap().success());
                }
            });
        }
        let opened: Vec<_> = (0..150).map(|_| log.try_start(keys(), &bench).map(drop)).collect();
        done.store(true, Ordering::Relaxed);
        for found in opened {
            found.unwrap();
        }
    });
}

#[test]
fn a_reader_needs_no_lock_and_sees_what_is_committed() {
    let (log, bench) = (Log::empty(), Bench::new(1));
    let writer = log.start(keys(), &bench);
    let mut reader = log.reader();
    for number in 0..10 {
        writer.submit_blocking(trip(number)).unwrap();
        assert_eq!(reader.view().unwrap().head().unwrap().unwrap().size, number + 1);
    }
    assert!(log.verify().is_sound());
}

#[test]
fn keys_and_log_belong_together() {
    let log = Log::empty();
    let open = || Sequencer::open(&log.path(), Some("example.com/log"), Arc::new(System));
    let first = open().unwrap();
    let verifier = first.keys().verifier().clone();
    assert_eq!(first.keys().origin(), "example.com/log");
    first.submit_blocking(trip(1)).unwrap();
    first.close();
    assert_eq!(*open().unwrap().keys().verifier(), verifier, "the same keys are used again");

    let key = Sqlite::key_path(&log.path());
    let text = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    assert!(matches!(open(), Err(OpenError::Keys(KeysError::Missing(path))) if path == key));
    fs::write(&key, "{}").unwrap();
    set_mode(&key, 0o600);
    assert!(matches!(open(), Err(OpenError::Keys(KeysError::Format { .. }))));
    fs::write(&key, &text).unwrap();
    open().unwrap().close();
    fs::remove_file(log.path()).unwrap();
    assert!(
        matches!(open(), Err(OpenError::Lost(_))),
        "a key without its log is no reason to begin anew"
    );
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let log = Log::empty();
    let open = || Sequencer::open(&log.path(), None, Arc::new(System));
    let sequencer = open().unwrap();
    assert!(sequencer.keys().origin().starts_with("localhost/placet/"));
    let shown = format!("{:?} {sequencer:?}", sequencer.keys());
    sequencer.close();
    let key = Sqlite::key_path(&log.path());
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&key).unwrap();
    let secrets = text.split('"').filter(|part| part.len() == 64);
    assert_eq!(secrets.inspect(|secret| assert!(!shown.contains(*secret))).count(), 2);
    for mode in [0o640, 0o604, 0o660] {
        set_mode(&key, mode);
        assert!(
            matches!(open(), Err(OpenError::Keys(KeysError::Exposed { mode: found, .. })) if found == mode)
        );
    }
}

/// It holds what people wrote and what agents sent.
#[test]
fn a_log_and_its_copy_are_read_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("placet.db"), folder.path().join("copy.db"));
    let log = Sequencer::open(&path, None, Arc::new(System)).unwrap();
    log.submit_blocking(trip(1)).unwrap();
    SqliteReader::open(&path).unwrap().back_up(&copy).unwrap();
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()).collect();
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}: {mode:o}", file.path());
    }
    drop(log);
}

fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let _ = (path, mode);
}

#[test]
fn other_files_and_other_versions_are_refused() {
    let bench = Bench::new(1);
    let log = Log::sample();
    log.sql("PRAGMA user_version = 7");
    let refused = log.try_start(keys(), &bench).unwrap_err();
    assert!(matches!(refused, StoreError::Schema { found: 7, expected: 3, .. }), "{refused}");
    assert!(matches!(SqliteReader::open(&log.path()), Err(StoreError::Schema { .. })));

    let log = Log::empty();
    log.sql("CREATE TABLE cookies (name TEXT)");
    assert!(matches!(log.try_start(keys(), &bench), Err(StoreError::Foreign(_))));

    let log = Log::empty();
    fs::write(
        log.path(),
        "this is a letter to my aunt, and it is long enough to be a header ".repeat(9),
    )
    .unwrap();
    assert!(matches!(log.try_start(keys(), &bench), Err(StoreError::Corrupt(_))));
    assert!(matches!(
        SqliteReader::open(Path::new("/nowhere/at/all.db")),
        Err(StoreError::Missing(_))
    ));
}

/// What is stored is believed only as far as the key vouches for it.
#[test]
fn a_tampered_log_does_not_open() {
    let bench = Bench::new(1);
    for (sql, words) in [
        ("UPDATE head SET checkpoint = replace(checkpoint, '600', '599')", "not to be trusted"),
        ("UPDATE head SET root = zeroblob(32)", "its head says"),
        ("DELETE FROM head", "its head is missing"),
        ("DELETE FROM entries WHERE idx = 599; DELETE FROM snapshot", "entry 599 is missing"),
        (
            "DELETE FROM snapshot; DELETE FROM entries WHERE idx = 20",
            "stored where entry 20 should be",
        ),
        (
            "DELETE FROM snapshot; UPDATE entries SET leaf = replace(leaf, 'a test', 'a tesT') WHERE idx = 300",
            "hash to",
        ),
        (
            "DELETE FROM snapshot; UPDATE entries SET payload = replace(payload, 'enforce', 'shadow') WHERE idx = 0",
            "commits to",
        ),
        (
            "INSERT INTO entries SELECT 600, leaf, NULL, NULL FROM entries WHERE idx = 599",
            "after the 600",
        ),
    ] {
        let log = Log::sample();
        let error = log.sql(sql).try_start(keys(), &bench).expect_err(sql).to_string();
        assert!(error.contains(words), "{sql}: {error}");
    }
    let error = Log::sample().try_start(other_keys(), &bench).unwrap_err().to_string();
    assert!(error.contains("not to be trusted"), "{error}");
}

/// Rows that somebody wrote where those of the next entries belong do not stop the log, and what
/// follows from the entries takes their place.
#[test]
fn rows_in_the_way_are_replaced() {
    let (log, bench) = (Log::sample(), Bench::new(7));
    log.sql(
        "INSERT INTO actions SELECT 600, id, at, tenant, agent, tool, class, 'allow', would_have,
         approval, deadline FROM actions LIMIT 1",
    );
    log.sql("INSERT INTO steps SELECT 601, at, action, 'redeemed' FROM steps LIMIT 1");
    let sequencer = log.start(keys(), &bench);
    sequencer.submit_blocking(propose_under(&terms(), 60_000)).unwrap();
    sequencer.submit_blocking(deny(60_000)).unwrap();
    sequencer.close();
    let mut reader = log.reader();
    let view = reader.view().unwrap();
    assert_eq!(view.action(action(60_000)).unwrap().map(|row| row.entry), Some(600));
    let steps = view.steps_of(action(60_000), 9).unwrap();
    assert_eq!(steps.iter().map(|step| step.entry).collect::<Vec<_>>(), [601]);
    drop(view);
    assert_eq!(log.verify().problems, []);
}

/// A snapshot is only for speed: where it cannot be trusted the log is replayed.
#[test]
fn a_tampered_snapshot_is_passed_over() {
    let bench = Bench::new(1);
    let read = |log: &Log| recover(&*log.reader().view().unwrap(), &[verifier()]).unwrap();
    let sample = read(&Log::sample());
    assert_eq!(sample.snapshot, SIZE);
    let lift =
        "UPDATE snapshot SET state = CAST(replace(CAST(state AS TEXT), 'a test', 'a lie') AS BLOB)";
    for sql in [
        lift,
        "UPDATE snapshot SET size = size - 1",
        "UPDATE snapshot SET note = ''",
        "UPDATE snapshot SET state = x'00'",
        "UPDATE tiles SET hashes = zeroblob(length(hashes)) WHERE level = 1",
        "DELETE FROM tiles",
        "DELETE FROM snapshot",
    ] {
        let log = Log::sample();
        let found = read(log.sql(sql));
        assert!(found.state == sample.state && found.snapshot == 0, "{sql}");
        log.start(keys(), &bench).submit_blocking(trip(77_777)).unwrap();
    }
}

#[test]
fn a_snapshot_and_its_tail_are_the_whole() {
    let (log, bench) = (Log::sample(), Bench::new(5));
    let snapshot = log.reader().view().unwrap().snapshot().unwrap();
    let sequencer = log.start(keys(), &bench);
    for number in 0..300 {
        sequencer.submit_blocking(propose_under(&terms(), 50_000 + number)).unwrap();
    }
    let state = sequencer.state().clone();
    sequencer.close();
    let connection = log.connection();
    let old = snapshot.unwrap();
    connection
        .execute("UPDATE snapshot SET size = ?1, state = ?2, note = ?3", (600, old.state, old.note))
        .unwrap();
    let found = recover(&*log.reader().view().unwrap(), &[verifier()]).unwrap();
    assert!(found.snapshot == SIZE && found.state == state);
}

#[test]
fn a_full_log_says_so_and_loses_nothing() {
    let (log, bench) = (Log::empty(), Bench::new(1));
    let open = |max_pages| {
        let options = Options { max_pages, ..Options::default() };
        let store = Sqlite::open(&log.path(), options, &*bench).unwrap();
        Sequencer::start(Box::new(store), keys(), bench.clone()).unwrap()
    };
    let full = open(Some(30));
    let mut answered = 0;
    let reason = loop {
        match full.submit_blocking(trip(answered)) {
            Ok(_) => answered += 1,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(&reason, SubmitError::NotRecorded(error) if matches!(**error, StoreError::Full(_))),
        "{reason}"
    );
    assert!(reason.to_string().contains("the log cannot grow"), "{reason}");
    assert_eq!(full.state().size(), answered);
    assert!(full.submit_blocking(trip(answered)).is_err(), "it stays full, and keeps answering");
    full.close();
    assert!(log.verify().is_sound());
    let roomy = open(None);
    assert_eq!(roomy.submit_blocking(trip(answered)).unwrap().entries[0].index, answered);
}

/// Each of them ends without a word after a few commits, as hooks do.
#[test]
fn what_short_lived_processes_leave_does_not_pile_up() {
    let (log, bench) = (Log::empty(), Bench::new(1));
    let of = |name: &str| log.folder().join(name);
    for process in 0..40 {
        let sequencer = log.start(keys(), &bench);
        for number in 0..3 {
            sequencer.submit_blocking(trip(process * 3 + number)).unwrap();
        }
        // Closing would clear it away.
        let left = ["placet.db", "placet.db-wal"].map(|name| (name, fs::read(of(name)).unwrap()));
        sequencer.close();
        for (name, bytes) in left {
            fs::write(of(name), bytes).unwrap();
        }
        let length = fs::metadata(of("placet.db-wal")).unwrap().len();
        assert!(length < 2 * 1024 * 1024, "after {process} there are {length} bytes to read");
    }
    assert!(log.verify().is_sound());
}

/// Root may write anything, so there the file is not read-only at all.
#[cfg(unix)]
#[test]
fn a_read_only_log_can_be_read_and_not_written() {
    let (log, bench) = (Log::sample(), Bench::new(1));
    fs::remove_file(log.folder().join("placet.db-lock")).unwrap();
    set_mode(&log.path(), 0o400);
    set_mode(log.folder(), 0o500);
    let is_root = fs::write(log.folder().join("probe"), "").is_ok();
    assert!(log.verify().is_sound());
    if !is_root {
        let refused = log.try_start(keys(), &bench).unwrap_err();
        assert!(matches!(refused, StoreError::ReadOnly(_)), "{refused}");
    }
    set_mode(log.folder(), 0o700);
}

/// The log that a running process has open is replaced by an older copy.
#[test]
fn a_log_that_went_back_is_refused_by_who_knows_better() {
    let (log, bench) = (Log::sample(), Bench::new(1));
    let sequencer = log.start(keys(), &bench);
    sequencer.submit_blocking(trip(90_000)).unwrap();
    sequencer.submit_blocking(trip(90_001)).unwrap();
    let copy = Log::sample();
    let old = copy.connection();
    let head: (i64, Vec<u8>, String) = old
        .query_row("SELECT size, root, checkpoint FROM head", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    log.connection()
        .execute("UPDATE head SET size = ?1, root = ?2, checkpoint = ?3", head)
        .unwrap();
    log.sql("DELETE FROM entries WHERE idx >= 600; DELETE FROM switches WHERE entry >= 600");
    assert!(log.verify().is_sound(), "in itself the older log is sound");
    for _ in 0..2 {
        let refused = sequencer.submit_blocking(trip(90_002)).unwrap_err();
        assert!(matches!(&refused, SubmitError::NotRecorded(_)), "{refused}");
    }
    assert_eq!(
        log.reader().view().unwrap().head().unwrap().unwrap().size,
        SIZE,
        "nothing was added"
    );
}

#[test]
fn erased_bytes_are_gone_from_the_disk() {
    let (log, bench) = (Log::empty(), Bench::new(1));
    let sequencer = log.start(keys(), &bench);
    let terms = terms();
    sequencer
        .submit_blocking(Asked::InstallPolicy {
            terms: Arc::new(terms.clone()),
            files: Vec::new(),
            by: None,
        })
        .unwrap();
    for number in 1..9 {
        sequencer.submit_blocking(propose_under(&terms, number)).unwrap();
    }
    let on_disk = |needle: &str| {
        let files =
            fs::read_dir(log.folder()).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
        let needle = needle.as_bytes();
        files.into_iter().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
    };
    assert!(on_disk("private-5"));
    sequencer.submit_blocking(erase(5)).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while on_disk("private-5") && Instant::now() < until {
        thread::yield_now();
    }
    assert!(!on_disk("private-5"), "in the file, or in the write-ahead log");
    assert!(on_disk("private-6"));
}
