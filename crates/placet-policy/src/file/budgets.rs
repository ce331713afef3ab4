//! Budgets and rates.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use placet_core::terms::{Budget, Per};
use placet_core::{BudgetName, ClassName, Verdict};

use super::actions::Draft;
use super::diagnostic::quote;
use super::reader::Reader;
use super::report::{At, Report, Span};
use super::{suggest, values};
use crate::limits::MAX_BUDGETS;

/// Reads the budgets, in the order of the file.
pub(crate) fn read(top: &Reader<'_>, drafts: &[Draft], report: &mut Report<'_>) -> Vec<Budget> {
    let tables = top.tables("budgets", report);
    if let Some(table) = tables.get(MAX_BUDGETS) {
        let message = format!("the policy has {} budgets", tables.len());
        report.error(table.span, message, format!("write at most {MAX_BUDGETS}"));
    }
    let known = Known::of(drafts);
    let mut names = BTreeMap::new();
    let mut budgets = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        let name = name(table, index + 1, &mut names, report);
        budgets.extend(name.map(|name| budget(name, table, &known, report)));
    }
    budgets
}

fn budget(
    name: BudgetName,
    table: &Reader<'_>,
    known: &Known<'_>,
    report: &mut Report<'_>,
) -> Budget {
    let actions = table.list("actions", report, values::name(|text| ClassName::new(text)));
    let actions = actions.map(|actions| known.classes(actions.value, report));
    let count = table.value("count", report, values::whole);
    let value = table.value("value", report, values::amount);
    if !table.says("count") && !table.says("value") {
        let message = format!("{} limits nothing", table.title);
        report.error(table.span, message, "write count = 100 or value = \"5000\", or both");
    }
    Budget {
        name,
        actions,
        per: table.value("per", report, values::word).map_or(Per::Agent, |at| at.value),
        // A budget without a window has been reported.
        window: table
            .value("window", report, values::duration)
            .map_or(Duration::ZERO, |at| at.value),
        count: count.map(|at| at.value),
        value: value.map(|at| at.value),
        over: table
            .value("over", report, values::word)
            .map_or(Verdict::RequireApproval, |at| at.value),
    }
}

/// The name of a budget, or the one for its place; no two may have the same.
fn name(
    table: &Reader<'_>,
    place: usize,
    names: &mut BTreeMap<BudgetName, Span>,
    report: &mut Report<'_>,
) -> Option<BudgetName> {
    let name = match table.key_span("name") {
        Some(_) => {
            let make = values::name(|text| BudgetName::new(text));
            table.value("name", report, |key, value| make(key, &key.kind, value))?
        }
        None => At { value: BudgetName::new(format!("budget-{place}")).ok()?, span: table.span },
    };
    if let Some(first) = names.insert(name.value.clone(), name.span) {
        let first = report.place(first);
        let message =
            format!("two budgets are called {}, first on {first}", quote(name.value.as_str()));
        report.error(name.span, message, "give one of them another name");
    }
    Some(name.value)
}

/// The classes and aliases that budgets can get wrong.
struct Known<'d> {
    classes: BTreeSet<&'d str>,
    aliases: BTreeMap<&'d str, &'d str>,
}

impl<'d> Known<'d> {
    fn of(drafts: &'d [Draft]) -> Self {
        let aliases = drafts.iter().flat_map(|draft| {
            draft.aliases.iter().map(|alias| (alias.value.as_str(), draft.class.name.as_str()))
        });
        Self {
            classes: drafts.iter().map(|draft| draft.class.name.as_str()).collect(),
            aliases: aliases.collect(),
        }
    }

    fn classes(&self, names: Vec<At<ClassName>>, report: &mut Report<'_>) -> BTreeSet<ClassName> {
        for At { value, span } in
            names.iter().filter(|name| !self.classes.contains(name.value.as_str()))
        {
            let name = value.as_str();
            match self.aliases.get(name) {
                Some(class) => {
                    let message =
                        format!("{} is an alias, not the key of an action class", quote(name));
                    report.error(*span, message, format!("write {}", quote(class)));
                }
                None => {
                    let message = format!("there is no action class {}", quote(name));
                    report.error(*span, message, self.remedy(name));
                }
            }
        }
        names.into_iter().map(|name| name.value).collect()
    }

    fn remedy(&self, name: &str) -> String {
        match suggest::nearest(name, self.classes.iter().copied()) {
            Some(near) => format!("write {}", quote(near)),
            None => format!("write a key of [actions], or add [actions.{}]", quote(name)),
        }
    }
}
