//! Held calls as tasks, for clients that take them (2026-07-28, `io.modelcontextprotocol/tasks`; in another
//! shape 2025-11-25, see [`before`]).
//!
//! A client that says with a call that it takes tasks gets one where the call has to wait for people,
//! and asks for it now and then. The gateway waits in its place: as soon as people have approved the
//! call it runs, once, and what the server answers is the result of the task. A task permits nothing.
//! Who knows its id, which is random, may read what came of it and take it back.

mod before;
mod errand;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use placet::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) use before::runs_tasks;
pub(crate) use errand::Errand;

use crate::ask::Wanted;
use crate::id::Id;
use crate::judge::Waiting;
use crate::limits::{MAX_TASK_BYTES, MAX_TASKS, POLL, TASK_KEPT};
use crate::message::Message;
use crate::parts::status;
use crate::reply;

/// What a client and a server say that they know tasks by.
pub(crate) const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// Where a request says what its client can do.
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// What the ids of tasks of ours begin with.
const PREFIX: &str = "placet-task-";

/// The one thing that a task of ours asks its client for: to show a person the page.
const PAGE: &str = "placet";

/// How far a task is.
enum State {
    /// It waits for people, or runs. Its client may still have to show a person the page.
    Open(Option<Value>),
    Ended(Ended),
}

/// What became of a task.
pub(crate) enum Ended {
    /// The call was answered: this is its result.
    Completed(Box<RawValue>),
    /// The call was answered with this error.
    Failed(Box<RawValue>),
    /// Its client took it back before it ran.
    Cancelled,
}

struct Task {
    created: Timestamp,
    updated: Timestamp,
    ttl: Duration,
    about: String,
    state: State,
    /// What keeps it going.
    errand: Option<(Wanted, JoinHandle<()>)>,
    /// Whether its client is one of the revision without sessions.
    is_modern: bool,
    /// Says when it has ended.
    ended: watch::Sender<bool>,
}

/// The answer to what is asked of a task.
pub(crate) enum Answered {
    /// It is there.
    Now(Bytes),
    /// There is one as soon as this says so, when it is asked again.
    Later(watch::Receiver<bool>),
}

/// The tasks of a gateway.
#[derive(Default)]
pub(crate) struct Tasks {
    tasks: HashMap<String, Task>,
    /// Those that have ended, the first one first.
    ended: VecDeque<String>,
}

impl Tasks {
    /// Takes a task in for a call that waits, and says what it is called; none where there are too
    /// many.
    pub(crate) fn begin(
        &mut self,
        waiting: &Waiting,
        call_time: Duration,
        is_modern: bool,
    ) -> Option<String> {
        let ttl = waiting.deadline.since(now()) + call_time + TASK_KEPT;
        let page = waiting.page.clone().map(|page| serde_json::json!({ PAGE: page }));
        self.add(ttl, waiting.text.clone(), State::Open(page), is_modern)
    }

