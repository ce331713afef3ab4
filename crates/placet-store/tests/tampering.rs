//! Every change to a stored log is found, and it is said where.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{Log, SIZE, fill, verifier};
use placet_store::Reader as _;
use placet_store::contract::fixture::{Bench, keys, other_keys};
use placet_store::prove::{ProveError, continues};
use placet_store::verify::{Place, What};

/// Changes the sample and expects a problem at a place, whose text has some words in it.
#[track_caller]
fn found(sql: &str, place: Place, words: &str) {
    let log = Log::sample();
    log.sql(sql);
    expect(&log, place, words);
}

#[track_caller]
fn expect(log: &Log, place: Place, words: &str) {
    let problems = log.verify().problems;
    let hit = |found: &&placet_store::verify::Problem| {
        found.place == place && found.what.to_string().contains(words)
    };
    assert!(
        problems.iter().any(|found| hit(&found)),
        "{words:?} at {place} is not in {problems:#?}"
    );
}

/// The index of some entry with this event.
fn entry_with(event: &str) -> u64 {
    let log = Log::sample();
    let sql = format!("SELECT max(idx) FROM entries WHERE leaf LIKE '%\"event\":{{\"{event}\":%'");
    let index: i64 = log.connection().query_row(&sql, [], |row| row.get(0)).unwrap();
    u64::try_from(index).unwrap()
}

#[test]
fn nothing_is_found_in_a_sound_log() {
    let report = Log::sample().verify();
    assert_eq!(report.problems, []);
    assert_eq!((report.entries, report.erased), (SIZE, 1));
    assert_eq!(report.checkpoint.unwrap().size(), SIZE);
}

#[test]
fn the_sample_has_every_kind_of_entry() {
    for event in [
        "policy_installed",
        "decided",
        "denied",
        "expired",
        "tripped",
        "reset",
        "evidence_reported",
        "autonomy_changed",
        "erased",
        "signed_off",
        "redeemed",
        "redemption_refused",
        "outcome_reported",
        "withdrawn",
        "key_created",
        "key_rotated",
        "key_revoked",
        "unchanged",
    ] {
        entry_with(event);
    }
}

#[test]
fn a_changed_leaf() {
    let verdict = "UPDATE entries SET leaf = replace(leaf, '\"verdict\":\"require_approval\"',
                   '\"verdict\":\"allow\"') WHERE idx = 5";
    let index = entry_with("decided");
    found(&verdict.replace("= 5", &format!("= {index}")), Place::Entry(index), "does not follow");
    found(
        "UPDATE entries SET leaf = replace(leaf, 'a test', 'a tesT') WHERE idx = 300",
        Place::Tile { level: 0, index: 1 },
        "not those of the entries",
    );
    found(
        "UPDATE entries SET leaf = leaf || ' ' WHERE idx = 7",
        Place::Entry(7),
        "not the canonical",
    );
    found("UPDATE entries SET leaf = 'x' WHERE idx = 8", Place::Entry(8), "cannot be read");
    found(
        "UPDATE entries SET leaf = CAST(x'ff' AS TEXT) WHERE idx = 8",
        Place::Entry(8),
        "cannot be read",
    );
    let twice = "UPDATE entries SET leaf = replace(leaf, '{\"at\"', '{\"at\":\"2020-01-01T00:00:00.000Z\",\"at\"') WHERE idx = 9";
    found(twice, Place::Entry(9), "cannot be read");
    let unknown = "UPDATE entries SET leaf = replace(leaf, ',\"index\"', ',\"extra\":1,\"index\"') WHERE idx = 9";
    found(unknown, Place::Entry(9), "cannot be read");
}

#[test]
fn any_flipped_bit_of_a_leaf() {
    let sample = Log::sample();
    let leaves = sample.reader().view().unwrap().entries(40, 2).unwrap();
    for (seed, stored) in leaves.iter().enumerate() {
        for at in (seed..stored.leaf.len()).step_by(37) {
            let log = Log::sample();
            let mut leaf = stored.leaf.clone();
            leaf[at] ^= 1 << (at % 8);
            let row = rusqlite::params![leaf, i64::try_from(stored.index).unwrap()];
            log.connection()
                .execute("UPDATE entries SET leaf = CAST(?1 AS TEXT) WHERE idx = ?2", row)
                .unwrap();
            assert!(
                !log.verify().is_sound(),
                "bit {} of byte {at} of entry {}",
                at % 8,
                stored.index
            );
        }
    }
}

