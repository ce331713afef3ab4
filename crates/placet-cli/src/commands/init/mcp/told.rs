//! What is said of the servers of a client, and of the tools of each.

use serde_json::{Value, json};

use super::super::{Composed, draft::Draft};
use super::{Asked, whole};
use crate::console::{BAD, FAINT, HELD, STRONG, counted};
use crate::escape;

/// For people: each server with its tools, what inspection thinks of each, and what is odd about it.
pub(super) fn text(asked: &[Asked], policy: &Composed) -> String {
    let (mut text, mut notes) = (String::new(), String::new());
    for Asked { server, tools } in asked {
        let name = escape::line(&server.name).into_owned();
        for note in &server.notes {
            notes.push_str(&format!("{HELD}copied{HELD:#} for {name}: {}\n", escape::line(note)));
        }
        let tools = match tools {
            Ok(tools) => tools,
            Err(why) => {
                let why = escape::clipped(why, 200);
                text.push_str(&format!("{STRONG}{name}{STRONG:#}  {BAD}not asked{BAD:#}: {why}\n"));
                continue;
            }
        };
        let count = counted(u64::try_from(tools.len()).unwrap_or(u64::MAX), "tool");
        text.push_str(&format!("{STRONG}{name}{STRONG:#}  {count}\n"));
        for tool in tools {
            let draft = draft(policy, &whole(server, tool));
            let risk = draft.map_or("left out", |draft| draft.risk.as_str());
            let reasons = draft.map(|draft| draft.reasons.join(", ")).unwrap_or_default();
            let (tool_name, reasons) =
                (escape::clipped(&tool.name, 60), escape::clipped(&reasons, 200));
            text.push_str(&format!("  {tool_name}  {risk}{FAINT} {reasons}{FAINT:#}\n"));
            for odd in tool.suspicions() {
                text.push_str(&format!(
                    "  {HELD}look at{HELD:#} {tool_name}{}: {}\n",
                    odd.pointer, odd.reason
                ));
            }
        }
    }
    text + &notes
}

/// The same for programs.
pub(super) fn value(asked: &[Asked], policy: &Composed) -> Value {
    let servers = asked.iter().map(|Asked { server, tools }| {
        let listed = tools.as_deref().unwrap_or_default().iter().map(|tool| {
            let draft = draft(policy, &whole(server, tool));
            let odd = tool.suspicions().into_iter();
            let odd = odd.map(|it| json!({ "pointer": it.pointer, "reason": it.reason }));
            json!({
                "name": tool.name, "risk": draft.map(|draft| draft.risk.as_str()),
                "reasons": draft.map(|draft| &draft.reasons),
                "suspicions": odd.collect::<Vec<_>>(),
            })
        });
        json!({
            "name": server.name, "tools": listed.collect::<Vec<_>>(), "error": tools.as_ref().err(),
            "copied": server.notes,
        })
    });
    servers.collect()
}

fn draft<'a>(policy: &'a Composed, name: &str) -> Option<&'a Draft> {
    policy.drafts.iter().find(|draft| draft.name == name)
}
