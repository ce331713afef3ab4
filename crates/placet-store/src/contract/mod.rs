//! The contract of a store, as tests.
//!
//! Whoever writes a store runs [`suite`] against it in a test of their own. It panics at the first
//! promise that is not kept. Everything is asked through the sequencer and the verifier as far as
//! possible, because they are who relies on the promises.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "this is a test suite, and panicking is how it reports"
)]

mod durable;
pub mod faulty;
pub mod fixture;
mod nodes;
mod raw;
mod requests;
mod runs;

use std::sync::Arc;

use crate::environment::Environment;
use crate::projection::{ActionRow, AutonomyRow, RefusalRow, RequestRow, StepRow, SwitchRow};
use crate::sequencer::Sequencer;
use crate::store::{Reader, Store, View};
use crate::verify::verify;
use fixture::{Bench, keys};

/// Makes logs to test with.
pub trait StoreFactory {
    /// A place for a new, empty log.
    fn place(&self) -> Box<dyn Site>;
}

/// The place of one log. What is stored there stays until it is dropped.
pub trait Site: Send + Sync {
    /// Opens the log for one more node. There may be several at a time.
    fn open(&self) -> Box<dyn Store>;
}

/// One promise: it panics when it is not kept.
type Check = fn(&dyn Site);

/// Checks every promise of a store.
pub fn suite(factory: &dyn StoreFactory) {
    let checks: [(&str, Check); 17] = [
        ("a batch that is not committed leaves no trace", raw::uncommitted_leaves_no_trace),
        ("a committed batch is there, all of it", raw::committed_is_there),
        ("entries that leave a gap or come twice are refused", raw::gaps_are_refused),
        ("a view does not change while it is held", raw::views_are_stable),
        ("a snapshot comes back as it was, the latest only", raw::snapshots_come_back),
        ("what was answered is there after reopening", durable::answered_is_there),
        ("an erased payload is gone, its leaf is not", durable::erased_is_gone),
        ("rebuilt projections are the same", durable::rebuilt_projections_are_the_same),
        ("a failed commit leaves nothing, and the next succeeds", durable::failures_are_overcome),
        ("a commit that failed and yet was stored is found", durable::stored_after_all_is_found),
        ("a repeated request is carried out once", requests::repeated_once),
        ("requests that arrive together at several nodes are one", requests::together_once),
        ("a node sees what another appended before it judges", nodes::unseen_is_seen),
        ("what became of an action is in its steps", runs::steps_are_told),
        ("whatever fails, nothing runs twice or unrecorded", runs::failures_run_nothing_twice),
        ("of nodes that answer and redeem together one wins", runs::races_have_one_winner),
        ("nodes that race neither fork the log nor lose anything", nodes::races_are_harmless),
    ];
    for (promise, check) in checks {
        println!("{promise}");
        check(&*factory.place());
    }
}

/// Starts a node with the keys that all nodes share.
pub fn start(store: Box<dyn Store>, env: &Arc<Bench>) -> Sequencer {
    let env: Arc<dyn Environment> = Arc::<Bench>::clone(env);
    Sequencer::start(store, keys(), env).expect("the log opens")
}

/// Verifies a log and panics at what is wrong with it.
pub fn assert_sound(reader: &mut dyn Reader) {
    let report = verify(reader, std::slice::from_ref(keys().verifier()), &|_, _| ()).unwrap();
    assert!(report.is_sound(), "the log is not sound: {:#?}", report.problems);
}

/// Every row of the projections.
pub type Rows = (
    Vec<ActionRow>,
    Vec<StepRow>,
    Vec<SwitchRow>,
    Vec<AutonomyRow>,
    Vec<RequestRow>,
    Vec<RefusalRow>,
);

/// Reads every row of the projections.
pub fn rows(view: &dyn View) -> Rows {
    let all = usize::MAX;
    (
        view.actions(0, all).unwrap(),
        view.steps(0, all).unwrap(),
        view.switches(0, all).unwrap(),
        view.autonomy(0, all).unwrap(),
        view.requests(0, all).unwrap(),
        view.refusals(0, all).unwrap(),
    )
}
