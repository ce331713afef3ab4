//! "Did you mean": the nearest of the words that would have been right.

/// The candidate nearest to `word`, if it is near enough to be meant: at most one edit for every
/// three characters.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word: Vec<char> = word.chars().collect();
    let allowed = word.len().div_ceil(3);
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(word.len()) <= allowed)
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// What to write instead: the nearest candidate, or else all of them.
pub(crate) fn remedy<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    match nearest(word, candidates.clone()) {
        Some(candidate) => format!("write {candidate}"),
        None => format!("write one of {}", listed(candidates)),
    }
}

fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

/// How many characters must be inserted, deleted or replaced, or neighbours swapped, to turn one
/// word into the other. Case counts as nothing: a capital letter is rarely what went wrong alone.
fn distance(word: &[char], candidate: &str) -> usize {
    let lower = |c: char| c.to_ascii_lowercase();
    let width = word.len() + 1;
    let mut older: Vec<usize> = vec![usize::MAX; width];
    let mut old: Vec<usize> = (0..width).collect();
    let mut last = None;
    for (row, c) in candidate.chars().map(lower).enumerate() {
        let mut new = vec![row + 1];
        let mut left = None;
        for (column, w) in word.iter().copied().map(lower).enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX);
            let replaced = at(&old, column) + usize::from(c != w);
            let mut best = replaced.min(at(&old, column + 1) + 1).min(at(&new, column) + 1);
            if last == Some(w) && left == Some(c) && column > 0 {
                best = best.min(at(&older, column - 1).saturating_add(1));
            }
            new.push(best);
            left = Some(w);
        }
        older = std::mem::replace(&mut old, new);
        last = Some(c);
    }
    old.last().copied().unwrap_or_default()
}
