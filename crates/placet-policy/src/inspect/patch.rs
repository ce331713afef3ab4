//! Patches as coding agents write them: a text that says which files it adds, changes and deletes.
//!
//! Only a tool that applies patches reads its text like this. To a shell the same text is a list of
//! commands, whatever its first line says.

use super::argument::Findings;
use super::effect::Effect;
use super::path;

/// Files of one patch that are looked at.
const MAX_FILES: usize = 1_000;

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";

/// What a line does to the file that it names.
const ORDERS: [(&str, Effect, &str); 4] = [
    ("*** Add File: ", Effect::Writes, "a patch adds a file"),
    ("*** Update File: ", Effect::Writes, "a patch changes a file"),
    ("*** Move to: ", Effect::Writes, "a patch moves a file"),
    ("*** Delete File: ", Effect::Deletes, "a patch deletes a file"),
];

/// Whether a text is a patch of this kind.
pub(super) fn is_patch(text: &str) -> bool {
    text.trim_start().starts_with(BEGIN)
}

/// What a patch does.
pub(super) fn inspect(text: &str) -> Findings {
    let mut findings = Findings::default();
    let mut lines = text.trim().lines().skip(1);
    let mut files = 0;
    let is_ended = lines.any(|line| {
        files += usize::from(order(line, &mut findings));
        line.trim_end() == END || files > MAX_FILES
    });
    if !is_ended || files > MAX_FILES || lines.next().is_some() {
        findings.cannot_tell("a patch that does not end where it says");
    }
    findings
}

/// Reads a line that is no content, and says whether it names a file.
fn order(line: &str, findings: &mut Findings) -> bool {
    for (start, effect, reason) in ORDERS {
        let Some(file) = line.strip_prefix(start) else { continue };
        if !findings.effects.iter().any(|(_, known, _)| known == reason) {
            findings.does(effect, reason);
        }
        if let Some(reason) = path::secret(file) {
            findings.touches_secret(reason);
        }
        return true;
    }
    let is_known = [END, "*** End of File"].contains(&line.trim_end());
    if line.starts_with("***") && !is_known {
        findings.cannot_tell("a line of a patch that is not known");
    }
    false
}
