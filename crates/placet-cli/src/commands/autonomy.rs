//! `placet autonomy`: where each class stands on its ladder, and what it lacks for the next step.

use anstyle::Style;
use clap::Args;
use placet_core::autonomy::{LedgerKey, Record, standing};
use placet_core::{ActionClass, AutonomyState, RiskTier, State, TenantId};
use serde::Serialize;

use crate::console::{Console, GOOD, HELD, STRONG};
use crate::escape;
use crate::failure::Outcome;
use crate::log_file::LogArgument;
use crate::status::Status;
use crate::table::Table;

/// Show what each class has earned, and what is missing for more.
///
/// Evidence belongs to one tenant, and to one version of the agent where it says which. A class
/// without any stands where everything begins, at manual. Reads are not listed: they need none.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: LogArgument,
}

/// Where one class stands.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    of: LedgerKey,
    risk: RiskTier,
    autonomy: AutonomyState,
    max_state: AutonomyState,
    missing: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let state = arguments.log.state()?;
    let rows = rows(&state);
    if console.is_json() {
        console.value(&rows)?;
    } else if rows.is_empty() {
        console.text("the policy of the log has no class that earns anything\n")?;
    } else {
        console.text(&render(&rows))?;
    }
    Ok(Status::Ok)
}

/// Every class that has evidence, for each tenant and version; and those that have none.
fn rows(state: &State) -> Vec<Row> {
    let classes = state.terms().classes.values().filter(|class| class.risk != RiskTier::Read);
    let mut rows = Vec::new();
    for class in classes {
        let ledgers: Vec<_> =
            state.ledgers().iter().filter(|(of, _)| of.class == class.name).collect();
        if ledgers.is_empty() {
            let of =
                LedgerKey { tenant: TenantId::default(), class: class.name.clone(), build: None };
            rows.push(row(state, class, of, &Record::default()));
        }
        rows.extend(ledgers.into_iter().map(|(of, record)| row(state, class, of.clone(), record)));
    }
    rows
}

fn row(state: &State, class: &ActionClass, of: LedgerKey, record: &Record) -> Row {
    let standing = standing(class, &state.terms().graduation, record);
    Row {
        of,
        risk: class.risk,
        autonomy: record.state.min(class.max_state),
        max_state: class.max_state,
        missing: standing.missing,
    }
}

fn render(rows: &[Row]) -> String {
    let mut table =
        Table::new(&["class", "tenant", "build", "autonomy", "at most", "missing for more"]);
    for row in rows {
        let build = row.of.build.as_ref().map_or("–", |build| build.as_str());
        let style = if row.autonomy == AutonomyState::Manual { HELD } else { GOOD };
        table.row([
            (STRONG, escape::line(row.of.class.as_str()).into_owned()),
            (Style::new(), escape::line(row.of.tenant.as_str()).into_owned()),
            (Style::new(), escape::line(build).into_owned()),
            (style, row.autonomy.to_string()),
            (Style::new(), row.max_state.to_string()),
            (Style::new(), escape::line(&row.missing.join("; ")).into_owned()),
        ]);
    }
    table.render()
}
