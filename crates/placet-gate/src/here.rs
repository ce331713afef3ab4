//! Calls that are decided in a log of our own.

use std::time::Duration;

use placet::core::mode::Treatment;
use placet::{
    Action, ActionId, Answer, Finding, Followed, Guard, GuardError, Notice, Object, Status,
    ToolName, Verdict,
};

use crate::call::{Call, Course, Held};
use crate::error::GateError;

pub(crate) async fn propose(
    guard: &Guard,
    action: &Action,
    treatment: Treatment,
    notices: &[Notice],
) -> Result<Call, GateError> {
    let answer = guard.propose_with(action, treatment, notices).await?;
    Ok(call(&answer, action.tool.clone(), action.params.clone()))
}

pub(crate) fn call(answer: &Answer, tool: ToolName, params: Object) -> Call {
    let held = answer.approval.as_ref();
    Call {
        id: answer.id,
        tool,
        params,
        is_edited: false,
        verdict: answer.verdict,
        would_have: answer.would_have,
        mode: answer.mode,
        reasons: reasons(&answer.findings, answer.would_have.unwrap_or(answer.verdict)),
        approval: held.map(|held| Held { id: held.id, deadline: held.deadline, url: None }),
        is_permitted: answer.is_allowed() || answer.is_approved,
        is_lenient: false,
        warrant: None,
    }
}

/// What the findings say that weigh as much as the verdict.
pub(crate) fn reasons(findings: &[Finding], verdict: Verdict) -> Vec<String> {
    let gravest = findings.iter().filter(|finding| finding.verdict == verdict);
    gravest.map(|finding| finding.reason.clone()).collect()
}

pub(crate) async fn course(
    guard: &Guard,
    mut id: ActionId,
    tool: ToolName,
    mut params: Object,
    time: Duration,
) -> Result<Course, GateError> {
    let until = tokio::time::Instant::now() + time;
    let mut is_edited = false;
    loop {
        let found = match tokio::time::timeout_at(until, guard.settle(id, None)).await {
            Ok(settled) => settled?,
            Err(_) => return Ok(Course::Pending),
        };
        let Some(successor) = found.successor else {
            return Ok(end(guard, found, tool, params, is_edited));
        };
        let next = guard.log().action(successor).map_err(GuardError::from)?;
        let next = next.ok_or(GateError::NoAction(successor))?;
        params = next.action().ok_or(GuardError::Erased)?.params;
        (id, is_edited) = (successor, true);
    }
}

fn end(guard: &Guard, found: Followed, tool: ToolName, params: Object, is_edited: bool) -> Course {
    match found.status {
        Status::Pending => Course::Pending,
        Status::Allowed | Status::Approved if guard.refusal(&found).is_none() => {
            let call = call(&found.answer, tool, params);
            Course::Permitted(Box::new(Call { is_edited, is_permitted: true, ..call }))
        }
        Status::Denied => Course::Denied(found.denial.unwrap_or_default()),
        status => Course::Over(status),
    }
}

pub(crate) async fn redeem(guard: &Guard, id: ActionId, call: &Call) -> Result<(), GateError> {
    Ok(guard.redeem_call(id, &call.tool, &call.params).await.map(drop)?)
}
