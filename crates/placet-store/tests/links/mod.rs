//! A log under more than one name: it is one log all the same, or none that is written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use placet_store::contract::fixture::{Bench, keys, trip};
use placet_store::sqlite::Options;
use placet_store::{OpenError, Reader as _, Sequencer, Sqlite, SqliteReader, StoreError};

/// Opens a log as a daemon does, with the secrets beside it.
fn open(path: &Path) -> Result<Sqlite, OpenError> {
    Sqlite::open_with_keys(path, None, Options::default(), &*Bench::new(1)).map(|(store, _)| store)
}

/// What lies in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder with a log that is in use under its own name, and a folder for other names.
fn in_use() -> (tempfile::TempDir, Sqlite) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("via")).unwrap();
    let first = open(&folder.path().join("placet.db")).unwrap();
    (folder, first)
}

#[test]
fn a_log_in_use_is_refused_under_the_name_of_a_link_as_well() {
    let (folder, first) = in_use();
    let via = folder.path().join("via");
    // The link alone, one to a link, and one with a link to the key file.
    for (name, to) in [("a.db", "../placet.db"), ("b.db", "a.db"), ("c.db", "../placet.db")] {
        symlink(to, via.join(name)).unwrap();
    }
    symlink("../placet.db-key", via.join("c.db-key")).unwrap();
    let before = names(&via);
    for name in ["a.db", "b.db", "c.db"] {
        let refused = open(&via.join(name)).unwrap_err();
        assert!(matches!(refused, OpenError::Store(StoreError::InUse { .. })), "{name}: {refused}");
        let refused = Sqlite::open(&via.join(name), Options::default(), &*Bench::new(1));
        assert!(matches!(refused, Err(StoreError::InUse { .. })), "{name}: {refused:?}");
    }
    assert_eq!(names(&via), before, "nothing is left beside the links");
    drop(first);
    // It is one log, so a link needs no key file of its own.
    let own = open(&via.join("a.db")).unwrap();
    let refused = open(&folder.path().join("placet.db")).unwrap_err();
    assert!(matches!(refused, OpenError::Store(StoreError::InUse { .. })), "{refused}");
    drop(own);
    assert_eq!(names(&via), before, "nor by who has it");
    assert_eq!(Sqlite::key_path(&via.join("b.db")), via.join("../placet.db-key"));
}

#[test]
fn a_link_to_nothing_begins_a_log_where_it_leads() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.db");
    symlink("real.db", &link).unwrap();
    drop(open(&link).unwrap());
    let found = names(folder.path());
    assert_eq!(found, ["link.db", "real.db", "real.db-key", "real.db-lock"]);
    // Without its log the key file says that a log was lost, under either name.
    fs::remove_file(folder.path().join("real.db")).unwrap();
    let refused = open(&link).unwrap_err();
    assert!(matches!(refused, OpenError::Lost(_)), "{refused}");
    // One that leads to itself leads nowhere.
    let circle = folder.path().join("circle.db");
    symlink("circle.db", &circle).unwrap();
    let refused = open(&circle).unwrap_err().to_string();
    assert!(refused.contains("leads in a circle"), "{refused}");
    assert!(!names(folder.path()).contains(&"circle.db-lock".to_owned()));
}

#[test]
fn a_reader_by_a_link_sees_what_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("placet.db"), folder.path().join("link.db"));
    let bench = Bench::new(1);
    let store = Sqlite::open(&path, Options::default(), &*bench).unwrap();
    let writer = Sequencer::start(Box::new(store), keys(), bench).unwrap();
    symlink("placet.db", &link).unwrap();
    let mut reader = SqliteReader::open(&link).unwrap();
    writer.submit_blocking(trip(1)).unwrap();
    assert_eq!(reader.view().unwrap().head().unwrap().unwrap().size, 1);
}

/// Neither name says which is the log, and what is beside one of them belongs to both.
#[test]
fn a_log_with_a_second_hard_link_is_not_written() {
    let (folder, first) = in_use();
    let (path, via) = (folder.path().join("placet.db"), folder.path().join("via"));
    let link = via.join("link.db");
    fs::hard_link(&path, &link).unwrap();
    fs::hard_link(Sqlite::key_path(&path), via.join("link.db-key")).unwrap();
    let before = names(&via);
    let refuse = |path: &Path| {
        let refused = open(path).unwrap_err().to_string();
        let expected = format!("the log {} has 2 hard links", path.display());
        assert!(refused.starts_with(&expected), "{refused}");
        let refused = Sqlite::open(path, Options::default(), &*Bench::new(1)).unwrap_err();
        assert!(matches!(refused, StoreError::Linked { links: 2, .. }), "{refused}");
    };
    refuse(&link);
    assert_eq!(names(&via), before, "nothing is left beside it");
    drop(first);
    refuse(&link);
    refuse(&path);
    assert!(SqliteReader::open(&path).is_ok(), "it can be read");
    fs::remove_file(link).unwrap();
    drop(open(&path).unwrap());
}

/// What lies beside a copy is what has to be kept and moved.
#[test]
fn a_copy_is_two_files_also_after_it_was_read() {
    let (folder, first) = in_use();
    let copy = folder.path().join("via/copy.db");
    let bench = Bench::new(1);
    let writer = Sequencer::start(Box::new(first), keys(), bench).unwrap();
    writer.submit_blocking(trip(1)).unwrap();
    SqliteReader::open(&folder.path().join("placet.db")).unwrap().back_up(&copy).unwrap();
    let beside = || names(&folder.path().join("via"));
    assert_eq!(beside(), ["copy.db", "copy.db-key"]);
    let mut reader = SqliteReader::open(&copy).unwrap();
    assert_eq!(reader.view().unwrap().head().unwrap().unwrap().size, 1);
    drop(reader);
    assert_eq!(beside(), ["copy.db", "copy.db-key"]);
    // To go on with it is as with any log: readers do not hold up who writes.
    let store = Sqlite::open(&copy, Options::default(), &*Bench::new(1)).unwrap();
    let again = Sequencer::start(Box::new(store), keys(), Bench::new(1)).unwrap();
    let mut reader = SqliteReader::open(&copy).unwrap();
    let view = reader.view().unwrap();
    again.submit_blocking(trip(2)).unwrap();
    assert_eq!(view.head().unwrap().unwrap().size, 1);
}
