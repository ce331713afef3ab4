//! `GET /v1/log/proof`

#![expect(unused_qualifications, reason = "the macro that describes the endpoint writes one")]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use placet::core::log::ConsistencyProof;
use placet::store::prove::ProveError;
use placet::{Entry, Guard, Receipt};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::role::Role as _;
use crate::auth::{Principal, Read, role};
use crate::wire::{Problem, Query};

/// What shall be proved: one of the two.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// That the log has the entry with this index.
    index: Option<u64>,
    /// That the log continues the one that had so many entries.
    from: Option<u64>,
    /// Whether the receipt holds what is kept beside its entry as well.
    open: Option<bool>,
}

/// A proof that the log continues the one that it was.
#[derive(Serialize, ToSchema)]
#[schema(as = Consistency)]
pub(crate) struct Continued {
    /// The size that it had.
    from: u64,
    /// The size that it has.
    to: u64,
    /// The hashes that lead from the earlier root to the one now (RFC 6962), as text.
    #[schema(value_type = Vec<String>)]
    proof: ConsistencyProof,
    /// The head now, as a signed note.
    checkpoint: String,
}

/// A receipt: an entry, and the proof that the log has it.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(crate) struct ReceiptShape {
    /// The format, for those who check it later.
    format: String,
    /// The entry, as the bytes that are hashed.
    leaf: String,
    /// Its place.
    index: u64,
    /// The hashes that lead from it to the root (RFC 6962), as text.
    proof: Vec<String>,
    /// The head, as a signed note.
    checkpoint: String,
    /// What is kept beside the entry, where that was asked for and is there.
    #[schema(nullable = false)]
    private: Option<OpeningShape>,
}

/// What the commitment in an entry commits to.
#[derive(Serialize, ToSchema)]
#[schema(as = Opening)]
struct OpeningShape {
    /// The salt of the commitment.
    salt: String,
    /// The private payload, as the bytes that are committed to: canonical JSON.
    payload: String,
}

/// Prove that an entry is in the log, or that the log continues an earlier one.
///
/// With `index` the answer is a receipt, which `placet log prove` and any implementation of RFC
/// 6962 check offline; with `from` it is a proof of consistency, for whoever kept the checkpoint
/// of that size. With `open` the receipt holds what was decided on or written as well: only of an
/// entry about an action, and only for those who may read what its tenant does.
#[utoipa::path(
    get,
    path = "/v1/log/proof",
    operation_id = "prove_log",
    tag = "log",
    params(Asked),
    responses((status = OK, body = inline(Proof))),
)]
pub(crate) async fn proof(
    State(app): State<Arc<App>>,
    read: Read<role::Anyone>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    match asked {
        Asked { index: Some(index), from: None, open } => {
            let receipt = receipt(&app, read.principal, index, open.unwrap_or_default());
            receipt.await.map(|receipt| Json(receipt).into_response())
        }
        Asked { index: None, from: Some(from), open: None } => {
            let found = app.blocking(move |guard| guard.log().consistency(from)).await?;
            let found = found.map_err(problem)?;
            let (from, to) = (found.old, found.new);
            let shown = Continued { from, to, proof: found.proof, checkpoint: found.checkpoint };
            Ok(Json(shown).into_response())
        }
        _ => Err(Problem::invalid("ask for one of index and from; open goes with index")),
    }
}

/// One of the two.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what is answered")]
enum Proof {
    Receipt(ReceiptShape),
    Consistency(Continued),
}

/// The receipt, if the key may see the entry; to everyone else there is none.
async fn receipt(
    app: &Arc<App>,
    principal: Principal,
    index: u64,
    open: bool,
) -> Result<Receipt, Problem> {
    if open {
        role::Reader::check(&principal.key)?;
    }
    let look = move |guard: &Guard| -> Result<Receipt, Problem> {
        let log = guard.log();
        let sees = match &principal.key.tenant {
            None => true,
            Some(own) => log.concerns(index, own, principal.key.agent.as_ref())?,
        };
        if !sees {
            return Err(problem(ProveError::NoEntry { index, size: log.size() }));
        }
        if open {
            let entry = log.entries(index, 1)?.into_iter().next();
            may_be_opened(entry.as_ref())?;
        }
        log.receipt(index, open).map_err(problem)
    };
    app.blocking(look).await?
}

/// What a policy says, or whatever is kept beside other entries, is not handed out here.
fn may_be_opened(entry: Option<&Entry>) -> Result<(), Problem> {
    match entry {
        Some(entry) if entry.event.action().is_none() => {
            Err(Problem::forbidden("open is for an entry about an action; leave it out"))
        }
        _ => Ok(()),
    }
}

fn problem(error: ProveError) -> Problem {
    match error {
        ProveError::NoEntry { .. } | ProveError::Cut { .. } => {
            Problem::missing("the log has no such entry, or was never so long")
        }
        other => Problem::unreadable(other),
    }
}
