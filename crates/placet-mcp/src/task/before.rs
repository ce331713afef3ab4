//! Tasks as clients of 2025-11-25 know them: a call that is made with `task` is answered with one, whose
//! state (`tasks/get`) and, once it has ended, result (`tasks/result`) are asked for.

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::{Answered, Ended, State, TASK_KEPT, Task, Tasks, changed};
use crate::client::Client;
use crate::id::Id;
use crate::limits::POLL;
use crate::message::Message;
use crate::reply;

/// Where a message says which task it belongs to.
const RELATED: &str = "io.modelcontextprotocol/related-task";

/// What a model may be told while its call is a task.
const MEANWHILE: &str = "io.modelcontextprotocol/model-immediate-response";

impl Tasks {
    /// The answer to a call that did not run. Who wanted a task for it gets one that has ended, unless
    /// there are too many.
    pub(crate) fn refuse(&mut self, request: &Id, text: &str, client: &Client) -> Bytes {
        let wants_task = client.takes_tasks && !client.is_modern;
        let created = wants_task.then(|| self.refused(request, text)).flatten();
        created.unwrap_or_else(|| reply::refused(request, text, client.is_modern))
    }

    fn refused(&mut self, request: &Id, text: &str) -> Option<Bytes> {
        let id = self.add(TASK_KEPT, text.to_owned(), State::Open(None), false)?;
        self.end(&id, Ended::refused(text, false));
        self.created(request, &id)
    }

    /// Answers what a client of 2025-11-25 asks of a task that it was given.
    pub(super) fn answer_before(
        &mut self,
        request: &Id,
        method: &str,
        id: &str,
    ) -> Option<Answered> {
        let task = self.tasks.get_mut(id)?;
        let answer = match (method, &task.state) {
            ("tasks/get", _) => reply::result(request, &task.view_before(id)),
            ("tasks/result", State::Open(_)) => {
                return Some(Answered::Later(task.ended.subscribe()));
            }
            ("tasks/result", State::Ended(ended)) => ended.answer(request, id),
            ("tasks/cancel", State::Ended(_)) => {
                let text = "this task has ended already";
                reply::error(Some(request), reply::INVALID_PARAMS, text)
            }
            ("tasks/cancel", State::Open(_)) => {
                drop(task.errand.take());
                self.end(id, Ended::Cancelled);
                reply::result(request, &self.tasks.get(id)?.view_before(id))
            }
            _ => return None,
        };
        Some(Answered::Now(answer))
    }

    /// A server's list of its tasks with those of ours before them; none for what is no list.
    pub(crate) fn listed(&self, answer: &Message) -> Option<Bytes> {
        #[derive(serde::Deserialize)]
        struct Listed {
            tasks: Vec<Box<RawValue>>,
        }
        let theirs: Listed = serde_json::from_str(answer.result()?).ok()?;
        let ours = self.tasks.iter().filter(|(_, task)| !task.is_modern);
        let ours = ours.filter_map(|(id, task)| to_raw_value(&task.view_before(id)).ok());
        let all: Vec<_> = ours.chain(theirs.tasks).collect();
        let whole: Box<RawValue> = serde_json::from_slice(answer.bytes()).ok()?;
        let all = serde_json::to_string(&all).ok()?;
        Some(Bytes::from(changed(&whole, &["result", "tasks"], Some(&all))?.get().to_owned()))
    }
}

impl Task {
    /// The answer to the call.
    pub(super) fn created_before(&self, request: &Id, id: &str) -> Bytes {
        // Whatever it is by now, it begins so.
        let task = View { status: "working", ..self.view_before(id) };
        reply::result(request, &json!({ "task": task, "_meta": { MEANWHILE: self.about } }))
    }

    fn view_before<'a>(&'a self, id: &'a str) -> View<'a> {
        let status = match &self.state {
            State::Open(_) => "working",
            State::Ended(Ended::Completed(result)) if !is_error(result) => "completed",
            State::Ended(Ended::Completed(_) | Ended::Failed(_)) => "failed",
            State::Ended(Ended::Cancelled) => "cancelled",
        };
        View {
            task_id: id,
            status,
            status_message: matches!(self.state, State::Open(_)).then_some(&self.about),
            created_at: self.created.to_string(),
            last_updated_at: self.updated.to_string(),
            ttl: u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX),
            poll_interval: POLL.as_secs() * 1_000,
        }
    }
}

impl Ended {
    /// What the call would have been answered with.
    fn answer(&self, request: &Id, id: &str) -> Bytes {
        let written = request.as_json();
        let message = |name: &str, raw: &RawValue| {
            format!(r#"{{"jsonrpc":"2.0","id":{written},"{name}":{raw}}}"#).into()
        };
        match self {
            Self::Completed(result) => {
                let related = json!({ "taskId": id }).to_string();
                let result = changed(result, &["_meta", RELATED], Some(&related));
                result.map_or_else(
                    || {
                        reply::error(
                            Some(request),
                            reply::INTERNAL_ERROR,
                            "the result is no object",
                        )
                    },
                    |result| message("result", &result),
                )
            }
            Self::Failed(error) => message("error", error),
            Self::Cancelled => {
                let text = "this call was taken back";
                reply::error(Some(request), reply::INVALID_REQUEST, text)
            }
        }
    }
}

/// Whether the result of a call says that it failed.
fn is_error(result: &RawValue) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Result {
        #[serde(default)]
        is_error: bool,
    }
    serde_json::from_str::<Result>(result.get()).is_ok_and(|it| it.is_error)
}

/// A task as its client sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    task_id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'a String>,
    created_at: String,
    last_updated_at: String,
    ttl: u64,
    poll_interval: u64,
}

/// Whether a server lets its tools be called as tasks, by what it says when it introduces itself.
pub(crate) fn runs_tasks(introduction: &Message) -> bool {
    let read = introduction.result();
    let read = read.and_then(|it| serde_json::from_str::<serde_json::Value>(it).ok());
    read.is_some_and(|it| {
        it.pointer("/capabilities/tasks/requests/tools/call")
            .is_some_and(serde_json::Value::is_object)
    })
}

/// The question for what came of a call that its server has made a task of; none where it has not.
pub(super) fn question(answer: &Message, id: &Id) -> Option<Bytes> {
    #[derive(serde::Deserialize)]
    struct Created {
        task: Of,
    }
    #[derive(serde::Deserialize)]
    struct Of {
        #[serde(rename = "taskId")]
        id: String,
    }
    let created: Created = serde_json::from_str(answer.result()?).ok()?;
    Some(reply::request(id, "tasks/result", &json!({ "taskId": created.task.id })))
}
