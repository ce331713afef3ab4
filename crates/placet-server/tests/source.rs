//! Where requests may come from: only from our own name, and not from pages of others.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::Daemon;
use common::raw::{Raw, Reply};
use placet::LogPlace;
use placet_server::ServerConfig;
use serde_json::json;

/// Sends a request without a body that is written out in full, and takes its answer. `{HOST}`
/// stands for the address of the daemon, `{PORT}` for its port.
fn ask(daemon: &Daemon, head: &str) -> Reply {
    let head = head.replace("{HOST}", &daemon.address.to_string());
    let mut raw = Raw::open(daemon.address);
    raw.send(head.replace("{PORT}", &daemon.address.port().to_string()) + "\r\n\r\n");
    raw.reply().expect("an answer")
}

fn status(daemon: &Daemon, head: &str) -> u16 {
    ask(daemon, head).status
}

#[test]
fn the_daemon_answers_to_its_own_names_only() {
    let daemon = Daemon::start();
    for (host, expected) in [
        ("{HOST}", 200),
        ("localhost:{PORT}", 200),
        ("LocalHost:{PORT}", 200),
        ("[::1]:{PORT}", 200),
        // A foreign name that was pointed at this machine.
        ("evil.example:{PORT}", 421),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:{PORT}", 421),
        ("localhost.evil.example:{PORT}", 421),
        // Another port is another daemon.
        ("127.0.0.1", 421),
        ("localhost", 421),
        ("127.0.0.1:1", 421),
        // Spellings that some resolve to us.
        ("localhost.:{PORT}", 421),
        ("127.1:{PORT}", 421),
        ("0.0.0.0:{PORT}", 421),
        ("0x7f000001:{PORT}", 421),
        ("2130706433:{PORT}", 421),
        ("[::ffff:127.0.0.1]:{PORT}", 421),
        ("user@127.0.0.1:{PORT}", 421),
        ("127.0.0.1:{PORT}, evil.example", 421),
        ("127.0.0.1:{PORT}/", 421),
        ("", 421),
        ("l\u{f6}calhost:{PORT}", 400),
    ] {
        let head = format!("GET /health HTTP/1.1\r\nHost: {host}");
        assert_eq!(status(&daemon, &head), expected, "{host:?}");
    }
}

#[test]
fn there_is_one_host_and_the_target_agrees_with_it() {
    let daemon = Daemon::start();
    for (head, expected) in [
        ("GET /health HTTP/1.1", 400),
        ("GET /health HTTP/1.0", 400),
        ("GET /health HTTP/1.0\r\nHost: {HOST}", 200),
        ("GET /health HTTP/1.0\r\nHost: evil.example", 421),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nHost: {HOST}", 400),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nHost: evil.example", 400),
        ("GET /health HTTP/1.1\r\nHost: evil.example\r\nHost: {HOST}", 400),
        ("GET http://{HOST}/health HTTP/1.1\r\nHost: {HOST}", 200),
        ("GET http://evil.example/health HTTP/1.1\r\nHost: {HOST}", 400),
        ("GET http://{HOST}/health HTTP/1.1\r\nHost: evil.example", 421),
        ("GET http://evil.example/health HTTP/1.1\r\nHost: evil.example", 421),
        ("GET http://user@{HOST}/health HTTP/1.1\r\nHost: {HOST}", 400),
        ("GET http://{HOST}/health HTTP/1.1", 400),
        ("GET /health HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: {HOST}", 421),
        ("GET /health HTTP/1.1\r\nHost: evil.example\r\nForwarded: host={HOST}", 421),
        ("CONNECT evil.example:80 HTTP/1.1\r\nHost: {HOST}", 400),
    ] {
        assert_eq!(status(&daemon, head), expected, "{head:?}");
    }
}

#[test]
fn a_name_that_is_given_is_its_own() {
    let hosts = vec!["Placet.Example".to_owned(), "behind.example:8443".to_owned()];
    let config = ServerConfig { hosts, ..ServerConfig::default() };
    let daemon = Daemon::with(config, LogPlace::Memory);
    for (host, expected) in [
        ("placet.example", 200),
        ("placet.example:{PORT}", 200),
        ("behind.example:8443", 200),
        ("placet.example:1", 421),
        ("behind.example", 421),
        ("www.placet.example", 421),
        ("localhost:{PORT}", 200),
    ] {
        let head = format!("GET /health HTTP/1.1\r\nHost: {host}");
        assert_eq!(status(&daemon, &head), expected, "{host:?}");
    }
}

