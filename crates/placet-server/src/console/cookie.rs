//! The cookie that a browser shows instead of a key.

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use placet::{Guard, SESSION_TIME, Secret};

use crate::auth::Principal;
use crate::wire::Problem;

/// A name that a browser accepts from this very host only, over TLS only, for all paths.
const SECURE: &str = "__Host-placet-session";

/// The name where there is no TLS: on the machine itself.
const PLAIN: &str = "placet-session";

/// Whose session a request belongs to.
pub(crate) fn identify(
    headers: &HeaderMap,
    guard: &Guard,
    has_tls: bool,
) -> Result<Principal, Problem> {
    let none = || Problem::unauthorized("sign in first");
    let secret = secret(headers, has_tls).ok_or_else(none)?;
    let (caller, key) = guard.authenticate(&secret).ok_or_else(none)?;
    // The key of a program is no session, and nobody's browser has a use for it.
    if !key.is_session() {
        return Err(none());
    }
    Ok(Principal { caller, key, secret })
}

fn secret(headers: &HeaderMap, has_tls: bool) -> Option<Secret> {
    let plain = (!has_tls).then(|| named(PLAIN, headers));
    let names = std::iter::once(named(SECURE, headers)).chain(plain);
    names.into_iter().find_map(|name| value(headers, &name)?.parse().ok())
}

/// Cookies are shared between the ports of a host, so the name tells daemons apart.
fn named(name: &str, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match host.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => format!("{name}-{port}"),
        _ => name.to_owned(),
    }
}

/// The value of a cookie that is there once: of two, one was put there by somebody else.
fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The header that gives a browser its session. `asked` are the headers of the form that was
/// posted, whose origin says whether there is TLS before us.
pub(super) fn begin(secret: &Secret, asked: &HeaderMap, has_tls: bool) -> HeaderValue {
    let seconds = SESSION_TIME.as_secs();
    set(&secret.danger_text(), asked, has_tls, &format!("; Max-Age={seconds}"))
}

/// The header that takes it away.
pub(super) fn end(asked: &HeaderMap, has_tls: bool) -> HeaderValue {
    set("", asked, has_tls, "; Max-Age=0")
}

fn set(value: &str, asked: &HeaderMap, has_tls: bool, more: &str) -> HeaderValue {
    let is_secure = has_tls
        || asked.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let (name, secure) = if is_secure { (SECURE, "; Secure") } else { (PLAIN, "") };
    let name = named(name, asked);
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
    let mut header = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::{begin, end, secret};

    const SECRET: &str =
        "plc_0198c2f4000070008000000000000001_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        all.iter().map(header).collect()
    }

    fn set(asked: &[(&'static str, &str)], has_tls: bool) -> String {
        let header = begin(&SECRET.parse().unwrap(), &headers(asked), has_tls);
        header.to_str().unwrap().to_owned()
    }

    #[test]
    fn over_tls_no_other_host_can_set_it_and_no_plain_text_carries_it() {
        let own = set(&[("host", "placet.example:8443")], true);
        assert!(own.starts_with(&format!("__Host-placet-session-8443={SECRET}; ")), "{own}");
        assert!(own.contains("; Secure;") && own.contains("; Path=/;"), "{own}");
        let before = [("host", "placet.example"), ("origin", "https://placet.example")];
        let proxied = set(&before, false);
        assert!(proxied.starts_with("__Host-placet-session=") && proxied.contains("; Secure;"));
        let plain = set(&[("host", "127.0.0.1:4747")], false);
        assert!(plain.starts_with("placet-session-4747=") && !plain.contains("Secure"), "{plain}");
        let gone = end(&headers(&[("host", "127.0.0.1:4747")]), false);
        assert!(gone.to_str().unwrap().starts_with("placet-session-4747=; "), "{gone:?}");
    }

    #[test]
    fn where_there_is_tls_a_cookie_that_anyone_could_set_is_none() {
        let of = |cookie: &str, has_tls| {
            let cookie = cookie.replace("SECRET", SECRET);
            secret(&headers(&[("host", "placet.example"), ("cookie", &cookie)]), has_tls).is_some()
        };
        assert!(of("__Host-placet-session=SECRET", true));
        assert!(of("a=b; __Host-placet-session=SECRET; c=d", false));
        assert!(of("placet-session=SECRET", false));
        assert!(!of("placet-session=SECRET", true));
        assert!(!of("placet-session-4747=SECRET", false), "of a daemon at another port");
        assert!(!of("placet-session=SECRET; placet-session=SECRET", false), "twice");
        assert!(!of("placet-session=nonsense", false));
    }
}
