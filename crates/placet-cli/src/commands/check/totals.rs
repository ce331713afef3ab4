//! What a whole input came to.

use std::collections::BTreeMap;

use placet::Answer;
use placet_core::{CheckName, Mode, Verdict};

/// What a whole input came to.
#[derive(Debug, Default)]
pub(super) struct Totals {
    verdicts: BTreeMap<Verdict, u64>,
    checks: BTreeMap<(Verdict, CheckName), u64>,
    errors: u64,
    relaxed: u64,
    mode: Option<Mode>,
}

impl Totals {
    pub(super) fn decided(&mut self, answer: &Answer) {
        let real = real(answer);
        *self.verdicts.entry(real).or_default() += 1;
        for check in deciding(answer) {
            *self.checks.entry((real, check)).or_default() += 1;
        }
        self.relaxed += u64::from(answer.would_have.is_some());
        self.mode = Some(answer.mode);
    }

    pub(super) fn refused(&mut self) {
        self.errors += 1;
    }

    /// How many actions were decided on.
    pub(super) fn actions(&self) -> u64 {
        self.verdicts.values().sum()
    }

    /// How many actions came to this verdict, before the mode.
    pub(super) fn of(&self, verdict: Verdict) -> u64 {
        self.verdicts.get(&verdict).copied().unwrap_or(0)
    }

    /// Which checks held or blocked actions, and how many.
    pub(super) fn holding(&self) -> impl Iterator<Item = (Verdict, CheckName, u64)> {
        let held = self.checks.iter().filter(|((verdict, _), _)| *verdict > Verdict::Allow);
        held.map(|((verdict, check), count)| (*verdict, *check, *count))
    }

    /// How many lines could not be read.
    pub(super) fn errors(&self) -> u64 {
        self.errors
    }

    /// How many actions were allowed only because of the mode.
    pub(super) fn relaxed(&self) -> u64 {
        self.relaxed
    }

    /// The mode that they were decided in.
    pub(super) fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// Whether any action came to this verdict or a stricter one, before the mode.
    pub(super) fn reach(&self, verdict: Verdict) -> bool {
        self.verdicts.range(verdict..).any(|(_, count)| *count > 0)
    }
}

/// The verdict before the mode was applied.
pub(super) fn real(answer: &Answer) -> Verdict {
    answer.would_have.unwrap_or(answer.verdict)
}

/// The checks that the verdict rests on, each once.
fn deciding(answer: &Answer) -> impl Iterator<Item = CheckName> {
    let real = real(answer);
    let findings = answer.findings.iter().filter(move |finding| finding.verdict == real);
    let checks: std::collections::BTreeSet<CheckName> =
        findings.map(|finding| finding.check).collect();
    checks.into_iter()
}
