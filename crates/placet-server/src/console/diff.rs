//! What differs between two texts, line by line.

/// One line of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// In the second only.
    Added(&'a str),
    /// In the first only.
    Removed(&'a str),
}

/// Most pairs of lines that are held against each other: 16 MB. Beyond it what is between the
/// common beginning and end counts as changed altogether.
const MAX_PAIRS: usize = 4_000_000;

/// The lines of two texts, with as many in common as can be.
pub(super) fn diff<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (head, old) = old.split_at_checked(start).unwrap_or((&[], &old));
    let new = new.get(start..).unwrap_or_default();
    let end =
        old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, tail) = old.split_at_checked(old.len() - end).unwrap_or((old, &[]));
    let new = new.get(..new.len() - end).unwrap_or_default();
    let mut lines: Vec<Line<'a>> = head.iter().map(|line| Line::Same(line)).collect();
    between(old, new, &mut lines);
    lines.extend(tail.iter().map(|line| Line::Same(line)));
    lines
}

fn between<'a>(old: &[&'a str], new: &[&'a str], lines: &mut Vec<Line<'a>>) {
    if old.len().saturating_mul(new.len()) > MAX_PAIRS {
        lines.extend(old.iter().map(|line| Line::Removed(line)));
        lines.extend(new.iter().map(|line| Line::Added(line)));
        return;
    }
    let common = common(old, new);
    let width = new.len() + 1;
    let at = |i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.get(i), new.get(j)) {
            (Some(one), Some(other)) if one == other => {
                lines.push(Line::Same(one));
                (i, j) = (i + 1, j + 1);
            }
            (Some(one), other) if other.is_none() || at(i + 1, j) >= at(i, j + 1) => {
                lines.push(Line::Removed(one));
                i += 1;
            }
            (_, Some(other)) => {
                lines.push(Line::Added(other));
                j += 1;
            }
            _ => return,
        }
    }
}

/// For each pair of places, how many lines the rests from there on have in common.
fn common(old: &[&str], new: &[&str]) -> Vec<u32> {
    let width = new.len() + 1;
    let mut table = vec![0_u32; (old.len() + 1) * width];
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            let at = |i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
            let longest = if one == other {
                at(i + 1, j + 1).saturating_add(1)
            } else {
                at(i + 1, j).max(at(i, j + 1))
            };
            if let Some(place) = table.get_mut(i * width + j) {
                *place = longest;
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Line, diff};

    fn text(old: &str, new: &str) -> String {
        let line = |line: &Line<'_>| match line {
            Line::Same(line) => format!(" {line}"),
            Line::Added(line) => format!("+{line}"),
            Line::Removed(line) => format!("-{line}"),
        };
        diff(old, new).iter().map(line).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn what_was_added_and_removed_is_told_and_the_rest_stays() {
        assert_eq!(text("a\nb\nc", "a\nb\nc"), " a| b| c");
        assert_eq!(text("a\nb\nc", "a\nx\nc"), " a|-b|+x| c");
        assert_eq!(text("", "a\nb"), "+a|+b");
        assert_eq!(text("a\nb", ""), "-a|-b");
        assert_eq!(text("a\nb\nc\nd", "b\nc\nx\nd\ne"), "-a| b| c|+x| d|+e");
        assert_eq!(text("a\na\nb", "a\nb\na"), " a|-a| b|+a");
    }

    #[test]
    fn both_texts_can_be_read_off_it_even_where_they_are_long() {
        let old: String = (0..3_000).map(|line| format!("{}\n", line * 2)).collect();
        let new: String = (0..3_000).map(|line| format!("{}\n", line * 3)).collect();
        let lines = diff(&old, &new);
        let side = |is_old: bool| {
            let of = |line: &Line<'_>| match line {
                Line::Same(line) => Some((*line).to_owned()),
                Line::Removed(line) => is_old.then(|| (*line).to_owned()),
                Line::Added(line) => (!is_old).then(|| (*line).to_owned()),
            };
            lines.iter().filter_map(of).map(|line| line + "\n").collect::<String>()
        };
        assert_eq!((side(true), side(false)), (old, new));
    }
}
