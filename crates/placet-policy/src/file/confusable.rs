//! Names that pretend to be others: a Cyrillic letter among Latin ones, a character without a shape.
//!
//! The rules are those of Unicode Technical Standard 39: two names look alike when their skeletons
//! are the same; scripts may be mixed only as people do who write Chinese, Japanese or Korean beside
//! Latin.

use unicode_normalization::UnicodeNormalization;
use unicode_security::general_security_profile::IdentifierType;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection};

use super::diagnostic::quote;
use super::report::Fault;

/// What a name looks like: the same for all names that a reader could take for each other.
pub(crate) fn look(name: &str) -> String {
    let plain: String = name.nfkc().collect();
    unicode_security::skeleton(&plain).collect()
}

/// Why a name by itself is suspicious.
pub(crate) fn disguise(name: &str) -> Option<Fault> {
    if let Some(c) = name.chars().find(|c| is_invisible(*c)) {
        let code = u32::from(c);
        let message = format!("the name {} holds U+{code:04X}, which cannot be seen", quote(name));
        return Some(Fault::new(message, "remove the character"));
    }
    if name.starts_with(' ') || name.ends_with(' ') {
        let message = format!("the name {} begins or ends with a space", quote(name));
        return Some(Fault::new(message, format!("write {}", quote(name.trim_matches(' ')))));
    }
    let letters: String = name.nfkc().filter(|c| c.identifier_allowed()).collect();
    if letters.check_restriction_level(RestrictionLevel::HighlyRestrictive) {
        return None;
    }
    let foreign = name.chars().find(|c| !c.is_ascii()).unwrap_or_default();
    let message = format!(
        "the name {} mixes scripts: {} is U+{:04X}",
        quote(name),
        quote(&foreign.to_string()),
        u32::from(foreign),
    );
    Some(Fault::new(message, "write it in one script"))
}

/// Whether a character takes no room, or room that could be any space.
fn is_invisible(c: char) -> bool {
    let is_ignorable = c.identifier_type() == Some(IdentifierType::Default_Ignorable);
    !c.is_ascii() && (is_ignorable || c.is_whitespace() || c.is_control())
}
