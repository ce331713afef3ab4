//! Patterns in which `*` stands for any run of characters, also for none.

/// Whether a key of the policy is a pattern rather than the name of one tool.
#[must_use]
pub fn is_pattern(key: &str) -> bool {
    key.contains('*')
}

/// A text with at least one `*`.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    prefix: Box<str>,
    /// What stands between two `*`, in order.
    middles: Box<[Box<str>]>,
    suffix: Box<str>,
    rank: usize,
}

impl Pattern {
    /// The pattern in a text; `None` if it has no `*`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = text.split_once('*')?;
        let (middles, suffix) = rest.rsplit_once('*').unwrap_or(("", rest));
        Some(Self {
            prefix: prefix.into(),
            middles: middles
                .split('*')
                .filter(|middle| !middle.is_empty())
                .map(Box::from)
                .collect(),
            suffix: suffix.into(),
            rank: text.chars().filter(|c| *c != '*').count(),
        })
    }

    /// How specific it is: its number of literal characters.
    pub(super) fn rank(&self) -> usize {
        self.rank
    }

    /// What stands before the first `*` and after the last.
    pub(super) fn ends(&self) -> (&str, &str) {
        (&self.prefix, &self.suffix)
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let inside =
            name.strip_prefix(&*self.prefix).and_then(|rest| rest.strip_suffix(&*self.suffix));
        let Some(mut rest) = inside else { return false };
        // Taking each piece where it first appears leaves the most for those that follow.
        for middle in &self.middles {
            match rest.split_once(&**middle) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        true
    }

    /// A name that both patterns match, if there is one.
    ///
    /// The ends must agree as far as both reach: one prefix must begin with the other, and one
    /// suffix end with the other. That is enough. Between the longer of each, the middles of one
    /// pattern followed by those of the other satisfy both, because every `*` may swallow what
    /// belongs to its neighbour.
    pub(super) fn overlap(&self, other: &Self) -> Option<String> {
        let prefix = longer(&self.prefix, &other.prefix, str::starts_with)?;
        let suffix = longer(&self.suffix, &other.suffix, str::ends_with)?;
        let middles = self.middles.iter().chain(&other.middles).map(|middle| &**middle);
        Some(std::iter::once(prefix).chain(middles).chain([suffix]).collect())
    }
}

/// The longer of two texts, if it extends the other.
fn longer<'a>(
    one: &'a str,
    other: &'a str,
    extends: impl Fn(&'a str, &'a str) -> bool,
) -> Option<&'a str> {
    if extends(one, other) {
        Some(one)
    } else if extends(other, one) {
        Some(other)
    } else {
        None
    }
}
