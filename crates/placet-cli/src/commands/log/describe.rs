//! Entries in words.

use std::borrow::Cow;
use std::collections::BTreeSet;

use anstyle::Style;
use placet_core::autonomy::{Evidence, LedgerKey};
use placet_core::event::{
    Decided, Event, KeyCreated, RedemptionRefused, Superseded, Switched, Unchanged, Void,
};
use placet_core::{Finding, KeyScope, PersonId, Verdict};

use crate::console::{BAD, FAINT, GOOD, HELD};
use crate::escape;

/// What happened, in one line that is safe to print.
pub(super) fn event(event: &Event) -> (&'static str, String) {
    match event {
        Event::PolicyInstalled(installed) => {
            ("policy", format!("{}{}", installed.policy, by(installed.by.as_ref())))
        }
        Event::Decided(decided) => ("decided", decision(decided)),
        Event::Denied(denied) => ("denied", format!("{}{}", denied.action, by(Some(&denied.by)))),
        Event::Expired(expired) => {
            ("expired", format!("{}: nobody answered in time", expired.action))
        }
        Event::Tripped(switched) => ("tripped", switch(switched)),
        Event::Reset(switched) => ("reset", switch(switched)),
        Event::EvidenceReported(evidence) => ("evidence", report(evidence)),
        Event::Ratified(ratified) => {
            ("ratified", format!("{}{}", ledger(&ratified.of), by(Some(&ratified.by))))
        }
        Event::AutonomyChanged(changed) => {
            ("autonomy", format!("{}: {} → {}", ledger(&changed.of), changed.from, changed.to))
        }
        Event::Erased(erased) => (
            "erased",
            format!(
                "entry {}: {}{}",
                erased.index,
                escape::line(&erased.reason),
                by(erased.by.as_ref())
            ),
        ),
        Event::KeyCreated(created) => ("key", new_key(created)),
        Event::KeyRotated(rotated) => ("key", format!("{} has a new secret", rotated.id)),
        Event::KeyRevoked(revoked) => ("key", format!("{} is revoked", revoked.id)),
        Event::WarrantKeyRotated(rotated) => (
            "key",
            format!("warrants are signed by key {}{}", rotated.generation, by(rotated.by.as_ref())),
        ),
        Event::PersonInvited(invited) => {
            ("person", format!("{} is invited as {}", name(&invited.person), words(&invited.roles)))
        }
        Event::PersonEnrolled(enrolled) => {
            ("person", format!("{} has set a password", name(&enrolled.person)))
        }
        Event::PersonChanged(changed) => {
            ("person", format!("{} is {} now", name(&changed.person), words(&changed.roles)))
        }
        Event::PersonRemoved(removed) => {
            ("person", format!("{} may not sign in any more", name(&removed.person)))
        }
        Event::SignedIn(signed_in) => (
            "signed in",
            format!("{} until {}: {}", name(&signed_in.person), signed_in.expires, signed_in.key),
        ),
        Event::Unchanged(unchanged) => ("nothing", why(unchanged)),
        of_action => action(of_action),
    }
}

/// What became of an action.
fn action(event: &Event) -> (&'static str, String) {
    match event {
        Event::SignedOff(signed) => {
            let rest = if signed.expires.is_some() { "" } else { ", and more have to" };
            ("signed", format!("{}{}{rest}", signed.action, by(Some(&signed.by.person))))
        }
        Event::Withdrawn(withdrawn) => ("withdrawn", format!("{}", withdrawn.action)),
        Event::Superseded(superseded) => {
            let Superseded { action, by: person, successor, .. } = superseded;
            ("edited", format!("{action} is now {successor}{}", by(Some(person))))
        }
        Event::Voided(voided) => ("voided", format!("{}: {}", voided.action, void(&voided.why))),
        Event::Redeemed(redeemed) => ("redeemed", format!("{}: it runs", redeemed.action)),
        Event::RedemptionRefused(RedemptionRefused { action, why, .. }) => {
            ("refused", format!("{action}: {}", escape::line(&why.to_string())))
        }
        Event::OutcomeReported(reported) => {
            ("outcome", format!("{}: {}", reported.action, reported.outcome.as_str()))
        }
        Event::Indeterminate(doubtful) => {
            ("in doubt", format!("{}: nobody said what came of it", doubtful.action))
        }
        other => (other.kind(), String::new()),
    }
}

