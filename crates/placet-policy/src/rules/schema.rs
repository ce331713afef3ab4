//! The Cedar schema that the classes of a policy amount to.
//!
//! Who asks is an `Agent` in a `Tenant`, what is called is a `Tool`, and each class is an action
//! in the group of its risk. The context tells a rule the rest; `context.params` has what the
//! class declares and nothing else. Classes that declare the same params share one type.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use placet_core::RiskTier;

use super::ClassSpec;
use crate::params::{ParamKind, ParamType};

/// The action of a call whose class the policy does not know.
pub(super) const UNCLASSIFIED: &str = "unclassified";

/// What the names of the groups of actions begin with.
pub(super) const RISK_PREFIX: &str = "risk:";

pub(super) const TIERS: [RiskTier; 3] =
    [RiskTier::Read, RiskTier::ReversibleWrite, RiskTier::Consequential];

pub(super) type Params = BTreeMap<String, ParamType>;

/// The name of the group of a risk.
pub(super) fn group(risk: RiskTier) -> &'static str {
    match risk {
        RiskTier::Read => "risk:read",
        RiskTier::ReversibleWrite => "risk:reversible_write",
        RiskTier::Consequential => "risk:consequential",
    }
}

/// Whether an action of this name is not a class.
pub(super) fn is_reserved(name: &str) -> bool {
    name == UNCLASSIFIED || name.starts_with(RISK_PREFIX)
}

/// The schema of some classes, and of the actions that are no class.
pub(super) fn text<'a>(classes: impl Iterator<Item = &'a ClassSpec>) -> String {
    let mut text = HEAD.to_owned();
    let mut types: BTreeMap<&Params, usize> = BTreeMap::new();
    let mut actions = String::new();
    for class in classes {
        let next = types.len() + 1;
        let number = *types.entry(&class.params).or_insert(next);
        action(&mut actions, class, number);
    }
    let mut types: Vec<_> = types.into_iter().map(|(params, number)| (number, params)).collect();
    types.sort_unstable_by_key(|(number, _)| *number);
    context(&mut text, 0, &Params::new());
    for (number, params) in types {
        context(&mut text, number, params);
    }
    text.push_str(ACTIONS);
    text.push_str(&actions);
    text
}

fn action(text: &mut String, class: &ClassSpec, number: usize) {
    let (name, risk) = (quoted(class.name.as_str()), quoted(group(class.risk)));
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "action {name} in [{risk}] appliesTo {{ principal: Agent, resource: Tool, context: Context{number} }};"
    );
}

fn context(text: &mut String, number: usize, params: &Params) {
    let _ = write!(text, "type Context{number} = {{{CONTEXT}  params: {{");
    for (name, kind) in params {
        let (name, mark) = (quoted(name), if kind.optional { "?" } else { "" });
        let _ = write!(text, " {name}{mark}: {},", cedar_type(kind.kind));
    }
    text.push_str(" },\n};\n");
}

fn cedar_type(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::String => "String",
        ParamKind::Long => "Long",
        ParamKind::Boolean => "Bool",
        ParamKind::Decimal => "decimal",
        ParamKind::Strings => "Set<String>",
    }
}

/// A string literal of Cedar.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

const HEAD: &str = "\
// On whose behalf an action happens.
entity Tenant;
// The software that asks; Agent::\"\" when it does not say.
entity Agent in [Tenant];
// The tool that is called, by its whole name.
entity Tool;

// What a rule can ask about a call. The value is what the action is worth, where it says so;
// the risk is read, reversible_write, consequential or unknown; the effects are what
// inspection says the call does; and the params are those that the class declares.
";

const CONTEXT: &str = "
  tool: String,
  tenant: String,
  agent?: String,
  session?: String,
  user?: String,
  build?: String,
  value?: decimal,
  currency?: String,
  risk: String,
  effects: Set<String>,
";

const ACTIONS: &str = "
// Every class is in the group of its risk.
action \"risk:read\", \"risk:reversible_write\", \"risk:consequential\";

// A call of a tool that the policy does not know.
action \"unclassified\" appliesTo { principal: Agent, resource: Tool, context: Context0 };

// The classes of the policy.
";
