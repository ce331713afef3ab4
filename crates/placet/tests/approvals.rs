//! From a held action to its outcome through a guard: what was approved is what runs, once, however
//! many try.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use placet::store::sequencer::wait;
use placet::{
    Action, ActionId, ApprovalId, Approver, Config, Followed, Guard, GuardError, Json, LogPlace,
    Object, Outcome, PolicyFile, PolicySource, RedeemError, Refusal, Rejection, Reply, Resolution,
    Status, Verdict,
};

const POLICY: &str = r#"
version = 1
mode = "enforce"
[actions.issue_refund]
risk = "reversible_write"
value = "/amount"
hard_cap = "100"
approval = { fields = ["why"], least_length = 3 }
[actions.get_order]
risk = "read"
"#;

/// How long the test waits for what must come at once. Nothing sleeps for so long unless it fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn guard_at(log: LogPlace, policy: &str) -> Guard {
    Guard::open(Config { policy: PolicySource::Files(file(policy)), log }).unwrap()
}

fn file(policy: &str) -> Vec<PolicyFile> {
    vec![PolicyFile { name: "policy.toml".to_owned(), text: policy.to_owned() }]
}

fn install(guard: &Guard, policy: &str) {
    guard.blocking().install_policy(&file(policy), None).unwrap();
}

fn guard() -> Guard {
    guard_at(LogPlace::Memory, POLICY)
}

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap()
}

fn object(text: &str) -> Object {
    json(text).as_object().unwrap().clone()
}

const PARAMS: &str = r#"{"amount":"42.00","lines":[1.5,{"id":7,"paid":true}],"order":"o-1"}"#;

