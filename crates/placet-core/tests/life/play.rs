//! Both accounts side by side.

use std::collections::BTreeSet;
use std::time::Duration;

use placet_core::approval::Statement;
use placet_core::command::{Conclusion, Edit, Mismatch, Redemption, SigningOff};
use placet_core::standing_approval::{self, Pin};
use placet_core::terms::WarrantTerms;
use placet_core::{
    ActionId, ApprovalTerms, Approver, Assessment, Command, Entry, Event, Json, Mode, ParamTag,
    PersonTag, Refusal, Rejection, RiskTier, StandingApprovalId, Terms, Timestamp, Verdict,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::common::build::{call, class, digest, rule, tag, terms_of};
use crate::common::{World, install, ms};
use crate::model::{self, Happened, Model, Policy, Verdict as Plain};
use crate::step::{Ask, Bounds, Step};

/// What a step leads to: the kinds of the entries with their actions, or why it leads to nothing.
type Found = Result<Vec<(&'static str, u128)>, &'static str>;

pub(crate) struct Game {
    pub(crate) world: World,
    model: Model,
    now: i64,
    next: u128,
    /// The id of what is let stand next.
    next_standing: u128,
    /// What has come up.
    pub(crate) seen: BTreeSet<&'static str>,
}

impl Game {
    pub(crate) fn begin() -> Self {
        let mut model = Model::default();
        model.add(0, Happened::Installed(Policy(1)));
        let (world, seen) = (World::with(terms(Policy(1))), BTreeSet::new());
        Self { world, model, now: 0, next: 1, next_standing: 1, seen }
    }

    /// Takes a step in both accounts, and compares them.
    pub(crate) fn play(&mut self, jump: i64, step: &Step) -> Result<(), TestCaseError> {
        self.now += jump;
        let now = self.model.clock(self.now);
        let Some(command) = self.command(step) else { return Ok(()) };
        let real = self.world.run(command, ms(now));
        let found = told(&real);
        let expected = self.expected(step, now);
        let agree = expected == found || (expected == Err("over") && found.is_err());
        prop_assert!(agree, "{:?} at {}: {:?}, {:?}", step, now, expected, real);
        self.seen.extend(found.iter().flatten().map(|(kind, _)| *kind));
        self.seen.extend(found.as_ref().err());
        if matches!((step, &found), (Step::Propose(_), Ok(found)) if found.len() > 1) {
            self.seen.insert("signed beforehand");
        }
        self.compare(step)
    }

    /// What is known of every action must be the same in both.
    fn compare(&self, step: &Step) -> Result<(), TestCaseError> {
        let state = &self.world.state;
        for id in self.model.ids() {
            let action = action(id);
            let real = (
                state.approvals().open(action.approval()).is_some(),
                state.executions().grant(action).is_some(),
                state.executions().run(action).is_some(),
                state.is_stopped(action),
            );
            let (open, granted) = (self.model.is_open(id), self.model.is_granted(id));
            let stopped = (open || granted) && self.model.is_stopped(id);
            let naive = (open, granted, self.model.runs(id).is_some(), stopped);
            prop_assert_eq!(naive, real, "{} after {:?}", id, step);
        }
        // What is past is dropped some time later.
        let at = state.at();
        let standing = state.standing_approvals().iter().filter(|it| it.granted.until > at);
        let standing: Vec<u128> = standing.map(|it| it.granted.id.uuid().as_u128()).collect();
        let lives = |it: &u128| self.model.stands(*it) && !self.model.is_past(*it, millis(at));
        let naive: Vec<u128> = self.model.stood().into_iter().rev().filter(lives).collect();
        prop_assert_eq!(standing, naive, "after {:?}", step);
        let open = state.approvals().len();
        let naive = self.model.ids().into_iter().filter(|id| self.model.is_open(*id)).count();
        prop_assert_eq!(open, naive);
        Ok(())
    }

    fn chosen(&self, choice: usize) -> Option<u128> {
        let ids = self.model.ids();
        ids.get(choice % ids.len().max(1)).copied()
    }

    /// The step as a command; none where there is nothing to do it to.
    fn command(&self, step: &Step) -> Option<Command> {
        let policy = self.model.policy();
        let approval = |choice: usize| self.chosen(choice).map(|id| action(id).approval());
        Some(match step {
            Step::Install(number) => install(terms(Policy(*number))),
            Step::Propose(ask) => crate::common::proposal(self.next, assessment(ask, policy)),
            Step::Sign { choice, by, looked_at } => {
                self.signing(self.chosen(*choice)?, by, *looked_at, None)
            }
            Step::Stand { choice, by, looked_at, bounds } => {
                self.signing(self.chosen(*choice)?, by, *looked_at, Some(*bounds))
            }
            Step::Revoke(choice) => {
                let id = self.chosen_standing(*choice)?;
                let (id, reason) = (standing(id), "enough of it".to_owned());
                Command::RevokeStanding { id, reason, by: None }
            }
            Step::Deny(choice) => crate::common::build::deny(approval(*choice)?),
            Step::Withdraw(choice) => Command::Withdraw { approval: approval(*choice)? },
            Step::Edit { choice, by, .. } => {
                let ask = self.edited(step)?;
                let Command::Propose(proposal) =
                    crate::common::proposal(self.next, assessment(&ask, policy))
                else {
                    return None;
                };
                let (by, statement, digest) = (person(by), statement(), digest(7));
                let approval = approval(*choice)?;
                let proposal = *proposal;
                Command::Edit(Box::new(Edit { approval, by, statement, digest, proposal }))
            }
            Step::Recheck(choice) => {
                let id = self.chosen(*choice)?;
                let fresh = Box::new(assessment(&self.model.asked(id).2, policy));
                Command::Recheck { approval: action(id).approval(), fresh }
            }
            Step::Trip(name) => crate::common::build::trip(name),
            Step::Reset(name) => crate::common::build::reset(name),
            Step::Redeem { choice, is_same_call } => {
                let action = action(self.chosen(*choice)?);
                let mismatch = (!is_same_call).then_some(Mismatch::Call);
                let decided = self.decided(action);
                Command::Redeem(Box::new(Redemption { action, decided, mismatch }))
            }
            Step::Conclude { choice, outcome } => {
                let action = action(self.chosen(*choice)?);
                let is_run = |entry: &&Entry| matches!(&entry.event, Event::Redeemed(it) if it.action == action);
                let run = self.world.log.iter().find(is_run).cloned();
                let of = run.unwrap_or_else(|| self.decided(action));
                let (outcome, detail) = (*outcome, String::new());
                Command::Conclude(Box::new(Conclusion { action, of, outcome, detail }))
            }
            Step::Tick => Command::Tick,
        })
    }

    fn signing(&self, id: u128, by: &str, looked_at: bool, bounds: Option<Bounds>) -> Command {
        let (.., ask, _) = self.model.asked(id);
        let fresh = looked_at.then(|| assessment(&ask, self.model.policy()));
        let (by, statement) = (person(by), statement());
        let (approval, digest) = (action(id).approval(), digest(7));
        let now = ms(self.model.clock(self.now));
        let core = |bounds| Box::new(core_bounds(self.next_standing, &ask, bounds, now));
        let standing = bounds.map(core);
        Command::SignOff(Box::new(SigningOff { approval, by, statement, digest, fresh, standing }))
    }

    /// One of all that ever stood. Whether what is past is still known is not said.
    fn chosen_standing(&self, choice: usize) -> Option<u128> {
        let all = self.model.stood();
        let chosen = all.get(choice % all.len().max(1)).copied();
        chosen.filter(|it| !self.model.is_past(*it, self.model.clock(self.now)))
    }

    fn edited(&self, step: &Step) -> Option<Ask> {
        let Step::Edit { choice, number, harm, .. } = step else { return None };
        let (_, _, ask, _) = self.model.asked(self.chosen(*choice)?);
        Some(Ask { number: *number, harm: *harm, ..ask })
    }

    fn decided(&self, action: ActionId) -> Entry {
        let is_it = |entry: &&Entry| matches!(&entry.event, Event::Decided(it) if it.id == action);
        self.world.log.iter().find(is_it).unwrap().clone()
    }

    /// The naive account of a step.
    fn expected(&mut self, step: &Step, now: i64) -> Found {
        let chosen = |choice: &usize| self.chosen(*choice).unwrap();
        match step {
            Step::Install(number) => {
                self.model.add(now, Happened::Installed(Policy(*number)));
                Ok(vec![("policy_installed", 0)])
            }
            Step::Propose(ask) => {
                let verdict = self.model.bound(ask, now);
                let id = self.ask(*ask, verdict, now);
                let mut found = vec![(word(verdict), id)];
                for (by, standing) in self.model.signed_beforehand(id, now) {
                    self.model.add(now, Happened::Signed { id, by, standing: Some(standing) });
                    found.push(("signed_off", id));
                }
                Ok(found)
            }
            Step::Sign { choice, by, looked_at } => {
                self.sign(chosen(choice), by, *looked_at, None, now)
            }
            Step::Stand { choice, by, looked_at, bounds } => {
                self.sign(chosen(choice), by, *looked_at, Some(*bounds), now)
            }
            Step::Revoke(choice) => {
                let which = self.chosen_standing(*choice).unwrap();
                if !self.model.stands(which) {
                    return Err("unknown standing");
                }
                let of = self.model.given_with(which);
                self.model.add(now, Happened::Revoked(which));
                Ok(vec![("standing_revoked", of)])
            }
            Step::Deny(choice) => self.end(chosen(choice), "denied", now),
            Step::Withdraw(choice) => self.end(chosen(choice), "withdrawn", now),
            Step::Edit { choice, by, .. } => {
                let (id, ask) = (chosen(choice), self.edited(step).unwrap());
                self.edit(id, by, ask, now)
            }
            Step::Recheck(choice) => {
                let id = chosen(choice);
                self.model.unanswerable(id, now).map_or(Ok(()), Err)?;
                let ends = self.model.is_stale(id) && self.model.is_void(id, now);
                if ends { self.end(id, "voided", now) } else { Ok(Vec::new()) }
            }
            Step::Trip(name) => {
                if self.model.is_tripped(name) {
                    return Ok(Vec::new());
                }
                self.model.add(now, Happened::Tripped(name));
                Ok(vec![("tripped", 0)])
            }
            Step::Reset(name) => {
                if !self.model.is_tripped(name) {
                    return Err("not tripped");
                }
                self.model.add(now, Happened::Reset(name));
                Ok(vec![("reset", 0)])
            }
            Step::Redeem { choice, is_same_call } => {
                let id = chosen(choice);
                let refused = self.model.refused(id, now);
                let refused = if *is_same_call { refused } else { Some("other action") };
                if let Some(why) = refused {
                    // A refusal is an entry as well, and so moves the clock.
                    self.model.add(now, Happened::Refused);
                    return Err(why);
                }
                self.model.add(now, Happened::Redeemed(id));
                Ok(vec![("redeemed", id)])
            }
            Step::Conclude { choice, .. } => {
                let id = chosen(choice);
                let (.., verdict) = self.model.asked(id);
                if !self.model.has_run(id) && verdict != Plain::Allow {
                    return Err("not run");
                }
                self.model.add(now, Happened::Reported(id));
                Ok(vec![("outcome_reported", id)])
            }
            Step::Tick => Ok(self.tick(now)),
        }
    }

    fn tick(&mut self, now: i64) -> Vec<(&'static str, u128)> {
        let due = self.model.due(now);
        for (kind, id) in &due {
            let happened = match *kind {
                "indeterminate" => Happened::Doubted(*id),
                _ => Happened::Ended { id: *id, denied: false },
            };
            self.model.add(now, happened);
        }
        due
    }

    fn ask(&mut self, ask: Ask, verdict: Plain, now: i64) -> u128 {
        let id = self.next;
        self.next += 1;
        self.model.add(now, Happened::Asked { id, ask, verdict });
        id
    }

    fn end(&mut self, id: u128, kind: &'static str, now: i64) -> Found {
        self.model.unanswerable(id, now).map_or(Ok(()), Err)?;
        self.model.add(now, Happened::Ended { id, denied: kind == "denied" });
        Ok(vec![(kind, id)])
    }

    fn sign(
        &mut self,
        id: u128,
        by: &'static str,
        looked_at: bool,
        bounds: Option<Bounds>,
        now: i64,
    ) -> Found {
        self.model.unanswerable(id, now).map_or(Ok(()), Err)?;
        if self.model.is_stale(id) {
            if !looked_at {
                return Err("stale policy");
            }
            if self.model.is_void(id, now) {
                return self.end(id, "voided", now);
            }
        } else if self.model.judge(&self.model.asked(id).2, now) == Plain::Block {
            return Err("blocked now");
        }
        self.model.barred(id, by).map_or(Ok(()), Err)?;
        let mut found = Vec::new();
        if let Some(bounds) = bounds {
            // Whoever reads it reads it under the policy of then.
            if self.model.is_stale(id) {
                return Err("standing policy");
            }
            let standing = self.next_standing;
            self.next_standing += 1;
            self.model.add(now, Happened::Stood { standing, of: id, by, bounds });
            found.push(("standing_granted", id));
        }
        self.model.add(now, Happened::Signed { id, by, standing: None });
        found.push(("signed_off", id));
        Ok(found)
    }

    fn edit(&mut self, old: u128, by: &'static str, ask: Ask, now: i64) -> Found {
        self.model.unanswerable(old, now).map_or(Ok(()), Err)?;
        self.model.barred(old, by).map_or(Ok(()), Err)?;
        if self.model.is_renamed(old) {
            return Err("other subject");
        }
        if self.model.judge(&ask, now) == Plain::Block {
            return Err("edit blocked");
        }
        let verdict = self.model.bound(&ask, now);
        let (_, group) = self.model.policy().takes(ask.tool);
        if verdict == Plain::Hold && group.is_some() && by != "fin" {
            return Err("other group");
        }
        let id = self.ask(ask, verdict, now);
        self.model.add(now, Happened::Ended { id: old, denied: false });
        let mut found = vec![(word(verdict), id), ("superseded", old)];
        if verdict == Plain::Hold {
            self.model.add(now, Happened::Signed { id, by, standing: None });
            found.push(("signed_off", id));
        }
        Ok(found)
    }
}

fn word(verdict: Plain) -> &'static str {
    match verdict {
        Plain::Allow => "allowed",
        Plain::Hold => "held",
        Plain::Block => "blocked",
    }
}

/// The real account of a step, in the words of the naive one.
fn told(real: &Result<Vec<Entry>, Rejection>) -> Found {
    let entries = match real {
        Ok(entries) => entries,
        Err(rejection) => return Err(said(rejection)),
    };
    let mut found = Vec::new();
    for entry in entries {
        if let Event::RedemptionRefused(refused) = &entry.event {
            return Err(match refused.why {
                Refusal::Spent => "spent",
                Refusal::Expired(_) => "refused: expired",
                Refusal::NotGranted => "not granted",
                Refusal::Stopped(_) => "stopped",
                Refusal::OtherPolicy => "other policy",
                Refusal::OtherAction => "other action",
                Refusal::OtherAudience => "other audience",
                Refusal::OtherIssuer => "other issuer",
                Refusal::OldKey => "old key",
            });
        }
        let kind = match &entry.event {
            Event::Decided(decided) => match decided.decision.verdict {
                Verdict::Allow => "allowed",
                Verdict::RequireApproval => "held",
                Verdict::Block => "blocked",
            },
            other => other.kind(),
        };
        found.push((kind, entry.event.action().map_or(0, |it| it.uuid().as_u128())));
    }
    // What is due may be said in any order.
    if found.iter().all(|(kind, _)| matches!(*kind, "voided" | "expired" | "indeterminate")) {
        found.sort_unstable();
    }
    Ok(found)
}

fn said(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::UnknownApproval(_) => "unknown approval",
        Rejection::ApprovalExpired(..) => "approval expired",
        Rejection::OwnAction => "own action",
        Rejection::SignedAlready => "signed already",
        Rejection::OtherGroup(_) => "other group",
        Rejection::OtherSubject => "other subject",
        Rejection::StalePolicy => "stale policy",
        Rejection::EditBlocked => "edit blocked",
        Rejection::Blocked => "blocked now",
        Rejection::NotRun(_) => "not run",
        Rejection::NotTripped(_) => "not tripped",
        Rejection::StandingPolicy => "standing policy",
        Rejection::UnknownStanding(_) => "unknown standing",
        other => panic!("nobody expects {other:?}"),
    }
}

