//! The policy as text, with comments for whoever reads it next.

use std::ops::Range;

use placet_core::RiskTier;

use super::draft::Draft;
use super::money::Money;
use crate::escape;

const HEAD: &str = r#"# What agents may do, and who is asked when they may not. Read it, correct it, then check it with
#
#   placet policy lint
#   placet check calls.jsonl --policy policy.toml
#
# Every check of an action adds what it finds, and the strictest finding decides: allow, hold for
# a person, or block.

version = 1

# shadow: decide and record, stop nobody. enforce: hold callers to it. Begin in shadow, look at
# what would have been held or blocked, and change this when that is right.
mode = "shadow"

# A tool without an entry below: what the call itself proves to be only a read passes, and a
# person decides on everything else. Other choices are require_approval and block.
unclassified = "inspect"
"#;

const EXAMPLE: &str = r#"
# An entry for each tool says how much harm it can do: read changes nothing, reversible_write can
# be put back, consequential cannot. For example:
#
# [actions.issue_refund]
# risk = "reversible_write"
# value = "/amount"            # the param that carries the amount
# currency = "/currency"
# currencies = ["USD"]
# auto_cap = "100"             # runs by itself up to here, once evidence has earned that
# hard_cap = "1000"            # never runs above this
# max_state = "supervised"
# approval = { quorum = 1, groups = ["finance"], deadline = "15m" }
#
# [actions.get_order]
# risk = "read"
"#;

const TAIL: &str = r#"
# Limits over time. Each small call may be right while a hundred of them are not.
#
# [[budgets]]
# name = "calls-a-minute"
# per = "agent"                # tenant, agent or class
# window = "1m"
# count = 120
# over = "require_approval"    # or block

# What it takes before a class runs by itself. Without this everything but reads waits for a
# person; a class also needs max_state = "supervised" or "autonomous".
#
# [graduation.supervised]
# pass_rate = 0.95
# min_samples = 50
"#;

const READS: &str = r#"
# ---------------------------------------------------------------------------------------------
# Reads. They pass. Inspection still looks at their arguments: a call that does more is held.
"#;

const REVERSIBLE: &str = r#"
# ---------------------------------------------------------------------------------------------
# Writes that can be put back. A person approves each until evidence has earned more.
"#;

const CONSEQUENTIAL: &str = r#"
# ---------------------------------------------------------------------------------------------
# What cannot be taken back, and what nothing is known about. A person approves each.
"#;

/// The policy, and on which lines of it each draft is, in the order of the drafts.
pub(super) fn policy(
    drafts: &[Draft],
    left_out: &[(String, String)],
) -> (String, Vec<Range<usize>>) {
    let mut text = HEAD.to_owned();
    if drafts.is_empty() {
        text.push_str(EXAMPLE);
    }
    let mut places = vec![0..0; drafts.len()];
    for (risk, heading) in [
        (RiskTier::Read, READS),
        (RiskTier::ReversibleWrite, REVERSIBLE),
        (RiskTier::Consequential, CONSEQUENTIAL),
    ] {
        let fitting = drafts.iter().zip(&mut places).filter(|(draft, _)| draft.risk == risk);
        for (index, (draft, place)) in fitting.enumerate() {
            if index == 0 {
                text.push_str(heading);
            }
            let start = next_line(&text);
            text.push_str(&class(draft));
            *place = start..next_line(&text);
        }
    }
    for (tool, reason) in left_out {
        text.push_str(&format!(
            "\n# Left out: {}, because {}.\n",
            escape::line(tool),
            escape::line(reason)
        ));
    }
    text.push_str(TAIL);
    (text, places)
}

fn next_line(text: &str) -> usize {
    text.matches('\n').count() + 1
}

fn class(draft: &Draft) -> String {
    let mut text = format!("\n[actions.{}]\n", key(&draft.name));
    for reason in &draft.reasons {
        text.push_str(&format!("# {}\n", escape::line(reason)));
    }
    if draft.is_unknown {
        text.push_str("# Nothing shows what it does, so this is the safe assumption: correct it if you know better.\n");
    }
    let seen = match draft.calls {
        0 => String::new(),
        1 => "    # from 1 call".to_owned(),
        calls => format!("    # from {calls} calls"),
    };
    text.push_str(&format!("risk = \"{}\"{seen}\n", draft.risk));
    if draft.risk != RiskTier::Read {
        text.push_str(&money(&draft.money));
        text.push_str("max_state = \"manual\"\n");
    }
    text
}

fn money(money: &Money) -> String {
    let Some(value) = &money.value else { return String::new() };
    let mut text = format!("value = {}\n", quoted(value.as_str()));
    if let Some(currency) = &money.currency {
        text.push_str(&format!("currency = {}\n", quoted(currency.as_str())));
        let seen: Vec<String> = money.currencies.iter().map(|code| quoted(code)).collect();
        if !seen.is_empty() {
            text.push_str(&format!(
                "currencies = [{}]    # those that were seen\n",
                seen.join(", ")
            ));
        }
    }
    let largest = money.largest.filter(|amount| !amount.is_negative());
    let seen = largest.map_or_else(String::new, |amount| format!("; the largest seen is {amount}"));
    let example = largest.map_or_else(|| "1000".to_owned(), |amount| amount.to_string());
    text.push_str(&format!("# hard_cap = \"{example}\"    # never runs above this{seen}\n"));
    text
}

/// A name as a TOML key.
pub(in crate::commands) fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// A TOML string. What cannot be seen is written as its code point.
pub(in crate::commands) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            other if escape::line(&other.to_string()) == other.to_string() => quoted.push(other),
            other => quoted.push_str(&format!("\\U{:08X}", u32::from(other))),
        }
    }
    quoted.push('"');
    quoted
}
