//! What must be true of every log, asked of its entries alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use placet_core::event::{Decided, Redeemed};
use placet_core::{Entry, Event, Terms, Verdict};
use proptest::prelude::*;

/// No action runs twice, none without leave, none after a trip that covers it, none too late.
pub(crate) fn hold(log: &[Entry]) -> Result<(), TestCaseError> {
    let mut ran = BTreeSet::new();
    for entry in log {
        if let Event::Redeemed(redeemed) = &entry.event {
            prop_assert!(ran.insert(redeemed.action), "{} ran twice", redeemed.action);
            had_leave(log, entry, redeemed)?;
        }
    }
    Ok(())
}

fn had_leave(log: &[Entry], at: &Entry, redeemed: &Redeemed) -> Result<(), TestCaseError> {
    let before = &log[..usize::try_from(at.index).unwrap()];
    let (asked, decided) = decision(before, redeemed);
    prop_assert_eq!(asked.index, redeemed.decided);
    let of_it: Vec<&Entry> =
        before.iter().filter(|entry| entry.event.action() == Some(redeemed.action)).collect();
    let leave = match decided.decision.verdict {
        Verdict::Allow => asked,
        Verdict::Block => panic!("{} was blocked, and ran", redeemed.action),
        Verdict::RequireApproval => {
            let mut signers = BTreeMap::new();
            for entry in &of_it {
                if let Event::SignedOff(signed) = &entry.event {
                    let own = decided.assessment.user == Some(signed.by.tag);
                    prop_assert!(!own, "approved by whom it was done for");
                    signers.insert(signed.by.person.clone(), *entry);
                }
            }
            let needed = usize::from(decided.approval.as_ref().unwrap().quorum);
            prop_assert_eq!(signers.len(), needed, "as many people as it takes");
            *signers.values().max_by_key(|entry| entry.index).unwrap()
        }
    };
    for entry in &of_it {
        let ends = matches!(
            &entry.event,
            Event::Denied(_)
                | Event::Expired(_)
                | Event::Withdrawn(_)
                | Event::Superseded(_)
                | Event::Voided(_)
        );
        prop_assert!(!ends, "{:?}, and ran", entry.event);
    }
    let terms = policy(&before[..usize::try_from(leave.index).unwrap()]);
    prop_assert!(at.at < leave.at.saturating_add(terms.warrants.lifetime), "too late");
    let since = &before[usize::try_from(leave.index).unwrap()..];
    for entry in since {
        if let Event::Tripped(switched) = &entry.event {
            let covers = switched.scope.covers(&redeemed.subject, redeemed.class.as_ref());
            prop_assert!(!covers, "{} was tripped, and it ran", switched.scope);
        }
    }
    prop_assert_eq!(policy(before).policy, terms.policy, "another policy held");
    Ok(())
}

fn decision<'a>(before: &'a [Entry], of: &Redeemed) -> (&'a Entry, &'a Decided) {
    let find = |entry: &'a Entry| match &entry.event {
        Event::Decided(decided) if decided.id == of.action => Some((entry, &**decided)),
        _ => None,
    };
    before.iter().find_map(find).expect("what runs was decided on")
}

fn policy(before: &[Entry]) -> Arc<Terms> {
    let installed = |entry: &Entry| match &entry.event {
        Event::PolicyInstalled(installed) => installed.terms.clone(),
        _ => None,
    };
    before.iter().rev().find_map(installed).expect("a policy")
}
