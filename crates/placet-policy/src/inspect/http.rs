//! HTTP calls: the method, and what an address says besides where.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::effect::Effect;
use super::fold::fold;
use super::keys::snake_case;
use super::name::{ordered_effect, verb_within};
use super::question;

/// What a method does.
pub(super) fn method_effect(method: &str) -> Option<Effect> {
    match method.trim().to_ascii_uppercase().as_str() {
        "GET" | "HEAD" | "OPTIONS" | "QUERY" | "PROPFIND" | "REPORT" => Some(Effect::Reads),
        "DELETE" => Some(Effect::Deletes),
        "POST" | "PUT" | "PATCH" | "MKCOL" | "COPY" | "MOVE" | "LOCK" | "UNLOCK" | "PROPPATCH" => {
            Some(Effect::Writes)
        }
        _ => None,
    }
}

/// What is remarkable about an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Remark {
    /// Asking for it is an order: a `GET` of it would not only read.
    Orders(Effect, String),
    /// It leads to where outsiders do not belong, or carries credentials.
    Sensitive(&'static str),
    /// It cannot be understood.
    Opaque(&'static str),
}

/// Whether `text` is an address of the kind that a tool would fetch.
pub(super) fn is_url(text: &str) -> bool {
    // A single byte is found much faster, and most texts do not even have that.
    if !text.contains(':') {
        return false;
    }
    let scheme = text.trim_start().split_once("://").map_or("", |(scheme, _)| scheme);
    !scheme.is_empty()
        && scheme.len() <= 12
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Whether a text begins as a request does that may change something (`PUT /orders/5`).
pub(super) fn is_request_line(text: &str) -> bool {
    let Some((method, rest)) = text.trim_start().split_once(' ') else { return false };
    matches!(method, "POST" | "PUT" | "PATCH" | "DELETE")
        && (rest.trim_start().starts_with(['/', '_']) || is_url(rest))
}

/// Everything remarkable about `url`.
pub(super) fn remarks(url: &str) -> Vec<Remark> {
    let url = url.trim();
    if url.chars().any(|c| c.is_control() || c == '\\') {
        return vec![Remark::Opaque("an address with control characters or backslashes")];
    }
    if is_program_url(url) {
        return vec![Remark::Opaque("an address that is a program or a document itself")];
    }
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = address.split_once('/').unwrap_or((address, ""));
    // Without a scheme and a dot, the first part is no host but an endpoint's name.
    let path = if scheme.is_empty() && !authority.contains(['.', ':']) { address } else { path };
    let mut remarks = Vec::new();
    remarks.extend(scheme_remark(scheme, path));
    if !scheme.is_empty() {
        remarks.extend(authority_remark(authority.split('#').next().unwrap_or(authority)));
    }
    remarks.extend(order_in_path(path));
    remarks.extend(order_in_query(query));
    remarks
}

/// Whether whoever opens the address runs what is written in it.
pub(super) fn is_program_url(text: &str) -> bool {
    const SCHEMES: [&str; 5] = ["javascript", "vbscript", "data", "jar", "view-source"];
    let Some((scheme, rest)) = text.trim_start().split_once(':') else { return false };
    // `data: 5` is a sentence; `data:text/html,…` is not.
    SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme))
        && !rest.starts_with(char::is_whitespace)
        || scheme.eq_ignore_ascii_case("javascript")
}

/// An order at the end of a path without a host (`/users/5/delete`) or among its parameters.
pub(super) fn path_remark(path: &str) -> Option<Remark> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    let is_document = last.rsplit_once('.').is_some_and(|(_, extension)| !RUN.contains(&extension));
    let order = if is_document { None } else { order_in_path(last) };
    order.or_else(|| order_in_query(query))
}

/// Extensions of what a server runs when it is asked for. Other files are only read.
const RUN: [&str; 8] = ["php", "do", "action", "asp", "aspx", "cgi", "jsp", "pl"];

fn scheme_remark(scheme: &str, path: &str) -> Option<Remark> {
    match scheme.to_ascii_lowercase().as_str() {
        "" | "http" | "https" | "ftp" | "ftps" | "s3" | "gs" | "git" | "ws" | "wss" => None,
        "file" => super::path::secret(&format!("/{path}")).map(Remark::Sensitive),
        _ => Some(Remark::Opaque("an address of an unusual scheme")),
    }
}

fn authority_remark(authority: &str) -> Option<Remark> {
    if authority.contains('@') {
        return Some(Remark::Sensitive("an address with a user or password"));
    }
    let host = host_of(authority);
    if !host.is_ascii() {
        return Some(Remark::Opaque("a host name outside ASCII"));
    }
    is_internal(&host).then_some(Remark::Sensitive("an address inside the private network"))
}

