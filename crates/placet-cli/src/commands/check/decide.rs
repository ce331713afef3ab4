//! From lines to decisions.

use std::io::BufRead;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use placet::{Answer, Guard, GuardError};
use placet_core::{Action, Json};
use placet_store::SubmitError;

use super::in_flight::InFlight;
use super::sink::Sink;
use super::totals::Totals;
use crate::failure::Failure;
use crate::jsonl::{Line, Lines};
use crate::map::Mappings;
use crate::place::{Daemon, Undecided};
use crate::progress::Progress;

/// Lines that are read ahead.
const READ_AHEAD: usize = 256;

/// Who decides.
pub(super) enum Decider {
    Guard(Guard),
    Daemon(Daemon),
}

/// Everything that is needed to decide.
pub(super) struct Run<'a> {
    pub(super) decider: &'a Decider,
    pub(super) mappings: &'a Mappings,
    pub(super) is_recorded: bool,
    pub(super) progress: Progress,
}

/// What became of a line.
struct Done {
    line: u64,
    length: u64,
    result: Result<(Action, Result<Answer, Undecided>), String>,
}

impl Decider {
    async fn decide(
        &self,
        action: &Action,
        sent: &Json,
        record: bool,
    ) -> Result<Answer, Undecided> {
        match self {
            Self::Guard(guard) => guard.propose(action).await.map_err(undecided),
            // It is asked for one action after the other.
            Self::Daemon(daemon) => daemon.decide(sent, record),
        }
    }
}

fn undecided(error: GuardError) -> Undecided {
    match error {
        // Too much for any log to hold: an error of this line alone.
        GuardError::Unrecorded(
            error @ (SubmitError::TooLarge { .. } | SubmitError::Unwritable(_)),
        ) => Undecided::Refused(error.to_string()),
        error => Undecided::Failed(Failure::unusable(error)),
    }
}

impl Run<'_> {
    /// Decides on every line, and says what they came to.
    pub(super) fn all(
        &self,
        lines: Lines<impl BufRead + Send + 'static>,
        mut sink: Box<dyn Sink>,
    ) -> Result<Totals, Failure> {
        let lines = read_ahead(lines)?;
        let mut totals = Totals::default();
        let mut in_flight = InFlight::new();
        loop {
            match lines.try_recv() {
                Ok(line) => self.start(line, &mut in_flight)?,
                Err(TryRecvError::Empty) => {
                    // Nothing to read now, so there is time to wait for what is under way. Only
                    // then is it time to wait for more, with everything shown.
                    if let Some(done) = in_flight.oldest() {
                        self.finish(done, &mut totals, &mut *sink)?;
                        continue;
                    }
                    sink.flush()?;
                    match lines.recv() {
                        Ok(line) => self.start(line, &mut in_flight)?,
                        Err(_) => break,
                    }
                }
                Err(TryRecvError::Disconnected) => break,
            }
            if in_flight.is_full()
                && let Some(done) = in_flight.oldest()
            {
                self.finish(done, &mut totals, &mut *sink)?;
            }
        }
        while let Some(done) = in_flight.oldest() {
            self.finish(done, &mut totals, &mut *sink)?;
        }
        sink.finish(&totals)?;
        Ok(totals)
    }

    /// Starts deciding on a line.
    fn start<'s>(
        &'s self,
        line: std::io::Result<Line>,
        in_flight: &mut InFlight<'s, Done>,
    ) -> Result<(), Failure> {
        let line =
            line.map_err(|error| Failure::unusable(error).context("cannot read the input"))?;
        let (number, length) = (line.number, line.length);
        match self.action(&line) {
            Ok((action, sent)) => in_flight.start(async move {
                let answer = self.decider.decide(&action, &sent, self.is_recorded).await;
                Done { line: number, length, result: Ok((action, answer)) }
            }),
            Err(reason) => in_flight.add(Done { line: number, length, result: Err(reason) }),
        }
        Ok(())
    }

    /// The action on a line, and the JSON that says it.
    fn action(&self, line: &Line) -> Result<(Action, Json), String> {
        let json = self.mappings.apply(line.json()?)?;
        let action = Action::from_json(json.clone()).map_err(|error| error.to_string())?;
        Ok((action, json))
    }

    /// Prints what became of a line.
    fn finish(&self, done: Done, totals: &mut Totals, sink: &mut dyn Sink) -> Result<(), Failure> {
        match done.result {
            Err(reason) => {
                totals.refused();
                sink.refused(done.line, &reason)?;
            }
            Ok((_, Err(Undecided::Refused(reason)))) => {
                totals.refused();
                sink.refused(done.line, &reason)?;
            }
            Ok((_, Err(Undecided::Failed(failure)))) => {
                return Err(self.stop(done.line, sink, Some(failure)));
            }
            Ok((action, Ok(mut answer))) => {
                if !self.is_recorded {
                    // Nobody is asked to approve what was only decided on.
                    answer.approval = None;
                }
                if self.is_recorded && answer.log_index.is_none() {
                    return Err(self.stop(done.line, sink, None));
                }
                totals.decided(&answer);
                sink.decided(done.line, &action, answer)?;
            }
        }
        self.progress.advance(done.length, || format!("{} actions", totals.actions()));
        Ok(())
    }

    /// A decision that could not be recorded. What was printed before is recorded, and nothing
    /// after it is printed; in shadow mode the guard decides all the same, but a record was asked
    /// for.
    fn stop(&self, line: u64, sink: &mut dyn Sink, failure: Option<Failure>) -> Failure {
        if let Err(error) = sink.flush() {
            return error.into();
        }
        let is_asked_only = !self.is_recorded && matches!(self.decider, Decider::Daemon(_));
        let done = if is_asked_only { "decided on" } else { "recorded" };
        let what = format!("the action on line {line} could not be {done}");
        let failure = match failure {
            Some(failure) => failure.context(what),
            None => Failure::unusable_because(what),
        };
        match (self.is_recorded, self.decider) {
            (false, _) => failure,
            (true, Decider::Guard(_)) => failure.help("every decision that was printed is in the log; see to its disk, then go on from this line"),
            (true, Decider::Daemon(_)) => failure.help("every decision that was printed is in the log; go on from this line, or from the next if `placet log show` has a decision on it that was not printed"),
        }
    }
}

/// Reads lines on a thread of their own. It ends with the input, or when nobody takes them any more.
fn read_ahead(
    mut lines: Lines<impl BufRead + Send + 'static>,
) -> Result<Receiver<std::io::Result<Line>>, Failure> {
    let (sender, receiver): (SyncSender<_>, _) = sync_channel(READ_AHEAD);
    let read = move || {
        while let Some(line) = lines.next().transpose() {
            let is_error = line.is_err();
            if sender.send(line).is_err() || is_error {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name("placet-input".to_owned()).spawn(read);
    thread
        .map(|_| receiver)
        .map_err(|error| Failure::unusable(error).context("cannot start a thread"))
}