#[test]
fn pages_of_a_name_that_is_given_are_its_own_also_where_something_before_it_encrypts() {
    let hosts = vec!["Placet.Example".to_owned(), "behind.example:8443".to_owned()];
    let config = ServerConfig { hosts, plaintext: true, ..ServerConfig::default() };
    let daemon = Daemon::with(config, LogPlace::Memory);
    for (host, origin, expected) in [
        ("placet.example", "https://placet.example", 200),
        ("placet.example", "http://placet.example", 200),
        ("placet.example:{PORT}", "http://placet.example:{PORT}", 200),
        ("behind.example:8443", "https://behind.example:8443", 200),
        ("placet.example", "https://placet.example:1", 403),
        ("placet.example", "https://www.placet.example", 403),
        ("{HOST}", "https://{HOST}", 403),
    ] {
        let head = format!("GET /console/sign-in HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}");
        let reply = ask(&daemon, &head);
        assert_eq!(reply.status, expected, "{host:?} {origin:?}");
        assert!(!reply.has("access-control-"), "{}", reply.head);
    }
}

#[test]
fn pages_of_an_origin_that_is_given_may_use_the_api_and_no_other() {
    let origins = vec!["https://Console.Example".to_owned()];
    let config = ServerConfig { origins, ..ServerConfig::default() };
    let daemon = Daemon::with(config, LogPlace::Memory);
    let leave = |path: &str, origin: &str| {
        ask(
            &daemon,
            &format!(
                "OPTIONS {path} HTTP/1.1\r\nHost: {{HOST}}\r\nOrigin: {origin}\r\n\
                 Access-Control-Request-Method: POST\r\n\
                 Access-Control-Request-Headers: authorization,content-type"
            ),
        )
    };
    let given = leave("/v1/actions", "https://console.example");
    assert_eq!(given.status, 204);
    for header in [
        "access-control-allow-origin: https://console.example\r\n",
        "access-control-allow-methods: get, head, post, put, delete\r\n",
        "access-control-allow-headers: authorization, content-type, idempotency-key, ",
        "access-control-max-age: 600\r\n",
        "vary: origin\r\n",
    ] {
        assert!(given.has(header), "{header:?} is not in {}", given.head);
    }
    // What a page sends is answered whatever comes of it, so that it can read why not.
    for (headers, status) in [("", 401), ("\r\nAuthorization: Bearer {KEY}", 200)] {
        let head = "GET /v1/policy HTTP/1.1\r\nHost: {HOST}\r\nOrigin: https://console.example\r\n\
                    Sec-Fetch-Site: cross-site"
            .to_owned();
        let reply = ask(&daemon, &(head + &headers.replace("{KEY}", &daemon.keys.admin)));
        assert_eq!(reply.status, status);
        assert!(reply.has("access-control-allow-origin: https://console.example\r\n"));
        assert!(reply.has("access-control-expose-headers: retry-after\r\n"));
        assert!(!reply.has("access-control-allow-credentials"), "{}", reply.head);
    }
    // The console is not for them, and nothing is for others. Our own pages need no leave.
    let own = "http://{HOST}";
    for (path, origin, status) in [
        ("/console/sign-in", "https://console.example", 405),
        ("/v1/actions", own, 405),
        ("/v1/actions", "https://evil.example", 403),
        ("/v1/actions", "null", 403),
    ] {
        let reply = leave(path, origin);
        assert_eq!(reply.status, status, "{path} {origin}");
        assert!(!reply.has("access-control-"), "{path} {origin}: {}", reply.head);
        assert!(reply.has("vary: origin\r\n"), "{}", reply.head);
    }
}

