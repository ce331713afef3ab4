//! `placet policy replay`: what a policy would have made of the actions that were decided.

use std::path::PathBuf;

use anstyle::Style;
use clap::{Args, ValueEnum};
use placet::{ClassName, Replayed, Replaying, TenantId, Verdict, VerdictChange};

use crate::commands::report::{Moment, now};
use crate::console::{BAD, Console, FAINT, GOOD, HELD, STRONG, counted};
use crate::escape;
use crate::failure::Outcome;
use crate::place::PlaceArgument;
use crate::policy_file;
use crate::status::Status;
use crate::table::Table;

/// Columns of a reason in the table: enough to see which check speaks, and of what.
const REASON: usize = 72;

/// Say which of the latest decisions a policy would change, before it holds.
///
/// The newest decisions are made once more by this policy, each with everything else as it was then.
/// Nothing is recorded, permitted or installed. Every verdict is the one before the mode. Every .cedar
/// file beside the policy belongs to it. A log is taken for as long as it is read.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The policy
    #[arg(value_name = "FILE", default_value = "policy.toml")]
    file: PathBuf,

    #[command(flatten)]
    place: PlaceArgument,

    /// At most so many actions: the newest
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,

    /// Begin so long ago (7d, 24h, 90m), or at this time
    #[arg(long, value_name = "WHEN")]
    since: Option<Moment>,

    /// Only what this tenant's agents asked for
    #[arg(long, value_name = "TENANT")]
    tenant: Option<TenantId>,

    /// Only actions that fell into this class
    #[arg(long, value_name = "CLASS")]
    class: Option<ClassName>,

    /// End with status 1 when a verdict would change
    #[arg(long, value_name = "CHANGE")]
    fail_on: Option<FailOn>,
}

/// The change that is bad news.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    /// Any action whose verdict would be laxer
    Loosened,
    /// Any action whose verdict would be another
    Changed,
}

pub(super) fn run(arguments: &Replay, console: &Console) -> Outcome {
    let files = policy_file::read(&arguments.file)?;
    let which = Replaying {
        limit: usize::from(arguments.limit),
        tenant: arguments.tenant.clone(),
        class: arguments.class.clone(),
        since: arguments.since.map(|since| since.before(now())),
    };
    let replayed = arguments.place.open()?.replay(&files, &which)?;
    if console.is_json() {
        console.value(&replayed)?;
    } else {
        console.text(&render(&replayed))?;
    }
    let is_bad_news = match arguments.fail_on {
        None => false,
        Some(FailOn::Loosened) => replayed.loosened > 0,
        Some(FailOn::Changed) => replayed.loosened + replayed.tightened > 0,
    };
    Ok(if is_bad_news { Status::Found } else { Status::Ok })
}

fn render(replayed: &Replayed) -> String {
    let mut text = headline(replayed);
    if !replayed.changes.is_empty() {
        text.push_str(&format!("\n{}\n{}", changes(replayed), examples(replayed)));
    }
    text.push('\n');
    for note in notes(replayed) {
        text.push_str(&format!("{HELD}note:{HELD:#} {note}\n"));
    }
    text.push_str(&format!("{FAINT}what this takes for granted:{FAINT:#}\n"));
    for assumed in &replayed.assumes {
        text.push_str(&format!("{FAINT}- {}{FAINT:#}\n", escape::line(assumed)));
    }
    text
}

fn headline(replayed: &Replayed) -> String {
    let Replayed { replayed: count, loosened, tightened, .. } = replayed;
    let same = count.saturating_sub(*loosened).saturating_sub(*tightened);
    let mut text = format!("{STRONG}{} replayed{STRONG:#}", counted(*count, "action"));
    if let (Some(from), Some(to)) = (replayed.from, replayed.to) {
        text.push_str(&format!(", decided from {from} to {to}"));
    }
    let (lax, strict) = match (loosened, tightened) {
        (0, 0) => (Style::new(), Style::new()),
        (0, _) => (Style::new(), HELD),
        _ => (BAD, HELD),
    };
    text.push_str(&format!(
        "\n{lax}{loosened} would be laxer{lax:#}, {strict}{tightened} stricter{strict:#}, \
         {GOOD}{same} the same{GOOD:#}; nothing was recorded or installed\n"
    ));
    text
}

fn changes(replayed: &Replayed) -> String {
    let mut table = Table::new(&["class", "was", "would be", "actions"]);
    for change in &replayed.changes {
        table.row([
            (STRONG, class(change)),
            word(change.before),
            word(change.after),
            (Style::new(), change.actions.to_string()),
        ]);
    }
    table.render()
}

fn examples(replayed: &Replayed) -> String {
    let mut table =
        Table::new(&["for example", "decided", "tenant", "tool", "would be", "because"]);
    for change in &replayed.changes {
        for example in &change.examples {
            table.row([
                (Style::new(), example.id.to_string()),
                (FAINT, example.at.to_string()),
                (Style::new(), escape::line(example.tenant.as_str()).into_owned()),
                (STRONG, escape::line(example.tool.as_str()).into_owned()),
                word(change.after),
                (Style::new(), escape::clipped(&example.reason, REASON)),
            ]);
        }
    }
    table.render()
}

fn class(change: &VerdictChange) -> String {
    change
        .class
        .as_ref()
        .map_or_else(|| "(no class)".to_owned(), |class| escape::line(class.as_str()).into_owned())
}

fn word(verdict: Verdict) -> (Style, String) {
    let (style, word) = match verdict {
        Verdict::Allow => (GOOD, "allow"),
        Verdict::RequireApproval => (HELD, "hold"),
        Verdict::Block => (BAD, "block"),
    };
    (style, word.to_owned())
}

/// What somebody must know who relies on the numbers.
fn notes(replayed: &Replayed) -> Vec<String> {
    let (erased, unreadable) = (replayed.left_out.erased, replayed.left_out.unreadable);
    let mut notes = Vec::new();
    if erased > 0 {
        let actions = counted(erased, "action");
        notes.push(format!("{actions} could not be replayed, because the params were erased"));
    }
    if unreadable > 0 {
        let actions = counted(unreadable, "action");
        notes.push(format!("{actions} could not be read; verify the log"));
    }
    if replayed.redacted > 0 {
        let actions = counted(replayed.redacted, "action");
        notes.push(format!("{actions} had a secret, of which only the placeholder is left"));
    }
    if replayed.has_more {
        notes.push("there may be earlier actions; --limit takes up to 10000".to_owned());
    }
    if replayed.budgets_incomplete {
        notes.push(
            "budgets look further back than was counted; what was over one then is over it still"
                .to_owned(),
        );
    }
    notes
}
