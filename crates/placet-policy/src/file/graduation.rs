//! What it takes to earn autonomy.
//!
//! Thresholds that no evidence can reach, and thresholds that never decide anything, are errors:
//! whoever wrote them believes that they hold something back or let something through. A class
//! must meet what `supervised` takes before it is asked for what `autonomous` takes, so the second
//! can never be weaker than the first.

use placet_core::SourceName;
use placet_core::autonomy::{Graduation, Rate, Thresholds};
use placet_core::class::AutonomyState;

use super::actions::Draft;
use super::reader::Reader;
use super::report::{At, Report};
use super::values;

/// Reads the thresholds, and compares them with the states that classes are meant to earn.
pub(crate) fn read(top: &Reader<'_>, drafts: &[Draft], report: &mut Report<'_>) -> Graduation {
    let table = top.table("graduation", report);
    let graduation = table.map_or_else(Graduation::default, |table| graduation(&table, report));
    for max_state in drafts.iter().filter_map(|draft| draft.max_state.as_ref()) {
        check_max_state(max_state, &graduation, report);
    }
    graduation
}

fn graduation(table: &Reader<'_>, report: &mut Report<'_>) -> Graduation {
    let silent = Graduation::default();
    let window = table.value("window", report, values::whole).map_or(silent.window, |at| at.value);
    let sources = table.list("sources", report, values::name(|text| SourceName::new(text)));
    let sources = sources.map_or_else(Vec::new, |at| at.value);
    let quorum = table.value("ratification_quorum", report, values::whole);
    let supervised =
        table.table("supervised", report).map(|table| Steps::read(&table, window, report));
    let autonomous =
        table.table("autonomous", report).map(|table| Steps::read(&table, window, report));
    if let (false, Some(span)) = (table.says("supervised"), table.key_span("autonomous")) {
        let message =
            "[graduation.autonomous] can never be reached without [graduation.supervised]";
        report.error(span, message, "add [graduation.supervised]");
    }
    if let (Some(supervised), Some(autonomous)) = (&supervised, &autonomous) {
        autonomous.refuse_weaker_than(supervised, report);
    }
    let floor = supervised.as_ref().map_or(Rate::default(), Steps::adversarial);
    Graduation {
        supervised: supervised.map(|steps| steps.finish(Rate::default())),
        autonomous: autonomous.map(|steps| steps.finish(floor)),
        window,
        sources: sources.into_iter().map(|source| source.value).collect(),
        ratification_quorum: quorum.map_or(silent.ratification_quorum, |at| at.value),
    }
}

/// Thresholds as they are written.
struct Steps {
    pass_rate: Option<At<Rate>>,
    adversarial_pass_rate: Option<At<Rate>>,
    min_samples: Option<At<u64>>,
}

impl Steps {
    fn read(table: &Reader<'_>, window: u64, report: &mut Report<'_>) -> Self {
        let rate = |name: &str, report: &mut Report<'_>| {
            let parts = table.value(name, report, values::share)?;
            Some(At { value: Rate::of_million(parts.value).ok()?, span: parts.span })
        };
        let steps = Self {
            pass_rate: rate("pass_rate", report),
            adversarial_pass_rate: rate("adversarial_pass_rate", report),
            min_samples: table.value("min_samples", report, values::whole),
        };
        if let Some(At { value, span }) = steps.min_samples
            && value > window
        {
            let message = format!("min_samples is {value}, but a source remembers only {window}");
            report.error(span, message, format!("write at most {window}, or a larger window"));
        }
        steps
    }

    fn adversarial(&self) -> Rate {
        self.adversarial_pass_rate.as_ref().map_or(Rate::default(), |at| at.value)
    }

    fn refuse_weaker_than(&self, lower: &Self, report: &mut Report<'_>) {
        weaker("pass_rate", self.pass_rate.as_ref(), lower.pass_rate.as_ref(), report);
        let adversarial = self.adversarial_pass_rate.as_ref();
        weaker("adversarial_pass_rate", adversarial, lower.adversarial_pass_rate.as_ref(), report);
        weaker("min_samples", self.min_samples.as_ref(), lower.min_samples.as_ref(), report);
    }

    /// The thresholds. Those that are missing have been reported, except the adversarial one.
    fn finish(self, adversarial: Rate) -> Thresholds {
        Thresholds {
            pass_rate: self.pass_rate.map_or(Rate::default(), |at| at.value),
            adversarial_pass_rate: self.adversarial_pass_rate.map_or(adversarial, |at| at.value),
            min_samples: self.min_samples.map_or(1, |at| at.value),
        }
    }
}

fn weaker<T: PartialOrd + std::fmt::Display>(
    name: &str,
    upper: Option<&At<T>>,
    lower: Option<&At<T>>,
    report: &mut Report<'_>,
) {
    if let (Some(upper), Some(lower)) = (upper, lower)
        && upper.value < lower.value
    {
        let message = format!(
            "{name} {} never decides, because supervised already takes {}",
            upper.value, lower.value
        );
        report.error(upper.span, message, format!("write at least {}", lower.value));
    }
}

/// A state that a class is explicitly meant to earn, but for which there are no thresholds.
fn check_max_state(
    max_state: &At<AutonomyState>,
    graduation: &Graduation,
    report: &mut Report<'_>,
) {
    let missing = match max_state.value {
        AutonomyState::Manual => return,
        _ if graduation.supervised.is_none() => AutonomyState::Supervised,
        AutonomyState::Autonomous if graduation.autonomous.is_none() => AutonomyState::Autonomous,
        _ => return,
    };
    let message =
        format!("no class can become {missing}, because there is no [graduation.{missing}]");
    report.warning(
        max_state.span,
        message,
        format!("add [graduation.{missing}], or lower max_state"),
    );
}