#[test]
fn a_changed_payload() {
    let index = entry_with("denied");
    let change = |set: &str| format!("UPDATE entries SET {set} WHERE idx = {index}");
    found(
        &change("payload = replace(payload, 'private', 'privatE')"),
        Place::Entry(index),
        "not the one that the leaf commits to",
    );
    found(
        &change("salt = zeroblob(32)"),
        Place::Entry(index),
        "not the one that the leaf commits to",
    );
    found(&change("salt = zeroblob(31)"), Place::Entry(index), "32 bytes expected");
    found(
        &change("payload = NULL, salt = NULL"),
        Place::Entry(index),
        "no later entry says that it was erased",
    );
    found(&change("payload = NULL"), Place::Entry(index), "not both there");
    found(
        "UPDATE entries SET payload = 'x', salt = zeroblob(32) WHERE idx = 1",
        Place::Entry(1),
        "commits to none",
    );
    found(
        "UPDATE entries SET payload = replace(payload, 'suite', 'x'), salt = zeroblob(32) WHERE idx = 0",
        Place::Entry(0),
        "commits to",
    );
}

#[test]
fn an_erased_payload_that_is_back() {
    let sql = "UPDATE entries SET payload = 'x', salt = zeroblob(32) WHERE idx = 3";
    found(sql, Place::Entry(3), "still there");
}

#[test]
fn changed_tiles() {
    let flip = "UPDATE tiles SET hashes = zeroblob(length(hashes))";
    found(
        &format!("{flip} WHERE level = 0 AND idx = 1"),
        Place::Tile { level: 0, index: 1 },
        "not those",
    );
    found(&format!("{flip} WHERE level = 1"), Place::Edge, "not those");
    found(
        "DELETE FROM tiles WHERE level = 0 AND idx = 0",
        Place::Tile { level: 0, index: 0 },
        "not those",
    );
    found("DELETE FROM tiles WHERE level = 1", Place::Edge, "not stored");
    found("UPDATE tiles SET hashes = x'00' WHERE level = 1", Place::Edge, "after its last hash");
}

#[test]
fn a_changed_head() {
    found("UPDATE head SET root = zeroblob(32)", Place::Head, "the signed checkpoint");
    found("UPDATE head SET size = size - 1", Place::Head, "599 entries, the signed checkpoint 600");
    found("UPDATE head SET size = size + 1", Place::Entry(SIZE), "missing");
    found(
        "UPDATE head SET checkpoint = replace(checkpoint, '600', '599')",
        Place::Head,
        "not to be trusted",
    );
    found("DELETE FROM head", Place::Entry(0), "has no head");
}

#[test]
fn a_changed_snapshot() {
    let lift = "UPDATE snapshot SET state = CAST(replace(CAST(state AS TEXT), '\"reason\":\"a test\"', '\"reason\":\"a lie\"') AS BLOB)";
    found(lift, Place::Snapshot, "signed for another state");
    found("UPDATE snapshot SET size = 599", Place::Snapshot, "signed for another state");
    found("UPDATE snapshot SET size = 601", Place::Snapshot, "longer log");
    found("UPDATE snapshot SET note = 'x'", Place::Snapshot, "did not sign");
    found("UPDATE snapshot SET state = x'00'", Place::Snapshot, "signed for another state");
}

#[test]
fn changed_projections() {
    let row = |table: &str, which: &str| {
        let sql = format!("SELECT {which}(entry) FROM {table}");
        let entry: i64 = Log::sample().connection().query_row(&sql, [], |row| row.get(0)).unwrap();
        Place::Row(u64::try_from(entry).unwrap())
    };
    for table in ["actions", "steps", "switches", "autonomy"] {
        let last = format!("entry = (SELECT max(entry) FROM {table})");
        let place = row(table, "max");
        found(&format!("DELETE FROM {table} WHERE {last}"), place, "missing");
        found(&format!("UPDATE {table} SET at = at + 1 WHERE {last}"), place, "something else");
        let Place::Row(entry) = place else { continue };
        let moved = format!("UPDATE {table} SET entry = entry + 1 WHERE {last}");
        found(&moved, Place::Row(entry + 1), "no entry accounts");
        found(
            &format!("UPDATE {table} SET entry = 100000 WHERE {last}"),
            Place::Row(SIZE),
            "no entry accounts",
        );
    }
    let (place, last) = (row("requests", "max"), "entry = (SELECT max(entry) FROM requests)");
    found(&format!("DELETE FROM requests WHERE {last}"), place, "missing");
    found(&format!("UPDATE requests SET id = zeroblob(32) WHERE {last}"), place, "something else");
    found("INSERT INTO requests (entry, id) VALUES (7, zeroblob(32))", Place::Row(7), "no entry");
    let (place, last) = (row("refusals", "max"), "entry = (SELECT max(entry) FROM refusals)");
    found(&format!("DELETE FROM refusals WHERE {last}"), place, "missing");
    let other = "act_0198c2f4-0000-7000-8000-0000000fffff";
    found(&format!("UPDATE refusals SET action = '{other}' WHERE {last}"), place, "something else");
    let added = format!("INSERT INTO refusals (entry, action) VALUES (7, '{other}')");
    found(&added, Place::Row(7), "no entry");
    let beyond = format!("UPDATE refusals SET entry = 100000 WHERE {last}");
    found(&beyond, Place::Row(SIZE), "no entry accounts");
    let first = row("actions", "min");
    let which = "entry = (SELECT min(entry) FROM actions)";
    found(&format!("UPDATE actions SET verdict = 'allow' WHERE {which}"), first, "something else");
    found(&format!("UPDATE actions SET tool = 'x' WHERE {which}"), first, "something else");
    let switch = row("switches", "max");
    found(
        "UPDATE switches SET reset = 9 WHERE entry = (SELECT max(entry) FROM switches)",
        switch,
        "something else",
    );
    let reset = row("switches", "min");
    found(
        "UPDATE switches SET reset = NULL WHERE entry = (SELECT min(entry) FROM switches)",
        reset,
        "something else",
    );
}

