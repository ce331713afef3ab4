//! Requests whose end two readers would see in two places: each is refused, or read in the one way
//! that no other reader would read otherwise, and never answered twice.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod common;

use std::time::Duration;

use common::Daemon;
use common::raw::{Raw, Reply};
use placet::LogPlace;
use placet_server::{Limits, ServerConfig};

const BODY: &str = r#"{"tool":"get_order"}"#;

/// A daemon that closes idle connections soon: only then is it known that no answer follows.
fn daemon() -> Daemon {
    let limits = Limits { head_time: Duration::from_secs(2), ..Limits::default() };
    Daemon::with(ServerConfig { limits, ..ServerConfig::default() }, LogPlace::Memory)
}

/// Sends bytes and takes all that is answered until the connection is closed. `{POST}` stands for
/// an honest request without its length, `{NEXT}` for a whole one that needs no key.
fn exchange(daemon: &Daemon, template: &str) -> Vec<Reply> {
    let post = format!(
        "POST /v1/evaluate HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\n",
        daemon.address, daemon.keys.agent
    );
    let next = format!("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", daemon.address);
    let text = template.replace("{POST}", &post).replace("{NEXT}", &next).replace("{BODY}", BODY);
    let mut raw = Raw::open(daemon.address);
    raw.send(text.replace("{HOST}", &daemon.address.to_string()));
    raw.replies()
}

fn statuses(daemon: &Daemon, template: &str) -> Vec<u16> {
    exchange(daemon, template).iter().map(|reply| reply.status).collect()
}

/// Checks many exchanges at a time: each ends only when the daemon loses patience.
fn check_all(cases: &[(&str, &[u16])]) {
    let daemon = daemon();
    std::thread::scope(|scope| {
        let check = |(template, expected): &(&str, &[u16])| {
            assert_eq!(&statuses(&daemon, template), expected, "{template:?}");
        };
        let running: Vec<_> = cases.iter().map(|case| scope.spawn(move || check(case))).collect();
        running.into_iter().for_each(|case| case.join().expect("as expected"));
    });
    // And nothing of it has harmed the daemon.
    assert_eq!(statuses(&daemon, "{NEXT}"), [200]);
}

#[test]
fn honest_requests_are_answered_one_by_one() {
    check_all(&[
        ("{POST}Content-Length: 20\r\n\r\n{BODY}", &[200]),
        ("{POST}Content-Length: 20\r\n\r\n{BODY}{NEXT}{NEXT}", &[200, 200, 200]),
        ("{NEXT}{POST}content-length:20\r\n\r\n{BODY}", &[200, 200]),
        ("\r\n\r\n{NEXT}", &[200]),
        // The same length said twice is one length to everybody.
        ("{POST}Content-Length: 20\r\nContent-Length: 20\r\n\r\n{BODY}", &[200]),
    ]);
}

#[test]
fn a_body_is_framed_by_its_length_alone() {
    let chunked = "\r\n\r\n0\r\n\r\n{NEXT}";
    let both = "{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{NEXT}";
    let daemon = daemon();
    for (template, expected) in [
        (both.to_owned(), 411),
        (both.replace("Content-Length: 5\r\nTransfer-Encoding: chunked", "A: b\r\nTransfer-Encoding: chunked\r\nContent-Length: 5"), 411),
        (format!("{{POST}}Transfer-Encoding: chunked{chunked}"), 411),
        (format!("{{POST}}transfer-encoding:CHUNKED{chunked}"), 411),
        (format!("{{POST}}Transfer-Encoding: \tchunked \t{chunked}"), 411),
        (format!("{{POST}}Transfer-Encoding: gzip, chunked{chunked}"), 411),
        (format!("{{POST}}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked{chunked}"), 411),
        (format!("{{POST}}Transfer-Encoding: xchunked{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding: identity{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding: chunked, identity{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding: chunked;q=1{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding: \"chunked\"{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding: chunked\r\nTransfer-Encoding: x{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding:{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding : chunked{chunked}"), 400),
        (format!("{{POST}} Transfer-Encoding: chunked{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding\0: chunked{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding:\u{b}chunked{chunked}"), 400),
        (format!("{{POST}}X: y\nTransfer-Encoding: chunked{chunked}"), 400),
        (format!("{{POST}}X: y\rTransfer-Encoding: chunked{chunked}"), 400),
        (format!("{{POST}}Transfer-Encoding:\r\n chunked{chunked}"), 400),
        ("{POST}Transfer-Encoding: chunked\r\n\r\n14;x=\"\n\"\r\n{BODY}\r\n0\r\n\r\n{NEXT}".to_owned(), 411),
        ("POST /v1/evaluate HTTP/1.0\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{NEXT}".to_owned(), 400),
    ] {
        assert_eq!(statuses(&daemon, &template), [expected], "{template:?}");
    }
}