fn refund(params: &str) -> Action {
    let text =
        format!(r#"{{"tool": "issue_refund", "params": {params}, "agent": "bot", "user": "uma"}}"#);
    Action::from_json(json(&text)).unwrap()
}

fn person(name: &str) -> Approver {
    Approver { person: name.parse().unwrap(), groups: [].into() }
}

fn yes() -> Reply {
    Reply::Approve { statement: [("why".to_owned(), "I read it".to_owned())].into() }
}

fn held(guard: &Guard, action: &Action) -> ActionId {
    let answer = guard.blocking().propose(action).unwrap();
    assert_eq!(answer.verdict, Verdict::RequireApproval);
    answer.id.unwrap()
}

fn resolve(
    guard: &Guard,
    id: ApprovalId,
    by: &str,
    reply: Reply,
) -> Result<Resolution, GuardError> {
    wait(guard.resolve(id, &person(by), reply))
}

fn followed(guard: &Guard, id: ActionId) -> Followed {
    guard.log().action(id).unwrap().unwrap()
}

/// A refund that ben approves, and its warrant.
fn approved(guard: &Guard, action: &Action) -> (ActionId, String) {
    let id = held(guard, action);
    let answer = resolve(guard, id.approval(), "ben", yes()).unwrap();
    assert_eq!(answer, Resolution::Resolved(Status::Approved));
    (id, guard.warrant_of(&followed(guard, id)).unwrap())
}

#[allow(clippy::needless_pass_by_value, reason = "it is easier to call")]
fn redeem(guard: &Guard, token: &str, tool: &str, params: Object) -> Result<Object, RedeemError> {
    let tool = tool.parse().unwrap();
    wait(guard.redeem(token, None, &tool, &params)).map(|spent| spent.params)
}

#[test]
fn the_whole_way_from_proposal_to_outcome() {
    let guard = guard();
    let id = held(&guard, &refund(PARAMS));
    assert_eq!(followed(&guard, id).status, Status::Pending);
    assert_eq!(guard.warrant_of(&followed(&guard, id)), None, "none before it is approved");
    let pending = guard.pending(None, None, 10).unwrap();
    assert_eq!((pending.len(), pending[0].followed.id()), (1, id));
    resolve(&guard, id.approval(), "ben", yes()).unwrap();
    assert!(guard.pending(None, None, 10).unwrap().is_empty());
    let token = guard.warrant_of(&followed(&guard, id)).unwrap();
    redeem(&guard, &token, "issue_refund", object(PARAMS)).unwrap();
    assert_eq!(followed(&guard, id).status, Status::Redeemed);
    assert_eq!(guard.warrant_of(&followed(&guard, id)), None, "none after it was spent");
    wait(guard.conclude(id, Outcome::Failed, "no such order")).unwrap();
    assert_eq!(followed(&guard, id).status, Status::Failed);
}

#[test]
fn what_was_approved_is_what_runs() {
    let guard = guard();
    let mut action = refund(PARAMS);
    let (id, token) = approved(&guard, &action);
    // What the caller does with its own copy afterwards changes nothing.
    action.params = object(r#"{"amount":"99.00","order":"o-1"}"#);
    let other = |tool: &str, params: Object| {
        let found = redeem(&guard, &token, tool, params);
        let refused = matches!(found, Err(RedeemError::Refused(Refusal::OtherAction)));
        assert!(refused, "{found:?}");
    };
    other("issue_refund", action.params);
    other("issue_refunds", object(PARAMS));
    other("issue_refund", Object::default());
    // Every byte that can be another one and still be JSON.
    let mut tried = 0;
    for (place, byte) in PARAMS.bytes().enumerate() {
        for to in [byte ^ 1, byte ^ 2, b' ', b'0'] {
            let mut bytes = PARAMS.as_bytes().to_vec();
            bytes[place] = to;
            let Ok(changed) = Json::parse(&bytes) else { continue };
            let Some(changed) = changed.as_object() else { continue };
            if Json::Object(changed.clone()).canonical() != PARAMS {
                other("issue_refund", changed.clone());
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "only {tried} were tried");
    for text in [
        r#"{"amount":"42.00","lines":[1.5,{"id":7,"paid":true}]}"#,
        r#"{"amount":"42.00","lines":[1.5,{"id":7,"paid":true}],"order":"o-1","x":null}"#,
        r#"{"amount":"42.00","lines":[{"id":7,"paid":true},1.5],"order":"o-1"}"#,
        r#"{"amount":"42.00","lines":[1.5,{"id":"7","paid":true}],"order":"o-1"}"#,
        r#"{"amount":"42.00","lines":[1.5,{"id":7,"paid":1}],"order":"o-1"}"#,
        r#"{"amount":"42.0","lines":[1.5,{"id":7,"paid":true}],"order":"o-1"}"#,
        r#"{"amount":42,"lines":[1.5,{"id":7,"paid":true}],"order":"o-1"}"#,
        r#"{"amount":"42.00","lines":[1.5000000000000002,{"id":7,"paid":true}],"order":"o-1"}"#,
        r#"{"amount":"42.00","lines":[-1.5,{"id":7,"paid":true}],"order":"o-1"}"#,
        r#"{"amount":"42.00\u200b","lines":[1.5,{"id":7,"paid":true}],"order":"o-1"}"#,
        r#"{"amount":"42.00","lines":[1.5,{"id":7,"paid":true}],"order":"о-1"}"#,
    ] {
        other("issue_refund", object(text));
    }
    assert_eq!(followed(&guard, id).status, Status::Approved, "nothing has run");
    // Another order of keys, other spaces, another form of a number: the same action.
    let same = "{\"order\": \"o-1\",\n \"lines\": [15e-1, {\"paid\":true, \"id\": 7.0}], \"amount\": \"42.00\"}";
    let ran = redeem(&guard, &token, "issue_refund", object(same)).unwrap();
    assert_eq!(Json::Object(ran).canonical(), PARAMS, "what runs is what was frozen");
    let again = redeem(&guard, &token, "issue_refund", object(PARAMS));
    assert!(matches!(again, Err(RedeemError::Refused(Refusal::Spent))), "{again:?}");
}

#[test]
fn a_warrant_is_for_its_own_action_and_log_only() {
    let guard = guard();
    let (_, first) = approved(&guard, &refund(PARAMS));
    let (second, other) = approved(&guard, &refund(r#"{"amount":"1.00"}"#));
    let found = redeem(&guard, &first, "issue_refund", object(r#"{"amount":"1.00"}"#));
    assert!(matches!(found, Err(RedeemError::Refused(Refusal::OtherAction))), "{found:?}");
    assert_eq!(followed(&guard, second).status, Status::Approved);
    let elsewhere = self::guard();
    let found = redeem(&elsewhere, &other, "issue_refund", object(r#"{"amount":"1.00"}"#));
    assert!(matches!(found, Err(RedeemError::Warrant(_))), "{found:?}");
    let tenant = "acme".parse().unwrap();
    let tool = "issue_refund".parse().unwrap();
    let params = object(r#"{"amount":"1.00"}"#);
    let found = wait(guard.redeem(&other, Some(&tenant), &tool, &params));
    assert!(matches!(found, Err(RedeemError::Refused(Refusal::OtherAudience))), "{found:?}");
    assert_eq!(followed(&guard, second).status, Status::Approved);
}

#[test]
fn a_warrant_from_before_a_trip_is_dead_after_it() {
    let guard = guard();
    let (id, token) = approved(&guard, &refund(PARAMS));
    let waiting = held(&guard, &refund(r#"{"amount":"1.00"}"#));
    let agent = || "agent:bot".parse().unwrap();
    guard.blocking().trip(agent(), "it loops", None).unwrap();
    let refused = redeem(&guard, &token, "issue_refund", object(PARAMS));
    let is_refused =
        matches!(refused, Err(RedeemError::Refused(Refusal::Stopped(_) | Refusal::NotGranted)));
    assert!(is_refused, "{refused:?}");
    guard.blocking().reset(agent(), "mended", None).unwrap();
    assert!(redeem(&guard, &token, "issue_refund", object(PARAMS)).is_err());
    for id in [id, waiting] {
        assert_eq!(followed(&guard, id).status, Status::Voided);
    }
    let late = resolve(&guard, waiting.approval(), "ben", yes()).unwrap();
    assert_eq!(late, Resolution::AlreadyResolved(Status::Voided));
}

/// A warrant that would be refused is not handed out, and it is said why.
#[test]
fn a_dead_warrant_is_not_handed_out() {
    let guard = guard();
    let read = Action::from_json(json(r#"{"tool": "get_order", "agent": "bot"}"#)).unwrap();
    let allowed = guard.blocking().propose(&read).unwrap();
    assert!(guard.warrant(&read, &allowed).is_some(), "it was just allowed");
    let allowed = allowed.id.unwrap();
    let (approved, _) = approved(&guard, &refund(PARAMS));
    let shown = |id| {
        let followed = followed(&guard, id);
        (followed.status, guard.warrant_of(&followed).is_some(), guard.refusal(&followed))
    };
    let lives = |id, status| assert_eq!(shown(id), (status, true, None));
    let is_dead = |id, status, why| assert_eq!(shown(id), (status, false, Some(why)));
    let install = |policy: &str| {
        install(&guard, policy);
    };
    lives(allowed, Status::Allowed);
    lives(approved, Status::Approved);

    install(&POLICY.replace("hard_cap = \"100\"", "hard_cap = \"10\""));
    is_dead(allowed, Status::Allowed, Refusal::OtherPolicy);
    is_dead(approved, Status::Approved, Refusal::OtherPolicy);
    // Under the policy that it was given under it is good for what it was given for.
    install(POLICY);
    lives(allowed, Status::Allowed);
    lives(approved, Status::Approved);

    guard.blocking().trip("agent:bot".parse().unwrap(), "it loops", None).unwrap();
    guard.blocking().reset("agent:bot".parse().unwrap(), "mended", None).unwrap();
    is_dead(allowed, Status::Allowed, Refusal::Stopped("agent:bot".parse().unwrap()));
    assert_eq!(shown(approved), (Status::Voided, false, None), "the log says so itself");
}

#[test]
fn who_may_not_answer_does_not_and_a_second_answer_changes_nothing() {
    let guard = guard();
    let id = held(&guard, &refund(PARAMS)).approval();
    for own in ["uma", "bot"] {
        let refused = resolve(&guard, id, own, yes());
        assert!(matches!(refused, Err(GuardError::Rejected(Rejection::OwnAction))), "{own}");
    }
    let silent = Reply::Approve { statement: [].into() };
    let refused = resolve(&guard, id, "ben", silent);
    let short = matches!(refused, Err(GuardError::Rejected(Rejection::ShortField { .. })));
    assert!(short, "{refused:?}");
    let no = || Reply::Deny { reason: "not today".to_owned() };
    assert_eq!(resolve(&guard, id, "ben", no()).unwrap(), Resolution::Resolved(Status::Denied));
    for reply in [yes(), no()] {
        let again = resolve(&guard, id, "cem", reply).unwrap();
        assert_eq!(again, Resolution::AlreadyResolved(Status::Denied));
    }
    assert_eq!(followed(&guard, id.action()).denial.as_deref(), Some("not today"));
    let allowed = "apr_0198c2f4-0000-7000-8000-000000000001".parse().unwrap();
    assert_eq!(resolve(&guard, allowed, "ben", yes()).unwrap(), Resolution::Unknown);
}

#[test]
fn an_edit_runs_in_the_place_of_what_was_asked() {
    let guard = guard();
    let (id, edited) = (held(&guard, &refund(PARAMS)), r#"{"amount":"20.00","order":"o-1"}"#);
    let edit = |params: &str| Reply::Edit {
        params: object(params),
        statement: [("why".to_owned(), "half of it".to_owned())].into(),
    };
    let too_much = resolve(&guard, id.approval(), "ben", edit(r#"{"amount":"100.01"}"#));
    assert!(matches!(too_much, Err(GuardError::Rejected(Rejection::EditBlocked))), "{too_much:?}");
    let done = resolve(&guard, id.approval(), "ben", edit(edited)).unwrap();
    assert_eq!(done, Resolution::Resolved(Status::Superseded));
    let successor = followed(&guard, id).successor.unwrap();
    assert_eq!(followed(&guard, successor).answer.replaces, Some(id));
    let token = guard.warrant_of(&followed(&guard, successor)).unwrap();
    assert!(redeem(&guard, &token, "issue_refund", object(PARAMS)).is_err());
    redeem(&guard, &token, "issue_refund", object(edited)).unwrap();
    assert_eq!(guard.warrant_of(&followed(&guard, id)), None);
}

/// In shadow mode only those are held who ask for it. Editing such an action must not let it through.
#[test]
fn an_edit_in_shadow_mode_is_held_to_the_policy_like_the_action_was() {
    let shadow = POLICY
        .replace("enforce", "shadow")
        .replace("least_length = 3", "least_length = 3, quorum = 2");
    let guard = guard_at(LogPlace::Memory, &shadow);
    let action = Action { enforce: true, ..refund(PARAMS) };
    let id = held(&guard, &action);
    let edit = |params: &str| Reply::Edit {
        params: object(params),
        statement: [("why".to_owned(), "half of it".to_owned())].into(),
    };
    let too_much = resolve(&guard, id.approval(), "ben", edit(r#"{"amount":"100.01"}"#));
    assert!(matches!(too_much, Err(GuardError::Rejected(Rejection::EditBlocked))), "{too_much:?}");
    resolve(&guard, id.approval(), "ben", edit(r#"{"amount":"20.00"}"#)).unwrap();
    let successor = followed(&guard, id).successor.unwrap();
    assert_eq!(followed(&guard, successor).status, Status::Pending, "it takes another person");
}

/// The first wait starts the thread that follows the log. Whatever happens meanwhile is heard.
#[test]
fn the_first_wait_hears_an_answer_that_comes_while_it_begins() {
    for round in 0..rounds(100, 5_000) {
        let guard = guard();
        let ids =
            [1, 2].map(|number| held(&guard, &refund(&format!(r#"{{"amount":"{number}"}}"#))));
        let (told, heard) = mpsc::channel();
        for id in ids {
            let (guard, told) = (guard.clone(), told.clone());
            thread::spawn(move || {
                let settled = wait(guard.settled(id)).unwrap().unwrap();
                let _gone = told.send(settled.status);
            });
        }
        for id in ids {
            resolve(&guard, id.approval(), "ben", yes()).unwrap();
        }
        for _ in ids {
            let status = heard.recv_timeout(PATIENCE);
            assert_eq!(status, Ok(Status::Approved), "nobody was woken in round {round}");
        }
    }
}

/// So many, and more where there is time.
fn rounds(ordinary: usize, nightly: usize) -> usize {
    if std::env::var_os("PLACET_NIGHTLY").is_some() { nightly } else { ordinary }
}

/// How many race.
const THREADS: usize = 64;

/// How many of them answer also what is answered already.
const LATE: usize = 8;

/// How many actions they race for, one after the other, before anybody looks who won.
const HEATS: usize = 20;

/// An action that all of them race for.
struct Prize {
    id: ActionId,
    params: Object,
    /// Where it is answered already, and only the redemptions race.
    token: Option<String>,
}

impl Prize {
    fn offer(guard: &Guard, round: usize) -> Self {
        let params = format!(r#"{{"amount":"{}","order":"o-{round}"}}"#, round % 100);
        let id = held(guard, &refund(&params));
        let token = round.is_multiple_of(2).then(|| {
            resolve(guard, id.approval(), "ben", yes()).unwrap();
            guard.warrant_of(&followed(guard, id)).unwrap()
        });
        Self { id, params: object(&params), token }
    }

    /// Answers in one of three ways and redeems, one first or the other: how often each counted.
    fn race_for(&self, guard: &Guard, number: usize) -> Won {
        if number % 8 < 4 {
            let answers = usize::from(self.answer(guard, number));
            Won { answers, runs: usize::from(self.redeem(guard)) }
        } else {
            let runs = usize::from(self.redeem(guard));
            Won { answers: usize::from(self.answer(guard, number)), runs }
        }
    }

    fn answer(&self, guard: &Guard, number: usize) -> bool {
        if self.token.is_some() && number >= LATE {
            return false;
        }
        let id = self.id.approval();
        let answered = match number % 4 {
            0 => resolve(guard, id, &format!("p{number}"), yes()).unwrap(),
            1 => {
                let reason = "no".to_owned();
                resolve(guard, id, "cem", Reply::Deny { reason }).unwrap()
            }
            2 => wait(guard.withdraw(id)).unwrap(),
            _ => Resolution::Unknown,
        };
        matches!(answered, Resolution::Resolved(_))
    }

    /// Redeems, where there is a warrant by now.
    fn redeem(&self, guard: &Guard) -> bool {
        let own = || guard.warrant_of(&followed(guard, self.id));
        let token = self.token.clone().or_else(own);
        token.is_some_and(|token| {
            match redeem(guard, &token, "issue_refund", self.params.clone()) {
                Ok(_) => true,
                Err(RedeemError::Refused(Refusal::Spent)) => false,
                Err(error) => panic!("{error}"),
            }
        })
    }

    /// Whether what counted fits together, and with what the log says.
    fn check(&self, guard: &Guard, won: Won) -> Status {
        let status = followed(guard, self.id).status;
        let runs = match status {
            Status::Redeemed => 1,
            Status::Denied | Status::Withdrawn | Status::Approved => 0,
            other => panic!("{other} is no end of {}", self.id),
        };
        let answers = usize::from(self.token.is_none());
        assert_eq!(won, Won { answers, runs }, "{}, {status}", self.id);
        status
    }
}

/// How often an answer counted, and how often an action ran.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Won {
    answers: usize,
    runs: usize,
}

/// The ends that a race must have come to, or nobody raced.
const ENDS: [&str; 3] = ["redeemed", "denied", "withdrawn"];

/// Most rounds until each of them occurred: of three that are as likely, one stays away for as long
/// as never.
const MOST_ROUNDS: usize = 2_000;

/// Sixty-four threads answer and redeem the same thing, over and over. Of each there is one winner.
fn race(guard: &Guard, rounds: usize) {
    let (began, mut ends) = (Instant::now(), BTreeMap::<&str, usize>::new());
    let mut first = 0;
    while first < rounds || !ENDS.iter().all(|end| ends.contains_key(end)) {
        assert!(first < rounds.max(MOST_ROUNDS), "after {first} rounds there is only {ends:?}");
        let heats = first..first + HEATS;
        first += HEATS;
        let prizes: Vec<Prize> = heats.map(|round| Prize::offer(guard, round)).collect();
        let start = Barrier::new(THREADS);
        let run = |number: usize| {
            let heat = |prize: &Prize| {
                start.wait();
                prize.race_for(guard, number)
            };
            prizes.iter().map(heat).collect::<Vec<Won>>()
        };
        let all: Vec<Vec<Won>> = thread::scope(|scope| {
            let run = &run;
            let runners: Vec<_> =
                (0..THREADS).map(|number| scope.spawn(move || run(number))).collect();
            runners.into_iter().map(|runner| runner.join().unwrap()).collect()
        });
        for (heat, prize) in prizes.iter().enumerate() {
            let won = all.iter().map(|own| own[heat]).fold(Won::default(), |sum, won| Won {
                answers: sum.answers + won.answers,
                runs: sum.runs + won.runs,
            });
            *ends.entry(prize.check(guard, won).as_str()).or_default() += 1;
        }
    }
    eprintln!("{first} rounds in {:?}: {ends:?}", began.elapsed());
}

/// Each log takes a part of the rounds, so that memory does not grow with them.
#[test]
fn of_sixty_four_threads_one_answers_and_one_redeems() {
    const ROUNDS_OF_A_LOG: usize = 1_000;
    let rounds = rounds(20, 10_000);
    for first in (0..rounds).step_by(ROUNDS_OF_A_LOG) {
        race(&guard(), ROUNDS_OF_A_LOG.min(rounds - first));
    }
}

#[test]
fn of_sixty_four_threads_one_answers_and_one_redeems_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    race(&guard_at(LogPlace::File(folder.path().join("placet.db")), POLICY), rounds(6, 1_000));
}

#[test]
fn what_waits_ends_at_once_where_another_policy_forbids_it() {
    let guard = guard();
    let (large, small) = (r#"{"amount":"42.00","order":"o-1"}"#, r#"{"amount":"3.00"}"#);
    let (forbidden, still) = (held(&guard, &refund(large)), held(&guard, &refund(small)));
    let tighter = POLICY.replace("hard_cap = \"100\"", "hard_cap = \"10\"");
    install(&guard, &tighter);
    assert_eq!(followed(&guard, forbidden).status, Status::Voided);
    assert_eq!(followed(&guard, still).status, Status::Pending);
    let answer = resolve(&guard, forbidden.approval(), "ben", yes()).unwrap();
    assert_eq!(answer, Resolution::AlreadyResolved(Status::Voided));
    let answer = resolve(&guard, still.approval(), "ben", yes()).unwrap();
    assert_eq!(answer, Resolution::Resolved(Status::Approved));
}

/// Holds that a call which is denied is denied to the one that still waits, too.
fn voids(guard: &Guard, denied: ActionId, waiting: ActionId) {
    let no = Reply::Deny { reason: "not this one".to_owned() };
    resolve(guard, denied.approval(), "ben", no).unwrap();
    resolve(guard, waiting.approval(), "ben", yes()).unwrap();
    assert_eq!(followed(guard, waiting).status, Status::Voided);
}

/// Under a policy that names another param as the amount, it is the spelling of that one which makes no
/// other call.
#[test]
fn what_was_denied_in_another_spelling_is_known_by_the_policy_of_now() {
    let guard = guard();
    let waiting = held(&guard, &refund(r#"{"amount":"1.0","fee":"5.0"}"#));
    install(&guard, &POLICY.replace("value = \"/amount\"", "value = \"/fee\""));
    let denied = held(&guard, &refund(r#"{"amount":"1.0","fee":5}"#));
    voids(&guard, denied, waiting);
}

/// Where a secret was replaced nobody can say any more what the call would be in another spelling, so
/// what was known of it is kept.
#[test]
fn a_call_with_a_secret_is_judged_again_with_what_was_known_of_it() {
    let guard = guard();
    let params = |amount: &str| format!(r#"{{"amount":{amount},"password":"correct-horse-7"}}"#);
    let waiting = held(&guard, &refund(&params(r#""5.0""#)));
    install(&guard, &POLICY.replace("hard_cap = \"100\"", "hard_cap = \"90\""));
    let denied = held(&guard, &refund(&params("5")));
    voids(&guard, denied, waiting);
}

#[test]
fn what_waited_ends_where_a_guard_is_opened_with_a_policy_that_forbids_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = LogPlace::File(folder.path().join("placet.db"));
    let id = held(&guard_at(place.clone(), POLICY), &refund(r#"{"amount":"42.00"}"#));
    let tighter = POLICY.replace("hard_cap = \"100\"", "hard_cap = \"10\"");
    assert_eq!(followed(&guard_at(place, &tighter), id).status, Status::Voided);
}
