//! `GET /v1/log/proof`

#![expect(unused_qualifications, reason = "the macro that describes the endpoint writes one")]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use placet::Receipt;
use placet::core::log::ConsistencyProof;
use placet::store::prove::ProveError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
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
struct ReceiptShape {
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
}

/// Prove that an entry is in the log, or that the log continues an earlier one.
///
/// With `index` the answer is a receipt, which `placet log prove` and any implementation of RFC
/// 6962 check offline; with `from` it is a proof of consistency, for whoever kept the checkpoint
/// of that size.
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
        Asked { index: Some(index), from: None } => {
            receipt(&app, read.principal, index).await.map(|receipt| Json(receipt).into_response())
        }
        Asked { index: None, from: Some(from) } => {
            let found = app.blocking(move |guard| guard.log().consistency(from)).await?;
            let found = found.map_err(problem)?;
            let (from, to) = (found.old, found.new);
            let shown = Continued { from, to, proof: found.proof, checkpoint: found.checkpoint };
            Ok(Json(shown).into_response())
        }
        _ => Err(Problem::invalid("ask for one of index and from")),
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
async fn receipt(app: &Arc<App>, principal: Principal, index: u64) -> Result<Receipt, Problem> {
    let found = app.blocking(move |guard| {
        let sees = match &principal.key.tenant {
            None => true,
            Some(own) => guard.log().concerns(index, own, principal.key.agent.as_ref())?,
        };
        let missing = ProveError::NoEntry { index, size: guard.log().size() };
        if sees { guard.log().receipt(index, false) } else { Err(missing) }
    });
    found.await?.map_err(problem)
}

fn problem(error: ProveError) -> Problem {
    match error {
        ProveError::NoEntry { .. } | ProveError::Cut { .. } => {
            Problem::missing("the log has no such entry, or was never so long")
        }
        other => Problem::unavailable(other),
    }
}