fn action(id: u128) -> ActionId {
    ActionId::new(Uuid::from_u128(id))
}

fn standing(id: u128) -> StandingApprovalId {
    StandingApprovalId::new(Uuid::from_u128(id))
}

fn millis(at: Timestamp) -> i64 {
    at.as_millis()
}

/// The tag of a number, and of what every call has.
fn param(number: Option<u8>) -> ParamTag {
    ParamTag::from_bytes([number.map_or(1, |number| number + 2); 32])
}

fn core_bounds(id: u128, ask: &Ask, of: Bounds, now: Timestamp) -> standing_approval::Bounds {
    let tag = param(of.is_narrow.then_some(ask.number));
    let pins = [("/it".parse().unwrap(), Pin { tag, value: Json::Null })].into();
    let until = Some(now.saturating_add(duration(of.lasts)));
    standing_approval::Bounds { id: standing(id), pins, uses: of.uses, until }
}

fn statement() -> Statement {
    [("why".to_owned(), "yes".to_owned())].into()
}

fn person_tag(name: &str) -> PersonTag {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    PersonTag::from_bytes(bytes)
}

fn person(name: &str) -> Approver {
    let groups = if name == "fin" { ["finance".parse().unwrap()].into() } else { [].into() };
    Approver { person: name.parse().unwrap(), tag: person_tag(name), groups }
}

