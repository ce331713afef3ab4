//! One client and one server, and what passes between them.

mod ahead;
mod end;
mod progress;
mod questions;
mod tasks;
mod unanswered;
mod unjudged;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use placet::Outcome;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::ask::{Ask, Wanted};
use crate::client::Client;
use crate::id::{Id, Key};
use crate::judge::{Forward, Judge, Known, Ruling, ToolCall};
use crate::limits::QUEUE;
use crate::message::{Kind, Message};
use crate::parts::{forwarded, meta, outcome, progress_token};
use crate::pending::{Asked, Pending};
use crate::reply;
use crate::stdio::Skipped;
use crate::task::{self, Answered, Tasks};
use crate::tools::{Book, Change, Listed, Page, UNREADABLE_LIST};

/// One side of a connection: lines that come from it, and the way for those that go to it.
pub struct Duplex {
    /// What it says, line by line; what is none is an error that says why.
    pub from: mpsc::Receiver<Result<Bytes, Skipped>>,
    /// What it is told.
    pub to: mpsc::Sender<Bytes>,
}

/// Why a relay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client went away.
    Client,
    /// The server went away.
    Server,
}

/// Called with each change of a tool that nobody has vetted.
pub type OnChange = Arc<dyn Fn(&Change) + Send + Sync>;

