//! What cannot be judged. Where nothing is stopped it goes on as it came, and is taken down as what it
//! is: as a call of nobody knows what.

use placet::{Action, AgentId, Json, Mode, Object, ToolName};
use sha2::{Digest as _, Sha256};

use super::{Forward, Judge, clip};
use crate::client::Client;

/// The tool under which it is taken down. No policy takes it for one that only reads.
const UNJUDGED: &str = "unjudged_call";

impl Judge {
    /// Takes down what came in these bytes and cannot be judged, and what it goes on with where nothing
    /// is stopped; none where it must not go on.
    pub(crate) async fn let_pass(
        &self,
        why: &str,
        bytes: &[u8],
        client: &Client,
    ) -> Option<Forward> {
        let mut action = self.about(client)?;
        let digest = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        for (name, text) in [("why", clip(why)), ("sha256", digest)] {
            action.params.insert(name.to_owned(), Json::String(text));
        }
        let noted = async { Ok(self.gate.note(&action).await) };
        let call = match self.begin().time(noted).await {
            Ok(noted) => noted?,
            // It stops nothing either where it is to look on only.
            Err(late) => self.gate.pass_undecided(&action, late).await.ok()?,
        };
        tracing::warn!(why = clip(why), id = ?call.id, "passed on, although it cannot be judged");
        // Without that nothing can be said of what came of it.
        drop(self.begin().time(self.gate.redeem(&call)).await);
        Some(Forward { action: call.id, edited: None, binds: false })
    }

    /// Whether nothing is ever stopped here.
    pub(crate) async fn stops_nobody(&self, client: &Client) -> bool {
        match self.about(client) {
            Some(action) => {
                let asked = async { Ok(self.gate.stops_nobody(&action).await) };
                self.begin().time(asked).await.unwrap_or(false)
            }
            None => false,
        }
    }

    /// Whether the policy itself is in shadow, so that nothing is held any more either.
    pub(super) async fn is_in_shadow(&self, client: &Client) -> bool {
        match self.about(client) {
            Some(action) => matches!(self.gate.mode(&action).await, Ok(Mode::Shadow)),
            None => false,
        }
    }

    fn about(&self, client: &Client) -> Option<Action> {
        let claimed = || AgentId::new(client.name.as_deref()?).ok();
        Some(Action {
            tenant: self.config.tenant.clone(),
            agent: self.config.agent.clone().or_else(claimed),
            session: self.config.session.clone(),
            ..Action::new(ToolName::new(UNJUDGED).ok()?, Object::new())
        })
    }
}