    fn add(
        &mut self,
        ttl: Duration,
        about: String,
        state: State,
        is_modern: bool,
    ) -> Option<String> {
        let created = now();
        self.forget(created);
        if self.tasks.len() >= MAX_TASKS {
            return None;
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let id = format!("{PREFIX}{hex}");
        let (updated, errand, ended) = (created, None, watch::Sender::new(false));
        let task = Task { created, updated, ttl, about, state, errand, is_modern, ended };
        self.tasks.insert(id.clone(), task);
        Some(id)
    }

    /// Says what keeps a task going; when that is dropped, nobody wants it any more.
    pub(crate) fn keeps(&mut self, id: &str, wanted: Wanted, errand: JoinHandle<()>) {
        if let Some(task) = self.tasks.get_mut(id)
            && matches!(task.state, State::Open(_))
        {
            task.errand = Some((wanted, errand));
        }
    }

    /// Says what became of a task. Once it has ended that stays so.
    pub(crate) fn end(&mut self, id: &str, ended: Ended) {
        if let Some(task) = self.tasks.get_mut(id)
            && matches!(task.state, State::Open(_))
        {
            task.updated = now();
            task.state = State::Ended(ended);
            task.errand = None;
            task.ended.send_replace(true);
            self.ended.push_back(id.to_owned());
        }
        let mut kept: usize = self.tasks.values().map(Task::bytes).sum();
        while kept > MAX_TASK_BYTES && self.ended.len() > 1 {
            kept -= self.drop_oldest();
        }
    }

    /// Says how far a task is, as its server says it.
    pub(crate) fn tell(&mut self, id: &str, said: &Message) {
        if let (Some(task), Some(about)) = (self.tasks.get_mut(id), status(said)) {
            task.about = about;
            task.updated = now();
        }
    }

    /// What keeps all of them going, to be ended.
    pub(crate) fn errands(&mut self) -> Vec<(Wanted, JoinHandle<()>)> {
        self.tasks.values_mut().filter_map(|task| task.errand.take()).collect()
    }

    /// Drops those that ended long ago, and the oldest of them where there is no room for another.
    fn forget(&mut self, now: Timestamp) {
        while let Some(task) = self.ended.front().and_then(|id| self.tasks.get(id)) {
            let is_old = now.since(task.updated) > TASK_KEPT;
            if !is_old && self.tasks.len() < MAX_TASKS {
                return;
            }
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) -> usize {
        let oldest = self.ended.pop_front().and_then(|id| self.tasks.remove(&id));
        oldest.map_or(0, |task| task.bytes())
    }

    /// The answer to a call that became a task.
    pub(crate) fn created(&self, request: &Id, id: &str) -> Option<Bytes> {
        let task = self.tasks.get(id)?;
        Some(match task.is_modern {
            true => reply::result(request, &task.view("task", id)),
            false => task.created_before(request, id),
        })
    }

    /// Answers what is asked of a task of ours; none for what is about a task of somebody else.
    pub(crate) fn answer(
        &mut self,
        request: &Id,
        method: &str,
        params: Option<&str>,
    ) -> Option<Answered> {
        if !matches!(method, "tasks/get" | "tasks/update" | "tasks/cancel" | "tasks/result") {
            return None;
        }
        let params: Asked = serde_json::from_str(params?).ok()?;
        let id = params.task.strip_prefix(PREFIX).map(|_| params.task.as_str())?;
        let Some(task) = self.tasks.get_mut(id) else {
            let text = "there is no such task, or it ended long ago";
            let error = reply::error(Some(request), reply::INVALID_PARAMS, text);
            return Some(Answered::Now(error));
        };
        if !task.is_modern {
            return self.answer_before(request, method, id);
        }
        match method {
            "tasks/result" => return None,
            "tasks/get" => {
                return Some(Answered::Now(reply::result(request, &task.view("complete", id))));
            }
            "tasks/update" if params.responses.contains_key(PAGE) => task.has_shown_page(),
            "tasks/cancel" => drop(task.errand.take()),
            _ => {}
        }
        let done = serde_json::json!({ "resultType": "complete" });
        Some(Answered::Now(reply::result(request, &done)))
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(rename = "taskId")]
    task: String,
    #[serde(default, rename = "inputResponses")]
    responses: BTreeMap<String, Value>,
}

impl Task {
    /// What its client answered is no proof that anybody did anything: the page was shown, or not.
    fn has_shown_page(&mut self) {
        if let State::Open(page) = &mut self.state {
            *page = None;
            self.updated = now();
        }
    }

    fn bytes(&self) -> usize {
        match &self.state {
            State::Ended(Ended::Completed(raw) | Ended::Failed(raw)) => raw.get().len(),
            _ => 0,
        }
    }

    fn view<'a>(&'a self, result_type: &'static str, id: &'a str) -> View<'a> {
        let (status, requests, result, error) = match &self.state {
            // A new task is not asked to give anything before it was asked for.
            State::Open(Some(page)) if result_type == "complete" => {
                ("input_required", Some(page), None, None)
            }
            State::Open(_) => ("working", None, None, None),
            State::Ended(Ended::Completed(result)) => ("completed", None, Some(&**result), None),
            State::Ended(Ended::Failed(error)) => ("failed", None, None, Some(&**error)),
            State::Ended(Ended::Cancelled) => ("cancelled", None, None, None),
        };
        View {
            result_type,
            task_id: id,
            status,
            status_message: matches!(self.state, State::Open(_)).then_some(&self.about),
            created_at: self.created.to_string(),
            last_updated_at: self.updated.to_string(),
            ttl_ms: u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX),
            poll_interval_ms: POLL.as_secs() * 1_000,
            input_requests: requests,
            result,
            error,
        }
    }
}

