//! A log to damage.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "test code, each test uses some of it"
)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use placet_core::autonomy::{Evidence, Graduation, Thresholds};
use placet_core::class::ApprovalTerms;
use placet_core::digest::Domain;
use placet_core::event::{KeyCreated, KeyRevoked, KeyRotated};
use placet_core::log::tile::encode_hashes;
use placet_core::log::{Checkpoint, SigningKey, Verifier, leaf_hash};
use placet_core::{
    ActionClass, AutonomyState, ClassName, Command, Digest, Outcome, RiskTier, Terms,
};
use placet_core::{Caller, KeyId, KeyScope, Request, RequestTag};
use placet_store::contract::fixture::{
    Bench, conclude, deny, erase, keys, propose_under, redeem, reset, sign, trip, withdraw,
};
use placet_store::sqlite::Options;
use placet_store::tree::Tree;
use placet_store::verify::{Report, verify};
use placet_store::{Keys, Reader as _, Sequencer, Sqlite, SqliteReader};
use rusqlite::{Connection, params};

/// A folder with a log.
pub struct Log {
    folder: tempfile::TempDir,
}

/// How many entries the sample has.
pub const SIZE: u64 = 600;

/// The sample log, made once and copied by every test: each kind of entry is in it, two complete
/// tiles, a snapshot, and an erased payload.
static SAMPLE: LazyLock<Log> = LazyLock::new(|| {
    let log = Log { folder: tempfile::tempdir().unwrap() };
    let bench = Bench::new(1);
    let sequencer = log.start(keys(), &bench);
    fill(&sequencer, &bench, SIZE);
    sequencer.close();
    log
});

/// The terms under which the sample decides: they hold what they do not know.
pub fn terms() -> Terms {
    let name = ClassName::new("issue_refund").unwrap();
    let class = ActionClass {
        name: name.clone(),
        risk: RiskTier::ReversibleWrite,
        value: None,
        currency: None,
        currencies: Vec::new(),
        auto_cap: None,
        hard_cap: None,
        max_state: AutonomyState::Autonomous,
        approval: ApprovalTerms::default(),
        secret: Vec::new(),
    };
    let thresholds = Thresholds {
        pass_rate: placet_core::autonomy::Rate::of_million(900_000).unwrap(),
        adversarial_pass_rate: placet_core::autonomy::Rate::default(),
        min_samples: 10,
    };
    Terms {
        policy: Digest::of(Domain::Policy, b"the sample"),
        classes: [(name, Arc::new(class))].into(),
        graduation: Graduation { supervised: Some(thresholds), ..Graduation::default() },
        ..Terms::default()
    }
}

/// Evidence that lifts the class of the sample.
pub fn evidence() -> Command {
    Command::Report(Evidence {
        tenant: Default::default(),
        class: ClassName::new("issue_refund").unwrap(),
        build: None,
        source: "suite".parse().unwrap(),
        adversarial: false,
        passed: 20,
        failed: 0,
    })
}

/// Writes a history of exactly `size` entries.
pub fn fill(log: &Sequencer, bench: &Bench, size: u64) {
    let terms = terms();
    let submit = |command| log.submit_blocking(command).unwrap();
    submit(Command::InstallPolicy { terms: Arc::new(terms.clone()), files: Vec::new(), by: None });
    submit(evidence());
    for number in 0.. {
        submit(propose_under(&terms, number));
        submit(trip(number));
        if number % 3 == 0 {
            submit(deny(number));
        }
        if number % 4 == 0 {
            submit(reset(number));
        }
        if number == 10 {
            submit(erase(3));
        }
        if number == 20 {
            bench.pass(Duration::from_secs(3600));
        }
        if log.state().size() + 30 >= size {
            break;
        }
    }
    fill_with_runs(log, &terms);
    fill_with_requests(log);
    for number in 1_000_000.. {
        if log.state().size() >= size {
            break;
        }
        submit(trip(number));
    }
}

