//! The shapes of keys and tokens.
//!
//! Most issuers give their tokens a prefix so that they can be found in places where they should
//! not be. The prefixes and lengths here are those that the issuers document, with the lengths
//! taken as least lengths, because issuers lengthen their tokens now and then.

use std::ops::Range;

use regex::Captures;

use super::entropy;
use super::kind::Kind;

/// One shape.
pub(super) struct Rule {
    pub(super) kind: Kind,
    /// Texts of which one must be there, in any case, before the pattern is tried.
    pub(super) literals: &'static [&'static str],
    /// What the secret looks like. Its last group that takes part is the secret; without groups,
    /// the whole match is.
    pub(super) pattern: &'static str,
    /// What else must be true of the secret.
    accepts: fn(&str) -> bool,
}

impl Rule {
    const fn new(kind: Kind, literals: &'static [&'static str], pattern: &'static str) -> Self {
        Self { kind, literals, pattern, accepts: |_| true }
    }

    const fn only(self, accepts: fn(&str) -> bool) -> Self {
        Self { accepts, ..self }
    }

    /// The secret in a match of the pattern.
    pub(super) fn secret(&self, captures: &Captures<'_>) -> Option<Range<usize>> {
        let secret = captures.iter().flatten().last()?;
        (self.accepts)(secret.as_str()).then_some(secret.range())
    }
}

