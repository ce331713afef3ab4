//! The people of the demo: you, or somebody who is played.

#![expect(clippy::indexing_slicing, reason = "what is not there in JSON is null")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use placet::{Guard, GuardError, KeyName, KeyScope, NewKey, NewPerson, PersonId, Secret, TenantId};
use placet_client::{Client, ClientError, segment};
use placet_server::Server;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::script::{Reply, STEPS, Step};
use crate::failure::Failure;

/// How often the one who is played looks into the inbox.
const GLANCE: Duration = Duration::from_millis(50);

/// The tenant that the agent works for.
fn shop() -> Result<TenantId, Failure> {
    TenantId::new("shop").map_err(Failure::unusable)
}

/// A key for the agent.
pub(super) async fn agent_key(guard: &Guard) -> Result<Zeroizing<String>, Failure> {
    let new = NewKey {
        name: KeyName::new("shop-bot").map_err(Failure::unusable)?,
        tenant: Some(shop()?),
        agent: Some("shop-bot".parse().map_err(Failure::unusable)?),
        person: None,
        scopes: [KeyScope::Agent].into(),
    };
    let (secret, _) = guard.create_key(new, None).await.map_err(Failure::unusable)?;
    Ok(secret.danger_text())
}

/// A link for whoever watches.
pub(super) async fn invite(guard: &Guard, server: &Server) -> Result<String, Failure> {
    let invited = guard.invite(person("you")?, None).await.map_err(Failure::unusable)?;
    let place = server.console().unwrap_or_default();
    Ok(format!("{place}/enrol#{}", *invited.token.danger_text()))
}

fn person(name: &str) -> Result<NewPerson, Failure> {
    Ok(NewPerson {
        person: PersonId::new(name).map_err(Failure::unusable)?,
        tenant: None,
        roles: [KeyScope::Approver, KeyScope::Admin, KeyScope::Auditor].into(),
        groups: [].into(),
    })
}

/// Somebody who is played: invited, with a password that nobody ever learns, and signed in.
pub(super) async fn sign_in(guard: &Guard) -> Result<Secret, Failure> {
    let unusable = |error: GuardError| Failure::unusable(error);
    let invited = guard.invite(person("dana")?, None).await.map_err(unusable)?;
    // The token is as good as a password: nobody guesses it, and it is worth nothing afterwards.
    let password = invited.token.danger_text();
    guard.enrol(&invited.token, &password).await.map_err(unusable)?;
    guard.sign_in("dana", &password).await.map_err(unusable)
}

/// Somebody who looks into the inbox and answers by the script.
pub(super) struct Played {
    is_over: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Played {
    pub(super) fn start(url: &str, session: &Secret) -> Result<Self, Failure> {
        let client = Client::new(url, &session.danger_text()).map_err(Failure::unusable)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            while !watched.load(Ordering::Acquire) {
                // While the daemon stops there is nothing to answer.
                drop(answer_all(&client));
                thread::sleep(GLANCE);
            }
        });
        Ok(Self { is_over, thread })
    }

    pub(super) fn stop(self) {
        self.is_over.store(true, Ordering::Release);
        // What it had to say it has said.
        drop(self.thread.join());
    }
}

fn answer_all(client: &Client) -> Result<(), ClientError> {
    let inbox: Value = client.get("/v1/approvals")?;
    for held in inbox["approvals"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let (tool, params) = (&held["action"]["tool"], &held["action"]["params"]);
        let is_it = |step: &&Step| step.tool == tool && (step.params)() == *params;
        let (Some(reply), Some(id)) = (
            STEPS.iter().find(is_it).and_then(|step| step.reply),
            held["decision"]["approval"]["id"].as_str(),
        ) else {
            continue;
        };
        let path = format!("/v1/approvals/{}/resolve", segment(id));
        let _answered: Value = client.post(&path, &answer(reply, held))?;
    }
    Ok(())
}

/// The answer, with every field that the approval asks for.
fn answer(reply: Reply, held: &Value) -> Value {
    let words = match reply {
        Reply::Deny(reason) => return json!({ "approved": false, "reason": reason }),
        Reply::Approve(words) | Reply::Edit(_, _, words) => words,
    };
    let mut answer = json!({ "approved": true });
    let fields = held["decision"]["approval"]["fields"].as_array();
    for field in fields.map(Vec::as_slice).unwrap_or_default() {
        answer[field.as_str().unwrap_or_default()] = json!(words);
    }
    if let Reply::Edit(name, value, _) = reply {
        answer["params"] = held["action"]["params"].clone();
        answer["params"][name] = json!(value);
    }
    answer
}
