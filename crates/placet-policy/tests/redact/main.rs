//! Redaction: what is found, what is left alone, and what must hold for any input.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests may fail loudly"
)]

mod cards;
mod quotes;

use placet_core::json::{Json, Object, Pointer};
use placet_core::{Action, Pepper};
use placet_policy::redact::{Kind, Redaction, Redactor};
use proptest::prelude::*;

fn pepper() -> Pepper {
    Pepper::from_bytes([7; 32])
}

fn object(text: &str) -> Object {
    match Json::parse(text.as_bytes()).unwrap() {
        Json::Object(object) => object,
        _ => panic!("{text} is no object"),
    }
}

fn redacted_with(text: &str, secret: &[&str]) -> (String, Vec<Redaction>) {
    let mut params = object(text);
    let secret: Vec<Pointer> = secret.iter().map(|pointer| pointer.parse().unwrap()).collect();
    let found = Redactor::default().redact(&mut params, &secret, &pepper());
    (Json::Object(params).canonical(), found)
}

fn redacted(text: &str) -> (String, Vec<Redaction>) {
    redacted_with(text, &[])
}

fn scan(text: &str) -> String {
    Redactor::default().scan_text(text)
}

/// A made-up secret in two parts, so that no scanner of repositories takes it for a real one.
fn fake(prefix: &str, rest: &str) -> String {
    format!("{prefix}{rest}")
}

const R40: &str = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";