/// What became of an action is what people look at: each row is the one of its entry.
#[test]
fn changed_steps() {
    let log = Log::sample();
    let connection = log.connection();
    let all = |sql: &str| -> Vec<(i64, String)> {
        let mut rows = connection.prepare(sql).unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let steps = all("SELECT max(entry), status FROM steps GROUP BY status");
    let words: Vec<_> = steps.iter().map(|(_, status)| status.as_str()).collect();
    let expected = ["approved", "denied", "expired", "redeemed", "succeeded", "withdrawn"];
    assert_eq!(words, expected);
    for (entry, status) in &steps {
        let place = Place::Row(u64::try_from(*entry).unwrap());
        found(&format!("DELETE FROM steps WHERE entry = {entry}"), place, "missing");
        for other in ["redeemed", "pending"] {
            if other != status {
                let set = format!("UPDATE steps SET status = '{other}' WHERE entry = {entry}");
                found(&set, place, "something else");
            }
        }
        let other = "act_0198c2f4-0000-7000-8000-0000000fffff";
        let set = format!("UPDATE steps SET action = '{other}' WHERE entry = {entry}");
        found(&set, place, "something else");
    }
    let (entry, _) = steps[0];
    let damage = format!("UPDATE steps SET status = 'x' WHERE entry = {entry}");
    found(&damage, Place::Projections, "not a word");
    // A row that says of a blocked or held action that it ran.
    let refused = entry_with("redemption_refused");
    let added = format!(
        "INSERT INTO steps SELECT {refused}, at, action, 'redeemed' FROM steps WHERE entry = {entry}"
    );
    found(&added, Place::Row(refused), "no entry accounts");
}

#[test]
fn entries_deleted_inserted_swapped() {
    found("DELETE FROM entries WHERE idx = 20", Place::Entry(20), "missing");
    found("DELETE FROM entries WHERE idx = 0", Place::Entry(0), "missing");
    found(
        "INSERT INTO entries SELECT 600, leaf, payload, salt FROM entries WHERE idx = 599",
        Place::Entry(600),
        "does not cover it",
    );
    found(
        "UPDATE entries SET idx = -1 WHERE idx = 41; UPDATE entries SET idx = 41 WHERE idx = 42;
         UPDATE entries SET idx = 42 WHERE idx = -1",
        Place::Entry(41),
        "its place is 41",
    );
    found(
        "DELETE FROM entries WHERE idx = 20; UPDATE entries SET idx = idx - 1 WHERE idx > 20",
        Place::Entry(20),
        "its place is 20",
    );
}

/// Someone with the key can sign whatever they wrote, but not make it follow.
#[test]
fn forged_and_signed() {
    let key = keys();
    let index = entry_with("decided");
    let forge = |sql: &str| {
        let log = Log::sample();
        log.sql("DELETE FROM snapshot").sql(sql).sign_again(key.signing());
        log
    };
    let sql = format!(
        "UPDATE entries SET leaf = replace(leaf, '\"verdict\":\"require_approval\"}},\"id\"', '\"verdict\":\"allow\"}},\"id\"') WHERE idx = {index}"
    );
    expect(
        &forge(&sql),
        Place::Entry(index),
        "judged again the action is require_approval, the entry says allow",
    );
    let expired = entry_with("expired");
    let sql = format!(
        "UPDATE entries SET leaf = replace(leaf, '\"at\":\"2023', '\"at\":\"2022') WHERE idx = {expired}"
    );
    expect(&forge(&sql), Place::Entry(expired), "earlier than the entry before");
    let lifted = entry_with("autonomy_changed");
    let sql = format!(
        "UPDATE entries SET leaf = replace(leaf, 'supervised', 'autonomous') WHERE idx = {lifted}"
    );
    expect(&forge(&sql), Place::Entry(lifted), "the evidence carries");
    // Whose an erased entry is, is said by the one that decided on its action.
    let erased = entry_with("erased");
    let claim = |tenant: &str, decided: u64| {
        forge(&format!(
            "UPDATE entries SET leaf = replace(leaf, '\"index\":3,\"reason\"',
             '\"index\":3,\"of\":{{\"decided\":{decided},\"tenant\":\"{tenant}\"}},\"reason\"')
             WHERE idx = {erased}"
        ))
    };
    assert!(claim("default", 3).verify().is_sound(), "the true one");
    for (tenant, decided) in [("acme", 3), ("default", 1), ("default", SIZE)] {
        expect(&claim(tenant, decided), Place::Entry(erased), "that it rests on");
    }
    let first = "UPDATE entries SET payload = NULL, salt = NULL WHERE idx = 0";
    expect(&forge(first), Place::Entry(0), "cannot be read");
}

