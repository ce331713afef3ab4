//! What Python asks of the engine: the same operations as over HTTP, with the same shapes.

use placet::core::mode::Treatment;
use placet::{
    Action, ActionId, Answer, ApprovalId, Approver, Evidence, Followed, GroupName, Guard,
    GuardError, Json, Object, Outcome, PersonId, Reply, Resolution, Scope, Status, TenantId,
    ToolName, Trouble, standings,
};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::decision::Decision;
use crate::failure::Failure;
use crate::request::ActionRequest;

/// Most approvals that are listed at a time.
const MAX_LISTED: usize = 1_000;

/// One operation, read and ready.
pub(crate) enum Operation {
    /// Decide on an action and record the decision. Last, whether nobody needs it who does not wait here.
    Propose(Box<Action>, Treatment, bool),
    /// Spend what permits an action, for exactly this call.
    Redeem(ActionId, ToolName, Object),
    /// Say what came of an action.
    Conclude(ActionId, Outcome, String),
    /// Wait until an action is pending no more, and say what became of it. Where a person is named,
    /// they are asked at the terminal meanwhile. Last, whether nobody needs it who does not wait here.
    Settle(ActionId, Option<Approver>, bool),
    /// Say what became of an action so far.
    Follow(ActionId),
    /// Answer a held action.
    Resolve(ApprovalId, Approver, Box<Reply>),
    /// Take a held action back.
    Withdraw(ApprovalId),
    /// List what waits for people.
    Pending(Option<TenantId>, Option<ApprovalId>),
    /// One of those, with what people see of it.
    Held(ApprovalId),
    /// Trip a kill switch.
    Trip(Scope, String, Option<PersonId>),
    /// Reset a kill switch.
    Reset(Scope, String, Option<PersonId>),
    /// List the kill switches that are tripped.
    Switches,
    /// Take in evidence.
    Report(Evidence),
    /// Say where each class stands.
    Autonomy(Option<TenantId>),
}

/// What came of it.
pub(crate) enum Done {
    /// A decision.
    Decision(Box<Answer>),
    /// Anything else, as a JSON text.
    Text(String),
}

impl<'py> IntoPyObject<'py> for Done {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Decision(answer) => {
                Ok(Py::new(py, Decision::new(*answer))?.into_bound(py).into_any())
            }
            Self::Text(text) => Ok(text.into_pyobject(py)?.into_any()),
        }
    }
}

impl Operation {
    /// Reads an operation: its name, the call that it is about, and everything else as a JSON text.
    pub(crate) fn read(
        name: &str,
        request: Option<&ActionRequest>,
        body: &str,
    ) -> Result<Self, Failure> {
        let body: Value = serde_json::from_str(body).map_err(wrong)?;
        let body = Body(&body);
        let call = || request.map(|it| &it.action).ok_or_else(|| wrong("the call is missing"));
        Ok(match name {
            "propose" => {
                let action = Box::new(call()?.clone());
                Self::Propose(action, body.read("treatment")?, body.flag("is_mine"))
            }
            "redeem" => {
                Self::Redeem(body.parse("id")?, call()?.tool.clone(), call()?.params.clone())
            }
            "conclude" => Self::Conclude(
                body.parse("id")?,
                body.read("status")?,
                body.maybe("detail")?.unwrap_or_default(),
            ),
            "settle" => Self::Settle(body.parse("id")?, None, body.flag("is_mine")),
            "ask" => Self::Settle(body.parse("id")?, Some(body.approver()?), body.flag("is_mine")),
            "follow" => Self::Follow(body.parse("id")?),
            "resolve" => Self::Resolve(body.parse("id")?, body.approver()?, body.reply()?),
            "withdraw" => Self::Withdraw(body.parse("id")?),
            "pending" => Self::Pending(body.maybe("tenant")?, body.maybe("after")?),
            "held" => Self::Held(body.parse("id")?),
            "trip" => Self::Trip(body.parse("scope")?, body.read("reason")?, body.maybe("by")?),
            "reset" => Self::Reset(body.parse("scope")?, body.read("reason")?, body.maybe("by")?),
            "switches" => Self::Switches,
            "report" => Self::Report(body.read("evidence")?),
            "autonomy" => Self::Autonomy(body.maybe("tenant")?),
            other => return Err(wrong(format!("there is no operation {other}"))),
        })
    }

    /// Whether it may take as long as people take.
    pub(crate) fn is_long(&self) -> bool {
        self.waits_for().is_some()
    }

    /// The action for which it waits until people have answered, and whether that is to be taken back
    /// when nobody waits any more.
    pub(crate) fn waits_for(&self) -> Option<(ActionId, bool)> {
        match self {
            Self::Settle(id, _, is_mine) => Some((*id, *is_mine)),
            _ => None,
        }
    }

