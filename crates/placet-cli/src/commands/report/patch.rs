//! Suggested lines, put into the policy that holds to see whether it can still be read.

use placet::PolicyFile;
use placet_core::Terms;
use placet_policy::Policy;
use toml::{Table, Value};

/// What a policy begins with where there is none yet: what holds without one.
const NEW: &str = "version = 1\nunclassified = \"inspect\"\n";

/// The policy that holds, with what is needed to put lines into it.
#[derive(Debug)]
pub(super) struct Current {
    policy: Policy,
    files: Vec<PolicyFile>,
    table: Table,
}

impl Current {
    /// Reads it; none where it cannot be read by this version.
    pub(super) fn read(files: &[PolicyFile]) -> Option<Self> {
        let mut files = files.to_vec();
        if files.is_empty() {
            files.push(PolicyFile { name: "policy.toml".to_owned(), text: NEW.to_owned() });
        }
        let policy = Policy::load(&files).ok()?;
        let table = files.first()?.text.parse().ok()?;
        Some(Self { policy, files, table })
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(super) fn terms(&self) -> &Terms {
        self.policy.terms()
    }

    /// Whether the policy can be used with these lines in it.
    pub(super) fn takes(&self, lines: &str) -> bool {
        self.with(lines).is_some_and(|files| Policy::load(&files).is_ok())
    }

    /// The policy with these lines in it.
    fn with(&self, lines: &str) -> Option<Vec<PolicyFile>> {
        let mut table = self.table.clone();
        merge(&mut table, lines.parse().ok()?);
        let mut files = self.files.clone();
        files.first_mut()?.text = toml::to_string(&table).ok()?;
        Some(files)
    }
}

/// Puts the lines of one table into another; what they set counts.
fn merge(into: &mut Table, lines: Table) {
    for (key, value) in lines {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(lines)) => merge(inner, lines),
            (Some(Value::Array(all)), Value::Array(lines)) => {
                lines.into_iter().for_each(|line| merge_named(all, line));
            }
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

/// Puts the lines of a budget into the one of that name.
fn merge_named(all: &mut [Value], lines: Value) {
    let Value::Table(lines) = lines else { return };
    let wanted = lines.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let named = (1..).zip(all).find(|(place, each)| {
        let name = each.get("name").and_then(Value::as_str).map(str::to_owned);
        name.unwrap_or_else(|| format!("budget-{place}")) == wanted
    });
    if let Some((_, Value::Table(budget))) = named {
        merge(budget, lines);
    }
}
