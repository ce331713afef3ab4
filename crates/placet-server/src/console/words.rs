//! What somebody had typed into a form that was not carried out, so that it is not lost.

use super::form::Fields;
use super::held::{field_name, label};

/// The fields that people write sentences into, and what a page calls them.
const FIELDS: [(&str, &str); 3] =
    [("reason", "Why"), ("params", "Params, as JSON"), ("text", "The text of the policy")];

/// One text, with the field that it was typed into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) field: String,
    pub(crate) label: String,
    pub(crate) text: String,
}

/// Everything that was typed. Passwords and tokens are in none of these fields.
pub(crate) fn typed(fields: &Fields) -> Vec<Word> {
    let statement = field_name("");
    let word = |(field, text): (&str, &str)| {
        let known = FIELDS.into_iter().find(|(name, _)| *name == field);
        let label = match (known, field.strip_prefix(&statement)) {
            (Some((_, label)), _) => label.to_owned(),
            (None, Some(name)) => label(name),
            (None, None) => return None,
        };
        let text = text.replace("\r\n", "\n");
        (!text.trim().is_empty()).then(|| Word { field: field.to_owned(), label, text })
    };
    fields.pairs().filter_map(word).collect()
}
