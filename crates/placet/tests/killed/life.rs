//! The program that is killed: what it does, and how it says how far it has come.

use std::fmt::{self, Display};
use std::fs::OpenOptions;
use std::future::ready;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::thread;

use placet::ask::Asked;
use placet::store::sequencer::wait;
use placet::{
    Action, Approver, Config, Followed, Guard, Json, LogPlace, Object, Outcome, Pending,
    PolicyFile, PolicySource, Reply, RunOptions, Running, Status,
};

/// Where it lives.
pub(crate) const FOLDER: &str = "PLACET_KILLED_FOLDER";

/// What it is to do there.
pub(crate) const PLAN: &str = "PLACET_KILLED_PLAN";

/// Threads at the same time, so that more is under way when it is killed.
const THREADS: usize = 3;

/// How many warrants a life may have had in hand when it ended. There are more than threads, so that
/// some were used.
const IN_HAND: usize = 12;

/// How many entries before its end a life was surely at work at.
const RECENT: u64 = 200;

/// How far it has come with an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// What an earlier life left was tried again.
    Resumed,
    Proposed,
    Approved,
    Redeemed,
    Ran,
    Concluded,
}

impl Step {
    const ALL: [Self; 6] =
        [Self::Resumed, Self::Proposed, Self::Approved, Self::Redeemed, Self::Ran, Self::Concluded];
}

/// How an action goes through the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Each step by hand, with the warrant as a token.
    HeldByHand,
    AllowedByHand,
    /// All in one call.
    HeldInOne,
    AllowedInOne,
}

impl Way {
    pub(crate) const ALL: [Self; 4] =
        [Self::HeldByHand, Self::AllowedByHand, Self::HeldInOne, Self::AllowedInOne];

    pub(crate) fn is_held(self) -> bool {
        matches!(self, Self::HeldByHand | Self::HeldInOne)
    }

    /// Whether the program gets to say something between this step and the next.
    pub(crate) fn comes_by(self, step: Step) -> bool {
        match self {
            Self::HeldByHand => true,
            Self::AllowedByHand => step != Step::Approved,
            Self::HeldInOne => step != Step::Approved,
            Self::AllowedInOne => !matches!(step, Step::Proposed | Step::Approved),
        }
    }

    fn tool(self) -> &'static str {
        if self.is_held() { "pay" } else { "look" }
    }
}

/// What a life is to do.
pub(crate) struct Plan {
    life: usize,
    /// Where it stops and waits to be killed, and with which way.
    stop: Option<(Step, Way)>,
    outcome_within: String,
}

impl Plan {
    /// On and on.
    pub(crate) fn onward(life: usize, outcome_within: &str) -> Self {
        Self { life, stop: None, outcome_within: outcome_within.to_owned() }
    }

    /// One action, as far as a step.
    pub(crate) fn stopping_at(step: Step, way: Way, outcome_within: &str) -> Self {
        Self { life: 0, stop: Some((step, way)), outcome_within: outcome_within.to_owned() }
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.life, self.outcome_within)?;
        self.stop.map_or(Ok(()), |(step, way)| write!(f, " {step:?} {way:?}"))
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split(' ').collect();
        let (life, outcome_within) = (words[0].parse().unwrap(), words[1].to_owned());
        let stop = words.get(2).map(|step| (named(&Step::ALL, step), named(&Way::ALL, words[3])));
        Ok(Self { life, stop, outcome_within })
    }
}

fn named<T: Copy + fmt::Debug>(all: &[T], name: &str) -> T {
    *all.iter().find(|one| format!("{one:?}") == name).unwrap()
}

/// What a line of it says: how far it is with what.
pub(crate) fn heard(line: &str) -> Option<(Step, String)> {
    let (step, key) = line.strip_prefix("@ ")?.split_once(' ')?;
    Some((named(&Step::ALL, step), key.to_owned()))
}

/// Where its log is.
pub(crate) fn log(folder: &Path) -> LogPlace {
    LogPlace::File(folder.join("placet.db"))
}

pub(crate) fn open(folder: &Path, outcome_within: &str) -> Guard {
    let text = format!(
        "version = 1\nmode = \"enforce\"\noutcome_within = \"{outcome_within}\"\n\
         [actions.look]\nrisk = \"read\"\n\
         [actions.pay]\nrisk = \"reversible_write\"\n\
         approval = {{ fields = [\"why\"], least_length = 3 }}\n"
    );
    let files = vec![PolicyFile { name: "policy.toml".to_owned(), text }];
    Guard::open(Config { policy: PolicySource::Files(files), log: log(folder) }).unwrap()
}

/// What an action left in the world: the key of the action, and how long the log was just before.
pub(crate) fn effects(folder: &Path) -> Vec<(String, u64)> {
    let text = std::fs::read_to_string(folder.join("effects")).unwrap_or_default();
    let pair = |line: &str| {
        let (key, size) = line.split_once(' ').unwrap();
        (key.to_owned(), size.parse().unwrap())
    };
    text.lines().map(pair).collect()
}

/// The warrants that were ever shown, with the keys of their actions.
pub(crate) fn warrants(folder: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder.join("warrants")).unwrap_or_default();
    let pair = |line: &str| line.split_once(' ').map(|(key, token)| (key.into(), token.into()));
    text.lines().filter_map(pair).collect()
}

/// The key by which an action of this test is told from the others.
pub(crate) fn key(params: &Object) -> String {
    params.get("key").and_then(Json::as_str).unwrap().to_owned()
}

