//! The naive account: a list of what happened, and questions to it.
//!
//! - A refund takes the policy's quorum, a read nobody, a mail one person. What does more
//!   harm than the policy allows is blocked, and so is a call like one that was denied lately.
//! - What somebody let stand signs for them what is like it: for the same agent, tenant and tool, of
//!   the same number if they said so, and not where a switch makes people look. It ends with its
//!   time and its uses, when it is taken back, with its policy, and with any switch that could stop
//!   the like of it.
//! - Whatever was tripped after an action was given leave ends that leave. What waits for people is
//!   ended by a trip under a policy where switches stop.

use crate::step::{Ask, Bounds};

/// How long a question is open, a leave lasts, an outcome may take, a denial holds: milliseconds.
pub(crate) const OPEN: i64 = 30_000;
pub(crate) const LEAVE: i64 = 10_000;
pub(crate) const REPORT: i64 = 20_000;
pub(crate) const COOL_DOWN: i64 = 20_000;

/// One of the policies, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy(pub(crate) u8);

impl Policy {
    /// The class of a tool. The third policy has another name for refunds.
    pub(crate) fn class(self, tool: &str) -> Option<&'static str> {
        match (tool, self.0) {
            ("refund", 3) => Some("payment"),
            ("refund", _) => Some("refund"),
            ("lookup", _) => Some("lookup"),
            _ => Some("mail"),
        }
    }

    /// How many people it takes, and of which group.
    pub(crate) fn takes(self, tool: &str) -> (usize, Option<&'static str>) {
        match (tool, self.0) {
            ("refund", 2 | 5) => (2, None),
            ("refund", 4) => (1, Some("finance")),
            _ => (1, None),
        }
    }

    /// From this level of harm on it blocks.
    pub(crate) fn forbids_from(self) -> u8 {
        if self.0 == 1 { 3 } else { 2 }
    }

    /// Whether a tripped switch stops; else it makes people look.
    pub(crate) fn stops(self) -> bool {
        self.0 != 5
    }

    pub(crate) fn is_shadow(self) -> bool {
        self.0 == 3
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Allow,
    Hold,
    Block,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Happened {
    Installed(Policy),
    Asked {
        id: u128,
        ask: Ask,
        verdict: Verdict,
    },
    Signed {
        id: u128,
        by: &'static str,
        /// What stood, where that signed for them.
        standing: Option<u128>,
    },
    /// Somebody let the like of an action stand.
    Stood {
        standing: u128,
        of: u128,
        by: &'static str,
        bounds: Bounds,
    },
    Revoked(u128),
    /// It was denied, withdrawn, replaced, voided, or expired.
    Ended {
        id: u128,
        denied: bool,
    },
    Tripped(&'static str),
    Reset(&'static str),
    Redeemed(u128),
    Reported(u128),
    Doubted(u128),
    /// A warrant was shown and refused. It changes nothing, and time has passed.
    Refused,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// When, and what.
    pub(crate) history: Vec<(i64, Happened)>,
}

/// The leave that an action has to run.
pub(crate) struct Leave {
    /// Its place in the history.
    place: usize,
    pub(crate) expires: i64,
    policy: Policy,
}

impl Model {
    pub(crate) fn add(&mut self, at: i64, what: Happened) {
        self.history.push((at, what));
    }

    pub(crate) fn clock(&self, now: i64) -> i64 {
        self.history.last().map_or(now, |(at, _)| now.max(*at))
    }

    pub(crate) fn policy(&self) -> Policy {
        self.policy_at(self.history.len())
    }

    fn policy_at(&self, place: usize) -> Policy {
        let installed = |(_, what): &(i64, Happened)| match what {
            Happened::Installed(policy) => Some(*policy),
            _ => None,
        };
        self.history[..place].iter().rev().find_map(installed).unwrap()
    }

    /// All actions that were asked for, the latest first.
    pub(crate) fn ids(&self) -> Vec<u128> {
        let asked = |(_, what): &(i64, Happened)| match what {
            Happened::Asked { id, .. } => Some(*id),
            _ => None,
        };
        self.history.iter().rev().filter_map(asked).collect()
    }

    /// Where an action was asked for, when, and what was said to it.
    pub(crate) fn asked(&self, of: u128) -> (usize, i64, Ask, Verdict) {
        let find = |(place, (at, what)): (usize, &(i64, Happened))| match what {
            Happened::Asked { id, ask, verdict } if *id == of => Some((place, *at, *ask, *verdict)),
            _ => None,
        };
        self.history.iter().enumerate().find_map(find).unwrap()
    }

    pub(crate) fn signers(&self, of: u128) -> Vec<(usize, &'static str)> {
        let signed = |(place, (_, what)): (usize, &(i64, Happened))| match what {
            Happened::Signed { id, by, .. } if *id == of => Some((place, *by)),
            _ => None,
        };
        self.history.iter().enumerate().filter_map(signed).collect()
    }

    pub(crate) fn has_ended(&self, of: u128) -> bool {
        self.history.iter().any(|(_, it)| matches!(it, Happened::Ended { id, .. } if *id == of))
    }

    pub(crate) fn has_run(&self, of: u128) -> bool {
        self.history.iter().any(|(_, it)| matches!(it, Happened::Redeemed(id) if *id == of))
    }

    /// Whether it runs, and nobody has said how it ended.
    pub(crate) fn runs(&self, of: u128) -> Option<i64> {
        let started = |(at, it): &(i64, Happened)| match it {
            Happened::Redeemed(id) if *id == of => Some(*at),
            _ => None,
        };
        let is_over = |(_, it): &(i64, Happened)| match it {
            Happened::Reported(id) | Happened::Doubted(id) => *id == of,
            _ => false,
        };
        // What is said of an action before it was redeemed ends nothing.
        let place = self.history.iter().position(|it| started(it).is_some())?;
        let at = started(&self.history[place])?;
        (!self.history[place..].iter().any(is_over)).then_some(at + REPORT)
    }

    /// Whether enough people have signed, and what that gives leave for.
    pub(crate) fn granted(&self, of: u128) -> Option<Leave> {
        let (place, _, ask, verdict) = self.asked(of);
        let (needed, _) = self.policy_at(place).takes(ask.tool);
        let signed = self.signers(of);
        if verdict != Verdict::Hold || signed.len() < needed {
            return None;
        }
        let (place, _) = *signed.last()?;
        let expires = self.history[place].0 + LEAVE;
        Some(Leave { place, expires, policy: self.policy_at(place) })
    }

    /// What people approved, that has neither run nor ended.
    pub(crate) fn is_granted(&self, of: u128) -> bool {
        self.granted(of).is_some() && !self.has_ended(of) && !self.has_run(of)
    }

    /// What waits for people, or has ended and nobody has said so.
    pub(crate) fn is_open(&self, of: u128) -> bool {
        let (.., verdict) = self.asked(of);
        verdict == Verdict::Hold && self.granted(of).is_none() && !self.has_ended(of)
    }

    /// Whether a switch has ended what waits or was approved.
    pub(crate) fn is_stopped(&self, of: u128) -> bool {
        let (asked, _, ask, _) = self.asked(of);
        let grant = self.granted(of);
        let since = grant.as_ref().map_or(asked, |grant| grant.place);
        let class = self.policy_at(since).class(ask.tool);
        (since..self.history.len()).any(|place| match &self.history[place].1 {
            Happened::Tripped(scope) => {
                let counts = grant.is_some() || self.policy_at(place).stops();
                counts && covers(scope, &ask, class)
            }
            _ => false,
        })
    }

    /// All that ever stood, the latest first.
    pub(crate) fn stood(&self) -> Vec<u128> {
        let stood = |(_, what): &(i64, Happened)| match what {
            Happened::Stood { standing, .. } => Some(*standing),
            _ => None,
        };
        self.history.iter().rev().filter_map(stood).collect()
    }

    /// Where something came to stand, of what, by whom, how far, and until when.
    fn standing(&self, which: u128) -> (usize, u128, &'static str, Bounds, i64) {
        let find = |(place, (at, what)): (usize, &(i64, Happened))| match what {
            Happened::Stood { standing, of, by, bounds } if *standing == which => {
                Some((place, *of, *by, *bounds, at + bounds.lasts))
            }
            _ => None,
        };
        self.history.iter().enumerate().find_map(find).unwrap()
    }

    /// The action that it was given with.
    pub(crate) fn given_with(&self, standing: u128) -> u128 {
        self.standing(standing).1
    }

    /// Whether its time is over.
    pub(crate) fn is_past(&self, standing: u128, now: i64) -> bool {
        self.standing(standing).4 <= now
    }

    /// Whether it stands, but for its time.
    pub(crate) fn stands(&self, which: u128) -> bool {
        let (place, of, _, bounds, _) = self.standing(which);
        let (.., ask, _) = self.asked(of);
        let policy = self.policy_at(place);
        let since = &self.history[place..];
        let ends = |(_, what): &(i64, Happened)| match what {
            Happened::Installed(other) => *other != policy,
            Happened::Tripped(scope) => could_stop(scope, &ask),
            Happened::Revoked(it) => *it == which,
            _ => false,
        };
        let used = since.iter().filter(
            |(_, what)| matches!(what, Happened::Signed { standing: Some(it), .. } if *it == which),
        );
        !since.iter().any(ends)
            && bounds.uses.is_none_or(|uses| u32::try_from(used.count()).unwrap() < uses)
    }

    /// Who has signed beforehand what was just asked for, and by what: at most as many as it takes.
    pub(crate) fn signed_beforehand(&self, of: u128, now: i64) -> Vec<(&'static str, u128)> {
        let (.., ask, verdict) = self.asked(of);
        let class = self.policy().class(ask.tool);
        if verdict != Verdict::Hold || self.tripped(&ask, class) {
            return Vec::new();
        }
        let covers = |which: &u128| {
            let (_, first, by, bounds, _) = self.standing(*which);
            let (.., like, _) = self.asked(first);
            let same = |ask: &Ask| (ask.tenant, ask.agent, ask.tool);
            self.stands(*which)
                && !self.is_past(*which, now)
                && same(&like) == same(&ask)
                && (!bounds.is_narrow || like.number == ask.number)
                && self.barred(of, by).is_none()
        };
        // Each signs once, by the oldest of theirs.
        let mut signed: Vec<(&'static str, u128)> = Vec::new();
        for which in self.stood().into_iter().rev().filter(covers) {
            let by = self.standing(which).2;
            if !signed.iter().any(|(signer, _)| *signer == by) {
                signed.push((by, which));
            }
        }
        signed.sort_unstable();
        signed.truncate(self.policy().takes(ask.tool).0);
        signed
    }

    pub(crate) fn is_tripped(&self, scope: &str) -> bool {
        let moved = |(_, what): &(i64, Happened)| match what {
            Happened::Tripped(it) if *it == scope => Some(true),
            Happened::Reset(it) if *it == scope => Some(false),
            _ => None,
        };
        self.history.iter().rev().find_map(moved).unwrap_or(false)
    }

    fn tripped(&self, ask: &Ask, class: Option<&str>) -> bool {
        crate::step::SCOPES.iter().any(|scope| self.is_tripped(scope) && covers(scope, ask, class))
    }

    /// Whether a call like this was denied lately.
    fn was_denied(&self, ask: &Ask, now: i64) -> bool {
        self.history.iter().any(|(at, what)| match what {
            Happened::Ended { id, denied: true } => {
                let (_, _, of, _) = self.asked(*id);
                let same = (of.tenant, of.tool, of.number) == (ask.tenant, ask.tool, ask.number);
                same && at + COOL_DOWN > now
            }
            _ => false,
        })
    }

    /// What the policy says to a call now, before the mode.
    pub(crate) fn judge(&self, ask: &Ask, now: i64) -> Verdict {
        let policy = self.policy();
        let class = policy.class(ask.tool);
        let mut verdict = if class == Some("lookup") { Verdict::Allow } else { Verdict::Hold };
        if self.tripped(ask, class) {
            verdict = verdict.max(if policy.stops() { Verdict::Block } else { Verdict::Hold });
        }
        if ask.harm >= policy.forbids_from() || self.was_denied(ask, now) {
            verdict = Verdict::Block;
        }
        verdict
    }

    /// What binds whoever asks.
    pub(crate) fn bound(&self, ask: &Ask, now: i64) -> Verdict {
        let lax = self.policy().is_shadow() && !ask.enforce;
        if lax { Verdict::Allow } else { self.judge(ask, now) }
    }

    /// Why a question cannot be answered, if it cannot.
    pub(crate) fn unanswerable(&self, of: u128, now: i64) -> Option<&'static str> {
        if !self.is_open(of) || self.is_stopped(of) {
            return Some("unknown approval");
        }
        (self.asked(of).1 + OPEN <= now).then_some("approval expired")
    }

    /// Whether the policy that it was asked under is another than the one of now.
    pub(crate) fn is_stale(&self, of: u128) -> bool {
        self.policy_at(self.asked(of).0) != self.policy()
    }

    /// Whether the policy of now ends what waits: it forbids it, or asks other people.
    pub(crate) fn is_void(&self, of: u128, now: i64) -> bool {
        let (place, _, ask, _) = self.asked(of);
        let asks_other = self.policy_at(place).takes(ask.tool) != self.policy().takes(ask.tool);
        asks_other || self.judge(&ask, now) == Verdict::Block
    }

    /// Whether it has another class now.
    pub(crate) fn is_renamed(&self, of: u128) -> bool {
        let (place, _, ask, _) = self.asked(of);
        self.policy_at(place).class(ask.tool) != self.policy().class(ask.tool)
    }

    /// Why somebody may not sign off, if they may not.
    pub(crate) fn barred(&self, of: u128, by: &str) -> Option<&'static str> {
        let (place, _, ask, _) = self.asked(of);
        if by == ask.user || by == ask.agent {
            return Some("own action");
        }
        if self.signers(of).iter().any(|(_, signer)| *signer == by) {
            return Some("signed already");
        }
        let (_, group) = self.policy_at(place).takes(ask.tool);
        (group.is_some() && by != "fin").then_some("other group")
    }

    /// Why a warrant is worth nothing now, if it is.
    pub(crate) fn refused(&self, of: u128, now: i64) -> Option<&'static str> {
        let (place, at, ask, verdict) = self.asked(of);
        let leave = match (self.granted(of), verdict) {
            (Some(leave), _) if !self.has_ended(of) || self.has_run(of) => leave,
            (None, Verdict::Allow) => {
                Leave { place, expires: at + LEAVE, policy: self.policy_at(place) }
            }
            _ => return Some("not granted"),
        };
        if self.has_run(of) {
            // Later it is not told apart any more.
            return Some(if leave.expires > now { "spent" } else { "over" });
        }
        if leave.expires <= now {
            return Some("refused: expired");
        }
        let class = leave.policy.class(ask.tool);
        let since = self.history[leave.place..].iter();
        let was_tripped = since.clone().any(
            |(_, what)| matches!(what, Happened::Tripped(scope) if covers(scope, &ask, class)),
        );
        if was_tripped || (self.policy().stops() && self.tripped(&ask, class)) {
            return Some("stopped");
        }
        (leave.policy != self.policy()).then_some("other policy")
    }

    /// What time and switches have ended, and nobody has said so yet: kinds and ids, sorted.
    pub(crate) fn due(&self, now: i64) -> Vec<(&'static str, u128)> {
        let of = |id: u128| {
            let waits = self.is_open(id);
            let granted = self.is_granted(id);
            if (waits || granted) && self.is_stopped(id) {
                return Some(("voided", id));
            }
            let ends = if waits {
                Some(self.asked(id).1 + OPEN)
            } else if granted {
                self.granted(id).map(|grant| grant.expires)
            } else {
                None
            };
            if ends.is_some_and(|ends| ends <= now) {
                return Some(("expired", id));
            }
            self.runs(id).is_some_and(|due| due <= now).then_some(("indeterminate", id))
        };
        let mut due: Vec<_> = self.ids().into_iter().filter_map(of).collect();
        due.sort_unstable();
        due
    }
}

/// Whether a switch could stop something like a call. Which tools a class has is not looked at.
fn could_stop(scope: &str, ask: &Ask) -> bool {
    scope.starts_with("tool:") || covers(scope, ask, None)
}

/// Whether a switch covers a call.
pub(crate) fn covers(scope: &str, ask: &Ask, class: Option<&str>) -> bool {
    match scope {
        "all" => true,
        "tenant:acme" => ask.tenant == "acme",
        "agent:ada" => ask.agent == "ada",
        "tenant:acme/agent:bob" => ask.tenant == "acme" && ask.agent == "bob",
        _ => {
            scope == format!("tool:{}", ask.tool)
                || Some(scope) == class.map(|it| format!("tool:{it}")).as_deref()
        }
    }
}
