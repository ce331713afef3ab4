//! Digests, tags and placeholders.

#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test that meets the unexpected should stop right there"
)]

use placet_core::digest::{ActionTag, Digest, Domain, Pepper};
use sha2::{Digest as _, Sha256};

const TEXT: &str = "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

fn pepper(byte: u8) -> Pepper {
    Pepper::from_bytes([byte; 32])
}

/// HMAC-SHA256 as RFC 2104 defines it, for keys shorter than a block.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = vec![with; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
        block
    };
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).into()
}

#[test]
fn a_digest_is_the_hash_of_domain_and_bytes() {
    for (domain, prefix) in [
        (Domain::Action, "placet/action/v1\n"),
        (Domain::Policy, "placet/policy/v1\n"),
        (Domain::Params, "placet/params/v1\n"),
    ] {
        let expected: [u8; 32] = Sha256::digest(format!("{prefix}{{}}")).into();
        assert_eq!(Digest::of(domain, b"{}"), Digest::from_bytes(expected));
    }
}

#[test]
fn a_digest_has_one_text() {
    let digest: Digest = TEXT.parse().unwrap();
    assert_eq!(digest.as_bytes()[..3], [0, 1, 2]);
    assert_eq!(digest.as_bytes()[31], 0xff);
    assert_eq!(digest.to_string(), TEXT);
    assert_eq!(format!("{digest:?}"), format!("Digest({TEXT})"));
    let json = serde_json::to_string(&digest).unwrap();
    assert_eq!(json, format!("\"{TEXT}\""));
    assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
}

#[test]
fn other_texts_are_refused() {
    let hex = &TEXT["sha256:".len()..];
    for text in [
        String::new(),
        hex.to_owned(),
        format!("SHA256:{hex}"),
        format!("sha512:{hex}"),
        format!("sha256: {hex}"),
        format!("sha256:{}", hex.to_uppercase()),
        format!("sha256:{}", &hex[1..]),
        format!("sha256:{}", &hex[2..]),
        format!("sha256:{hex}0"),
        format!("sha256:{hex}00"),
        format!("sha256:{}g0", &hex[2..]),
        format!("sha256:{}`0", &hex[2..]),
        format!("sha256:{}:0", &hex[2..]),
        format!("sha256:{}é", &hex[2..]),
        format!("{TEXT}\n"),
    ] {
        let error = text.parse::<Digest>().unwrap_err().to_string();
        let expected = "is not \"sha256:\" and 64 lower-case hexadecimal digits";
        assert_eq!(error, format!("{text:?} {expected}"));
        assert!(serde_json::from_value::<Digest>(text.into()).is_err());
    }
    let error = serde_json::from_str::<Digest>("7").unwrap_err().to_string();
    assert!(error.contains("and 64 lower-case hexadecimal digits"), "{error}");
}

#[test]
fn a_refused_text_is_shown_safely() {
    let error = format!("\u{202e}\u{1b}[31m{}", "x".repeat(500)).parse::<Digest>().unwrap_err();
    let message = error.to_string();
    assert!(message.chars().count() < 200, "{message}");
    assert!(!message.contains(['\u{202e}', '\u{1b}']), "{message:?}");
}

#[test]
fn a_tag_is_keyed_by_the_pepper() {
    let digest: Digest = TEXT.parse().unwrap();
    let message = [b"placet/tag/v1\n".as_slice(), digest.as_bytes()].concat();
    let tag = pepper(7).tag(&digest);
    assert_eq!(tag, ActionTag::from_bytes(hmac(&[7; 32], &message)));
    assert_ne!(tag, pepper(8).tag(&digest));
    assert_eq!(tag.to_string().parse(), Ok(tag));
}

#[test]
fn a_placeholder_is_keyed_and_apart_from_tags() {
    let digest: Digest = TEXT.parse().unwrap();
    let placeholder = pepper(7).placeholder(digest.as_bytes());
    let (name, hex) = placeholder.split_once(':').unwrap();
    let message = [b"placet/secret/v1\n".as_slice(), digest.as_bytes()].concat();
    assert_eq!(name, "hmac-sha256");
    assert_eq!(hex.parse(), Ok(ActionTag::from_bytes(hmac(&[7; 32], &message))));
    assert_ne!(hex, pepper(7).tag(&digest).to_string());
    assert_ne!(placeholder, pepper(8).placeholder(digest.as_bytes()));
    assert_ne!(placeholder, pepper(7).placeholder(b"another"));
}

#[test]
fn a_draw_is_keyed_and_apart_from_tags() {
    let message = b"placet/draw/v1\nsession".as_slice();
    assert_eq!(pepper(7).draw(b"session"), hmac(&[7; 32], message));
    assert_ne!(pepper(7).draw(b"session"), pepper(8).draw(b"session"));
}

#[test]
fn a_pepper_is_not_shown_by_debug() {
    assert_eq!(format!("{:?}", pepper(0xab)), "Pepper(hidden)");
    assert_eq!(pepper(0xab).danger_secret_bytes(), &[0xab; 32]);
}
