//! One event, answered: whatever goes wrong stops the call, and in time.
//!
//! Several clients run a tool whose hook takes too long. So all the work, from the first byte of the
//! configuration and of the event on, is done on a thread of its own, and who waits for it never waits
//! longer than the client would. A thread that breaks off is heard of in the same way.

use std::io::Read;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use placet::Json;
use placet::core::json::Limits;
use placet::core::limits::MAX_JSON_DEPTH;
use placet::escape;
use placet_gate::Gate;
use serde_json::json;

use crate::answer::Answer;
use crate::client::{Client, ClientName};
use crate::config::HookConfig;
use crate::error::HookError;
use crate::event::Event;
use crate::flow::Flow;
use crate::limits::{LOOK, MAX_EVENT_BYTES, MAX_REASON_CHARS};
use crate::place::Folders;
use crate::shadow::is_policy_in_shadow;

/// What a hook was started with.
#[derive(Clone, Debug)]
pub struct Request {
    /// By which client.
    pub client: ClientName,
    /// Its configuration.
    pub config: PathBuf,
    /// Whether it is only told of calls that have ended, so that there is nothing to stop.
    pub is_after: bool,
    /// Whether nothing is to be stopped, not even when the configuration cannot be read.
    pub is_shadow: bool,
    /// Whether it is only tried out. Then nothing goes on, and the answer bears this mark.
    pub dry_run: Option<String>,
    /// Where the settings are that no call changes unasked; none where that cannot be known.
    pub folders: Option<Folders>,
    /// How long everything may take, from the start, beside waiting for people.
    pub own_time: Duration,
}

/// What a hook prints, and how it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// For standard output: one line, which is JSON.
    pub out: String,
    /// For standard error.
    pub err: Option<String>,
    /// The exit status: zero for an answer, two where there is none.
    pub status: u8,
}

/// The exit status that stops a call in every client.
const STOPPED: u8 = 2;

/// What is known of a call on its way to its answer.
enum Step {
    /// How it is to be answered.
    Config(Box<HookConfig>),
    /// The event is there, and people may be waited for this long.
    Event(Duration),
    /// It is answered.
    Answer(Result<Answer, HookError>),
}

/// Answers an event. It never takes longer than the client waits, whatever hangs, and never fails.
#[must_use]
pub fn answer(request: &Request, input: impl Read + Send + 'static) -> Reply {
    let (start, client) = (Instant::now(), request.client.client());
    let (sender, steps) = channel();
    let own = request.clone();
    let work = move || drop(sender.send(Step::Answer(work(&own, input, &sender))));
    let (mut config, mut time) = (None, request.own_time);
    // What is left after that is for looking whether anything is stopped at all.
    let look = request.own_time / LOOK;
    let answered = match thread::Builder::new().spawn(work) {
        Err(error) => Err(HookError::Start(error)),
        Ok(_) => loop {
            let left = time.saturating_sub(look).saturating_sub(start.elapsed());
            match steps.recv_timeout(left) {
                Ok(Step::Config(read)) => config = Some(read),
                Ok(Step::Event(wait)) => time = request.own_time.saturating_add(wait),
                Ok(Step::Answer(answered)) => break answered,
                Err(RecvTimeoutError::Timeout) => break Err(HookError::TooLate(start.elapsed())),
                Err(RecvTimeoutError::Disconnected) => break Err(HookError::BrokeOff),
            }
        },
    };
    let config = config.as_deref();
    let passes = || {
        let is_shadow = request.is_shadow || config.is_some_and(|config| config.shadow);
        let left = time.saturating_sub(start.elapsed());
        is_shadow
            || request.is_after
            || config.is_some_and(|config| is_policy_in_shadow(request.client, config, left))
    };
    match answered {
        Ok(answer) => said(client, &answer, config.is_some_and(|config| config.auto_approve)),
        Err(error) if passes() => passed(&error),
        Err(error) => stopped(client, &error),
    }
}

fn work(request: &Request, input: impl Read, steps: &Sender<Step>) -> Result<Answer, HookError> {
    let config = HookConfig::read(&request.config)?;
    drop(steps.send(Step::Config(Box::new(config.clone()))));
    let is_shadow = request.is_shadow || config.shadow;
    decide(request, &config, is_shadow, input, steps)
}

fn decide(
    request: &Request,
    config: &HookConfig,
    is_shadow: bool,
    input: impl Read,
    steps: &Sender<Step>,
) -> Result<Answer, HookError> {
    let client = request.client.client();
    let event = client.read(&read(input)?)?;
    drop(steps.send(Step::Event(config.wait())));
    let gate = Gate::open(config.gate(is_shadow)?)?;
    let flow = Flow::new(client, config, gate, request, is_shadow);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.map_err(HookError::Start)?.block_on(async {
        match &event {
            Event::Call(call) => flow.call(call).await,
            Event::Ended(ended) => flow.ended(ended).await,
        }
    })
}

fn read(input: impl Read) -> Result<Json, HookError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_EVENT_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    input.take(most).read_to_end(&mut bytes).map_err(HookError::Input)?;
    if bytes.len() > MAX_EVENT_BYTES {
        return Err(HookError::TooLong);
    }
    let limits = Limits { depth: MAX_JSON_DEPTH, bytes: MAX_EVENT_BYTES };
    Ok(Json::parse_with(&bytes, &limits)?)
}

fn said(client: &dyn Client, answer: &Answer, is_approving: bool) -> Reply {
    let answer = match answer {
        Answer::Stop(reason) => Answer::Stop(clipped(reason)),
        Answer::Park(reason) => Answer::Park(clipped(reason)),
        other => other.clone(),
    };
    Reply { out: client.write(&answer, is_approving).to_string(), err: None, status: 0 }
}

/// What went wrong is said in every way that a client listens to.
fn stopped(client: &dyn Client, error: &HookError) -> Reply {
    let reason = clipped(&format!("blocked: {error}"));
    let out = client.write(&Answer::Stop(reason.clone()), false).to_string();
    Reply { out, err: Some(escape::line(&reason).into_owned()), status: STOPPED }
}

fn passed(error: &HookError) -> Reply {
    let note = format!("not recorded: {error}");
    Reply { out: json!({}).to_string(), err: Some(escape::line(&note).into_owned()), status: 0 }
}

fn clipped(reason: &str) -> String {
    reason.chars().take(MAX_REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_fault_stops_the_call_in_every_client_and_in_every_way() {
        for name in ClientName::ALL {
            let reply = stopped(name.client(), &HookError::BrokeOff);
            assert_eq!(reply.status, STOPPED);
            assert!(reply.out.contains("deny"), "{reply:?}");
            assert!(!reply.err.unwrap().is_empty());
        }
    }
}
