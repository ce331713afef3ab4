//! What a durable decision is made of: the work of a caller and of the log's thread, stage by
//! stage, on one thread and the same actions.

use anyhow::{Result, anyhow};
use placet::core::command::Proposal;
use placet::core::event::{Kept, Payload};
use placet::core::handle;
use placet::core::json::canonical_json;
use placet::core::log::{Checkpoint, leaf_hash};
use placet::core::{Command, State};
use placet::store::entry::{NewEntry, seal_payload};
use placet::store::recover::recover;
use placet::store::sqlite::Options;
use placet::store::store::{Append, Store as _};
use placet::store::tree::Tree;
use placet::store::{Environment as _, Head, Keys, Sqlite, System};
use placet::{Action, ActionId, Policy};
use uuid::Uuid;

use super::guarded::{CLASSES, Guarded};
use crate::measure::{Scale, Times, float};
use crate::report::{Table, nanos, per_second, percent};
use crate::sample::{self, Refund};
use crate::scratch::Scratch;

/// Decisions in a commit.
const BATCH: usize = 64;

pub(super) fn measure(scale: &Scale) -> Result<Table> {
    let scratch = Scratch::new("stages")?;
    let path = scratch.file("placet.db");
    // Installs the policy and its evidence.
    drop(Guarded::open(&path)?);
    let (store, keys) = Sqlite::open_with_keys(&path, None, Options::default(), &System)?;
    let mut log = Log::open(store, keys)?;
    let mut spent = Spent::default();
    for _ in 0..scale.staged.div_ceil(BATCH) {
        log.batch(&mut spent)?;
    }
    Ok(spent.table())
}

/// A stage of a decision.
#[derive(Clone, Copy)]
enum Stage {
    Assess,
    SealPayload,
    Judge,
    Seal,
    Canonical,
    Hash,
    Apply,
    Sign,
    Append,
    Commit,
}

/// Each stage with its words, and whether it is the log's thread that has to do it.
const STAGES: [(Stage, &str, bool); 10] = [
    (Stage::Assess, "assessing (on the caller's thread)", false),
    (Stage::SealPayload, "sealing the payload (likewise)", false),
    (Stage::Judge, "judging", true),
    (Stage::Seal, "sealing the entry", true),
    (Stage::Canonical, "of which canonical text", false),
    (Stage::Hash, "of which hashes", false),
    (Stage::Apply, "applying it to the state and the tree", true),
    (Stage::Sign, "signing the head, once per commit", true),
    (Stage::Append, "inserting with SQLite", true),
    (Stage::Commit, "committing to the disk", true),
];

/// The time spent on each stage.
#[derive(Default)]
struct Spent {
    assess: Times,
    seal_payload: Times,
    judge: Times,
    seal: Times,
    canonical: Times,
    hash: Times,
    apply: Times,
    sign: Times,
    append: Times,
    commit: Times,
}

impl Spent {
    fn on(&mut self, stage: Stage) -> &mut Times {
        match stage {
            Stage::Assess => &mut self.assess,
            Stage::SealPayload => &mut self.seal_payload,
            Stage::Judge => &mut self.judge,
            Stage::Seal => &mut self.seal,
            Stage::Canonical => &mut self.canonical,
            Stage::Hash => &mut self.hash,
            Stage::Apply => &mut self.apply,
            Stage::Sign => &mut self.sign,
            Stage::Append => &mut self.append,
            Stage::Commit => &mut self.commit,
        }
    }

    fn time<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        self.on(stage).time(work)
    }

    fn table(mut self) -> Table {
        let decisions = float(self.assess.len());
        let each = STAGES
            .map(|(stage, name, is_of_log)| (name, self.on(stage).total() / decisions, is_of_log));
        let log: f64 =
            each.iter().filter(|(.., is_of_log)| *is_of_log).map(|(_, time, _)| time).sum();
        let columns = ["time for each", "share of the log's thread"].map(str::to_owned);
        let mut table = Table::new(&format!("a decision, {BATCH} in a commit"), columns.to_vec());
        for (name, time, is_of_log) in each {
            let share = if is_of_log { percent(time / log) } else { String::new() };
            table.row(name, vec![nanos(time), share]);
        }
        table.row("**the log's thread**", vec![nanos(log), per_second(1e9 / log)]);
        table
    }
}

