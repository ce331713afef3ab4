//! The patterns of `like`, in which `*` stands for any characters.

use cedar_policy::pst::PatternElem;

/// A pattern, cut at its wildcards.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    first: Box<str>,
    /// Each of these comes after a wildcard; none means that there is no wildcard.
    rest: Box<[Box<str>]>,
}

impl Pattern {
    pub(super) fn new(elements: &[PatternElem]) -> Self {
        let mut parts = elements.split(|element| *element == PatternElem::Wildcard).map(literal);
        Self { first: parts.next().unwrap_or_default(), rest: parts.collect() }
    }

    /// Whether it matches the whole of `text`.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((last, middle)) = self.rest.split_last() else {
            return text == self.first.as_ref();
        };
        let Some(mut text) = text.strip_prefix(self.first.as_ref()) else { return false };
        for part in middle {
            // Taking the earliest place leaves the most for what follows.
            match text.split_once(part.as_ref()) {
                Some((_, after)) => text = after,
                None => return false,
            }
        }
        text.ends_with(last.as_ref())
    }
}

fn literal(elements: &[PatternElem]) -> Box<str> {
    let text: String = elements
        .iter()
        .filter_map(|element| match element {
            PatternElem::Char(c) => Some(*c),
            PatternElem::Wildcard => None,
        })
        .collect();
    text.into()
}
