//! Paths that are known only in part, held against names.

use crate::mention::{ANYTHING, SOMETHING};

/// What stands for any one name in a list of names, and before an end for any name that ends so.
pub(crate) const ANY_NAME: &str = "*";

/// The names in a path, without `.` and what `..` takes back, as file systems compare them that know
/// neither small nor capital letters nor characters that cannot be seen.
pub(crate) fn names(path: &str) -> Vec<String> {
    names_from(Vec::new(), path)
}

/// The same for a path that is seen from a folder with these names, unless it is whole.
pub(crate) fn names_from(folder: Vec<String>, path: &str) -> Vec<String> {
    let mut names = if path.starts_with('/') { Vec::new() } else { folder };
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(plain(name)),
        }
    }
    names
}

fn plain(name: &str) -> String {
    let is_shown = |c: &char| {
        !matches!(*c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    name.chars().filter(is_shown).flat_map(char::to_lowercase).collect()
}

/// Whether a path may end with these names. At least one of the last two has to be written out in part:
/// else every variable would be every file.
pub(crate) fn may_end<S: AsRef<str>>(path: &[String], wanted: &[S]) -> bool {
    ends(path, wanted, 0, false)
}

fn ends<S: AsRef<str>>(path: &[String], wanted: &[S], matched: usize, is_written: bool) -> bool {
    let Some((last, wanted_before)) = wanted.split_last() else { return is_written };
    let Some((name, before)) = path.split_last() else { return false };
    let last = last.as_ref();
    let is_literal = name.chars().any(|c| c != ANYTHING && c != SOMETHING);
    let is_near = matched < 2 && last != ANY_NAME;
    let is_open = name.contains(ANYTHING);
    // What may be anything may be several names.
    let swallows = is_open
        && (ends(path, wanted_before, matched + 1, is_written) || before.is_empty() && is_written);
    swallows
        || fits(name, last)
            && ends(before, wanted_before, matched + 1, is_written || is_near && is_literal)
}

/// Whether a name that is known in part may be this one.
fn fits(name: &str, wanted: &str) -> bool {
    if wanted == ANY_NAME {
        return true;
    }
    if name.starts_with(SOMETHING) && wanted.starts_with('.') {
        return false;
    }
    let (is_end, wanted) = match wanted.strip_prefix(ANY_NAME) {
        Some(end) => (true, end),
        None => (false, wanted),
    };
    if !name.contains([ANYTHING, SOMETHING]) {
        return if is_end { name.ends_with(wanted) } else { name == wanted };
    }
    let wanted: Vec<char> = wanted.chars().collect();
    let mut reached = vec![false; wanted.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for c in name.chars() {
        let mut next = vec![false; reached.len()];
        let mut is_any = false;
        for (at, (was, is)) in reached.iter().zip(next.iter_mut()).enumerate() {
            if c == ANYTHING || c == SOMETHING {
                is_any |= *was;
                *is = is_any;
            } else if at > 0 {
                let before = reached.get(at - 1).copied().unwrap_or_default();
                *is = before && wanted.get(at - 1) == Some(&c);
            }
        }
        if let (true, Some(first)) = (is_end, next.first_mut()) {
            *first = true;
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_known_in_part_may_be_what_they_may_become() {
        let rows = [
            (".claude/settings.json", true),
            ("a/./b/../.CLAUDE//settings.JSON", true),
            (".claude/s\u{2}.json", true),
            ("\u{1}/settings.json", true),
            (".claude/\u{1}", true),
            ("\u{1}", false),
            ("\u{1}/\u{1}", false),
            ("\u{2}/settings.json", false),
            (".c\u{2}/settings.json", true),
            (".claude/settings.jso", false),
            ("claude/settings.json", false),
            ("", false),
        ];
        for (path, expected) in rows {
            assert_eq!(may_end(&names(path), &[".claude", "settings.json"]), expected, "{path:?}");
        }
        assert!(may_end(&names("x/.codex/new.toml"), &[".codex", ANY_NAME]));
        assert!(!may_end(&names("x/\u{1}/new.toml"), &[".codex", ANY_NAME]));
        let own = ["home", "ann", ".config", "placet", "policy.toml"];
        assert!(may_end(&names("\u{1}/policy.toml"), &own));
        assert!(!may_end(&names("/home/ann/\u{1}"), &own));
        assert!(may_end(&names("/home/\u{1}/policy.toml"), &own));
        let rules = ["a", "*.cedar"];
        for (path, expected) in [
            ("a/b.cedar", true),
            ("a/.cedar", true),
            ("a/*.cedar", true),
            ("x/a/b.c.CEDAR", true),
            ("a/\u{2}", true),
            ("a/b.\u{2}", true),
            ("a/b.cedar.md", false),
            ("a/cedar", false),
            ("b/b.cedar", false),
        ] {
            assert_eq!(may_end(&names(path), &rules), expected, "{path:?}");
        }
    }
}
