//! What the words of a name mean.
//!
//! A word has one role. A verb that changes something also has a lean: how readily it is a noun
//! instead (`refund` in `get_refund`), which decides where in a name it still counts as a verb.
//! The words themselves are in `lexicon_words.rs`.

use std::sync::LazyLock;

use super::effect::Effect;
use super::lexicon_words::{PAIRS, WORDS};

/// What a word does in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A verb of looking.
    Read(Look),
    /// It asks: what follows is not done (`can_delete_user`).
    Question,
    /// A noun that, last in a name, asks for itself (`user_details`).
    Nominal,
    /// A verb that has an effect.
    Act(Effect, Lean),
    /// A noun that is no verb, a product's name, an adjective.
    Noun,
    /// After it, another verb may follow.
    Conjunction,
    /// It adds nothing.
    Filler,
    /// Not in the lexicon.
    Unknown,
}

/// How surely a verb of looking is a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// Also a noun, which other verbs may have as their object (`list`, `view`).
    AlsoNoun,
    /// A verb of searching or reckoning.
    Verb,
    /// A verb whose object is always a thing (`get_update` gets the update).
    Fetch,
}

/// How readily a verb with an effect is a noun instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lean {
    /// Always a verb.
    Verb,
    /// Either.
    Either,
    /// Mostly a noun, unless it comes first.
    Noun,
}

/// The role of one word in lower case.
pub(super) fn role_of(word: &str) -> Role {
    find(word).unwrap_or_else(|| if is_plural_noun(word) { Role::Noun } else { Role::Unknown })
}

/// The role of two words that mean something else together (`check` `out`).
pub(super) fn role_of_pair(first: &str, second: &str) -> Option<Role> {
    let matches =
        |(a, b, _): &&(&str, &str, Role)| *a == first && b.split(' ').any(|b| b == second);
    PAIRS.iter().find(matches).map(|(_, _, role)| *role)
}

/// Every word of the lexicon with its role, in order.
static INDEX: LazyLock<Vec<(&'static str, Role)>> = LazyLock::new(|| {
    let expand = |(role, words): &(Role, &'static str)| {
        let role = *role;
        words.split_whitespace().map(move |word| (word, role))
    };
    let mut index: Vec<_> = WORDS.iter().flat_map(expand).collect();
    index.sort_by_key(|(word, _)| *word);
    index
});

/// Every word that is always a verb with an effect, alone or before another, in order.
static VERBS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let is_verb = |role: &Role| matches!(role, Role::Act(_, Lean::Verb));
    let alone = INDEX.iter().filter(|(_, role)| is_verb(role)).map(|(word, _)| *word);
    let paired = PAIRS.iter().filter(|(.., role)| is_verb(role)).map(|(word, ..)| *word);
    let mut verbs: Vec<_> = alone.chain(paired).collect();
    verbs.sort_unstable();
    verbs
});

/// Whether `word` may be a verb with an effect, whatever stands behind it.
pub(super) fn may_be_verb(word: &str) -> bool {
    VERBS.binary_search(&word).is_ok()
}

fn find(word: &str) -> Option<Role> {
    let position = INDEX.binary_search_by_key(&word, |(known, _)| known).ok()?;
    INDEX.get(position).map(|(_, role)| *role)
}

/// `users` is a noun although nobody listed it; `deletes` may be a verb.
fn is_plural_noun(word: &str) -> bool {
    let Some(singular) = word.strip_suffix('s') else { return false };
    if singular.len() < 3 || singular.ends_with(['s', 'u', 'i']) {
        return false;
    }
    let stem = singular.strip_suffix('e').unwrap_or(singular);
    [singular, stem].iter().all(|word| !matches!(find(word), Some(Role::Act(_, Lean::Verb))))
}

#[cfg(test)]
mod tests {
    use super::{INDEX, PAIRS, Role, role_of};

    #[test]
    fn no_word_has_two_roles() {
        for pair in INDEX.windows(2) {
            let [(first, _), (second, _)] = pair else { continue };
            assert_ne!(first, second, "listed twice");
        }
        assert!(INDEX.len() > 700, "the lexicon is there");
    }

    #[test]
    fn words_are_in_the_form_that_the_tokenizer_yields() {
        let pairs = PAIRS.iter().flat_map(|(a, b, _)| b.split(' ').chain([*a]));
        for word in INDEX.iter().map(|(word, _)| *word).chain(pairs) {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{word:?}");
        }
    }

    #[test]
    fn a_plural_is_a_noun_unless_it_may_be_a_verb() {
        assert_eq!(role_of("widgets"), Role::Noun);
        assert_eq!(role_of("refunds"), Role::Noun);
        assert_eq!(role_of("deletes"), Role::Unknown);
        assert_eq!(role_of("gizmo"), Role::Unknown);
        assert_eq!(role_of("bypass"), Role::Act(super::Effect::Grants, super::Lean::Verb));
    }
}