#[test]
fn a_length_is_a_number_and_there_is_one() {
    let lengths = [
        "-1", "+20", "0x14", "20.0", "2e1", "20 20", "20,20", "20, 20", "", "\u{664}", "20\0",
        "1_0",
    ];
    let templates =
        lengths.map(|length| format!("{{POST}}Content-Length: {length}\r\n\r\n{{BODY}}{{NEXT}}"));
    let refused: &[u16] = &[400];
    check_all(&templates.each_ref().map(|template| (template.as_str(), refused)));
    check_all(&[
        ("{POST}Content-Length: 20\r\nContent-Length: 21\r\n\r\n{BODY}{NEXT}", &[400]),
        ("{POST}Content-Length: 0\r\nContent-Length: 20\r\n\r\n{BODY}{NEXT}", &[400]),
        ("{POST}Content-Length : 20\r\n\r\n{BODY}{NEXT}", &[400]),
        ("{POST}Content-Length: 18446744073709551616\r\n\r\n{BODY}{NEXT}", &[400]),
        ("{POST}Content-Length: 18446744073709551615\r\n\r\n{BODY}{NEXT}", &[431]),
        // As large as can be said: refused before any of it is read.
        ("{POST}Content-Length: 9223372036854775807\r\n\r\n{BODY}{NEXT}", &[413]),
    ]);
}

#[test]
fn lines_end_in_one_way() {
    check_all(&[
        ("GET /health HTTP/1.1\nHost: {HOST}\n\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\n\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nX: a\n\n{NEXT}\r\n\r\n", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nX: a\rb\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nX: a\r\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nX: a\r\n b\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nX: a\0b\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nX\0: ab\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nX y: ab\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\n: ab\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\nHost: {HOST}\r\nab\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.1\r\n Host: {HOST}\r\n\r\n{NEXT}", &[400]),
        ("GET  /health HTTP/1.1\r\nHost: {HOST}\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/1.2\r\nHost: {HOST}\r\n\r\n{NEXT}", &[400]),
        ("GET /health HTTP/2.0\r\nHost: {HOST}\r\n\r\n{NEXT}", &[400]),
        ("GET /health\r\n{NEXT}", &[400]),
        // Another protocol is not answered at all.
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[]),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}", &[400]),
    ]);
}

#[test]
fn what_follows_a_body_is_another_request_and_what_is_in_it_is_none() {
    let hidden = "GET /health HTTP/1.1\r\nHost: {HOST}\r\n\r\n";
    let daemon = daemon();
    let length = hidden.replace("{HOST}", &daemon.address.to_string()).len();
    // The body is taken as one, also where none is expected.
    let of_get = "GET /health HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LENGTH}\r\n\r\n{NEXT}";
    let of_get = of_get.replace("{LENGTH}", &length.to_string());
    assert_eq!(statuses(&daemon, &of_get), [200]);
    let of_post = format!("{{POST}}Content-Length: {length}\r\n\r\n{{NEXT}}");
    assert_eq!(statuses(&daemon, &of_post), [400]);
    let of_nobody = format!(
        "POST /v1/evaluate HTTP/1.1\r\nHost: {{HOST}}\r\nContent-Length: {length}\r\n\r\n{{NEXT}}"
    );
    assert_eq!(statuses(&daemon, &of_nobody), [401]);
    check_all(&[
        ("{POST}Content-Length: 20\r\n\r\n{BODY}garbage\r\n\r\n{NEXT}", &[200, 400]),
        ("{POST}Content-Length: 20\r\n\r\n{BODY}0\r\n\r\n{NEXT}", &[200, 400]),
        ("{POST}Content-Length: 19\r\n\r\n{BODY}{NEXT}", &[400, 400]),
        ("{POST}Content-Length: 20\r\nConnection: close\r\n\r\n{BODY}{NEXT}", &[200]),
        ("{POST}Content-Length: 20\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n{BODY}", &[200]),
        ("CONNECT {HOST} HTTP/1.1\r\nHost: {HOST}\r\n\r\n{NEXT}", &[404, 200]),
    ]);
}

#[test]
fn heads_are_limited() {
    let headers = |count| (0..count).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
    let get = |more: &str| format!("GET /health HTTP/1.1\r\nHost: {{HOST}}\r\n{more}\r\n");
    let daemon = daemon();
    assert_eq!(statuses(&daemon, &get(&headers(63))), [200]);
    assert_eq!(statuses(&daemon, &get(&headers(64))), [431]);
    assert_eq!(statuses(&daemon, &get(&headers(5_000))), [431]);
    assert_eq!(statuses(&daemon, &get(&format!("X: {}\r\n", "y".repeat(30_000)))), [200]);
    assert_eq!(statuses(&daemon, &get(&format!("X: {}\r\n", "y".repeat(33_000)))), [431]);
    assert_eq!(statuses(&daemon, &get(&format!("X: {}\r\n", "y".repeat(3_000_000)))), [431]);
    let long = format!("GET /{} HTTP/1.1\r\nHost: {{HOST}}\r\n\r\n", "y".repeat(70_000));
    assert_eq!(statuses(&daemon, &long), [431]);
}

