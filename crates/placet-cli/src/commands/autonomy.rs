//! `placet autonomy`: where each class stands on its ladder, and what it lacks for the next step.

use anstyle::Style;
use clap::Args;
use placet::{Standing, TenantId};
use placet_core::AutonomyState;

use crate::console::{Console, GOOD, HELD, STRONG};
use crate::escape;
use crate::failure::Outcome;
use crate::place::PlaceArgument;
use crate::status::Status;
use crate::table::Table;

/// Show what each class has earned, and what is missing for more.
///
/// Evidence belongs to one tenant, and to one version of the agent where it says which. A class
/// without any stands where everything begins, at manual. Reads are not listed: they need none.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: PlaceArgument,

    /// Only this tenant, also before anything is known of it
    #[arg(long)]
    tenant: Option<TenantId>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let rows = arguments.place.look()?.standings(arguments.tenant.as_ref())?;
    if console.is_json() {
        console.value(&rows)?;
    } else if rows.is_empty() {
        console.text("the policy of the log has no class that earns anything\n")?;
    } else {
        console.text(&render(&rows))?;
    }
    Ok(Status::Ok)
}

fn render(rows: &[Standing]) -> String {
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
