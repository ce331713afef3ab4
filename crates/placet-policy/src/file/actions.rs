//! The action classes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use placet_core::class::{ActionClass, ApprovalTerms, AutonomyState, RiskTier};
use placet_core::json::Pointer;
use placet_core::{Amount, ClassName, Currency, ToolName};

use super::diagnostic::quote;
use super::reader::Reader;
use super::report::{At, Report, Span};
use super::{caps, params, values};
use crate::limits::MAX_CLASSES;
use crate::params::ParamType;

/// A class with the places that later checks point at.
pub(crate) struct Draft {
    pub(crate) span: Span,
    pub(crate) class: Arc<ActionClass>,
    /// What is written, not what holds when nothing is.
    pub(crate) max_state: Option<At<AutonomyState>>,
    pub(crate) aliases: Vec<At<ToolName>>,
    pub(crate) params: BTreeMap<String, ParamType>,
}

/// Reads all classes, in the order of the file.
pub(crate) fn read(top: &Reader<'_>, report: &mut Report<'_>) -> Vec<Draft> {
    let named = top.named("actions", report);
    if named.len() > MAX_CLASSES {
        let span = top.key_span("actions").unwrap_or_default();
        let message = format!("the policy has {} action classes", named.len());
        report.error(
            span,
            message,
            format!("write at most {MAX_CLASSES}; a pattern with * covers many tools"),
        );
        return Vec::new();
    }
    named.into_iter().filter_map(|(name, class)| draft(&name, &class, report)).collect()
}

fn draft(name: &At<&str>, class: &Reader<'_>, report: &mut Report<'_>) -> Option<Draft> {
    let written = Written::read(class, report);
    caps::check(&written, class, report);
    let max_state = written.max_state.clone();
    let aliases = aliases(class, report);
    let params = params::read(class, report);
    let name = match ClassName::new(name.value) {
        Ok(name) => name,
        Err(error) => {
            report.fault(class.span, values::name_fault("[actions]", name.value, &error));
            return None;
        }
    };
    if name.as_str().contains("**") {
        let message =
            format!("{} has two * in a row, which match no more than one", quote(name.as_str()));
        report.error(class.span, message, format!("write {}", quote(&single_stars(name.as_str()))));
    }
    let approval = approval(class, report);
    Some(Draft {
        span: class.span,
        class: Arc::new(written.finish(name, approval)),
        max_state,
        aliases,
        params,
    })
}

/// The keys of a class that depend on each other, as they are written.
pub(crate) struct Written {
    pub(crate) risk: Option<At<RiskTier>>,
    pub(crate) value: Option<At<Pointer>>,
    pub(crate) currency: Option<At<Pointer>>,
    pub(crate) currencies: Option<At<Vec<At<Currency>>>>,
    pub(crate) auto_cap: Option<At<Amount>>,
    pub(crate) hard_cap: Option<At<Amount>>,
    pub(crate) max_state: Option<At<AutonomyState>>,
    pub(crate) secret: Vec<At<Pointer>>,
}

impl Written {
    fn read(class: &Reader<'_>, report: &mut Report<'_>) -> Self {
        let pointer = |name: &str, report: &mut Report<'_>| {
            class.value(name, report, |key, value| values::pointer(key, &key.kind, value))
        };
        Self {
            risk: class.value("risk", report, values::word),
            value: pointer("value", report),
            currency: pointer("currency", report),
            currencies: class.list("currencies", report, values::currency),
            auto_cap: class.value("auto_cap", report, values::amount),
            hard_cap: class.value("hard_cap", report, values::amount),
            max_state: class.value("max_state", report, values::word),
            secret: class
                .list("secret", report, values::pointer)
                .map_or_else(Vec::new, |at| at.value),
        }
    }

    /// The class. A risk that cannot be read has been reported, so the stand-in is never used.
    fn finish(self, name: ClassName, approval: ApprovalTerms) -> ActionClass {
        ActionClass {
            name,
            risk: self.risk.map_or(RiskTier::Consequential, |at| at.value),
            value: self.value.map(|at| at.value),
            currency: self.currency.map(|at| at.value),
            currencies: self.currencies.map_or_else(Vec::new, |at| plain(at.value)),
            auto_cap: self.auto_cap.map(|at| at.value),
            hard_cap: self.hard_cap.map(|at| at.value),
            max_state: self.max_state.map_or(AutonomyState::Autonomous, |at| at.value),
            approval,
            secret: plain(self.secret),
        }
    }
}

fn aliases(class: &Reader<'_>, report: &mut Report<'_>) -> Vec<At<ToolName>> {
    let aliases = class.list("aliases", report, values::name(|text| ToolName::new(text)));
    let mut aliases = aliases.map_or_else(Vec::new, |at| at.value);
    // One that is listed twice has been reported.
    let mut seen = BTreeSet::new();
    aliases.retain(|alias| seen.insert(alias.value.clone()));
    for alias in aliases.iter().filter(|alias| alias.value.as_str().contains('*')) {
        let message = format!("the alias {} is a pattern", quote(alias.value.as_str()));
        report.error(
            alias.span,
            message,
            "write the whole name of a tool, or make a class of the pattern",
        );
    }
    aliases
}

fn approval(class: &Reader<'_>, report: &mut Report<'_>) -> ApprovalTerms {
    let silent = ApprovalTerms::default();
    let Some(table) = class.table("approval", report) else { return silent };
    let text = values::name(|text| {
        placet_core::SourceName::new(text).map(|name| name.as_str().to_owned())
    });
    let groups = table.list("groups", report, &text);
    let fields = table.list("fields", report, &text);
    refuse_taken_fields(fields.as_ref(), report);
    ApprovalTerms {
        quorum: table.value("quorum", report, values::whole).map_or(silent.quorum, |at| at.value),
        groups: groups.map_or(silent.groups, |at| plain(at.value)),
        deadline: table
            .value("deadline", report, values::duration)
            .map_or(silent.deadline, |at| at.value),
        fields: fields.map_or(silent.fields, |at| plain(at.value)),
        least_length: table
            .value("least_length", report, values::whole)
            .map_or(silent.least_length, |at| at.value),
    }
}

/// What an approver writes stands beside these keys in the same JSON object.
const TAKEN_FIELDS: [&str; 3] = ["approved", "params", "standing"];

fn refuse_taken_fields(fields: Option<&At<Vec<At<String>>>>, report: &mut Report<'_>) {
    let fields = fields.map_or(&[][..], |at| &at.value);
    for field in fields.iter().filter(|field| TAKEN_FIELDS.contains(&&*field.value)) {
        let message =
            format!("the field {} has a meaning of its own in a sign-off", quote(&field.value));
        report.error(field.span, message, "write another name");
    }
}

fn plain<T>(items: Vec<At<T>>) -> Vec<T> {
    items.into_iter().map(|item| item.value).collect()
}

fn single_stars(pattern: &str) -> String {
    let mut pattern = pattern.to_owned();
    while pattern.contains("**") {
        pattern = pattern.replace("**", "*");
    }
    pattern
}
