//! Commitments and their salts.

use placet_core::Payload;
use placet_core::json::canonical_json;
use placet_core::log::{Commitment, Salt, Sealed};
use sha2::{Digest, Sha256};

fn salt(byte: u8) -> Salt {
    Salt::from_bytes([byte; 32])
}

#[test]
fn is_the_hash_of_domain_salt_and_payload() {
    let expected: [u8; 32] =
        Sha256::digest([b"placet/private/v1\n".as_slice(), &[7; 32], b"payload"].concat()).into();
    assert_eq!(Commitment::of(&salt(7), b"payload"), Commitment::from_bytes(expected));
}

#[test]
fn opens_for_its_salt_and_payload_only() {
    let commitment = Commitment::of(&salt(7), b"payload");
    assert!(commitment.opens(&salt(7), b"payload"));
    assert!(!commitment.opens(&salt(8), b"payload"));
    assert!(!commitment.opens(&salt(7), b"payloae"));
    assert!(!commitment.opens(&salt(7), b"payload "));
    assert!(!commitment.opens(&salt(7), b""));
}

#[test]
fn has_one_text_form() {
    let commitment = Commitment::of(&salt(7), b"payload");
    let text = commitment.to_string();
    assert_eq!(text.len(), 71);
    assert_eq!(text.parse(), Ok(commitment));
    assert_eq!(serde_json::to_string(&commitment).unwrap(), format!("{text:?}"));
    assert!(text.to_uppercase().parse::<Commitment>().is_err());
    assert!(text["sha256:".len()..].parse::<Commitment>().is_err());
}

#[test]
fn a_salt_shows_itself_to_receipts_only() {
    assert_eq!(format!("{:?}", salt(0xab)), "Salt(hidden)");
    assert_eq!(salt(0xab).as_bytes(), &[0xab; 32]);
    let json = serde_json::to_string(&salt(0xab)).unwrap();
    assert_eq!(json, format!("\"{}\"", "ab".repeat(32)));
    assert_eq!(serde_json::from_str::<Salt>(&json).unwrap(), salt(0xab));
}

#[test]
fn what_is_sealed_opens_and_shows_nothing() {
    let payload = Payload::Statement("she never asked for it".to_owned());
    let sealed = Sealed::seal(&payload, salt(7)).unwrap();
    let (shown, commitment) = (format!("{sealed:?}"), sealed.commitment());
    assert!(shown.contains(&commitment.to_string()) && !shown.contains("never"), "{shown}");
    let (kept, text) = sealed.into_parts();
    assert_eq!(kept, salt(7));
    assert_eq!(text, canonical_json(&payload).unwrap());
    assert!(commitment.opens(&kept, &text));
}