#[test]
fn pages_of_other_sites_are_refused() {
    let origins = vec!["https://console.example".to_owned()];
    let config = ServerConfig { origins, ..ServerConfig::default() };
    let daemon = Daemon::with(config, LogPlace::Memory);
    for (headers, expected) in [
        ("Origin: http://{HOST}", 200),
        ("Origin: http://localhost:{PORT}", 200),
        ("Origin: https://console.example", 200),
        ("Origin: https://console.example\r\nSec-Fetch-Site: cross-site", 200),
        ("Origin: http://{HOST}\r\nSec-Fetch-Site: same-origin", 200),
        ("Sec-Fetch-Site: none", 200),
        ("Sec-Fetch-Site: same-origin", 200),
        ("Origin: null", 403),
        ("Origin: ", 403),
        ("Origin: https://evil.example", 403),
        // The same site is not the same origin: whatever runs on another port is not ours.
        ("Origin: http://127.0.0.1:1", 403),
        ("Origin: http://localhost", 403),
        ("Origin: https://{HOST}", 403),
        ("Origin: http://console.example", 403),
        ("Origin: https://console.example, https://console.example", 403),
        ("Origin: https://console.example.evil.example", 403),
        ("Origin: https://console.example:8443", 403),
        ("Origin: http://{HOST}/", 403),
        ("Origin: http://{HOST}\r\nOrigin: https://evil.example", 400),
        ("Origin: http://{HOST} https://evil.example", 403),
        // Without an origin, as images and links are asked for.
        ("Sec-Fetch-Site: cross-site", 403),
        ("Sec-Fetch-Site: same-site", 403),
        ("Sec-Fetch-Site: something-new", 403),
        ("Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site", 400),
        ("Origin: https://evil.example\r\nSec-Fetch-Site: same-origin", 403),
    ] {
        let head = format!("GET /health HTTP/1.1\r\nHost: {{HOST}}\r\n{headers}");
        assert_eq!(status(&daemon, &head), expected, "{headers:?}");
    }
}

#[test]
fn a_form_of_another_site_changes_nothing() {
    let daemon = Daemon::start();
    let guard = daemon.guard.as_ref().expect("a guard");
    let size = guard.log().size();
    let key = Some(daemon.keys.agent.as_str());
    let action = json!({"tool": "get_order"});
    // What a page can send without asking, even if it had a key.
    let cross = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let answer = daemon.call_with("POST", "/v1/actions", key, Some(&action), &cross);
    assert_eq!(
        (answer.status, &answer.json()["type"]),
        (403, &json!("urn:placet:problem:cross_site"))
    );
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let mut raw = Raw::open(daemon.address);
        let body = action.to_string();
        raw.send(format!(
            "POST /v1/actions HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            daemon.address,
            daemon.keys.agent,
            body.len()
        ));
        assert_eq!(raw.reply().expect("an answer").status, 415, "{kind}");
    }
    assert_eq!(guard.log().size(), size);
}

#[test]
fn nobody_is_given_leave_to_read_across_sites() {
    let daemon = Daemon::start();
    let own = format!("http://{}", daemon.address);
    for origin in [own.as_str(), "https://evil.example", "null"] {
        for method in ["OPTIONS", "GET", "POST"] {
            let asks = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization"),
                ("access-control-request-private-network", "true"),
            ];
            let answer = daemon.call_with(method, "/v1/actions", None, None, &asks);
            assert!(answer.status >= 400, "{origin} {method}: {}", answer.status);
            let gives = |name: &str| name.starts_with("access-control-");
            assert!(!answer.headers.keys().any(|name| gives(name.as_str())), "{origin} {method}");
        }
    }
    assert_eq!(status(&daemon, "OPTIONS * HTTP/1.1\r\nHost: {HOST}"), 404);
}

#[test]
fn every_answer_is_safe_to_show() {
    let daemon = Daemon::start();
    for head in [
        "GET /health HTTP/1.1\r\nHost: {HOST}",
        "GET /nothing HTTP/1.1\r\nHost: {HOST}",
        "PATCH /health HTTP/1.1\r\nHost: {HOST}",
        "OPTIONS /health HTTP/1.1\r\nHost: {HOST}",
        "GET /v1/actions/x HTTP/1.1\r\nHost: {HOST}",
        "GET /openapi.json HTTP/1.1\r\nHost: {HOST}",
        "GET /health HTTP/1.1\r\nHost: evil.example",
        "GET /health HTTP/1.1\r\nHost: {HOST}\r\nOrigin: null",
        "POST /v1/actions HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked",
    ] {
        let reply = ask(&daemon, head);
        for header in [
            "cache-control: no-store\r\n",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'",
            "cross-origin-opener-policy: same-origin\r\n",
            "cross-origin-resource-policy: same-origin\r\n",
            "referrer-policy: no-referrer\r\n",
            "x-content-type-options: nosniff\r\n",
            "x-frame-options: deny\r\n",
            "content-type: ",
        ] {
            assert!(reply.has(header), "{head:?} lacks {header:?}: {}", reply.head);
        }
        assert!(!reply.has("strict-transport-security:"), "it is for TLS: {}", reply.head);
        assert!(!reply.has("server:") && !reply.has("set-cookie:"), "{}", reply.head);
        if reply.status >= 400 {
            assert!(reply.has("content-type: application/problem+json"), "{head:?}");
        }
    }
}