    /// Carries it out.
    pub(crate) async fn perform(self, guard: &Guard) -> Result<Done, Failure> {
        let text = match self {
            Self::Propose(action, treatment, _) => {
                let answer = guard.propose_as(&action, treatment).await?;
                return Ok(Done::Decision(Box::new(answer)));
            }
            Self::Redeem(id, tool, params) => {
                let spent = guard.redeem_call(id, &tool, &params).await?;
                json!({"id": spent.id, "tool": spent.tool})
            }
            Self::Conclude(id, outcome, detail) => {
                let change = guard.conclude(id, outcome, &detail).await?;
                json!({"id": id, "status": outcome.as_str(), "log_index": change.log_index})
            }
            Self::Settle(id, None, _) => followed(&guard.settle(id, None).await?)?,
            Self::Settle(id, Some(by), _) => {
                let terminal = placet::ask::Terminal::open(by)
                    .map_err(|error| Failure::new(Trouble::Unavailable, error))?;
                followed(&guard.settle(id, Some(&terminal)).await?)?
            }
            Self::Follow(id) => follow(guard, id)?,
            Self::Resolve(id, by, reply) => resolved(guard.resolve(id, &by, *reply).await?),
            Self::Withdraw(id) => resolved(guard.withdraw(id).await?),
            Self::Pending(tenant, after) => {
                let pending = guard.pending(tenant.as_ref(), after, MAX_LISTED)?;
                json!({ "approvals": pending })
            }
            Self::Held(id) => {
                let missing = || Failure::new(Trouble::Missing, format!("{id} is not open"));
                let held = guard.held(id)?.ok_or_else(missing)?;
                serde_json::to_value(&held).map_err(wrong)?
            }
            Self::Trip(scope, reason, by) => switched(&guard.trip(scope, &reason, by).await?),
            Self::Reset(scope, reason, by) => switched(&guard.reset(scope, &reason, by).await?),
            Self::Switches => switches(guard),
            Self::Report(evidence) => {
                let reported = guard.report(evidence).await?;
                let step = reported.step.map(|step| json!({"from": step.from, "to": step.to}));
                json!({"log_index": reported.change.log_index, "step": step})
            }
            Self::Autonomy(tenant) => {
                let state = guard.log().state();
                json!({ "classes": standings(&state, tenant.as_ref()) })
            }
        };
        Ok(Done::Text(text.to_string()))
    }
}

fn switched(change: &placet::Change) -> Value {
    json!({ "log_index": change.log_index })
}

fn switches(guard: &Guard) -> Value {
    let state = guard.log().state();
    let tripped = state.switches().iter().map(|switch| json!({"scope": switch.scope.to_string()}));
    json!({"switches": tripped.collect::<Vec<_>>()})
}

fn resolved(resolution: Resolution) -> Value {
    json!({"outcome": resolution.as_str(), "status": resolution.status().map(Status::as_str)})
}

fn follow(guard: &Guard, id: ActionId) -> Result<Value, Failure> {
    let missing = || Failure::new(Trouble::Missing, format!("there is no action {id}"));
    followed(&guard.log().action(id).map_err(GuardError::from)?.ok_or_else(missing)?)
}

fn followed(found: &Followed) -> Result<Value, Failure> {
    serde_json::to_value(found).map_err(wrong)
}

fn wrong(error: impl std::fmt::Display) -> Failure {
    Failure::new(Trouble::Invalid, error)
}

/// The fields of an operation.
struct Body<'a>(&'a Value);

impl Body<'_> {
    fn read<T: serde::de::DeserializeOwned>(&self, field: &str) -> Result<T, Failure> {
        let value = self.0.get(field).cloned().unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|error| wrong(format!("{field}: {error}")))
    }

    fn flag(&self, field: &str) -> bool {
        self.0.get(field).and_then(Value::as_bool).unwrap_or_default()
    }

    fn maybe<T: serde::de::DeserializeOwned>(&self, field: &str) -> Result<Option<T>, Failure> {
        self.read(field)
    }

    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        field: &str,
    ) -> Result<T, Failure> {
        let text: String = self.read(field)?;
        text.parse().map_err(|error| wrong(format!("{field}: {error}")))
    }

    fn approver(&self) -> Result<Approver, Failure> {
        let groups: Option<Vec<GroupName>> = self.maybe("groups")?;
        let groups = groups.unwrap_or_default().into_iter().collect();
        Ok(Approver { person: self.read("person")?, groups })
    }

    fn reply(&self) -> Result<Box<Reply>, Failure> {
        let text = self.0.get("reply").unwrap_or(&Value::Null).to_string();
        let json = Json::parse(text.as_bytes()).map_err(wrong)?;
        Ok(Box::new(Reply::from_json(&json)?))
    }
}
