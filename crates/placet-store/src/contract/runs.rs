//! What was approved runs once: whatever fails on the way, and whoever else tries.

use std::thread;

use placet_core::{Command, Event, Outcome, Refusal, Rejection};

use super::faulty::{Fault, Faults, Faulty};
use super::fixture::{Bench, conclude, deny, propose, redeem, sign, withdraw};
use super::{Site, assert_sound, rows, start};
use crate::error::SubmitError;
use crate::projection::Status;
use crate::sequencer::{Committed, Sequencer};

pub(super) fn steps_are_told(site: &dyn Site) {
    let bench = Bench::new(1);
    let log = start(site.open(), &bench);
    let submit = |command| log.submit_blocking(command).unwrap();
    for number in 0..3 {
        submit(propose(number));
    }
    submit(sign(0, "ben"));
    submit(deny(1));
    submit(redeem(&log, 0, true));
    submit(redeem(&log, 0, true));
    submit(conclude(&log, 0, Outcome::Succeeded));
    submit(conclude(&log, 0, Outcome::Reversed));
    submit(withdraw(2));
    submit(redeem(&log, 0, true));
    let mut reader = log.reader().unwrap();
    {
        let view = reader.view().unwrap();
        let told = |number, limit| -> Vec<(u64, Status)> {
            let action = super::fixture::action(number);
            let steps = view.steps_of(action, limit).unwrap();
            assert!(steps.iter().all(|step| step.action == action));
            steps.iter().map(|step| (step.entry, step.status)).collect()
        };
        use Status::{Approved, Denied, Redeemed, Reversed, Succeeded, Withdrawn};
        let first = [(8, Reversed), (7, Succeeded), (5, Redeemed), (3, Approved)];
        assert_eq!(told(0, 100), first, "the latest first, and no refusal among them");
        assert_eq!(told(0, 2), first[..2]);
        assert_eq!((told(1, 9), told(2, 9)), (vec![(4, Denied)], vec![(9, Withdrawn)]));
        assert_eq!(told(3, 9), []);
        let places = |from, limit| -> Vec<u64> {
            view.steps(from, limit).unwrap().iter().map(|step| step.entry).collect()
        };
        assert_eq!(places(0, 100), [3, 4, 5, 7, 8, 9]);
        assert_eq!((places(4, 2), places(6, 1), places(10, 5)), (vec![4, 5], vec![7], vec![]));
        let refused = |number, limit| -> Vec<u64> {
            let refusals = view.refusals_of(super::fixture::action(number), limit).unwrap();
            refusals.iter().map(|row| row.entry).collect()
        };
        assert_eq!((refused(0, 9), refused(1, 9)), (vec![10, 6], vec![]), "the latest first");
        assert_eq!(refused(0, 1), [10]);
        let all = view.refusals(0, 100).unwrap();
        assert_eq!(all.iter().map(|row| row.entry).collect::<Vec<_>>(), [6, 10]);
        assert_eq!(
            (view.refusals(7, 1).unwrap(), view.refusals(11, 1).unwrap().len()),
            (vec![all[1]], 0)
        );
    }
    assert_sound(&mut *reader);
    log.close();
    let mut store = site.open();
    let before = rows(&*store.reader().unwrap().view().unwrap());
    store.rebuild().unwrap();
    assert_eq!(rows(&*store.reader().unwrap().view().unwrap()), before);
}

/// Each step of the path with each failure, asked for again until it is answered. A redemption that
/// was stored and not answered is refused the second time: it is in doubt, and shown as such.
pub(super) fn failures_run_nothing_twice(site: &dyn Site) {
    const FAULTS: [Fault; 5] =
        [Fault::Begin, Fault::Append, Fault::CommitNothing, Fault::CommitLost, Fault::CommitStored];
    let (bench, faults) = (Bench::new(1), Faults::default());
    let log = start(Box::new(Faulty::new(site.open(), faults.clone())), &bench);
    let mut number = 0;
    for at in 0..4 {
        for fault in FAULTS {
            number += 1;
            let mut ran = 0;
            for step in 0..4 {
                if step == at {
                    faults.order([fault]);
                }
                ran += usize::from(take(&log, number, step, fault, step == at));
            }
            assert!(faults.is_over(), "{fault:?} at step {at}");
            let stored = fault == Fault::CommitStored && at == 2;
            assert_eq!(ran, usize::from(!stored), "{fault:?} at step {at}");
            assert_eq!(redemptions(&log, number), 1, "{fault:?} at step {at}");
        }
    }
    assert_eq!(log.state().executions().running(), 0);
    assert_sound(&mut *log.reader().unwrap());
}

