//! What software says in words of its own, without the secrets in it.

use placet_core::limits::{MAX_OUTCOME_BYTES, MAX_REASON_BYTES};

use crate::guard::Guard;

impl Guard {
    /// What came of an action, in the words of whoever reports it, as it is stored.
    pub(crate) fn report_without_secrets(&self, report: &str) -> String {
        self.without_secrets(report, MAX_OUTCOME_BYTES)
    }

    /// Why a kill switch is tripped or reset, as it is stored. It is in the public leaf, out of which
    /// nothing is ever erased.
    pub(crate) fn reason_without_secrets(&self, reason: &str) -> String {
        self.without_secrets(reason, MAX_REASON_BYTES)
    }

    /// The text with its secrets replaced. Placeholders can be longer than what they stand for, so what
    /// was short enough is cut to stay so; what is too long is refused by whoever reads it, and is left
    /// alone.
    fn without_secrets(&self, text: &str, most: usize) -> String {
        if text.is_empty() || text.len() > most {
            return text.to_owned();
        }
        let mut clean = self.policy().redact_text(text, self.log().pepper());
        clean.truncate(clean.floor_char_boundary(most));
        clean
    }
}
