//! The logs of gates, wherever they lie: whoever may write one, or its key, may answer for a person.

use std::path::Path;

use crate::mention::{ANYTHING, SOMETHING};
use crate::pattern::{may_end, names};

/// What a log is called where nobody calls it otherwise.
const LOG: &str = "placet.db";

/// What lies beside a log begins with its name, and ends with one of these.
const BESIDE: [&str; 5] = ["-key", "-lock", "-wal", "-shm", "-journal"];

/// Most files of a folder that are looked at for a pattern of names.
const MAX_ENTRIES: usize = 10_000;

/// Whether a name, in small letters, is that of a log or of what lies beside one.
pub(crate) fn is_log_name(name: &str) -> bool {
    name.strip_prefix(LOG).is_some_and(|end| end.is_empty() || BESIDE.contains(&end))
}

/// Whether a path leads to a log or to what lies beside one, by its name or because a key is there. The
/// last name may be a pattern.
pub(crate) fn is_of_log(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return false };
    if !name.contains([ANYTHING, SOMETHING]) {
        return is_one(path, &name);
    }
    let pattern = names(&name);
    let is_any = name.chars().all(|c| [ANYTHING, SOMETHING].contains(&c));
    let entries = path.parent().and_then(|folder| folder.read_dir().ok());
    entries.into_iter().flatten().take(MAX_ENTRIES).filter_map(Result::ok).any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let may_be = is_any || may_end(&pattern, &[name.to_lowercase()]);
        may_be && is_one(&entry.path(), &name)
    })
}

fn is_one(path: &Path, name: &str) -> bool {
    let is_log = |name: &str| {
        let key = path.with_file_name(format!("{name}-key"));
        key.is_file() && path.with_file_name(name).is_file()
    };
    let beside = BESIDE.iter().find_map(|end| name.strip_suffix(end));
    is_log_name(&name.to_lowercase()) || is_log(name) || beside.is_some_and(is_log)
}