#[test]
fn a_cut_tail() {
    let cut = "DELETE FROM entries WHERE idx >= 590";
    found(cut, Place::Entry(590), "missing");
}

/// Whoever cuts the log and restores an older head leaves a sound log. A checkpoint tells.
#[test]
fn a_cut_tail_with_an_older_head() {
    let log = Log::empty();
    let bench = Bench::new(1);
    let sequencer = log.start(keys(), &bench);
    fill(&sequencer, &bench, 300);
    let early = sequencer.checkpoint();
    sequencer.close();
    let copy = Log::empty();
    std::fs::copy(log.path(), copy.path()).unwrap();
    let sequencer = log.start(keys(), &bench);
    let late = sequencer
        .submit_blocking(placet_store::contract::fixture::trip(5_000_000))
        .unwrap()
        .checkpoint;
    sequencer.close();

    let mut reader = log.reader();
    let view = reader.view().unwrap();
    let proof = continues(&*view, early.as_bytes(), &[verifier()]).unwrap();
    assert_eq!((proof.old.size(), proof.new.size()), (300, 301));

    assert!(copy.verify().is_sound());
    let mut reader = copy.reader();
    let view = reader.view().unwrap();
    let cut = continues(&*view, late.as_bytes(), &[verifier()]);
    assert!(matches!(cut, Err(ProveError::Cut { old: 301, new: 300 })), "{cut:?}");
}

/// A log rewritten with the same key is sound as well, and with another key it is only a question
/// of which key is trusted. A checkpoint tells.
#[test]
fn a_rewritten_log() {
    let kept = Log::sample().checkpoint();
    let rewritten = |keys: placet_store::Keys| {
        let (log, bench) = (Log::empty(), Bench::new(3));
        let sequencer = log.start(keys, &bench);
        fill(&sequencer, &bench, SIZE + 50);
        sequencer.close();
        log
    };
    let same = rewritten(keys());
    assert!(same.verify().is_sound());
    let answer = continues(&*same.reader().view().unwrap(), kept.as_bytes(), &[verifier()]);
    assert!(matches!(answer, Err(ProveError::Rewritten { size: SIZE })), "{answer:?}");

    let other = rewritten(other_keys());
    let head = other.verify().problems;
    assert!(matches!(head[0].what, What::Checkpoint(_)), "{head:#?}");
    let mut reader = other.reader();
    let view = reader.view().unwrap();
    let answer = continues(&*view, kept.as_bytes(), &[verifier()]).unwrap_err();
    assert!(answer.to_string().contains("not to be trusted"), "{answer}");
    let answer =
        continues(&*view, kept.as_bytes(), &[other_keys().verifier().clone()]).unwrap_err();
    assert!(matches!(answer, ProveError::Foreign(_)), "{answer}");
}

/// A page of the file that the disk returned damaged is a problem to report, nothing more.
#[test]
fn damaged_pages() {
    let size = usize::try_from(std::fs::metadata(Log::sample().path()).unwrap().len()).unwrap();
    for page in (1..size / 8192).step_by(size / 8192 / 20) {
        let log = Log::sample();
        let mut bytes = std::fs::read(log.path()).unwrap();
        bytes[page * 8192..(page + 1) * 8192].fill(0xa5);
        std::fs::write(log.path(), bytes).unwrap();
        let Ok(mut reader) = placet_store::SqliteReader::open(&log.path()) else { continue };
        let report = placet_store::verify::verify(&mut reader, &[verifier()], &|_, _| ());
        // Where nothing is found, nothing of the log is hit: only an index, or a page not in use.
        if report.is_ok_and(|report| report.is_sound()) {
            assert!(content(&mut reader) == content(&mut Log::sample().reader()), "page {page}");
        }
    }
}

/// Everything that is in a log.
fn content(reader: &mut placet_store::SqliteReader) -> impl PartialEq + use<> {
    let view = reader.view().unwrap();
    let entries = view.entries(0, usize::MAX).unwrap();
    (view.head().unwrap(), entries, view.snapshot().unwrap(), placet_store::contract::rows(&*view))
}