/// Actions that people approve, one of which runs, and one that is taken back.
fn fill_with_runs(log: &Sequencer, terms: &Terms) {
    let submit = |command| log.submit_blocking(command).unwrap();
    for number in [2_000_001, 2_000_002] {
        submit(propose_under(terms, number));
    }
    submit(sign(2_000_001, "ben"));
    submit(redeem(log, 2_000_001, false));
    submit(redeem(log, 2_000_001, true));
    submit(conclude(log, 2_000_001, Outcome::Succeeded));
    submit(withdraw(2_000_002));
}

/// A key that is made, asks for something, for something again and for something that is refused,
/// gets another secret and is revoked.
fn fill_with_requests(log: &Sequencer) {
    let key: KeyId = "key_0198c2f4-0000-7000-8000-000000000001".parse().unwrap();
    let created = KeyCreated {
        id: key,
        name: "test".parse().unwrap(),
        tenant: None,
        agent: None,
        person: None,
        scopes: [KeyScope::Admin].into(),
        secret_digest: Digest::from_bytes([1; 32]),
    };
    log.submit_blocking(Command::CreateKey(Box::new(created))).unwrap();
    let caller = |name: u8| {
        let tag = RequestTag::from_bytes([name; 32]);
        Some(Caller { key, generation: 0, request: Some(Request { id: tag, body: tag }) })
    };
    log.submit_blocking_as(trip(900_000), caller(1)).unwrap();
    log.submit_blocking_as(trip(900_000), caller(1)).unwrap();
    log.submit_blocking_as(trip(900_000), caller(2)).unwrap();
    log.submit_blocking_as(reset(900_001), caller(3)).unwrap_err();
    let rotated = KeyRotated { id: key, secret_digest: Digest::from_bytes([2; 32]) };
    log.submit_blocking(Command::RotateKey(rotated)).unwrap();
    log.submit_blocking(Command::RevokeKey(KeyRevoked { id: key })).unwrap();
}

impl Log {
    /// A copy of the sample.
    pub fn sample() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(SAMPLE.folder.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        Self { folder }
    }

    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("placet.db")
    }

    pub fn start(&self, keys: Keys, bench: &Arc<Bench>) -> Sequencer {
        self.try_start(keys, bench).unwrap()
    }

    pub fn try_start(
        &self,
        keys: Keys,
        bench: &Arc<Bench>,
    ) -> Result<Sequencer, placet_store::StoreError> {
        let store = Sqlite::open(&self.path(), Options::default(), &**bench)?;
        Sequencer::start(Box::new(store), keys, Arc::<Bench>::clone(bench))
    }

    /// Changes the file behind the back of everyone.
    pub fn sql(&self, sql: &str) -> &Self {
        self.connection().execute_batch(sql).unwrap();
        self
    }

    pub fn connection(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub fn reader(&self) -> SqliteReader {
        SqliteReader::open(&self.path()).unwrap()
    }

    pub fn verify(&self) -> Report {
        verify(&mut self.reader(), &[verifier()], &|_, _| ()).unwrap()
    }

    pub fn checkpoint(&self) -> String {
        self.reader().view().unwrap().head().unwrap().unwrap().checkpoint
    }

    /// Makes tiles and head anew for whatever leaves are there, and signs them: what someone can
    /// do who has the key.
    pub fn sign_again(&self, key: &SigningKey) -> &Self {
        let connection = self.connection();
        let mut tree = Tree::default();
        let mut reader = self.reader();
        for stored in reader.view().unwrap().entries(0, usize::MAX).unwrap() {
            tree.push(leaf_hash(&stored.leaf)).unwrap();
        }
        connection.execute("DELETE FROM tiles", []).unwrap();
        for tile in tree.take_tiles() {
            let hashes = encode_hashes(&tile.hashes);
            let row = params![tile.level, i64::try_from(tile.index).unwrap(), hashes];
            connection.execute("INSERT INTO tiles VALUES (?1, ?2, ?3)", row).unwrap();
        }
        let name = key.verifier().name();
        let note = Checkpoint::new(name, tree.size(), tree.root()).unwrap().sign(key).unwrap();
        let (size, root) = (i64::try_from(tree.size()).unwrap(), tree.root());
        let row = params![size, root.as_bytes(), note.as_str()];
        connection.execute("UPDATE head SET size = ?1, root = ?2, checkpoint = ?3", row).unwrap();
        self
    }
}

pub fn verifier() -> Verifier {
    keys().verifier().clone()
}
