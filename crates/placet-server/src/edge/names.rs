//! Names of hosts and origins as browsers write them. One that is written otherwise would match nothing,
//! or more than anybody means, and nobody would hear of it.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest name that DNS has.
const MAX_NAME_BYTES: usize = 253;

/// A text that no browser sends, or that stands for everything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no name of a host.
    #[error(
        "{0:?} is no name of a host; write placet.example.com, placet.example.com:8443 or [::1]"
    )]
    Host(String),
    /// It is no origin.
    #[error(
        "{0:?} is no origin as browsers write it; write https://tools.example.com or \
         http://localhost:3000, without a path, a slash at the end or the port that its scheme has"
    )]
    Origin(String),
    /// Every page could claim it.
    #[error(
        "{0:?} stands for pages of anybody; write the origins that may use the API one by one, such \
         as https://tools.example.com"
    )]
    Everybody(String),
}

/// Whether a text is the name of a host, with a port or without.
///
/// # Errors
/// When it is none, or has more around it.
pub fn check_host(text: &str) -> Result<(), NameError> {
    let wrong = || NameError::Host(text.to_owned());
    let (name, port) = split_port(text);
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0));
    (is_port && is_name(name)).then_some(()).ok_or_else(wrong)
}

/// Whether a text is an origin: a scheme, a host and, where it is not the scheme's own, a port.
///
/// # Errors
/// When it is none, or stands for everybody's pages.
pub fn check_origin(text: &str) -> Result<(), NameError> {
    // A page in a sandbox, a file and a redirect all have the origin "null".
    if text == "*" || text.eq_ignore_ascii_case("null") {
        return Err(NameError::Everybody(text.to_owned()));
    }
    let wrong = || NameError::Origin(text.to_owned());
    let (scheme, host) = text.split_once("://").ok_or_else(wrong)?;
    check_host(host).map_err(|_| wrong())?;
    let own = match scheme.to_ascii_lowercase().as_str() {
        "http" => Some("80"),
        "https" => Some("443"),
        _ => None,
    };
    let (_, port) = split_port(host);
    let is_left_out = port.is_none() || port != own;
    (is_scheme(scheme) && is_left_out).then_some(()).ok_or_else(wrong)
}

/// The host, and what follows its last colon. An IPv6 address has its own colons in brackets.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    }
}

fn is_scheme(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_letter)
}

fn is_name(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let labels = || text.strip_suffix('.').unwrap_or(text).split('.');
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(is_letter);
    text.len() <= MAX_NAME_BYTES
        && labels().all(is_label)
        && (!ends_in_number(text) || text.parse::<Ipv4Addr>().is_ok())
}

/// Whether a host is an address of IPv4 by how it ends, however oddly the rest of it is written.
pub(crate) fn ends_in_number(host: &str) -> bool {
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    match hex {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    }
}
