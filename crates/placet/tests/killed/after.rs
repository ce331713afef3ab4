//! What is there after a life was cut short.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use placet::store::sequencer::wait;
use placet::{ActionId, Event, Guard, RedeemError, Refusal, Status};

use crate::life::{self, Step};

/// The folder of a life that is over, its log opened again.
pub(crate) struct After {
    guard: Guard,
    folder: PathBuf,
    actions: HashMap<String, ActionId>,
    /// What the log says of each action, in its order: where, and of what kind.
    story: HashMap<ActionId, Vec<(u64, &'static str)>>,
}

impl After {
    /// Opening the log again is the recovery; then it must verify from the first entry on.
    pub(crate) fn open(folder: &Path, outcome_within: &str) -> Self {
        let guard = life::open(folder, outcome_within);
        let report = guard.log().verify(&|_, _| {}).unwrap();
        assert!(report.is_sound(), "{:?}", report.problems);
        let (mut actions, mut story) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
        for entry in guard.log().entries(0, 1_000_000).unwrap() {
            if let Event::Decided(decided) = &entry.event {
                let followed = guard.log().action(decided.id).unwrap().unwrap();
                let key = life::key(&followed.action().unwrap().params);
                assert!(actions.insert(key, decided.id).is_none(), "decided twice");
            }
            if let Some(action) = entry.event.action() {
                story.entry(action).or_default().push((entry.index, entry.event.kind()));
            }
        }
        Self { guard, folder: folder.to_owned(), actions, story }
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(crate) fn id(&self, key: &str) -> ActionId {
        self.actions[key]
    }

    pub(crate) fn status(&self, key: &str) -> Status {
        self.guard.log().action(self.id(key)).unwrap().unwrap().status
    }

    pub(crate) fn count(&self, status: Status) -> usize {
        self.actions.keys().filter(|key| self.status(key) == status).count()
    }

    pub(crate) fn effects(&self) -> Vec<(String, u64)> {
        life::effects(&self.folder)
    }

    pub(crate) fn effects_of(&self, key: &str) -> usize {
        self.effects().iter().filter(|(of, _)| of == key).count()
    }

    /// Where the log says this of an action, if it does.
    fn place(&self, key: &str, kind: &str) -> Option<u64> {
        let story = &self.story[&self.id(key)];
        let mut places = story.iter().filter(|(_, found)| *found == kind);
        let place = places.next().map(|(index, _)| *index);
        assert!(places.next().is_none(), "{key} is {kind} twice: {story:?}");
        place
    }

    /// No action has run twice, and each had its redemption in the log before it began.
    pub(crate) fn each_ran_once_and_is_recorded(&self) {
        let mut ran = HashSet::new();
        for (key, size) in self.effects() {
            assert!(ran.insert(key.clone()), "{key} ran twice");
            let redeemed = self.place(&key, "redeemed").expect("what ran is recorded");
            assert!(redeemed < size, "{key} was redeemed at {redeemed}, the log had {size}");
        }
        for key in self.actions.keys() {
            let story = &self.story[&self.id(key)];
            let Some(redeemed) = self.place(key, "redeemed") else {
                assert!(self.place(key, "outcome_reported").is_none(), "{key}: {story:?}");
                continue;
            };
            let signed = self.place(key, "signed_off");
            let decided = self.place(key, "decided").unwrap();
            assert!(decided < redeemed && signed.is_none_or(|at| decided < at && at < redeemed));
            let reported = self.place(key, "outcome_reported");
            assert!(reported.is_none_or(|at| redeemed < at && ran.contains(key)), "{story:?}");
        }
    }

    /// What was said to have happened is in the log.
    pub(crate) fn what_was_said_is_recorded(&self, said: &[(Step, String)]) {
        for (step, key) in said {
            let kind = match step {
                Step::Resumed => continue,
                Step::Proposed => "decided",
                Step::Approved => "signed_off",
                Step::Redeemed | Step::Ran => "redeemed",
                Step::Concluded => "outcome_reported",
            };
            assert!(self.place(key, kind).is_some(), "{key} was said to be {step:?}");
            let ran = *step != Step::Ran || self.effects_of(key) == 1;
            assert!(ran, "{key} was said to have run");
        }
    }

    /// What may have run and was not reported is shown so, never as waiting or as done; and what
    /// permitted it is spent.
    pub(crate) fn what_is_in_doubt_is_shown_so(&self) {
        let mut doubtful = HashSet::new();
        for key in self.actions.keys() {
            let is_spent = self.place(key, "redeemed").is_some();
            if is_spent && self.place(key, "outcome_reported").is_none() {
                let status = self.status(key);
                let is_shown = matches!(status, Status::Redeemed | Status::Indeterminate);
                assert!(is_shown, "{key} is shown as {status}");
                let followed = self.guard.log().action(self.id(key)).unwrap().unwrap();
                assert_eq!(self.guard.warrant_of(&followed), None, "there is no other warrant");
                doubtful.insert(key.clone());
            }
        }
        for (key, token) in life::warrants(&self.folder) {
            if doubtful.contains(&key) {
                self.is_spent(&key, &token);
            }
        }
    }

    fn is_spent(&self, key: &str, token: &str) {
        let followed = self.guard.log().action(self.id(key)).unwrap().unwrap();
        let (tool, params) = (followed.subject.tool.clone(), followed.action().unwrap().params);
        let again = wait(self.guard.redeem(token, None, &tool, &params));
        assert!(matches!(again, Err(RedeemError::Refused(Refusal::Spent))), "{key}: {again:?}");
    }
}
