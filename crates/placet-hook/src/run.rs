//! One event, answered: whatever goes wrong stops the call, and in time.
//!
//! Several clients run a tool whose hook takes too long. So the work is done on a thread of its own,
//! and who waits for it never waits longer than the client would. A thread that breaks off is heard
//! of in the same way.

use std::io::Read;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

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
use crate::limits::{MAX_EVENT_BYTES, MAX_REASON_CHARS, OWN_TIME};

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

/// Answers an event. It never takes longer than the client waits, and never fails.
#[must_use]
pub fn answer(request: &Request, input: impl Read + Send + 'static) -> Reply {
    let client = request.client.client();
    let config = HookConfig::read(&request.config).map_err(HookError::from);
    let is_shadow = request.is_shadow || config.as_ref().is_ok_and(|config| config.shadow);
    let is_approving = config.as_ref().is_ok_and(|config| config.auto_approve);
    let answered = config.and_then(|config| {
        let (time, request) = (config.wait() + OWN_TIME, request.clone());
        within(time, move || decide(&request, &config, is_shadow, input))
    });
    match answered {
        Ok(answer) => said(client, &answer, is_approving),
        Err(error) if is_shadow || request.is_after => passed(&error),
        Err(error) => stopped(client, &error),
    }
}

/// What comes of `work`, if it comes in time and comes at all.
fn within<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce() -> Result<T, HookError> + Send + 'static,
) -> Result<T, HookError> {
    let (sender, receiver) = channel();
    let started = thread::Builder::new().spawn(move || drop(sender.send(work())));
    started.map_err(HookError::Start)?;
    match receiver.recv_timeout(time) {
        Ok(answered) => answered,
        Err(RecvTimeoutError::Timeout) => Err(HookError::TooLate(time)),
        Err(RecvTimeoutError::Disconnected) => Err(HookError::BrokeOff),
    }
}

fn decide(
    request: &Request,
    config: &HookConfig,
    is_shadow: bool,
    input: impl Read,
) -> Result<Answer, HookError> {
    let client = request.client.client();
    let event = client.read(&read(input)?)?;
    let gate = Gate::open(config.gate(is_shadow)?)?;
    let flow = Flow::new(client, config, gate, is_shadow, request.dry_run.as_deref());
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
    #![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_breaks_off_is_no_answer() {
        let broken = within(Duration::from_secs(60), || -> Result<(), _> { panic!("on purpose") });
        assert!(matches!(broken, Err(HookError::BrokeOff)));
    }

    #[test]
    fn what_never_ends_is_no_answer() {
        let (sender, receiver) = channel::<()>();
        let hung = within(Duration::from_millis(20), move || {
            receiver.recv().unwrap_or_default();
            Ok(())
        });
        drop(sender);
        assert!(matches!(hung, Err(HookError::TooLate(_))));
    }

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