/// Takes a step of the path until it is done. Says whether the action may run by this.
fn take(log: &Sequencer, number: u64, step: usize, fault: Fault, fails: bool) -> bool {
    let command = || match step {
        0 => propose(number),
        1 => sign(number, "ben"),
        2 => redeem(log, number, true),
        _ => conclude(log, number, Outcome::Succeeded),
    };
    let mut done = log.submit_blocking(command());
    if fails {
        let failed = done.unwrap_err();
        let is_known = !matches!(fault, Fault::CommitLost | Fault::CommitStored);
        assert_eq!(matches!(failed, SubmitError::NotRecorded(_)), is_known, "{failed}");
        done = log.submit_blocking(command());
    }
    match (step, done) {
        (2, Ok(done)) => is_redeemed(&done),
        (_, Ok(_)) => false,
        // What was stored after all is answered, or known, already.
        (0, Err(SubmitError::Rejected(Rejection::KnownAction(_))))
        | (1, Err(SubmitError::Rejected(Rejection::UnknownApproval(_))))
            if fault == Fault::CommitStored =>
        {
            false
        }
        (step, Err(error)) => panic!("step {step} after {fault:?}: {error}"),
    }
}

fn is_redeemed(done: &Committed) -> bool {
    match &done.entries[0].event {
        Event::Redeemed(_) => true,
        Event::RedemptionRefused(refused) => {
            assert!(matches!(refused.why, Refusal::Spent | Refusal::NotGranted), "{refused:?}");
            false
        }
        other => panic!("no answer to a redemption: {other:?}"),
    }
}

fn redemptions(log: &Sequencer, number: u64) -> usize {
    let mut reader = log.reader().unwrap();
    let steps = reader.view().unwrap().steps_of(super::fixture::action(number), 100).unwrap();
    steps.iter().filter(|step| step.status == Status::Redeemed).count()
}

/// Nodes that sign, deny, withdraw and redeem the same things at the same time: of each there is
/// one winner, and it is the one whose answer says so.
pub(super) fn races_have_one_winner(site: &dyn Site) {
    const NODES: u64 = 3;
    const ROUNDS: u64 = 30;
    let nodes: Vec<_> = (0..NODES).map(|node| start(site.open(), &Bench::new(node))).collect();
    for number in 0..ROUNDS {
        nodes[0].submit_blocking(propose(number)).unwrap();
    }
    // Each node knows the decisions before it begins; what it does not know is who was quicker.
    let redemptions: Vec<Command> =
        (0..ROUNDS).map(|number| redeem(&nodes[0], number, true)).collect();
    let redemptions = &redemptions;
    let won: Vec<(u64, usize, usize)> = thread::scope(|scope| {
        let race = |(node, log): (u64, _)| scope.spawn(move || answers(node, log, redemptions));
        let racing: Vec<_> = (0..).zip(&nodes).map(race).collect();
        racing.into_iter().flat_map(|node| node.join().unwrap()).collect()
    });
    for number in 0..ROUNDS {
        let of = || won.iter().filter(|(it, ..)| *it == number);
        let answered: usize = of().map(|(_, answered, _)| answered).sum();
        let ran: usize = of().map(|(.., ran)| ran).sum();
        assert_eq!(answered, 1, "one answer to {number} counts");
        assert!(ran <= 1, "{number} ran {ran} times");
        assert_eq!(ran, self::redemptions(&nodes[0], number));
    }
    assert_sound(&mut *nodes[0].reader().unwrap());
}

/// How often this node's answer was the one that counted, and its redemption, for each number.
fn answers(node: u64, log: &Sequencer, redemptions: &[Command]) -> Vec<(u64, usize, usize)> {
    let mut won = Vec::new();
    for (number, redemption) in (0..).zip(redemptions) {
        let answer = match (node + number) % 3 {
            0 => deny(number),
            1 => withdraw(number),
            _ => sign(number, "ben"),
        };
        let answered = usize::from(done(log.submit_blocking(answer)).is_some());
        let ran = done(log.submit_blocking(redemption.clone())).is_some_and(|it| is_redeemed(&it));
        won.push((number, answered, usize::from(ran)));
    }
    // Whoever signed last tries once more, when all have answered.
    for (number, redemption) in (0..).zip(redemptions) {
        let ran = done(log.submit_blocking(redemption.clone())).is_some_and(|it| is_redeemed(&it));
        won.push((number, 0, usize::from(ran)));
    }
    won
}

fn done(answer: Result<Committed, SubmitError>) -> Option<Committed> {
    match answer {
        Ok(done) => Some(done),
        Err(SubmitError::Rejected(_)) => None,
        Err(error) => panic!("{error}"),
    }
}
