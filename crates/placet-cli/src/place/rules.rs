//! The policy of a daemon, and what it decides by it.

use placet::{Answer, Digest, Guard, Mode, PolicyFile, Replayed, Replaying};
use placet_client::ClientError;
use placet_core::Json;
use placet_policy::Diagnostics;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::daemon::{Daemon, failure};
use crate::failure::Failure;
use crate::policy_file;
use crate::status::Status;

/// The policy that holds, and which entry installed it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Holding {
    pub(crate) policy: Digest,
    pub(crate) mode: Mode,
    pub(crate) log_index: Option<u64>,
    #[serde(with = "shape")]
    pub(crate) files: Vec<PolicyFile>,
}

impl Holding {
    /// The one of a log.
    pub(super) fn of(guard: &Guard) -> Self {
        let policy = guard.policy();
        Self {
            policy: policy.terms().policy,
            mode: policy.terms().mode,
            log_index: guard.log().state().installed_at(),
            files: policy.files().to_vec(),
        }
    }
}

/// What a daemon says about a policy that it was only shown.
#[derive(Deserialize)]
pub(crate) struct Validation {
    pub(crate) policy: Option<Digest>,
    pub(crate) mode: Option<Mode>,
    pub(crate) classes: Option<usize>,
    pub(crate) findings: Diagnostics,
}

/// A file of a policy as daemons write it.
mod shape {
    use placet::PolicyFile;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize, Serialize)]
    struct File {
        name: String,
        text: String,
    }

    pub(super) fn serialize<S: Serializer>(files: &[PolicyFile], to: S) -> Result<S::Ok, S::Error> {
        let file = |file: &PolicyFile| File { name: file.name.clone(), text: file.text.clone() };
        files.iter().map(file).collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(
        from: D,
    ) -> Result<Vec<PolicyFile>, D::Error> {
        let files = Vec::<File>::deserialize(from)?;
        Ok(files.into_iter().map(|File { name, text }| PolicyFile { name, text }).collect())
    }
}

#[derive(Deserialize)]
struct Installed {
    log_index: Option<u64>,
}

/// Why there is no decision on an action.
pub(crate) enum Undecided {
    /// The daemon does not take this action.
    Refused(String),
    /// It takes none.
    Failed(Failure),
}

/// Statuses that are about the action that was sent, and not about whoever sent it.
const ABOUT_THE_ACTION: [u16; 3] = [400, 413, 422];

impl Daemon {
    /// What would be decided on an action, or what is, where it shall be recorded.
    pub(crate) fn decide(&self, action: &Json, record: bool) -> Result<Answer, Undecided> {
        let answered = match record {
            true => self.0.post("/v1/actions", action),
            false => self.0.ask("/v1/evaluate", action),
        };
        answered.map_err(|error| match &error {
            ClientError::Refused(problem) if ABOUT_THE_ACTION.contains(&problem.status) => {
                Undecided::Refused(problem.detail.clone())
            }
            _ => Undecided::Failed(failure(error)),
        })
    }

    pub(crate) fn policy(&self) -> Result<Holding, Failure> {
        self.0.get("/v1/policy").map_err(failure)
    }

    /// What is to be said about a policy.
    pub(crate) fn validate(&self, files: &[PolicyFile]) -> Result<Validation, Failure> {
        self.0.ask("/v1/policy/validate", &sent(files)).map_err(failure)
    }

    /// Looked at first: what is wrong is said with its lines.
    fn must_be_sound(&self, files: &[PolicyFile]) -> Result<(), Failure> {
        let seen = self.validate(files)?;
        match seen.policy {
            Some(_) => Ok(()),
            None => Err(policy_file::invalid(&seen.findings, files, Status::Found)),
        }
    }

    /// What a policy would have made of the actions that were decided.
    pub(super) fn replay(
        &self,
        files: &[PolicyFile],
        which: &Replaying,
    ) -> Result<Replayed, Failure> {
        self.must_be_sound(files)?;
        let mut body = sent(files);
        if let Some(fields) = body.as_object_mut() {
            let Replaying { limit, tenant, class, since } = which;
            fields.insert("limit".to_owned(), json!(limit));
            fields.extend(tenant.iter().map(|tenant| ("tenant".to_owned(), json!(tenant))));
            fields.extend(class.iter().map(|class| ("class".to_owned(), json!(class))));
            fields.extend(since.iter().map(|since| ("since".to_owned(), json!(since))));
        }
        self.0.ask("/v1/policy/replay", &body).map_err(failure)
    }

    pub(super) fn install(&self, files: &[PolicyFile]) -> Result<Option<u64>, Failure> {
        self.must_be_sound(files)?;
        let done: Installed = self.0.put("/v1/policy", &sent(files)).map_err(failure)?;
        Ok(done.log_index)
    }
}

fn sent(files: &[PolicyFile]) -> Value {
    let file = |file: &PolicyFile| json!({ "name": file.name, "text": file.text });
    json!({ "files": files.iter().map(file).collect::<Vec<_>>() })
}