pub(crate) fn ben() -> Approver {
    Approver { person: "ben".parse().unwrap(), groups: [].into() }
}

fn yes() -> Reply {
    Reply::Approve { statement: [("why".to_owned(), "I read it".to_owned())].into() }
}

/// Lives until it is killed.
pub(crate) fn live(folder: &Path, plan: &Plan) {
    let guard = open(folder, &plan.outcome_within);
    let stop = plan.stop.map(|(step, _)| step);
    let hand = Hand { guard, folder: folder.to_owned(), stop };
    hand.resume();
    hand.at(Step::Resumed, "all");
    if let Some((_, way)) = plan.stop {
        hand.take(way, "only");
        panic!("it should have stopped before");
    }
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (hand, life) = (&hand, plan.life);
            scope.spawn(move || {
                for count in number.. {
                    hand.take(
                        Way::ALL[count % Way::ALL.len()],
                        &format!("{life}-{number}-{count}"),
                    );
                }
            });
        }
    });
}

#[derive(Clone)]
struct Hand {
    guard: Guard,
    folder: PathBuf,
    stop: Option<Step>,
}

impl Hand {
    /// Says how far it is, and stays there if it was told to.
    fn at(&self, step: Step, key: &str) {
        println!("\n@ {step:?} {key}");
        while self.stop == Some(step) {
            thread::park();
        }
    }

    /// Appends a line that outlives the process.
    fn keep(&self, file: &str, line: &str) {
        let options = OpenOptions::new().append(true).create(true).open(self.folder.join(file));
        let mut file = options.unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
        file.sync_data().unwrap();
    }

    /// What the action does.
    fn run(&self, params: &Object) {
        let key = key(params);
        self.at(Step::Redeemed, &key);
        self.keep("effects", &format!("{key} {}", self.guard.log().size()));
        self.at(Step::Ran, &key);
    }

    /// Tries once more whatever an earlier life had in hand, without asking what became of it.
    fn resume(&self) {
        for held in self.guard.pending(None, None, 1_000).unwrap() {
            self.answer_and_run(&held.followed);
        }
        for (_, token) in warrants(&self.folder).iter().rev().take(IN_HAND) {
            self.redeem_and_run(token);
        }
        let recent = self.guard.log().size().saturating_sub(RECENT);
        for entry in self.guard.log().entries(recent, usize::MAX / 2).unwrap() {
            let placet::Event::Decided(decided) = &entry.event else { continue };
            let followed = self.guard.log().action(decided.id).unwrap().unwrap();
            if let Some(token) = self.guard.warrant_of(&followed) {
                self.show(&followed, &token);
            }
        }
    }

    fn take(&self, way: Way, key: &str) {
        let text = format!(
            r#"{{"tool": "{}", "params": {{"key": "{key}"}}, "agent": "bot"}}"#,
            way.tool()
        );
        let action = Action::from_json(Json::parse(text.as_bytes()).unwrap()).unwrap();
        match way {
            Way::HeldByHand | Way::AllowedByHand => self.by_hand(&action, key),
            Way::HeldInOne | Way::AllowedInOne => self.in_one(action, key),
        }
    }

    fn by_hand(&self, action: &Action, key: &str) {
        let answer = self.guard.blocking().propose(action).unwrap();
        self.at(Step::Proposed, key);
        let followed = self.guard.log().action(answer.id.unwrap()).unwrap().unwrap();
        if followed.status == Status::Pending {
            self.answer_and_run(&followed);
        } else {
            self.show(&followed, &self.guard.warrant_of(&followed).unwrap());
        }
    }

    fn answer_and_run(&self, followed: &Followed) {
        let id = followed.id();
        wait(self.guard.resolve(id.approval(), &ben(), yes())).unwrap();
        let followed = self.guard.log().action(id).unwrap().unwrap();
        let token = self.guard.warrant_of(&followed).unwrap();
        self.at(Step::Approved, &key(&followed.action().unwrap().params));
        self.show(&followed, &token);
    }

    /// A warrant is kept before it is used, so that the next life has it too.
    fn show(&self, followed: &Followed, token: &str) {
        self.keep("warrants", &format!("{} {token}", key(&followed.action().unwrap().params)));
        self.redeem_and_run(token);
    }

    fn redeem_and_run(&self, token: &str) {
        let claims = placet::core::warrant::open(token, &self.guard.warrant_keys()).unwrap();
        let followed = self.guard.log().action(claims.action).unwrap().unwrap();
        let params = followed.action().unwrap().params;
        let spent = wait(self.guard.redeem(token, None, &claims.tool, &params));
        // Refused, it was spent before: whatever came of it, it does not run again.
        let Ok(spent) = spent else { return };
        self.run(&spent.params);
        wait(self.guard.conclude(spent.id, Outcome::Succeeded, "")).unwrap();
        self.at(Step::Concluded, &key(&spent.params));
    }

    fn in_one(&self, action: Action, key: &str) {
        let (hand, of) = (self.clone(), key.to_owned());
        let ask = move |_: &Pending, _: Option<&str>| -> Asked<'static> {
            hand.at(Step::Proposed, &of);
            Box::pin(ready(Some((ben(), yes()))))
        };
        let options = RunOptions { ask: Some(Arc::new(ask)), ..RunOptions::default() };
        let ran = wait(self.guard.run(action, &options, |running: Running| async move {
            self.run(running.params());
            Ok::<(), String>(())
        }));
        ran.unwrap();
        self.at(Step::Concluded, key);
    }
}