fn void(why: &Void) -> String {
    match why {
        Void::Switch(scope) => format!("the kill switch {}", escape::line(&scope.to_string())),
        Void::Policy(_) => "the policy that holds now".to_owned(),
    }
}

fn name(person: &PersonId) -> Cow<'_, str> {
    escape::line(person.as_str())
}

fn words(scopes: &BTreeSet<KeyScope>) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
}

fn new_key(created: &KeyCreated) -> String {
    let tenant = created.tenant.as_ref().map(|of| format!(" of {}", escape::line(of.as_str())));
    format!(
        "{} {}{}: {}",
        created.id,
        escape::line(created.name.as_str()),
        tenant.unwrap_or_default(),
        words(&created.scopes)
    )
}

fn why(unchanged: &Unchanged) -> String {
    match &unchanged.rejection {
        Some(rejection) => format!("refused: {}", escape::line(&rejection.to_string())),
        None => "it was so already".to_owned(),
    }
}

/// A verdict as a word, and how it looks.
pub(super) fn verdict(verdict: Verdict) -> (Style, &'static str) {
    match verdict {
        Verdict::Allow => (GOOD, "allow"),
        Verdict::RequireApproval => (HELD, "hold"),
        Verdict::Block => (BAD, "block"),
    }
}

/// One finding as a line.
pub(super) fn finding(finding: &Finding) -> String {
    let (style, word) = verdict(finding.verdict);
    format!("{style}{word:<5}{style:#} {}: {}", finding.check, escape::line(&finding.reason))
}

fn decision(decided: &Decided) -> String {
    let (decision, subject) = (&decided.decision, &decided.assessment.subject);
    let (style, word) = verdict(decision.real());
    let tool = escape::line(subject.tool.as_str());
    let agent = subject.agent.as_ref().map(|agent| format!(" by {}", escape::line(agent.as_str())));
    let tenant = escape::line(subject.tenant.as_str());
    let mode = decision
        .would_have
        .map(|_| format!(" {FAINT}({}: not stopped){FAINT:#}", decision.mode.as_str()));
    let because = decision.findings.iter().find(|finding| finding.verdict == decision.real());
    let because =
        because.map(|finding| format!("{FAINT}: {}{FAINT:#}", escape::line(&finding.reason)));
    format!(
        "{style}{word}{style:#}{} {tool}{} for {tenant}{}",
        mode.unwrap_or_default(),
        agent.unwrap_or_default(),
        because.unwrap_or_default(),
    )
}

fn switch(switched: &Switched) -> String {
    let scope = switched.scope.to_string();
    format!(
        "{}: {}{}",
        escape::line(&scope),
        escape::line(&switched.reason),
        by(switched.by.as_ref())
    )
}

fn report(evidence: &Evidence) -> String {
    let kind = if evidence.adversarial { "adversarial " } else { "" };
    let total = evidence.passed.saturating_add(evidence.failed);
    let source = escape::line(evidence.source.as_str());
    let of = ledger(&LedgerKey::of(evidence));
    format!("{of}: {} of {total} {kind}samples passed, says {source}", evidence.passed)
}

fn ledger(of: &LedgerKey) -> String {
    let build =
        of.build.as_ref().map(|build| format!(" of build {}", escape::line(build.as_str())));
    let (class, tenant) = (escape::line(of.class.as_str()), escape::line(of.tenant.as_str()));
    format!("{class}{} for {tenant}", build.unwrap_or_default())
}

fn by(person: Option<&PersonId>) -> String {
    person.map_or_else(String::new, |person| format!(" (by {})", escape::line(person.as_str())))
}
