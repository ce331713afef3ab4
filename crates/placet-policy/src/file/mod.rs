//! The policy file: TOML in, [`Terms`] and a [`Matcher`] out, or everything that is wrong with it.
//!
//! Somebody writes `auto_capp = "100"` one evening. A parser that skips what it does not know would
//! leave the class without a cap; this one answers `policy.toml:12:1: unknown key "auto_capp" in
//! the class "issue_refund"; write auto_cap`. So it goes with everything: whatever cannot mean what
//! its author must have meant is an error with its place and its remedy, and all of them are
//! reported at once. What can be used but may surprise is a warning.

mod actions;
mod budgets;
mod caps;
mod confusable;
mod diagnostic;
mod duration;
mod graduation;
pub mod keys;
mod names;
mod params;
mod reader;
mod report;
mod schema;
pub(crate) mod suggest;
mod syntax;
mod values;

use std::collections::BTreeMap;

use placet_core::mode::{Mode, Share};
use placet_core::terms::{Defaults, Unclassified, WarrantTerms};
use placet_core::{ClassName, Digest, Terms, ToolName, Verdict};
use toml::de::{DeTable, DeValue};

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use duration::parse as parse_duration;
pub use schema::json_schema;

use crate::matcher::Matcher;
use crate::params::ParamType;
use reader::Reader;
use report::{At, Report, Span};

/// What a policy file says.
#[derive(Clone, Debug)]
pub struct PolicyDoc {
    /// What decisions are judged by.
    pub terms: Terms,
    /// The params that rules may read, with their types, of each class that declares some.
    pub params: BTreeMap<ClassName, BTreeMap<String, ParamType>>,
    /// The tools that fall into a class by another name, each with the class.
    pub aliases: BTreeMap<ToolName, ClassName>,
    /// Finds the class of a tool.
    pub matcher: Matcher,
    /// What may not be what was meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a policy file. `file` is its name for messages; `policy` is the digest of the policy that
/// it belongs to, which ends up in the terms.
///
/// # Errors
/// With everything that is wrong with the file, in the order of its lines; warnings are among it.
/// A file that is not TOML has one error.
pub fn parse(file: &str, text: &str, policy: Digest) -> Result<PolicyDoc, Diagnostics> {
    let mut report = Report::new(file, text);
    let doc = syntax::read(text, &mut report).and_then(|table| read(&table, policy, &mut report));
    let found = report.finish();
    match doc {
        Some(doc) if !found.has_errors() => Ok(PolicyDoc { warnings: found.into(), ..doc }),
        _ => Err(found),
    }
}

fn read(table: &DeTable<'_>, policy: Digest, report: &mut Report<'_>) -> Option<PolicyDoc> {
    if let Some(version) = table.get("version")
        && !matches!(version.get_ref(), DeValue::Integer(number) if number.as_str() == "1")
    {
        // The keys of another version are not known here, so nothing more can be said about them.
        let message = format!("the version is {}", values::described(version.get_ref()));
        report.error(version.span().into(), message, "write version = 1");
        return None;
    }
    let top = Reader::open(&keys::POLICY, String::new(), table, Span::default(), report);
    let drafts = actions::read(&top, report);
    let matcher = names::check(&drafts, report);
    let graduation = graduation::read(&top, &drafts, report);
    let budgets = budgets::read(&top, &drafts, report);
    let mut doc = PolicyDoc {
        terms: Terms { policy, graduation, budgets, ..top_terms(&top, report) },
        params: BTreeMap::new(),
        aliases: BTreeMap::new(),
        matcher: matcher?,
        warnings: Vec::new(),
    };
    for draft in drafts {
        let name = draft.class.name.clone();
        doc.aliases.extend(draft.aliases.into_iter().map(|alias| (alias.value, name.clone())));
        if !draft.params.is_empty() {
            doc.params.insert(name.clone(), draft.params);
        }
        doc.terms.classes.insert(name, draft.class);
    }
    Some(doc)
}

/// The keys at the top of the file.
fn top_terms(top: &Reader<'_>, report: &mut Report<'_>) -> Terms {
    let silent = Terms { unclassified: Unclassified::default(), ..Terms::default() };
    let mode = top.value("mode", report, values::word::<Mode>);
    let sample = top.value("sample", report, values::share);
    check_sample(top, mode.as_ref(), sample.as_ref(), report);
    let parts = sample.map_or(0, |sample| sample.value);
    let or = |verdict: Option<At<Verdict>>| verdict.map_or(silent.kill_switch, |at| at.value);
    Terms {
        mode: mode.map_or(silent.mode, |at| at.value),
        sample: Share::of_ten_thousand(parts).unwrap_or(Share::NONE),
        unclassified: top
            .value("unclassified", report, values::word)
            .map_or(silent.unclassified, |at| at.value),
        defaults: top
            .value("defaults", report, values::word::<Defaults>)
            .map_or(silent.defaults, |at| at.value),
        kill_switch: or(top.value("kill_switch", report, values::word)),
        cool_down: top
            .value("cool_down", report, values::duration)
            .map_or(silent.cool_down, |at| at.value),
        laxest: top.value("on_review", report, values::word).map_or(silent.laxest, |at| at.value),
        warrants: WarrantTerms {
            lifetime: top
                .value("warrant_lifetime", report, values::duration)
                .map_or(silent.warrants.lifetime, |at| at.value),
            outcome: top
                .value("outcome_within", report, values::duration)
                .map_or(silent.warrants.outcome, |at| at.value),
        },
        ..silent
    }
}

fn check_sample(
    top: &Reader<'_>,
    mode: Option<&At<Mode>>,
    sample: Option<&At<u16>>,
    report: &mut Report<'_>,
) {
    match (mode, sample) {
        (Some(At { value: Mode::Sample, span }), None) if !top.says("sample") => {
            report.error(
                *span,
                "mode = \"sample\" needs a share",
                "write sample = 0.25, or another share",
            );
        }
        (Some(At { value: Mode::Sample, .. }), Some(At { value: 0, span })) => {
            report.warning(
                *span,
                "a share of 0 enforces nothing",
                "write mode = \"shadow\", or a larger share",
            );
        }
        (Some(At { value: Mode::Sample, .. }), Some(_)) | (_, None) => {}
        (_, Some(At { span, .. })) => {
            report.warning(
                *span,
                "sample counts only in mode = \"sample\"",
                "remove it, or change the mode",
            );
        }
    }
}
