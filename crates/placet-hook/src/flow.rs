//! The way of a call through its hook.

use std::time::Duration;

use placet::{Action, AgentId, ApprovalId, Json, Notice, Object, escape};
use placet_gate::{Call, Course, Gate, Held};

use crate::answer::Answer;
use crate::client::Client;
use crate::config::{ConfigError, HookConfig};
use crate::error::HookError;
use crate::event::{Ended, ToolCall};
use crate::memory::{Key, Memory};
use crate::place::quoted;
use crate::protected;
use crate::run::Request;

/// What all events of one process go through.
pub(crate) struct Flow<'a> {
    client: &'a dyn Client,
    config: &'a HookConfig,
    gate: Gate,
    memory: Memory,
    request: &'a Request,
    is_shadow: bool,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(
        client: &'a dyn Client,
        config: &'a HookConfig,
        gate: Gate,
        request: &'a Request,
        is_shadow: bool,
    ) -> Self {
        let memory = Memory::at(&config.state);
        Self { client, config, gate, memory, request, is_shadow }
    }

    /// A call: found again if it was held before, else decided on.
    pub(crate) async fn call(&self, call: &ToolCall) -> Result<Answer, HookError> {
        if let Some(mark) = &self.request.dry_run {
            return self.try_out(call, mark).await;
        }
        // What was held before shadow began is not held any more.
        let again = if self.is_shadow { None } else { self.again(call).await? };
        match again {
            Some(answer) => Ok(answer),
            None => self.decide(call).await,
        }
    }

    /// The end of a call: what came of it is recorded, once.
    pub(crate) async fn ended(&self, ended: &Ended) -> Result<Answer, HookError> {
        let key = Key::running(&ended.call, &ended.call.params);
        if let Some(id) = self.memory.find(&key) {
            self.gate.conclude(id, ended.outcome, &ended.detail).await?;
            self.memory.forget(&key);
        }
        Ok(Answer::Heard)
    }

    /// What became of this very call, if it was held before. Whatever came to an end is forgotten,
    /// and the call decided on anew.
    async fn again(&self, call: &ToolCall) -> Result<Option<Answer>, HookError> {
        let key = Key::held(call, &call.params);
        let Some(id) = self.memory.find(&key) else { return Ok(None) };
        let course = self.gate.course(id, &call.tool, &call.params, self.patience()).await;
        let course = match course {
            Err(error) if error.is_final() => {
                self.memory.forget(&key);
                return Ok(None);
            }
            other => other?,
        };
        match course {
            Course::Pending => {
                let what = "This call still waits for a person.";
                let place = self.gate.page(id);
                Ok(Some(self.pending(id.approval(), what, place.as_deref())))
            }
            Course::Permitted(permitted) => match self.go_held(call, &permitted, &key).await {
                Err(HookError::Gate(error)) if error.is_final() => Ok(None),
                other => other.map(Some),
            },
            Course::Denied(reason) => {
                self.memory.forget(&key);
                Ok(Some(Answer::Stop(denied(&reason))))
            }
            Course::Over(_) => {
                self.memory.forget(&key);
                Ok(None)
            }
        }
    }

    async fn decide(&self, call: &ToolCall) -> Result<Answer, HookError> {
        let action = self.action(call)?;
        let (folders, path) = (self.request.folders.as_ref(), &*self.request.config);
        let decided = match protected::changed(call, folders, (self.config, path)) {
            None => self.gate.propose(&action).await?,
            Some(what) => {
                let why = format!("it may change {what}, on which the gate depends");
                let mut gated = self.gate.propose_gated(&action, &[depended_on(what)]).await?;
                gated.reasons.push(why);
                gated
            }
        };
        if decided.is_permitted {
            return self.go(call, &decided).await;
        }
        match (decided.id, &decided.approval) {
            (Some(id), Some(held)) => {
                let key = Key::held(call, &call.params);
                self.memory.note(&key, id).map_err(HookError::Memory)?;
                self.held(call, &decided, held, &key).await
            }
            _ => Ok(Answer::Stop(format!("Placet blocked this call: {}", decided.because()))),
        }
    }

    /// A held call waits for people, if there is anyone to answer meanwhile.
    async fn held(
        &self,
        call: &ToolCall,
        decided: &Call,
        held: &Held,
        key: &Key,
    ) -> Result<Answer, HookError> {
        if self.patience().is_zero() {
            return Ok(self.now_held(decided, held));
        }
        match self.gate.wait(decided, self.patience()).await? {
            Course::Pending => Ok(self.now_held(decided, held)),
            Course::Permitted(permitted) => self.go_held(call, &permitted, key).await,
            Course::Denied(reason) => {
                self.memory.forget(key);
                Ok(Answer::Stop(denied(&reason)))
            }
            Course::Over(status) => {
                self.memory.forget(key);
                let status = status.as_str();
                Ok(Answer::Stop(format!("Placet did not permit this call: it is {status}")))
            }
        }
    }

    /// The same for one that was held. It is forgotten once that is spent, or can never be: where nobody
    /// said so, the same call may still run.
    async fn go_held(
        &self,
        call: &ToolCall,
        permitted: &Call,
        key: &Key,
    ) -> Result<Answer, HookError> {
        let answer = self.go(call, permitted).await;
        if !matches!(&answer, Err(HookError::Gate(error)) if !error.is_final()) {
            self.memory.forget(key);
        }
        answer
    }

    /// Lets a permitted call go on, after what permits it was spent.
    async fn go(&self, call: &ToolCall, permitted: &Call) -> Result<Answer, HookError> {
        let is_other = permitted.params != call.params;
        if is_other && !self.client.can_edit() {
            return self.other_params(call, permitted);
        }
        self.gate.redeem(permitted).await?;
        if let Some(id) = permitted.id {
            // Without it the outcome stays unknown, which is what the log then says.
            drop(self.memory.note(&Key::running(call, &permitted.params), id));
        }
        Ok(if is_other { Answer::GoWith(permitted.params.clone()) } else { Answer::Go })
    }

    /// A person put other params in the place of these, and the client has to be told to call again.
    /// That call finds the approval.
    fn other_params(&self, call: &ToolCall, permitted: &Call) -> Result<Answer, HookError> {
        if let Some(id) = permitted.id {
            let key = Key::held(call, &permitted.params);
            self.memory.note(&key, id).map_err(HookError::Memory)?;
        }
        let params = Json::Object(permitted.params.clone()).canonical();
        Ok(Answer::Stop(format!(
            "A person approved this call with other params. Call the tool again with exactly these: \
             {params}"
        )))
    }

    /// What is said of a call that was just held.
    fn now_held(&self, decided: &Call, held: &Held) -> Answer {
        let (until, because) = (held.deadline, decided.because());
        let what = format!("Placet holds this call for a person until {until}: {because}.");
        self.pending(held.id, &what, held.url.as_deref())
    }

    /// What is said of a call that waits.
    fn pending(&self, approval: ApprovalId, what: &str, url: Option<&str>) -> Answer {
        let place = match (url, self.gate.url()) {
            (Some(url), _) => format!("at {url}"),
            (None, Some(url)) => format!("with: placet approvals approve {approval} --url {url}"),
            (None, None) => {
                let log = self.config.log.as_deref().map(quoted).unwrap_or_default();
                format!("with: placet approvals approve {approval} --log {log}")
            }
        };
        let text = format!(
            "{what} It is approval {approval}, answered {place}. Once a person has approved it, the \
             same call runs, once; until then do not work around it."
        );
        if self.is_parking() { Answer::Park(text) } else { Answer::Stop(text) }
    }

    fn is_parking(&self) -> bool {
        self.config.park && self.client.can_park()
    }

    /// How long people are waited for: not at all where this process has the log, because nobody
    /// could answer meanwhile, and not where the session can end here instead.
    fn patience(&self) -> Duration {
        let is_waiting = self.gate.url().is_some() && !self.is_parking() && !self.is_shadow;
        if is_waiting { self.config.wait() } else { Duration::ZERO }
    }

    fn action(&self, call: &ToolCall) -> Result<Action, HookError> {
        let own = || AgentId::new(self.client.name()).map_err(ConfigError::from);
        let agent = self.config.agent.clone().map_or_else(own, Ok)?;
        let mut action = Action::new(call.tool.clone(), call.params.clone());
        action.agent = Some(agent);
        action.tenant = self.config.tenant.clone().unwrap_or_default();
        action.session.clone_from(&call.session);
        action.context = Some(call.context.clone()).filter(|context| *context != Object::new());
        Ok(action)
    }

    /// Decides on a call and lets it go nowhere.
    async fn try_out(&self, call: &ToolCall, mark: &str) -> Result<Answer, HookError> {
        let decided = self.gate.propose(&self.action(call)?).await?;
        if let Some(held) = &decided.approval {
            self.gate.withdraw(held.id).await?;
        }
        let place = self.gate.url().map_or_else(
            || format!("the log {}", self.config.log.clone().unwrap_or_default().display()),
            |url| format!("the daemon {url}"),
        );
        let verdict = decided.verdict.as_str();
        Ok(Answer::Stop(format!("dry run {mark}: decided {verdict} in {place}")))
    }
}

/// What whoever is asked is shown of a call that may change what the gate depends on. Its name may be in
/// the agent's words.
fn depended_on(what: String) -> Notice {
    let mut details = Object::new();
    details.insert("what".to_owned(), Json::String(what));
    Notice { reason: "it may change what the gate depends on".to_owned(), details }
}

fn denied(reason: &str) -> String {
    let reason = escape::line(reason);
    format!("A person denied this call: {reason}. Do not try it again.")
}
