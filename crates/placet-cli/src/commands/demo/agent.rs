//! The agent: it speaks HTTP to the daemon, and acts only with a warrant that it has spent.

#![expect(clippy::indexing_slicing, reason = "what is not there in JSON is null")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use placet_client::{Client, ClientError, segment};
use serde_json::{Value, json};

use super::leave::Leave;
use super::script::Step;
use crate::failure::Failure;

/// How long one request waits for people.
const WAIT: Duration = Duration::from_secs(30);

/// A scripted agent.
pub(super) struct Agent {
    client: Client,
    folder: PathBuf,
    leave: Leave,
}

/// What came of a step.
pub(super) enum Told {
    /// It ran without anybody being asked.
    Ran(String),
    /// It ran because people approved it.
    Approved(String),
    /// A person said no.
    Denied(String),
    /// It did not run.
    Stopped(String),
    /// Whoever watched left before it was answered.
    Left,
}

impl Agent {
    pub(super) fn new(url: &str, key: &str, folder: &Path, leave: Leave) -> Result<Self, Failure> {
        let client = Client::new(url, key).map_err(Failure::unusable)?;
        Ok(Self { client, folder: folder.to_owned(), leave })
    }

    /// Takes a step, if it may.
    pub(super) fn take(&self, step: &Step) -> Result<Told, Failure> {
        match self.try_to_take(step) {
            // The daemon has gone first.
            Err(_) if self.leave.is_over() => Ok(Told::Left),
            told => told,
        }
    }

    fn try_to_take(&self, step: &Step) -> Result<Told, Failure> {
        if self.leave.is_over() {
            return Ok(Told::Left);
        }
        let action = json!({
            "tool": step.tool,
            "params": (step.params)(),
            "session": "ticket-4821",
            "reason": step.reason,
        });
        let mut decided: Value =
            self.client.post("/v1/actions", &action).map_err(Failure::unusable)?;
        let is_held = decided["verdict"] == "require_approval";
        if is_held {
            let id = decided["id"].as_str().unwrap_or_default();
            let Some(settled) = self.settled(id)? else { return Ok(Told::Left) };
            decided = settled;
        }
        if decided["verdict"] == "block" {
            return Ok(Told::Stopped(because(&decided)));
        }
        if let Some(reason) = decided["denial"].as_str() {
            return Ok(Told::Denied(reason.to_owned()));
        }
        let (Some(warrant), Some(id)) = (decided["warrant"].as_str(), decided["id"].as_str())
        else {
            let status = decided["status"].as_str().unwrap_or("not allowed");
            return Ok(Told::Stopped(format!("it is {status}")));
        };
        let Some(_finishing) = self.leave.begin() else { return Ok(Told::Left) };
        match self.run(step, id, warrant) {
            Ok(text) if is_held => Ok(Told::Approved(text)),
            Ok(text) => Ok(Told::Ran(text)),
            Err(ClientError::Refused(problem)) => Ok(Told::Stopped(problem.detail)),
            Err(error) => Err(Failure::unusable(error)),
        }
    }

    /// The action, when people have answered; of one that they changed, the one in its place. None
    /// when nobody will answer any more.
    fn settled(&self, id: &str) -> Result<Option<Value>, Failure> {
        let mut id = id.to_owned();
        while !self.leave.is_over() {
            let path = format!("/v1/actions/{}", segment(&id));
            let found: Value = self.client.wait(&path, WAIT).map_err(Failure::unusable)?;
            match (found["status"].as_str(), found["successor"].as_str()) {
                (Some("pending"), _) => {}
                (Some("superseded"), Some(successor)) => successor.clone_into(&mut id),
                _ => return Ok(Some(found)),
            }
        }
        Ok(None)
    }

    /// Spends the warrant, acts with the params that come back, and reports.
    fn run(&self, step: &Step, id: &str, warrant: &str) -> Result<String, ClientError> {
        let params = self.params(step, id)?;
        let redeem = json!({ "warrant": warrant, "tool": step.tool, "params": params });
        let spent: Value = self.client.post("/v1/warrants/redeem", &redeem)?;
        let done = (step.act)(&self.folder, &spent["params"]);
        let outcome = match &done {
            Ok(_) => json!({ "status": "succeeded" }),
            Err(error) => json!({ "status": "failed", "error": error }),
        };
        let path = format!("/v1/actions/{}/outcome", segment(id));
        let _taken: Value = self.client.post(&path, &outcome)?;
        Ok(done.unwrap_or_else(|error| format!("it failed: {error}")))
    }

    /// The params that were approved, which people may have changed.
    fn params(&self, step: &Step, id: &str) -> Result<Value, ClientError> {
        let path = format!("/v1/actions/{}", segment(id));
        let found: Value = self.client.get(&path)?;
        let params = found.pointer("/action/params").cloned();
        Ok(params.unwrap_or_else(step.params))
    }
}

/// What stops an action, in words.
fn because(decided: &Value) -> String {
    let findings = decided["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let stops = findings.iter().filter(|finding| finding["verdict"] == "block");
    stops.filter_map(|finding| finding["reason"].as_str()).collect::<Vec<_>>().join("; ")
}
