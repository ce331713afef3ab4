//! The vectors of Project Wycheproof that are about what warrants are made of.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::build::digest;
use ed25519_dalek::{Signer as _, SigningKey};
use placet_core::warrant::{Claims, PublicKey, WarrantError, WarrantKey, audience, open};
use placet_core::{ActionId, Pepper};
use serde_json::{Map, Value};
use uuid::Uuid;

struct Jws {
    number: &'static str,
    is_valid: bool,
    text: &'static str,
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

fn jws() -> Vec<Jws> {
    let read = |row: Vec<&'static str>| {
        let [number, result, _, text] = row.try_into().unwrap();
        Jws { number, is_valid: result == "valid", text }
    };
    rows(include_str!("data/wycheproof_jws.tsv")).map(read).collect()
}

fn pepper() -> Pepper {
    Pepper::from_bytes([5; 32])
}

fn keys() -> [PublicKey; 1] {
    [WarrantKey::of(&pepper(), 0).public().clone()]
}

fn claims() -> Claims {
    let action = ActionId::new(Uuid::from_u128(1));
    Claims {
        iss: "example.com/log".to_owned(),
        aud: audience(&"acme".parse().unwrap()),
        sub: None,
        jti: action.warrant(),
        iat: 100,
        exp: 400,
        action,
        tool: "refund".parse().unwrap(),
        digest: digest(7),
        approval: None,
        log_index: 3,
    }
}

/// Our claims under some header, truly signed with our key.
fn signed(header: &Value) -> String {
    let part = |value: &[u8]| URL_SAFE_NO_PAD.encode(value);
    let claims = serde_json::to_vec(&claims()).unwrap();
    let signed = format!("{}.{}", part(header.to_string().as_bytes()), part(&claims));
    let key = SigningKey::from_bytes(&pepper().warrant_seed(0));
    format!("{signed}.{}", part(&key.sign(signed.as_bytes()).to_bytes()))
}

fn header(jws: &Jws) -> Option<Map<String, Value>> {
    let first = jws.text.split('.').next()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(first).ok()?).ok()
}

#[test]
fn no_vector_is_a_warrant_also_where_it_is_a_valid_signature_of_somebody() {
    let all = jws();
    assert_eq!((all.len(), all.iter().filter(|jws| jws.is_valid).count()), (401, 46));
    for Jws { number, text, .. } in all {
        let found = open(text, &keys());
        assert!(matches!(found, Err(WarrantError::Form | WarrantError::Algorithm)), "{number}");
    }
}

/// The same with our key under its name, and with our claims and our signature: what the header says
/// is enough to refuse it.
#[test]
fn no_header_of_a_vector_is_that_of_a_warrant_whoever_signed() {
    let (id, mut tried) = (keys()[0].id().to_owned(), 0);
    for jws in jws() {
        let Some(mut header) = header(&jws) else { continue };
        header.insert("kid".to_owned(), id.clone().into());
        let [under_our_key, as_ours] = ["JOSE", "warrant+jwt"].map(|typ| {
            header.insert("typ".to_owned(), typ.into());
            Value::Object(header.clone())
        });
        for header in [&under_our_key, &as_ours] {
            let (_, rest) = jws.text.split_once('.').unwrap();
            let theirs = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
            for token in [theirs, signed(header)] {
                let found = open(&token, &keys());
                assert!(
                    matches!(found, Err(WarrantError::Form | WarrantError::Algorithm)),
                    "{token}"
                );
            }
            assert_eq!(open(&signed(header), &keys()), Err(WarrantError::Algorithm), "{header}");
        }
        tried += 1;
    }
    assert_eq!(tried, 382);
    // What is refused is the header: with ours the same claims are read.
    let ours = serde_json::json!({"alg": "EdDSA", "kid": id, "typ": "warrant+jwt"});
    assert_eq!(open(&signed(&ours), &keys()), Ok(claims()));
}

fn hex(text: &str) -> Vec<u8> {
    let byte = |place: usize| u8::from_str_radix(&text[place..place + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[test]
fn a_signature_of_ed25519_counts_where_the_suite_says_so_and_nowhere_else() {
    let mut counts = [0, 0];
    for row in rows(include_str!("data/wycheproof_ed25519.tsv")) {
        let [number, result, flags, key, message, signature] = row.try_into().unwrap();
        let key = PublicKey::from_bytes(&hex(key).try_into().unwrap()).expect(number);
        let is_valid = key.verify(&hex(message), &hex(signature)).is_ok();
        assert_eq!(is_valid, result == "valid", "{number}: {flags}");
        counts[usize::from(is_valid)] += 1;
    }
    assert_eq!(counts, [63, 88]);
}
