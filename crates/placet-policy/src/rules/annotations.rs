//! What a rule says of itself: its id, its verdict and its reason.

use cedar_policy::Policy;
use placet_core::Verdict;
use placet_core::limits::MAX_REASON_BYTES;

use super::error::RuleProblem;
use super::limits::MAX_RULE_ID_BYTES;

/// What a rule says of itself.
pub(super) struct Annotations {
    pub(super) id: Option<String>,
    pub(super) verdict: Verdict,
    pub(super) reason: String,
}

pub(super) fn read(rule: &Policy) -> Result<Annotations, Vec<RuleProblem>> {
    let mut unknown: Vec<_> = rule
        .annotations()
        .filter(|(name, _)| !["id", "verdict", "reason"].contains(name))
        .map(|(name, _)| RuleProblem::UnknownAnnotation(name.to_owned()))
        .collect();
    // Cedar keeps them in a map; a message should not depend on its order.
    unknown.sort_by_key(ToString::to_string);
    let id = rule.annotation("id").map(|id| line("id", id, MAX_RULE_ID_BYTES)).transpose();
    match (verdict(rule), reason(rule), id) {
        (Ok(verdict), Ok(reason), Ok(id)) if unknown.is_empty() => {
            Ok(Annotations { id, verdict, reason })
        }
        (verdict, reason, id) => {
            let wrong = [verdict.err(), reason.err(), id.err()];
            Err(unknown.into_iter().chain(wrong.into_iter().flatten()).collect())
        }
    }
}

fn verdict(rule: &Policy) -> Result<Verdict, RuleProblem> {
    match rule.annotation("verdict") {
        Some("require_approval") => Ok(Verdict::RequireApproval),
        Some("block") => Ok(Verdict::Block),
        Some(other) => Err(RuleProblem::Verdict(other.to_owned())),
        None => Err(RuleProblem::MissingAnnotation {
            name: "verdict",
            example: "@verdict(\"require_approval\") or @verdict(\"block\")",
        }),
    }
}

fn reason(rule: &Policy) -> Result<String, RuleProblem> {
    let reason = rule.annotation("reason").ok_or(RuleProblem::MissingAnnotation {
        name: "reason",
        example: "@reason(\"why a person should look at this\")",
    })?;
    line("reason", reason, MAX_REASON_BYTES)
}

fn line(name: &'static str, text: &str, limit: usize) -> Result<String, RuleProblem> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(RuleProblem::Text(name));
    }
    if text.len() > limit {
        return Err(RuleProblem::LongText { name, bytes: text.len(), limit });
    }
    Ok(text.to_owned())
}