/// What passes between one client and one server.
pub struct Relay {
    judge: Arc<Judge>,
    to_client: mpsc::Sender<Bytes>,
    to_server: mpsc::Sender<Bytes>,
    pending: Mutex<Pending>,
    /// Calls that are being judged, to be stopped when the client does not want them any more.
    judging: Mutex<HashMap<Key, (Wanted, JoinHandle<()>)>>,
    /// The gateway's own questions to the server.
    asked: Mutex<HashMap<Key, oneshot::Sender<Result<Message, String>>>>,
    /// The calls whose clients want to hear of their progress, by the tokens for it.
    progress: Mutex<HashMap<String, Arc<Notify>>>,
    tasks: Mutex<Tasks>,
    client: Mutex<Client>,
    /// What the client called itself first: it keeps that name.
    name: OnceLock<Option<String>>,
    book: Mutex<Book>,
    on_change: OnChange,
    /// What is being written down of calls that were answered.
    concluding: Mutex<JoinSet<()>>,
    /// Whether the server was sent something that could not be read here, and may answer it.
    passes_unasked: AtomicBool,
    /// Whether the server has left unread for long what waits for it.
    is_stuck: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Relay {
    /// Passes messages between a client and a server until one of them goes away.
    pub async fn run(
        judge: Judge,
        book: Book,
        on_change: OnChange,
        client: Duplex,
        server: Duplex,
    ) -> End {
        Self::pass_all(Arc::new(judge), book, on_change, client, server).await.0
    }

    /// The same, with a judge that outlives it; what is known of the tools at the end.
    pub(crate) async fn pass_all(
        judge: Arc<Judge>,
        book: Book,
        on_change: OnChange,
        mut client: Duplex,
        mut server: Duplex,
    ) -> (End, Book) {
        let relay = Arc::new(Self {
            judge,
            to_client: client.to,
            to_server: server.to,
            pending: Mutex::default(),
            judging: Mutex::default(),
            asked: Mutex::default(),
            progress: Mutex::default(),
            tasks: Mutex::default(),
            client: Mutex::default(),
            name: OnceLock::new(),
            book: Mutex::new(book),
            on_change,
            concluding: Mutex::default(),
            passes_unasked: AtomicBool::new(false),
            is_stuck: AtomicBool::new(false),
        });
        let from_client = relay.hear_all(&mut client.from);
        let from_server = async {
            while let Some(line) = server.from.recv().await {
                relay.hear_server(line).await;
            }
        };
        let end = tokio::select! {
            () = from_client => End::Client,
            () = from_server => End::Server,
        };
        relay.end(end).await;
        (end, std::mem::take(&mut *lock(&relay.book)))
    }

    async fn tell_client(&self, bytes: Bytes) {
        drop(self.to_client.send(bytes).await);
    }

    async fn hear_client(self: &Arc<Self>, line: Result<Bytes, Skipped>) {
        let line = match line {
            Ok(line) => line,
            Err(skipped) => {
                let refusal = skipped.refusal(|key| lock(&self.pending).waits(key));
                return self.tell_client(refusal).await;
            }
        };
        let message = match Message::read(line.clone()) {
            Ok(message) => message,
            Err(why) => return self.unreadable(line, &why.to_string()).await,
        };
        match message.kind().clone() {
            Kind::Request(id, method) => self.request(id, &method, message).await,
            Kind::Notification(method) => self.told(&method, message).await,
            // Whoever was asked by the gateway has opened a page or not: the log knows better.
            Kind::Response(id) if id.is_ours() => {}
            Kind::Response(_) | Kind::Complaint => self.hand_on("an answer", message).await,
        }
    }

    async fn request(self: &Arc<Self>, id: Id, method: &str, message: Message) {
        let answered = lock(&self.tasks).answer(&id, method, message.params());
        match answered {
            Some(Answered::Now(answer)) => return self.tell_client(answer).await,
            Some(Answered::Later(ended)) => return self.answer_later(id, message, ended).await,
            None => {}
        }
        let asked = match method {
            "tools/call" => Asked::Judged,
            "tools/list" => Asked::Tools(Listed::shown(message.params())),
            "server/discover" => Asked::Discover,
            "initialize" => Asked::Initialize,
            "tasks/list" if Listed::shown(message.params()) == Listed::First => Asked::Tasks,
            _ => Asked::Other,
        };
        let added = match id.is_ours() {
            true => Err("this id is the gateway's own; choose another".to_owned()),
            false => lock(&self.pending).add(&id, asked).map_err(|error| error.to_string()),
        };
        if let Err(why) = added {
            return self.tell_client(reply::error(Some(&id), reply::INVALID_REQUEST, &why)).await;
        }
        match method {
            "tools/call" => self.call(id, message),
            "initialize" => {
                let client = self.named(Client::introduced(message.params()));
                *lock(&self.client) = client;
                self.ask(&id, message.into_bytes()).await;
            }
            _ => self.ask(&id, message.into_bytes()).await,
        }
    }

    async fn told(&self, method: &str, message: Message) {
        match method {
            "notifications/cancelled" => {
                if !self.cancel(&message) {
                    self.hand_on(method, message).await;
                }
            }
            "tools/call" => self.untold(message).await,
            _ => self.hand_on(method, message).await,
        }
    }

    /// Stops judging a call that is not wanted any more; whether it was being judged.
    fn cancel(&self, message: &Message) -> bool {
        let params = message.params().and_then(|it| serde_json::from_str::<Cancelled>(it).ok());
        let Some(id) = params.and_then(|it| Id::read(&it.request)) else { return false };
        let found = lock(&self.judging).remove(id.key());
        let mut pending = lock(&self.pending);
        match found {
            Some(_) => drop(pending.answered(&id)),
            None => pending.is_unwanted(&id),
        }
        found.is_some()
    }

    /// Judges a call beside whatever else passes.
    fn call(self: &Arc<Self>, id: Id, message: Message) {
        let call = match ToolCall::read(message.params()) {
            Ok(call) => call,
            Err(why) => return self.unjudged(id, message, why),
        };
        let relay = Arc::clone(self);
        let key = id.key().clone();
        let mut client = self.client_of(&message);
        if !client.is_modern && client.may_ask_for_tasks {
            client.takes_tasks = call.wants_task();
        }
        let (ask, wanted) = Ask::new(self.to_client.clone(), client, progress_token(&message));
        let (go, gone) = oneshot::channel();
        let task = tokio::spawn(async move {
            // It is found by whoever cancels it before it begins.
            if gone.await.is_ok() {
                relay.judge_and_pass(&id, &call, &message, ask).await;
            }
        });
        lock(&self.judging).insert(key, (wanted, task));
        let _heard = go.send(());
    }

    async fn judge_and_pass(
        self: &Arc<Self>,
        id: &Id,
        call: &ToolCall,
        message: &Message,
        mut ask: Ask,
    ) {
        let is_modern = ask.client().is_modern;
        self.know_tools(&meta(message)).await;
        let known = Known::of(&lock(&self.book), &call.name);
        let mut ruling = self.judge.judge(call, &known, &mut ask).await;
        if let Ruling::Permitted(permitted) = ruling {
            let is_still = self.is_still(&known, &call.name, &meta(message)).await;
            ruling = self.judge.spend(&permitted, call, is_still, &ask).await;
        }
        // It may have changed while that was written down.
        if let Ruling::Forward(Forward { action, binds: true, .. }) = ruling
            && !known.is_still(&lock(&self.book), &call.name)
        {
            ruling = self.judge.refuse_changed(action).await;
        }
        // From here on it is too late to take it back, and a cancellation goes to the server.
        if lock(&self.judging).remove(id.key()).is_none() {
            return self.too_late(&ruling).await;
        }
        let answer = match ruling {
            Ruling::Forward(Forward { action, edited, .. }) => {
                match forwarded(message, call, edited) {
                    Some(bytes) => {
                        return self.pass(id, action, bytes, progress_token(message)).await;
                    }
                    None => reply::refused(
                        id,
                        "This call was not run: it cannot be rebuilt.",
                        is_modern,
                    ),
                }
            }
            Ruling::Refuse(text) => self.refuse(id, &text, ask.client()),
            Ruling::Cancelled | Ruling::Permitted(_) => return,
            Ruling::Page(requests, state) => reply::input_required(id, &requests, &state),
            Ruling::Task(waiting) => {
                let begun = self.begin_task(id, &waiting, (call, &known, message), &ask);
                let later = || self.judge.come_back(&waiting, (call, &known), &ask);
                begun.unwrap_or_else(|| self.refuse(id, &later(), ask.client()))
            }
        };
        lock(&self.pending).answered(id);
        self.tell_client(answer).await;
    }

    /// What was permitted in the moment in which the client did not want it any more did not run.
    async fn too_late(&self, ruling: &Ruling) {
        match ruling {
            Ruling::Forward(Forward { action: Some(action), .. }) => {
                let detail = "the client cancelled it before it ran";
                self.judge.conclude(*action, Outcome::Failed, detail).await;
            }
            Ruling::Task(waiting) => self.judge.take_back(waiting).await,
            _ => {}
        }
    }

    /// Whether the tool of a call is still the one that was judged, as far as the server says.
    async fn is_still(&self, known: &Known, name: &str, meta: &Value) -> bool {
        self.know_tools(meta).await;
        known.is_still(&lock(&self.book), name)
    }

    async fn hear_server(&self, line: Result<Bytes, Skipped>) {
        let line = match line {
            Ok(line) => line,
            Err(skipped) => return self.skipped(skipped).await,
        };
        let message = match Message::read(line) {
            Ok(message) => message,
            Err(why) => return tracing::warn!(%why, "the server said something that is no message"),
        };
        match message.kind().clone() {
            Kind::Response(id) if id.is_ours() => {
                if let Some(asked) = lock(&self.asked).remove(id.key()) {
                    drop(asked.send(Ok(message)));
                }
            }
            Kind::Response(id) => self.answered(&id, message).await,
            Kind::Request(id, _) if id.is_ours() => {
                tracing::warn!("the server used an id of the gateway");
            }
            Kind::Notification(method) if method == "notifications/tools/list_changed" => {
                lock(&self.book).is_stale();
                self.tell_client(message.into_bytes()).await;
            }
            Kind::Notification(method) if method == "notifications/progress" => {
                self.progresses(&message);
                self.tell_client(message.into_bytes()).await;
            }
            Kind::Request(..) | Kind::Notification(_) | Kind::Complaint => {
                self.tell_client(message.into_bytes()).await;
            }
        }
    }

    async fn answered(&self, id: &Id, message: Message) {
        let asked = lock(&self.pending).answered_by_server(id);
        match asked {
            None if self.passes_unasked.load(Ordering::Relaxed) => {}
            None => return tracing::warn!("the server answered what nobody asked, or twice"),
            Some(Asked::Call(action, done)) => {
                if let Some(done) = lock(&done).take() {
                    let _heard = done.send(());
                }
                if let Some(action) = action {
                    let (outcome, detail) = outcome(&message);
                    self.conclude(action, outcome, detail);
                }
            }
            Some(Asked::Tools(listed)) => match message.result().map(Page::read) {
                Some(Some(page)) => self.learn(page, &listed),
                // A client that reads it otherwise would know other tools than are judged.
                Some(None) if !self.shows_unreadable().await => {
                    let error = reply::error(Some(id), reply::INTERNAL_ERROR, UNREADABLE_LIST);
                    return self.tell_client(error).await;
                }
                Some(None) | None => {}
            },
            Some(Asked::Discover) => {
                let declared = task::declared(&message);
                return self.tell_client(declared.unwrap_or_else(|| message.into_bytes())).await;
            }
            Some(Asked::Initialize) => {
                lock(&self.client).may_ask_for_tasks = task::runs_tasks(&message);
            }
            Some(Asked::Tasks) => {
                let listed = lock(&self.tasks).listed(&message);
                return self.tell_client(listed.unwrap_or_else(|| message.into_bytes())).await;
            }
            Some(Asked::Judged | Asked::Other) => {}
        }
        self.tell_client(message.into_bytes()).await;
    }
}

#[derive(serde::Deserialize)]
struct Cancelled {
    #[serde(rename = "requestId")]
    request: Box<RawValue>,
}

/// A channel for lines that go somewhere.
pub(crate) fn queue<T>() -> (mpsc::Sender<T>, mpsc::Receiver<T>) {
    mpsc::channel(QUEUE)
}