/// All shapes. Where two find the same text, the earlier one names it.
pub(super) const RULES: &[Rule] = &[
    // RFC 7468 and its relatives. A block without its end is a key that was cut off.
    Rule::new(Kind::PrivateKey, &["private key"],
        r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----|\z)"),
    Rule::new(Kind::PrivateKey, &["putty-user-key-file"], r"PuTTY-User-Key-File-[0-9](?s:.*)"),
    Rule::new(Kind::PrivateKey, &["age-secret-key-"], r"AGE-SECRET-KEY-[0-9A-Z-]{40,}"),
    // IAM identifiers, "unique ID prefixes".
    Rule::new(Kind::ApiKey, &["akia", "asia", "abia", "acca"], r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    Rule::new(Kind::Token, &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"gh[pousr]_[A-Za-z0-9_]{30,}"),
    // Our own.
    Rule::new(Kind::ApiKey, &["plc_"], r"plc_[0-9a-f]{32}_[A-Za-z0-9_-]{43}"),
    Rule::new(Kind::Token, &["github_pat_"], r"github_pat_[A-Za-z0-9_]{22,}"),
    Rule::new(Kind::Token, &["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-"],
        r"gl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_.-]{20,}"),
    Rule::new(Kind::Token, &["xoxa-", "xoxb-", "xoxe", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"],
        r"(?:xox[abeoprs](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,}"),
    Rule::new(Kind::Token, &["hooks.slack.com"],
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_+-]{12,})"),
    Rule::new(Kind::Token, &["/api/webhooks/"], r"/api/webhooks/([0-9]{10,}/[A-Za-z0-9_-]{20,})"),
    Rule::new(Kind::ApiKey, &["sk_live_", "sk_test_", "rk_live_", "rk_test_"], r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    Rule::new(Kind::Secret, &["whsec_"], r"whsec_[A-Za-z0-9+/=]{16,}"),
    Rule::new(Kind::ApiKey, &["aiza"], r"AIza[A-Za-z0-9_-]{35,}"),
    Rule::new(Kind::Token, &["ya29."], r"ya29\.[A-Za-z0-9_-]{20,}"),
    Rule::new(Kind::Secret, &["gocspx-"], r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    Rule::new(Kind::ApiKey, &["sk-ant-", "sk-proj-", "sk-svcacct-", "sk-admin-"],
        r"sk-(?:ant|proj|svcacct|admin)-[A-Za-z0-9_-]{16,}"),
    Rule::new(Kind::ApiKey, &["sk-"], r"(?:^|[^A-Za-z])(sk-[A-Za-z0-9_-]{20,})").only(entropy::is_random),
    Rule::new(Kind::Token, &["npm_"], r"npm_[A-Za-z0-9]{36,}"),
    Rule::new(Kind::Token, &["pypi-"], r"pypi-[A-Za-z0-9_-]{32,}").only(entropy::is_coded),
    Rule::new(Kind::Token, &["hf_"], r"(?:^|[^A-Za-z])(hf_[A-Za-z0-9]{30,})"),
    Rule::new(Kind::Token, &["dop_v1_", "doo_v1_", "dor_v1_"], r"do[por]_v1_[a-f0-9]{64}"),
    Rule::new(Kind::ApiKey, &["sg."], r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    Rule::new(Kind::Token, &["shpat_", "shpca_", "shppa_", "shpss_"], r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}"),
    Rule::new(Kind::Token, &["hvs.", "hvb."], r"\bhv[sb]\.[A-Za-z0-9_-]{20,}"),
    Rule::new(Kind::Token, &["dckr_pat_"], r"dckr_pat_[A-Za-z0-9_-]{20,}"),
    Rule::new(Kind::Token, &["atatt3"], r"ATATT3[A-Za-z0-9_=-]{20,}"),
    // A bot's number, a colon, and 35 characters.
    Rule::new(Kind::Token, &[":aa"], r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
    // RFC 7515, RFC 7516: base64url of `{"`, and one to four more parts.
    Rule::new(Kind::Jwt, &["eyj"], r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){0,2}"),
    // RFC 9110, 11.6.2: a scheme and credentials. Without the header's name, only what is no word.
    Rule::new(Kind::Authorization, &["authorization"],
        r#"(?i)authorization["'\\]*\s{0,4}[:=]\s{0,4}["'\\]*(?:(?:bearer|basic|digest|token|apikey|negotiate)\s+)?([^\s"',;\[\\]+)"#)
        .only(is_no_scheme),
    // In quotes, the value of the header reaches up to their end, and many schemes have spaces in it.
    Rule::new(Kind::Authorization, &["authorization"], concat!(
        r#"(?i)(?:"authorization\s{0,4}:|authorization["'\\]*\s{0,4}[:=]\s{0,4}\\*")\s{0,4}"#,
        r#"(?:(?:bearer|basic|digest|token|apikey|negotiate)\s+)?([^"\n\\\[]+)"#))
        .only(is_no_scheme),
    Rule::new(Kind::Authorization, &["authorization"], concat!(
        r#"(?i)(?:'authorization\s{0,4}:|authorization["'\\]*\s{0,4}[:=]\s{0,4}\\*')\s{0,4}"#,
        r#"(?:(?:bearer|basic|digest|token|apikey|negotiate)\s+)?([^'\n\\\[]+)"#))
        .only(is_no_scheme),
    // A scheme that is not known, and what follows it.
    Rule::new(Kind::Authorization, &["authorization"],
        r#"(?i)authorization:[ \t]{0,4}[a-z][a-z0-9-]{1,32}[ \t]+([^\s"',;\[\\]+)"#)
        .only(entropy::is_coded),
    Rule::new(Kind::Authorization, &["bearer", "basic"], r"(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/=-]{8,})")
        .only(entropy::is_coded),
    // RFC 3986, 3.2.1: what follows the colon in a URL's user part.
    Rule::new(Kind::Password, &["://"], r#"://[^\s/?#:@'"<>]*:([^\s/?#'"<>]+)@"#)
        .only(|secret| !secret.starts_with(['$', '{'])),
    Rule::new(Kind::Token, &["://"], r#"://([^\s/?#:@'"<>]{16,})@"#).only(entropy::is_random),
    // Signatures in pre-signed URLs of object stores.
    Rule::new(Kind::Token, &["sig=", "signature="], r"(?i)[?&](?:x-amz-signature|x-goog-signature|sig)=([A-Za-z0-9%+/=_-]{20,})"),
    // Command lines: `curl -u name:password`, `mysql -pPASSWORD`, `sshpass -p PASSWORD`.
    Rule::new(Kind::Password, &["curl"], concat!(
        r"\bcurl\b[^\n|;]{0,256}?\s(?:-u|--user|-U|--proxy-user)[ =]?",
        r#"(?:\\*"[^\s:"']{1,64}:([^"\n]+)|\\*'[^\s:"']{1,64}:([^'\n]+)"#,
        r#"|[^\s:"']{1,64}:(?:\\*"([^"\n]+)|\\*'([^'\n]+)|([^\s"']+)))"#)),
    Rule::new(Kind::Password, &["mysql"], concat!(
        r"\bmysql(?:dump|admin)?\b[^\n|;]{0,256}?\s-p",
        r#"(?:\\*"([^"\n]+)|\\*'([^'\n]+)|([^\s"']+))"#)),
    Rule::new(Kind::Password, &["sshpass"], concat!(
        r"\bsshpass\s+-p\s?",
        r#"(?:\\*"([^"\n]+)|\\*'([^'\n]+)|([^\s"']+))"#)),
    // "cvc 123", without any mark between them.
    Rule::new(Kind::CardCode, &["cvv", "cvc"], r"(?i)\b(?:cvv2?|cvc2?)(?: code| number)?\s{0,3}[:=#]?\s{0,3}([0-9]{3,4})\b"),
    // Something random soon after a word that announces a secret.
    Rule::new(Kind::Secret,
        &["key", "token", "secret", "password", "passphrase", "passwd", "credential"],
        r"(?i)\b(?:(?:api|access|secret|private|signing|encryption|master)[ _-]?key|token|secret|password|passphrase|passwd|credentials?)\b[^\n]{0,24}?\b([A-Za-z0-9][A-Za-z0-9+/_-]{15,}={0,2})")
        .only(entropy::is_random),
];

/// Whether what follows the header's name is more than the scheme of credentials that are already
/// replaced.
fn is_no_scheme(secret: &str) -> bool {
    const SCHEMES: [&str; 6] = ["bearer", "basic", "digest", "token", "apikey", "negotiate"];
    !SCHEMES.iter().any(|scheme| secret.trim().eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for rule in RULES {
            regex::Regex::new(rule.pattern).unwrap();
        }
    }

    #[test]
    fn every_literal_is_lower_case_as_the_prefilter_expects() {
        let literals = RULES.iter().flat_map(|rule| rule.literals);
        assert!(literals.into_iter().all(|literal| *literal == literal.to_ascii_lowercase()));
    }
}