/// A task as its client sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    result_type: &'static str,
    task_id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'a String>,
    created_at: String,
    last_updated_at: String,
    ttl_ms: u64,
    poll_interval_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_requests: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RawValue>,
}

impl Ended {
    /// It did not run, and this is why.
    fn refused(text: &str, is_modern: bool) -> Self {
        match to_raw_value(&reply::refusal(text, is_modern)) {
            Ok(result) => Self::Completed(result),
            Err(_) => Self::Cancelled,
        }
    }

    fn failed(text: &str) -> Self {
        let error = serde_json::json!({ "code": reply::INTERNAL_ERROR, "message": text });
        to_raw_value(&error).map_or(Self::Cancelled, Self::Failed)
    }

    /// As the server answered. What it wants to know first it asks whoever makes the call, and that
    /// was the gateway.
    fn of(answer: &Message) -> Self {
        if answer.result().is_some_and(wants_more) {
            return Self::failed(
                "the server asks for more before it runs this call, and what it asks cannot be \
                 answered in a task; make the call again without one",
            );
        }
        let raw = |text: &str| RawValue::from_string(text.to_owned()).ok();
        match (answer.result().and_then(raw), answer.error().and_then(raw)) {
            (Some(result), _) => Self::Completed(result),
            (None, Some(error)) => Self::Failed(error),
            (None, None) => Self::failed("the server's answer could not be read"),
        }
    }
}

/// Whether a result is not what came of the call, but what the server asks first.
fn wants_more(result: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Kind {
        #[serde(rename = "resultType")]
        kind: Option<String>,
    }
    let read = serde_json::from_str::<Kind>(result);
    read.is_ok_and(|it| it.kind.as_deref() == Some("input_required"))
}

/// An introduction of the server (`server/discover`) that says that tasks are known here; none for
/// what is no introduction.
pub(crate) fn declared(answer: &Message) -> Option<Bytes> {
    answer.result().filter(|result| has_member(result, "capabilities"))?;
    let whole: Box<RawValue> = serde_json::from_slice(answer.bytes()).ok()?;
    let path = ["result", "capabilities", "extensions", EXTENSION];
    Some(Bytes::from(changed(&whole, &path, Some("{}"))?.get().to_owned()))
}

/// Whether an object has such a member.
pub(crate) fn has_member(object: &str, name: &str) -> bool {
    let members = serde_json::from_str::<BTreeMap<String, &RawValue>>(object);
    members.is_ok_and(|members| members.contains_key(name))
}

/// JSON with another value at a place, or with none; everything else stays as it is written.
pub(crate) fn changed(raw: &RawValue, path: &[&str], value: Option<&str>) -> Option<Box<RawValue>> {
    let Some((first, rest)) = path.split_first() else {
        return RawValue::from_string(value?.to_owned()).ok();
    };
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
    if value.is_none() && (rest.is_empty() || !members.contains_key(*first)) {
        members.remove(*first);
        return to_raw_value(&members).ok();
    }
    let empty = RawValue::from_string("{}".to_owned()).ok()?;
    let inner = members.get(*first).map_or(&*empty, |inner| inner);
    let inner = changed(inner, rest, value)?;
    members.insert((*first).to_owned(), inner);
    to_raw_value(&members).ok()
}

/// Whether capabilities say that their client takes tasks.
pub(crate) fn takes_tasks(capabilities: &Value) -> bool {
    let extensions = capabilities.get("extensions");
    extensions.and_then(|it| it.get(EXTENSION)).is_some_and(Value::is_object)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