fn shapes() -> Vec<(Kind, String)> {
    let key = |kind: &str| {
        format!("-----BEGIN {kind}PRIVATE KEY-----\nbm90IGEga2V5\n-----END {kind}PRIVATE KEY-----")
    };
    vec![
        (Kind::PrivateKey, key("")),
        (Kind::PrivateKey, key("RSA ")),
        (Kind::PrivateKey, key("OPENSSH ")),
        (Kind::PrivateKey, key("EC ").replace('\n', "\\n")),
        (Kind::ApiKey, "AKIAIOSFODNN7EXAMPLE".into()),
        (Kind::Token, fake("ghp_", &R40[..36])),
        (
            Kind::ApiKey,
            fake("plc_", &format!("{}_{}abc", "0123456789abcdef".repeat(2), &R40[..40])),
        ),
        (Kind::Token, fake("github_pat_", R40)),
        (Kind::Token, fake("glpat-", &R40[..20])),
        (Kind::Token, fake("xoxb-", "000000000000-EXAMPLEEXAMPLE")),
        (Kind::ApiKey, fake("sk_live_", "EXAMPLE0not0a0key")),
        (Kind::ApiKey, fake("rk_live_", "EXAMPLE0not0a0key")),
        (Kind::ApiKey, fake("AIza", &R40[..35])),
        (Kind::ApiKey, fake("sk-ant-", "api03-EXAMPLE-not-a-key-0")),
        (Kind::ApiKey, fake("sk-proj-", R40)),
        (Kind::ApiKey, fake("sk-", R40)),
        (Kind::Token, fake("npm_", &R40[..36])),
        (Kind::Token, fake("pypi-", "AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtMDAwMA")),
        (Kind::Token, fake("hf_", &R40[..34])),
        (Kind::Jwt, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.bm90LWEtc2lnbmF0dXJl".into()),
        (Kind::CardNumber, "4111111111111111".into()),
        (Kind::CardNumber, "4111 1111 1111 1111".into()),
        (Kind::CardNumber, "4111-1111-1111-1111".into()),
        (Kind::CardNumber, "5555.5555.5555.4444".into()),
        (Kind::CardNumber, "2223003122003222".into()),
        (Kind::CardNumber, "3782 822463 10005".into()),
        (Kind::CardNumber, "6011111111111117".into()),
        (Kind::CardNumber, "3530111333300000".into()),
        (Kind::CardNumber, "30569309025904".into()),
        (Kind::CardNumber, "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1".into()),
        (Kind::CardNumber, "４１１１１１１１１１１１１１１１".into()),
        (Kind::CardNumber, "٤١١١١١١١١١١١١١١١".into()),
        (Kind::CardNumber, "4111\u{200b}1111\u{200b}1111\u{200b}1111".into()),
        (Kind::CardNumber, "4111\u{2011}1111\u{a0}1111\u{2009}1111".into()),
    ]
}

/// A text, the secret in it, and what it is.
fn embedded() -> Vec<(&'static str, &'static str, Kind)> {
    vec![
        ("password=hunter2", "hunter2", Kind::Password),
        ("login with Password: hunter2, then wait", "hunter2", Kind::Password),
        ("export PGPASSWORD=hunter2; psql", "hunter2", Kind::Password),
        ("the password is Tr0ub4dor&3", "Tr0ub4dor", Kind::Password),
        (r#"{"api_key": "abc def", "n": 1}"#, "abc def", Kind::ApiKey),
        (r#"{\"client_secret\": \"abc-def\"}"#, "abc-def", Kind::Secret),
        ("client-secret: 's3cr et'", "s3cr et", Kind::Secret),
        ("docker login --password hunter2 -u bot", "hunter2", Kind::Password),
        ("tool --api-key=abcdef123", "abcdef123", Kind::ApiKey),
        ("gh auth --token abcdef123", "abcdef123", Kind::Token),
        ("api key: Zx81-Spectrum", "Zx81-Spectrum", Kind::ApiKey),
        ("GET /v1?access_token=abc12345&page=2", "abc12345", Kind::Token),
        (
            "curl -H 'Authorization: Bearer abcdefgh' https://x.example",
            "abcdefgh",
            Kind::Authorization,
        ),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz", Kind::Authorization),
        ("it sent bearer abc123def456 twice", "abc123def456", Kind::Authorization),
        ("it sent bearer abcdEfghij twice", "abcdEfghij", Kind::Authorization),
        ("postgres://app:s3cr3t@db.example/orders", "s3cr3t", Kind::Password),
        ("redis://:p@ss@cache.example:6379", "p@ss", Kind::Password),
        ("Server=db;User=app;Password=s3cr3t;Port=1", "s3cr3t", Kind::Password),
        ("curl -u admin:hunter2 https://x.example", "hunter2", Kind::Password),
        ("mysqldump -u root -phunter2 shop", "hunter2", Kind::Password),
        ("her card, cvc 123, please", "123", Kind::CardCode),
        ("PIN: 4711", "4711", Kind::Pin),
        ("ssn: 078-05-1120", "078-05-1120", Kind::NationalId),
        ("the token for staging: Zk3v9Qp1Lw8Xc5Rt2Yb7", "Zk3v9Qp1Lw8Xc5Rt2Yb7", Kind::Secret),
        ("token_count: 'password=hunter2'", "hunter2", Kind::Password),
        (
            "the token for staging: 0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            Kind::Secret,
        ),
        (
            "AccountKey=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH==;x",
            "abcdefghijklmnop",
            Kind::ApiKey,
        ),
        ("pay with 4111 1111 1111 1111, exp 08/29", "1111 1111", Kind::CardNumber),
        ("4111 1111 1111 1111 123", "4111 1111", Kind::CardNumber),
        ("order 17 4111111111111111 x", "4111111111111111", Kind::CardNumber),
        ("visa4111111111111111", "4111111111111111", Kind::CardNumber),
        ("x [redacted:jwt hmac-sha256:4111111111111111] y", "4111111111111111", Kind::CardNumber),
        (
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nbm90IGEga2V5 and no end",
            "bm90IGEga2V5",
            Kind::PrivateKey,
        ),
    ]
}

const HARMLESS: &[&str] = &[
    "",
    "Hi Priya, your lamp is at the depot in Leeds and goes out again tomorrow.",
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "token id 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "the token is made in AuthTokenRefreshHandlerFactory",
    "the token is explained in release-NOTES-202611-v2b1-Teams",
    "the token of the example, aaaaaaaaaaaaaaaaaaaa1, is none",
    "commit fdc9905a1b2c3d4e5f60718293a4b5c6d7e8f901",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "e3b0c44298fc1c149afbf4c8996fb924111111111111111b7852b855",
    "FH-20931",
    "ORD-2026-11-21-000412345",
    "#W2378156",
    "1732170000000",
    "1732170000000000",
    "20261121064954",
    "2026-11-21T06:49:54.123456789Z",
    "2026-11-21 06:49:54 2026-11-22 07:00:00",
    "+49 30 901820 12345",
    "+1 (555) 010-9999, +44 20 7946 0958",
    "4006381333931",
    "978-3-16-148410-0",
    "490154203237518",
    "1,450.00 USD, 89.00 EUR and 12 000 JPY",
    "3.141592653589793",
    "0.5555555555554444",
    "4111111111111112",
    "1111111111111111",
    "0000 0000 0000 0000",
    "2020 2021 2022 2023 2024 2025",
    "10 20 30 40 50 60 70 80 90 100",
    "192.168.100.200 10.0.0.1 172.16.254.1",
    "ines.moreau@fernhill.example",
    "https://shop.example/orders/20931?page=2&sort=asc#top",
    "http://localhost:8080/health and ftp://files.example:21/a",
    "https://user@host.example/path",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "SELECT id, password_hash FROM users WHERE token IS NOT NULL LIMIT 5",
    "UPDATE settings SET max_tokens = 4096 WHERE model = 'small'",
    "max_tokens=4096 token_count=17 tokens: 20",
    "next_page_token=eW91IGFyZSBoZXJl&limit=20",
    "primary key: order_id, cache key: user-17-profile",
    "public_key: ssh-ed25519",
    "Password: required",
    "password: please choose a new one",
    "The password is wrong. The token is expired.",
    "The password is swordfish-like and the pin is wanted.",
    "the secret is swordfish",
    "Forgot your password? Use the link on the log-in page.",
    "keyboard, monkey, turnkey, hockey, passenger, spinning, pinned, authoring, compass",
    "password=$PASSWORD token=${GITHUB_TOKEN} secret={{ vault.db }} api_key=<your-key>",
    "password=******** token: xxxxxxxxxxxx",
    "the secret to good bread is patience and a warm kitchen",
    "risk-management-and-task-scheduling-for-small-teams",
    "sk-loading-spinner-container-outer",
    "basic understanding, bearer certificates",
    "kubectl get secrets -n checkout; docker run -u 1000 -p 8080:80 app",
    "git log --oneline v7.2.4..v7.3.0 -- services/checkout",
    "pin the message, pin: true, pinned at the top",
    "npm_config_registry and npm_package_version",
    "eyJhIjoxfQ==",
    "日本語のテキスト、価格は１２３４円です。",
    "Überweisung über 1.234,56 € an Müller — danke!",
    "ghp_ is the prefix of a token; AKIA is that of a key",
    "postcode S11 8UD, code: 42, error code 4012 888 888",
    "LAMP-204-BLK x 120, EAN 4006381333931",
];

#[test]
fn a_text_by_itself_has_the_placeholders_of_an_action() {
    let text = "it said password=hunter2-horse";
    let alone = Redactor::default().redact_text(text, &pepper());
    let (within, _) = redacted(&format!(r#"{{"said":"{text}"}}"#));
    assert!(!alone.contains("hunter2") && alone.contains("hmac-sha256:"), "{alone}");
    assert_eq!(within, format!(r#"{{"said":"{alone}"}}"#));
}

#[test]
fn shapes_are_found_wherever_they_stand() {
    for (kind, secret) in shapes() {
        for [before, after] in
            [["", ""], ["see ", " there"], ["(", ")"], ["\"", "\""], ["é ", " …"], ["x=", ";"]]
        {
            let text = format!("{before}{secret}{after}");
            assert_eq!(scan(&text), format!("{before}[redacted:{kind}]{after}"), "{text}");
        }
    }
}

#[test]
fn only_the_secret_part_of_a_text_is_replaced() {
    for (text, secret, kind) in embedded() {
        let clean = scan(text);
        assert!(!clean.contains(secret), "{text} became {clean}");
        assert!(clean.contains(&format!("[redacted:{kind}]")), "{text} became {clean}");
        let (head, _) = text.split_once(secret).unwrap();
        let kept: String = head.chars().take(3).collect();
        let whole = matches!(kind, Kind::CardNumber | Kind::PrivateKey);
        assert!(whole || clean.starts_with(&kept), "{text} became {clean}");
    }
}

#[test]
fn the_scheme_of_credentials_stays_readable() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.bm90LWEtc2lnbmF0dXJl";
    let text = format!("Authorization: Bearer {jwt} sent");
    assert_eq!(scan(&text), "Authorization: Bearer [redacted:jwt] sent");
}

#[test]
fn harmless_text_is_left_alone() {
    for text in HARMLESS {
        assert_eq!(scan(text), *text);
    }
}

#[test]
fn prose_is_left_alone() {
    let prose = "A customer writes that the parcel came late, that the box was wet and that two of \
        the four mugs were broken. She would like to keep the others. We refund 14.50 and write to \
        the carrier. The order is from 3 November, the photo from the 5th. ";
    let long = prose.repeat(200);
    assert_eq!(scan(&long), long);
}

#[test]
fn fields_are_redacted_by_their_names() {
    for (field, kind) in [
        (r#""password":"swordfish""#, Kind::Password),
        (r#""newPassword":"swordfish""#, Kind::Password),
        (r#""db_passwd":"swordfish""#, Kind::Password),
        (r#""PGPASSWORD":"swordfish""#, Kind::Password),
        (r#""password":12345"#, Kind::Password),
        (r#""clientSecret":"abc""#, Kind::Secret),
        (r#""secret":["abc","def"]"#, Kind::Secret),
        (r#""X-Api-Key":"abc""#, Kind::ApiKey),
        (r#""apikey":"abc""#, Kind::ApiKey),
        (r#""aws_secret_access_key":"abc""#, Kind::ApiKey),
        (r#""private_key":"abc""#, Kind::ApiKey),
        (r#""access_token":"abcdefgh""#, Kind::Token),
        (r#""Authorization":"Bearer abc""#, Kind::Authorization),
        (r#""headers":{"authorization":"x"}"#, Kind::Authorization),
        (r#""env":[{"name":"DB_PASSWORD","value":"abc"}]"#, Kind::Password),
        (r#""credentials":{"id":"abc"}"#, Kind::Secret),
        (r#""cvv":"123""#, Kind::CardCode),
        (r#""cvc":123"#, Kind::CardCode),
        (r#""security_code":"1234""#, Kind::CardCode),
        (r#""pin":"0000""#, Kind::Pin),
        (r#""otp":"123456""#, Kind::OneTimeCode),
        (r#""ssn":"078-05-1120""#, Kind::NationalId),
        (r#""password_prod":"swordfish""#, Kind::Password),
        (r#""api_key_v2_old":"abc""#, Kind::ApiKey),
        (r#""pwd":"x""#, Kind::Password),
        (r#""pass":"swordfish""#, Kind::Password),
        (r#""seed_phrase":"a b c""#, Kind::Secret),
        (r#""pass-phrase":"a b c""#, Kind::Secret),
        (r#""mnemonic":"a b c""#, Kind::Secret),
        (r#""cookie":"abcdefgh""#, Kind::Token),
        (r#""card_code":"123""#, Kind::CardCode),
        (r#""cvv2":"123456789012""#, Kind::CardCode),
        (r#""backupCode":"a-123""#, Kind::OneTimeCode),
        (r#""totp":"123abcdefghijklmnopqrstu""#, Kind::OneTimeCode),
        (r#""social_security_number":"078-05-1120""#, Kind::NationalId),
        (r#""privatekey":"abc""#, Kind::PrivateKey),
        (r#""accountkey":"abc""#, Kind::ApiKey),
        (r#""oauth2Token":"abcdefgh""#, Kind::Token),
        (r#""password":"${a{b}""#, Kind::Password),
        (r#""password":"$aB""#, Kind::Password),
        (r#""password":"$""#, Kind::Password),
        (r#""password":"xx""#, Kind::Password),
        (r#""number":4111111111111111"#, Kind::CardNumber),
    ] {
        let (clean, found) = redacted(&format!("{{{field}}}"));
        assert!(!found.is_empty(), "{field} became {clean}");
        assert!(found.iter().all(|redaction| redaction.kind == kind), "{field}: {found:?}");
        let (_, value) = field.rsplit_once(':').unwrap();
        assert!(!clean.contains(value), "{field} became {clean}");
    }
}

#[test]
fn harmless_names_are_left_alone() {
    for field in [
        r#""max_tokens":4096"#,
        r#""token_count":"12345678""#,
        r#""next_page_token":"abcdefgh1234""#,
        r#""pageToken":"abcdefgh1234""#,
        r#""token":"USDC""#,
        r#""password_policy":"twelve characters""#,
        r#""password_reset":true"#,
        r#""secret_name":"relay""#,
        r#""password":null"#,
        r#""pin":true"#,
        r#""pin":"the message""#,
        r#""password":"""#,
        r#""password":"${DB_PASSWORD}""#,
        r#""key":"value""#,
        r#""primary_key":"id""#,
        r#""public_key":"abc""#,
        r#""code":"1234""#,
        r#""author":"Ines""#,
        r#""passengers":"2""#,
        r#""shipping":"express""#,
        r#""search_phrase":"abc""#,
        r#""key_phrase":"abc""#,
        r#""key_number":"030901820""#,
        r#""social_number":"030901820""#,
        r#""sort_key":"abc""#,
        r#""resume_token":"abcdefgh""#,
        r#""error_code":"1234""#,
        r#""phone_number":"030901820""#,
        r#""security_number":"030901820""#,
        r#""token":"abcdefg""#,
        r#""token":"abc defghi""#,
        r#""pass":"two""#,
        r#""cvv":"12""#,
        r#""cvv":"1234567890123""#,
        r#""pin":"12a4""#,
        r#""otp":"12ab""#,
        r#""totp":"123abcdefghijklmnopqrstuv""#,
        r#""password":"{{""#,
        r#""password":"{{ vault.db }}""#,
        r#""password":"<your password>""#,
        r#""password":"$DB_PASSWORD""#,
        r#""password":"xxx""#,
        r#""name":"color","value":"red""#,
        r#""name":"DB_PASSWORD","comment":"swordfish""#,
    ] {
        let text = format!("{{{field}}}");
        let same = Json::Object(object(&text)).canonical();
        assert_eq!(redacted(&text), (same, vec![]), "{field}");
    }
}

#[test]
fn marked_fields_are_replaced_whatever_they_are() {
    let text = r#"{"card":{"number":"x","exp":[1,2]},"n":5,"b":true,"z":null,"keep":"this"}"#;
    let (clean, found) =
        redacted_with(text, &["/card", "/n", "/b", "/z", "/nowhere", "/keep/deeper"]);
    let pointers: Vec<_> = found.iter().map(|r| (r.pointer.as_str(), r.kind)).collect();
    let marked = |pointer| (pointer, Kind::Marked);
    assert_eq!(pointers, [marked("/card"), marked("/n"), marked("/b"), marked("/z")]);
    assert_eq!(clean.matches("[redacted:marked hmac-sha256:").count(), 4);
    assert!(clean.contains(r#""keep":"this""#), "{clean}");
}

#[test]
fn marking_everything_replaces_every_entry() {
    let (clean, found) = redacted_with(r#"{"a":1,"b":{"c":2}}"#, &[""]);
    assert_eq!(found.len(), 2);
    assert!(clean.starts_with(r#"{"a":"[redacted:marked "#), "{clean}");
}

#[test]
fn equal_secrets_have_equal_placeholders_and_others_have_others() {
    let placeholder = |text: &str, pepper: &Pepper| {
        let mut params = object(text);
        Redactor::default().redact(&mut params, &["/s".parse().unwrap()], pepper);
        params.get("s").unwrap().as_str().unwrap().to_owned()
    };
    let one = placeholder(r#"{"s":"5"}"#, &pepper());
    assert_eq!(one, placeholder(r#"{"a":0,"s":"5"}"#, &pepper()));
    assert_ne!(one, placeholder(r#"{"s":"6"}"#, &pepper()));
    assert_ne!(one, placeholder(r#"{"s":5}"#, &pepper()), "a number is not a text");
    assert_ne!(one, placeholder(r#"{"s":"5"}"#, &Pepper::from_bytes([8; 32])));
    assert_eq!(one.len(), "[redacted:marked hmac-sha256:0123456789abcdef]".len());
}

#[test]
fn keys_are_searched_too_and_stay_apart() {
    let (clean, found) =
        redacted(r#"{"4111111111111111":1,"5555555555554444":2,"a":{"4111 1111 1111 1111":3}}"#);
    assert_eq!(found.len(), 3);
    assert!(!clean.contains("4111111111111111") && !clean.contains("4444"), "{clean}");
    assert_eq!(object(&clean).len(), 3);
}

#[test]
fn a_pointer_says_where_and_never_what() {
    let (_, found) = redacted(r#"{"a":[{"4111111111111111":"4111111111111111"}]}"#);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|redaction| !redaction.pointer.as_str().contains("4111111111111111")));
    let (_, found) = redacted(r#"{"a":[0,{"b~c":"cvc 123"}]}"#);
    assert_eq!(found, [Redaction { pointer: "/a/1/b~0c".parse().unwrap(), kind: Kind::CardCode }]);
}

#[test]
fn an_action_is_frozen_without_its_secrets_and_keeps_the_rest() {
    let json = r#"{"tool":"charge_card","tenant":"fernhill","agent":"support-bot","session":"cvc 123",
        "params":{"card":{"number":"4111"},"amount":"5.00"},"value":"5.00",
        "reason":"card 4111 1111 1111 1111","context":{"goal":"password=hunter2"}}"#;
    let action = Action::from_json(Json::parse(json.as_bytes()).unwrap()).unwrap();
    let frozen = Redactor::default().freeze(&action, &["/card/number".parse().unwrap()], &pepper());
    let pointers: Vec<_> = frozen.redactions().iter().map(|r| r.pointer.to_string()).collect();
    assert_eq!(pointers, ["/context/goal", "/params/card/number", "/reason", "/session"]);
    let clean = frozen.into_json();
    assert!(Action::from_json(clean.clone()).is_ok(), "a frozen action can be read again");
    let clean = clean.canonical();
    assert!(
        clean.contains(r#""amount":"5.00""#) && clean.contains(r#""tool":"charge_card""#),
        "{clean}"
    );
    assert!(
        ["\"4111\"", "4111 ", "hunter2", "cvc 123"].iter().all(|s| !clean.contains(s)),
        "{clean}"
    );
}

#[test]
fn one_secret_anywhere_in_an_action_is_enough() {
    let frozen = |fields: &str, secret: &[&str]| {
        let json = format!(r#"{{"tool":"t","tenant":"acme"{fields}}}"#);
        let action = Action::from_json(Json::parse(json.as_bytes()).unwrap()).unwrap();
        let secret: Vec<Pointer> = secret.iter().map(|text| text.parse().unwrap()).collect();
        let is_clean = Redactor::default().is_clean(&action, &secret);
        let frozen = Redactor::default().freeze(&action, &secret, &pepper());
        assert_eq!(is_clean, frozen.redactions().is_empty(), "{json}");
        let same = frozen.clone().into_json() == action.into_json();
        assert_eq!(is_clean, same, "{json}");
        frozen.redactions().len()
    };
    for (fields, secret) in [
        (r#","params":{},"session":"cvc 123""#, &[][..]),
        (r#","params":{},"user":"cvc 123""#, &[]),
        (r#","params":{},"user":"cvc123""#, &[]),
        (r#","params":{},"reason":"cvc 123""#, &[]),
        (r#","params":{},"context":{"a":"cvc 123"}"#, &[]),
        (r#","params":{},"value":4111111111111111"#, &[]),
        (r#","params":{"a":"cvc 123"}"#, &[]),
        (r#","params":{"a":4222222222222}"#, &[]),
        (r#","params":{"a":-4222222222222}"#, &[]),
        (r#","params":{"a":1}"#, &["/nowhere", "/a"]),
        (r#","params":{"a":1}"#, &[""]),
    ] {
        assert_eq!(frozen(fields, secret), 1, "{fields}");
    }
    let harmless =
        r#","params":{"a":1},"session":"s","user":"u","reason":"r","context":{},"value":1"#;
    assert_eq!(frozen(harmless, &["/nowhere"]), 0);
}

#[test]
fn a_placeholder_from_outside_is_recognised() {
    let (clean, _) = redacted(r#"{"a":"password=hunter2"}"#);
    for text in [
        &*clean,
        r#"{"[redacted:jwt]":1}"#,
        r#"{"a":{"[redacted:jwt]":1}}"#,
        r#"{"a":{"b":"[redacted:jwt]"}}"#,
        r#"{"a":["x [redacted:pin hmac-sha256:0123456789abcdef]"]}"#,
    ] {
        assert!(Redactor::holds_placeholder(&object(text)), "{text}");
    }
    for text in [
        r#"{"a":"[redacted]"}"#,
        r#"{"a":"[redacted:anything]"}"#,
        r#"{"a":"[redacted:jwt hmac-sha256:01]"}"#,
    ] {
        assert!(!Redactor::holds_placeholder(&object(text)), "{text}");
    }
}

#[test]
fn a_placeholder_hides_nothing_beside_it() {
    let keyed = "[redacted:jwt hmac-sha256:0123456789abcdef]";
    for (text, clean) in [
        (
            "[redacted:jwt]AKIAIOSFODNN7EXAMPLE".to_owned(),
            "[redacted:jwt][redacted:api-key]".to_owned(),
        ),
        ("AKIAIOSFODNN7EXAMPLE[redacted:jwt]".into(), "[redacted:api-key][redacted:jwt]".into()),
        (format!("password=abc{keyed}"), format!("password=[redacted:password]{keyed}")),
        // What follows one at once is no part of it.
        (
            format!(r#"{{"password": "{keyed}hunter2"}}"#),
            format!(r#"{{"password": "{keyed}[redacted:password]"}}"#),
        ),
        (format!("password={keyed}hunter2"), format!("password={keyed}[redacted:password]")),
        (
            "password=[redacted:jwt][redacted:pin]hunter2".into(),
            "password=[redacted:jwt][redacted:pin][redacted:password]".into(),
        ),
        (format!("password='a {keyed}' x"), "password='[redacted:password]' x".into()),
        (format!("password={keyed}"), format!("password={keyed}")),
        ("https://[redacted:token]@x.example".into(), "https://[redacted:token]@x.example".into()),
        (format!("https://{keyed}@x.example"), format!("https://{keyed}@x.example")),
    ] {
        assert_eq!(scan(&text), clean, "{text}");
    }
}

#[test]
fn secrets_that_meet_are_told_apart_and_those_that_overlap_are_one() {
    let bot = format!("11111111:AA{}", &R40[..33]);
    for (text, clean) in [
        ("cvc 123 and cvc 456", "cvc [redacted:card-code] and cvc [redacted:card-code]"),
        ("AKIAIOSFODNN7EXAMPLEAKIAIOSFODNN7EXAMPLE", "[redacted:api-key][redacted:api-key]"),
        // The longer one names both, also where it begins later.
        (&format!("41111111 {bot}"), "[redacted:token]"),
        ("x 41111111 11111111 y", "x [redacted:card-number] y"),
        (&format!("x {bot} y"), "x [redacted:token] y"),
    ] {
        assert_eq!(scan(text), clean, "{text}");
    }
}

#[test]
fn a_disguised_secret_is_taken_with_its_disguise() {
    for (text, clean) in [
        ("\u{200b}é AKIA\u{200b}IOSFODNN7EXAMPLE é", "\u{200b}é [redacted:api-key] é"),
        ("é ｐａｓｓｗｏｒｄ＝ｈｕｎｔｅｒ２ é", "é ｐａｓｓｗｏｒｄ＝[redacted:password] é"),
    ] {
        assert_eq!(scan(text), clean, "{text}");
    }
}

#[test]
fn what_stands_for_a_secret_already_is_left_as_it_is() {
    let text = r#"{"a":"postgres://app:[redacted:password]@db.example"}"#;
    assert_eq!(redacted(text), (text.to_owned(), vec![]));
}

#[test]
fn what_is_too_deep_to_look_at_is_replaced() {
    let mut value = Json::String("4111111111111111".to_owned());
    for _ in 0..200 {
        value = Json::Array(vec![value]);
    }
    let mut params = Object::new();
    params.insert("a".to_owned(), value);
    let found = Redactor::default().redact(&mut params, &[], &pepper());
    assert!(found.iter().all(|redaction| redaction.kind == Kind::TooDeep) && found.len() == 1);
    assert!(!Json::Object(params).canonical().contains("4111111111111111"));
}

#[test]
fn what_is_too_deep_begins_at_the_limit() {
    let within: [fn(Json) -> Json; 2] = [
        |value| Json::Array(vec![value]),
        |value| Json::Object(Object::from_entries(vec![("a".to_owned(), value)]).unwrap()),
    ];
    let limit = usize::from(placet_core::limits::MAX_JSON_DEPTH);
    for within in within {
        for levels in [limit - 2, limit - 1, limit, limit + 1] {
            let value = (0..levels).fold(Json::Null, |value, _| within(value));
            let mut params = Object::new();
            params.insert("a".to_owned(), value);
            let action = Action::new(placet_core::ToolName::new("t").unwrap(), params.clone());
            assert_eq!(Redactor::default().is_clean(&action, &[]), levels < limit, "{levels}");
            let found = Redactor::default().redact(&mut params, &[], &pepper());
            assert_eq!(found.is_empty(), levels < limit, "{levels}");
        }
    }
}

/// So much, or more where there is time.
fn nightly<T>(ordinary: T, nightly: T) -> T {
    if std::env::var_os("PLACET_NIGHTLY").is_some() { nightly } else { ordinary }
}

/// Quadratic time would need many minutes for these, and hours for the longer ones; linear time needs
/// a moment.
#[test]
fn hostile_text_takes_no_more_than_linear_time() {
    let length = nightly(100_000, 500_000);
    for part in [
        "password=",
        "token: '",
        "eyJ",
        "-----BEGIN PRIVATE KEY-----",
        "://a:",
        "4 ",
        "secret \"${",
        "curl -u ",
        "AKIA",
        "1 2.3-",
        "[redacted:",
        "a=b ",
        "é password=a1 ",
        "4111111111111111 ",
        "token=\"'",
        "token=\"a\\'",
        "token: \"x ",
        "password=\"'\"'\n",
        "4①",
    ] {
        let clean = scan(&part.repeat(length / part.len()));
        assert!(!clean.is_empty(), "{part}");
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (0_u32..).prop_map(|n| Json::parse(n.to_string().as_bytes()).unwrap()),
        ".{0,40}".prop_map(Json::String),
        proptest::sample::select(HARMLESS).prop_map(|text| Json::String(text.to_owned())),
        proptest::sample::select(embedded()).prop_map(|(text, ..)| Json::String(text.to_owned())),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
            proptest::collection::btree_map(
                "[a-z_]{1,12}|password|token|name|value|.{0,8}",
                inner,
                0..6
            )
            .prop_map(|entries| Json::Object(
                Object::from_entries(entries.into_iter().collect()).unwrap()
            )),
        ]
    })
}

/// Puts a text somewhere into a value: as an item, a value or a key, chosen by `path`.
fn plant(value: &mut Json, mut path: Vec<usize>, secret: &str) {
    let step = path.pop();
    match (value, step) {
        (Json::Array(items), Some(step)) if !items.is_empty() => {
            let at = step % items.len();
            plant(&mut items[at], path, secret);
        }
        (Json::Object(object), Some(step)) if step % 3 == 0 => {
            object.insert(secret.to_owned(), Json::Null);
        }
        (Json::Object(object), Some(step)) if !object.is_empty() => {
            let at = step % object.len();
            let (_, inner) = object.iter_mut().nth(at).unwrap();
            plant(inner, path, secret);
        }
        (place, _) => *place = Json::String(secret.to_owned()),
    }
}

fn redact_value(value: Json) -> Json {
    let mut params = Object::new();
    params.insert("p".to_owned(), value);
    Redactor::default().redact(&mut params, &[], &pepper());
    params.remove("p").unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(nightly(128, 2_048)))]

    #[test]
    fn a_planted_secret_never_survives(
        mut value in any_json(),
        path in proptest::collection::vec(any::<usize>(), 0..6),
        (_, secret) in proptest::sample::select(shapes()),
        before in "([^\\p{Nd}]{0,12}[^\\p{Nd}\\w./_-])?",
        after in "([^\\p{Nd}\\w./_-][^\\p{Nd}]{0,12})?",
    ) {
        let planted = Json::String(secret.clone()).canonical();
        let planted = planted.trim_matches('"');
        // Among what is harmless is a hash with the digits of a card number in it.
        prop_assume!(!value.canonical().contains(planted));
        plant(&mut value, path, &format!("{before}{secret}{after}"));
        let clean = redact_value(value).canonical();
        prop_assert!(!clean.contains(planted), "{clean}");
    }

    #[test]
    fn redacting_again_changes_nothing(value in any_json()) {
        let once = redact_value(value);
        prop_assert_eq!(redact_value(once.clone()).canonical(), once.canonical());
    }

    #[test]
    fn scanning_again_changes_nothing(parts in proptest::collection::vec(prop_oneof![
        proptest::sample::select(embedded()).prop_map(|(text, ..)| text.to_owned()),
        proptest::sample::select(shapes()).prop_map(|(_, text)| text),
        "[a-z0-9=:@/\" \\[\\]-]{0,12}",
        Just("[redacted:jwt hmac-sha256:".to_owned()),
        ".{0,4}",
    ], 0..6)) {
        let once = scan(&parts.concat());
        prop_assert_eq!(scan(&once), once);
    }

    #[test]
    fn an_action_is_clean_exactly_when_nothing_is_found(
        mut value in any_json(),
        path in proptest::collection::vec(any::<usize>(), 0..6),
        planted in prop_oneof![
            proptest::sample::select(embedded()).prop_map(|(text, ..)| text.to_owned()),
            proptest::sample::select(shapes()).prop_map(|(_, text)| text),
            "[a-z0-9=:@/\" \\[\\]-]{0,12}",
            ".{0,8}",
        ],
        key in "(name|key|value|pin|token|password|[a-z]{1,3})",
        number in prop_oneof![any::<i32>().prop_map(f64::from), 1e11..1e14, any::<u16>().prop_map(f64::from)],
    ) {
        plant(&mut value, path, &planted);
        let number = Json::Number(placet_core::json::Number::new(number).unwrap());
        for inner in [value, Json::String(planted), number] {
            let pair = vec![(key.clone(), inner), ("header".to_owned(), Json::from("api_key"))];
            let mut params = Object::from_entries(pair).unwrap();
            let action = Action::new(placet_core::ToolName::new("t").unwrap(), params.clone());
            let before = params.clone();
            let found = Redactor::default().redact(&mut params, &[], &pepper());
            prop_assert_eq!(Redactor::default().is_clean(&action, &[]), found.is_empty());
            prop_assert_eq!(found.is_empty(), before == params);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", noise: String) {
        scan(&text);
        scan(&noise);
    }
}