#[test]
fn a_head_that_cannot_be_read_is_answered_by_its_status_alone_and_the_connection_closed() {
    let daemon = daemon();
    let many = (0..64).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
    for (template, status) in [
        ("GET  /health HTTP/1.1\r\nHost: {HOST}\r\n\r\n{NEXT}".to_owned(), 400),
        (format!("GET /health HTTP/1.1\r\nHost: {{HOST}}\r\n{many}\r\n{{NEXT}}"), 431),
    ] {
        let replies = exchange(&daemon, &template);
        let [reply] = replies.as_slice() else { panic!("{template:?}: {replies:?}") };
        assert_eq!((reply.status, reply.body.as_slice()), (status, &b""[..]), "{template:?}");
        assert!(reply.has("connection: close") && !reply.has("content-type:"), "{}", reply.head);
    }
    // Whatever can be read is answered in full, also where it is refused.
    let readable = "GET /nowhere HTTP/1.1\r\nHost: {HOST}\r\n\r\n";
    assert!(exchange(&daemon, readable)[0].has("content-type: application/problem+json"));
}

#[test]
fn what_is_not_text_is_refused() {
    let daemon = daemon();
    let send = |bytes: &[u8]| {
        let mut raw = Raw::open(daemon.address);
        raw.send(bytes);
        raw.replies()
    };
    let post = |body: &[u8]| {
        let head = format!(
            "POST /v1/evaluate HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            daemon.address,
            daemon.keys.agent,
            body.len()
        );
        let replies = send(&[head.as_bytes(), body].concat());
        assert_eq!(replies.len(), 1);
        replies[0].status
    };
    assert_eq!(post(BODY.as_bytes()), 200);
    assert_eq!(post(b"{\"tool\":\"\xff\"}"), 400);
    assert_eq!(post(b"{\"tool\":\"\xed\xa0\x80\"}"), 400);
    assert_eq!(post(b"{\"tool\":\"\0\"}"), 400);
    assert_eq!(post(b"\0"), 400);
    assert_eq!(post(b"\xef\xbb\xbf{\"tool\":\"x\"}"), 400);
    for path in [&b"/v1/actions/\xff"[..], b"/v1/actions/%ff", b"/v1/actions/%00", b"/%c0%af"] {
        let host = daemon.address.to_string();
        let head = [
            b"GET ",
            path,
            b" HTTP/1.1\r\nConnection: close\r\nHost: ",
            host.as_bytes(),
            b"\r\n\r\n",
        ]
        .concat();
        let replies = send(&head);
        assert_eq!(replies.len(), 1, "{path:?}");
        assert_eq!(replies[0].status, 400, "{path:?}");
    }
    let header = format!("GET /health HTTP/1.1\r\nHost: {}\r\nX: ", daemon.address);
    assert_eq!(send(&[header.as_bytes(), b"\xff\xfe\r\n\r\n"].concat())[0].status, 200);
}

#[test]
fn bodies_are_limited() {
    let daemon = daemon();
    let length = 10 * 1024 * 1024;
    let head = format!("{{POST}}Content-Length: {length}\r\n\r\n");
    // It is refused before a byte of it has come, and also while it comes.
    assert_eq!(statuses(&daemon, &head), [413]);
    assert_eq!(statuses(&daemon, &(head.clone() + &"y".repeat(length))), [413]);
    assert_eq!(
        statuses(&daemon, &head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n")),
        [413]
    );
    let deep = "[".repeat(1_000_000);
    let deep = format!("{{POST}}Content-Length: {}\r\n\r\n{deep}", deep.len());
    assert_eq!(statuses(&daemon, &deep), [400]);
    let deep =
        format!("{{\"tool\":\"x\",\"params\":{}1{}}}", "{\"a\":".repeat(300), "}".repeat(300));
    let deep = format!("{{POST}}Content-Length: {}\r\n\r\n{deep}", deep.len());
    assert_eq!(statuses(&daemon, &deep), [400]);
}

#[test]
fn who_asks_first_is_told_to_go_on() {
    let daemon = daemon();
    let head = "{POST}Content-Length: 20\r\nExpect: 100-continue\r\n\r\n{BODY}";
    assert_eq!(statuses(&daemon, head), [100, 200]);
    // Not when the answer is no anyway.
    let nobody = "POST /v1/evaluate HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 20\r\n\
                  Expect: 100-continue\r\n\r\n";
    assert_eq!(statuses(&daemon, nobody), [401]);
}

#[test]
fn half_a_request_is_none() {
    let daemon = daemon();
    let size = daemon.guard.as_ref().expect("a guard").log().size();
    let propose = "POST /v1/actions HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {KEY}\r\n\
                   Content-Type: application/json\r\nContent-Length: 20\r\n\r\n";
    let propose = propose.replace("{HOST}", &daemon.address.to_string());
    let mut raw = Raw::open(daemon.address);
    raw.send(propose.replace("{KEY}", &daemon.keys.agent) + &BODY[..19]);
    drop(raw);
    assert_eq!(statuses(&daemon, "{NEXT}"), [200]);
    assert_eq!(daemon.guard.as_ref().expect("a guard").log().size(), size);
}