fn host_of(authority: &str) -> String {
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => authority.split(':').next().unwrap_or(authority),
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Loopback, private and link-local addresses in any spelling, names that only resolve inside,
/// and the metadata services from which cloud machines draw their credentials.
fn is_internal(host: &str) -> bool {
    const SUFFIXES: [&str; 8] = [
        ".localhost",
        ".local",
        ".internal",
        ".intranet",
        ".corp",
        ".lan",
        ".home.arpa",
        ".svc.cluster.local",
    ];
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => is_internal_v4(v4),
        Ok(IpAddr::V6(v6)) => is_internal_v6(v6),
        Err(_) => {
            !host.is_empty() && !host.contains('.')
                || SUFFIXES.iter().any(|suffix| host.ends_with(suffix))
                || is_disguised_v4(host)
                || [".nip.io", ".sslip.io", ".localtest.me"].iter().any(|s| host.ends_with(s))
        }
    }
}

fn is_internal_v4(v4: Ipv4Addr) -> bool {
    let [first, second, ..] = v4.octets();
    v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_unspecified()
        || v4.is_broadcast()
        || (first == 100 && (64..128).contains(&second))
}

fn is_internal_v6(v6: Ipv6Addr) -> bool {
    v6.is_loopback()
        || v6.is_unspecified()
        || v6.is_unique_local()
        || v6.is_unicast_link_local()
        || v6.to_ipv4().is_some_and(is_internal_v4)
}

/// `0x7f.1` and `127.1` reach the same machine as `127.0.0.1` in many resolvers.
fn is_disguised_v4(host: &str) -> bool {
    host.split('.').all(|part| {
        let digits = part.strip_prefix("0x").unwrap_or(part);
        !digits.is_empty()
            && digits.chars().all(|c| c.is_ascii_hexdigit())
            && (part.starts_with("0x") || part.chars().all(|c| c.is_ascii_digit()))
    })
}

/// A path segment that is an order (`/users/5/delete`, `/unsubscribe`).
fn order_in_path(path: &str) -> Option<Remark> {
    let mut segments = path.split(['/', '#', ';']).filter(|segment| !segment.is_empty());
    segments.find_map(|segment| {
        let decoded = decoded(segment);
        let phrase = fold(&decoded);
        let (effect, verb) = order(&phrase).filter(|_| phrase.len() <= MAX_ORDER_BYTES)?;
        Some(Remark::Orders(effect, verb))
    })
}

/// A parameter that is an order, by its name (`delete=5`) or its value (`action=delete`).
fn order_in_query(query: &str) -> Option<Remark> {
    let mut pairs = query.split(['&', ';', '?', '#']).filter(|pair| !pair.is_empty());
    pairs.find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decoded(key), decoded(value));
        let (key, value) = (fold(&key), fold(&value));
        let by_name = verb_within(&key).filter(|_| key.len() <= MAX_ORDER_BYTES);
        let by_value = is_action_key(&snake_case(&key)).then(|| ordered_effect(&value)).flatten();
        let by_graph =
            question::is_graph_ql_change(&value).then(|| (Effect::Writes, "mutation".to_owned()));
        let (effect, verb) = by_name.or(by_value).or(by_graph)?;
        Some(Remark::Orders(effect, verb))
    })
}

/// Longer segments are slugs and titles, which name a page rather than order something.
const MAX_ORDER_BYTES: usize = 24;

/// Parameters whose value says what is to be done.
pub(super) fn is_action_key(key: &str) -> bool {
    matches!(
        key,
        "action"
            | "actions"
            | "operation"
            | "op"
            | "cmd"
            | "do"
            | "verb"
            | "act"
            | "mutation"
            | "method"
            | "_method"
            | "task_type"
            | "operation_type"
            | "action_type"
            | "command"
            | "function"
            | "fn"
            | "tool_calls"
            | "function_call"
            | "func"
            | "function_name"
            | "tool"
            | "tool_name"
            | "method_name"
            | "procedure"
            | "mode"
            | "open_mode"
            | "file_mode"
            | "access_mode"
            | "subcommand"
            | "sub_action"
            | "subaction"
            | "action_name"
            | "operation_name"
            | "task"
            | "step"
            | "request"
            | "intent"
            | "directive"
            | "rpc"
            | "rpc_method"
    )
}

fn order(segment: &str) -> Option<(Effect, String)> {
    let name = segment.strip_prefix('_');
    ordered_effect(segment)
        .filter(|(_, verb)| name.is_some() || verb_within(verb).is_some())
        .or_else(|| endpoint(name?))
}

/// Endpoints of search engines, which begin with an underscore, with other words for a change.
fn endpoint(name: &str) -> Option<(Effect, String)> {
    let changes = matches!(
        name,
        "bulk" | "forcemerge" | "rollover" | "shrink" | "split" | "aliases" | "decommission"
    );
    changes.then(|| (Effect::Writes, name.to_owned()))
}

/// Percent-decoding, lossy: it only serves to recognise words.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let escape = (byte == b'%').then(|| Some(hex(ahead.next()?)? * 16 + hex(ahead.next()?)?));
        if let Some(Some(decoded)) = escape {
            bytes.push(decoded);
            rest = ahead;
        } else {
            bytes.push(if byte == b'+' { b' ' } else { byte });
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}