/// A log, driven as its own thread drives it.
struct Log {
    store: Sqlite,
    keys: Keys,
    policy: Policy,
    actions: Vec<Action>,
    state: State,
    /// The copy of the state that everyone may look at.
    shown: State,
    tree: Tree,
    next_id: u128,
}

impl Log {
    fn open(store: Sqlite, keys: Keys) -> Result<Self> {
        let found = recover(&*store.reader()?.view()?, std::slice::from_ref(keys.verifier()))?;
        Ok(Self {
            policy: Policy::load(&sample::policy(CLASSES))?,
            actions: sample::actions(&Refund::several(CLASSES, false))?,
            shown: found.state.clone(),
            state: found.state,
            tree: found.tree,
            next_id: 0,
            store,
            keys,
        })
    }

    fn batch(&mut self, spent: &mut Spent) -> Result<()> {
        let now = self.state.clock(System.now());
        let commands = self.commands(spent)?;
        let mut entries = Vec::with_capacity(BATCH);
        for command in commands {
            for fact in spent.time(Stage::Judge, || handle(&self.state, command, now))? {
                let index = self.state.size();
                let sealed =
                    spent.time(Stage::Seal, || NewEntry::seal(index, now, fact, None, &System));
                let new =
                    sealed.map_err(|error| anyhow!("an entry cannot be sealed: {error:?}"))?;
                seal_again(&new, spent)?;
                self.apply(&new, spent)?;
                entries.push(new);
            }
        }
        self.commit(&entries, spent)
    }

    fn commands(&mut self, spent: &mut Spent) -> Result<Vec<Command>> {
        let Self { policy, keys, next_id, .. } = self;
        let assess = |action| {
            let assessed = spent.time(Stage::Assess, || policy.assess(action, keys.pepper()));
            *next_id += 1;
            let id = Uuid::from_u128(*next_id);
            let payload = Payload::Action(Box::new(assessed.payload));
            let sealed = spent.time(Stage::SealPayload, || seal_payload(&payload, &System));
            let sealed =
                sealed.map_err(|error| anyhow!("a payload cannot be sealed: {error:?}"))?;
            Ok(Command::Propose(Box::new(Proposal {
                id: ActionId::new(id),
                assessment: assessed.assessment,
                payload: Kept::Sealed(sealed),
            })))
        };
        self.actions.iter().take(BATCH).map(assess).collect()
    }

    fn apply(&mut self, new: &NewEntry, spent: &mut Spent) -> Result<()> {
        let Self { state, shown, tree, .. } = self;
        Ok(spent.time(Stage::Apply, || {
            state.apply(&new.entry);
            shown.apply(&new.entry);
            tree.push(new.hash)
        })?)
    }

    fn commit(&mut self, entries: &[NewEntry], spent: &mut Spent) -> Result<()> {
        let Self { store, keys, tree, .. } = self;
        let known = tree.size() - u64::try_from(entries.len())?;
        let mut batch = spent.time(Stage::Append, || store.begin(known))?;
        let (size, root) = (tree.size(), tree.root());
        let signed = spent.time(Stage::Sign, || {
            Checkpoint::new(keys.origin(), size, root).and_then(|head| head.sign(keys.signing()))
        })?;
        let head = Head { size, root, checkpoint: signed.into_string() };
        let tiles = tree.take_tiles();
        let append = Append { entries, tiles: &tiles, head: &head };
        spent.time(Stage::Append, || batch.append(append))?;
        Ok(spent.time(Stage::Commit, || batch.commit())?)
    }
}

/// Does parts of sealing once more, to see what they take of it.
fn seal_again(new: &NewEntry, spent: &mut Spent) -> Result<()> {
    let leaf = spent.time(Stage::Canonical, || canonical_json(&new.entry))?;
    spent.time(Stage::Hash, || leaf_hash(&leaf));
    Ok(())
}
