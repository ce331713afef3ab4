//! Standing approvals, at a log file and at a daemon.

use placet::{PersonId, Reach, StandingApproval, StandingApprovalId};
use placet_store::Reader as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::daemon::{Moved, failure};
use super::{Change, Daemon, Index, Look};
use crate::failure::Failure;
use crate::log_file;

#[derive(Deserialize)]
struct Listed {
    standing_approvals: Vec<StandingApproval>,
}

impl Look {
    /// What people signed off on beforehand, the latest first.
    pub(crate) fn standing_approvals(&self) -> Result<Vec<StandingApproval>, Failure> {
        match self {
            Self::Log(state, log) => {
                let mut reader = log.reader()?;
                let view = reader.view().map_err(Failure::unusable)?;
                let standing = state.standing_approvals().iter().rev();
                let read = standing.map(|standing| StandingApproval::read(&*view, standing));
                read.collect::<Result<_, _>>().map_err(Failure::unusable)
            }
            Self::Daemon(daemon) => {
                let listed: Listed = daemon.0.get("/v1/standing-approvals").map_err(failure)?;
                Ok(listed.standing_approvals)
            }
        }
    }
}

impl Change {
    /// Takes a standing approval back.
    pub(crate) fn revoke_standing(
        &self,
        id: StandingApprovalId,
        reason: &str,
        by: Option<&PersonId>,
    ) -> Result<Index, Failure> {
        match self {
            Self::Log(guard) => {
                let change = guard.blocking().revoke_standing(id, reason, by.cloned());
                Ok(change.map_err(log_file::rejected)?.log_index)
            }
            Self::Daemon(_) if by.is_some() => {
                Err(Failure::usage("at a daemon the key says who revokes; leave out --by"))
            }
            Self::Daemon(Daemon(client)) => {
                let path = format!("/v1/standing-approvals/{id}");
                let moved: Moved =
                    client.delete(&path, &json!({ "reason": reason })).map_err(failure)?;
                Ok(moved.log_index)
            }
        }
    }
}

/// How far the like of an action may be done without asking, as a daemon reads it.
pub(super) fn reach(reach: &Reach) -> Value {
    let params: Vec<&str> = reach.pins.iter().map(|pin| pin.as_str()).collect();
    let mut shown = json!({ "params": params });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(reach.uses.map(|uses| ("uses".to_owned(), json!(uses))));
        fields.extend(reach.until.map(|until| ("until".to_owned(), json!(until))));
    }
    shown
}