fn assessment(ask: &Ask, policy: Policy) -> Assessment {
    let mut of = call(ask.tool);
    of.policy = digest(policy.0);
    of.class = policy.class(ask.tool).map(|name| name.parse().unwrap());
    of.subject.tenant = ask.tenant.parse().unwrap();
    of.subject.agent = Some(ask.agent.parse().unwrap());
    of.user = Some(person_tag(ask.user));
    let place = match (ask.tenant, ask.tool) {
        ("acme", "refund") => 10,
        ("acme", "lookup") => 20,
        ("acme", _) => 30,
        (_, "refund") => 40,
        (_, "lookup") => 50,
        _ => 60,
    };
    of.tag = tag(place + ask.number);
    of.enforce = ask.enforce;
    of.pins = [param(None), param(Some(ask.number))].into();
    if ask.harm >= policy.forbids_from() {
        of.rules = vec![rule(Verdict::Block)];
    }
    of
}

/// The real terms of a policy.
fn terms(policy: Policy) -> Terms {
    let of = |tool: &str, risk: RiskTier| {
        let mut it = class(policy.class(tool).unwrap(), risk);
        let (people, group) = policy.takes(tool);
        it.approval = ApprovalTerms {
            quorum: u8::try_from(people).unwrap(),
            groups: group.map(str::to_owned).into_iter().collect(),
            ..approval_terms()
        };
        it
    };
    let mut terms = terms_of([
        of("refund", RiskTier::ReversibleWrite),
        of("mail", RiskTier::ReversibleWrite),
        of("lookup", RiskTier::Read),
    ]);
    terms.policy = digest(policy.0);
    terms.kill_switch = if policy.stops() { Verdict::Block } else { Verdict::RequireApproval };
    terms.mode = if policy.is_shadow() { Mode::Shadow } else { Mode::Enforce };
    terms.cool_down = duration(model::COOL_DOWN);
    terms.warrants =
        WarrantTerms { lifetime: duration(model::LEAVE), outcome: duration(model::REPORT) };
    terms
}

fn approval_terms() -> ApprovalTerms {
    ApprovalTerms {
        deadline: duration(model::OPEN),
        fields: vec!["why".to_owned()],
        least_length: 3,
        ..ApprovalTerms::default()
    }
}

fn duration(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap())
}
