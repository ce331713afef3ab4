//! Proposals whose answer comes too late: they are on record all the same, and nobody waits for them.

use placet::Action;
use placet_gate::{Call, Gate, GateError};
use tokio::task::JoinHandle;

use super::within::Within;
use super::{Judge, Known};
use crate::tools::Standing;

impl Judge {
    /// What is decided on an action in this time. What is held later than that is taken back as soon as
    /// that is known, so that nobody is asked for what does not run any more.
    pub(super) async fn decided(
        &self,
        action: &Action,
        known: &Known,
        within: Within,
    ) -> Result<Call, GateError> {
        let mut proposed = self.propose(action, known);
        let mut is_answered = false;
        let answered = async {
            let answered = (&mut proposed).await;
            is_answered = true;
            answered.unwrap_or(Err(GateError::Dropped))
        };
        match within.time(answered).await {
            Ok(decided) => Ok(decided),
            Err(error) => {
                if !is_answered {
                    tokio::spawn(take_back(self.gate.clone(), proposed));
                }
                within.time(self.gate.pass_undecided(action, error)).await
            }
        }
    }

    /// Proposes an action, whether or not anybody waits for what becomes of it.
    fn propose(&self, action: &Action, known: &Known) -> JoinHandle<Result<Call, GateError>> {
        let (gate, action) = (self.gate.clone(), action.clone());
        let notices = (known.standing != Standing::Vetted).then(|| known.notices());
        tokio::spawn(async move {
            match notices {
                None => gate.propose(&action).await,
                Some(notices) => gate.propose_gated(&action, &notices).await,
            }
        })
    }
}

async fn take_back(gate: Gate, proposed: JoinHandle<Result<Call, GateError>>) {
    let Ok(Ok(Call { approval: Some(held), .. })) = proposed.await else { return };
    match gate.withdraw(held.id).await {
        Ok(()) => tracing::warn!(approval = %held.id, "held too late, and taken back"),
        Err(error) => {
            tracing::warn!(approval = %held.id, %error, "held too late, and not taken back");
        }
    }
}
