//! Receipts: they convince of one entry, offline, and of nothing else.

use placet_core::event::{Entry, Event, Switched};
use placet_core::log::{
    Checkpoint, CheckpointError, Commitment, Hash, InclusionProof, Opening, ProofError, Receipt,
    ReceiptError, Salt, SigningKey, Verifier, leaf_hash,
};
use placet_core::time::Timestamp;
use serde_json::{Value, json};

use crate::reference::{self, Leaves};

const ORIGIN: &str = "example.com/log";
const PAYLOAD: &str = r#"{"params":{"amount":"42","note":"é\u0007\"quoted\""}}"#;
const INDEX: u64 = 5;

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[7; 32]).unwrap()
}

fn trusted() -> [Verifier; 1] {
    [key().verifier().clone()]
}

fn opening() -> Opening {
    Opening { salt: Salt::from_bytes([9; 32]), payload: PAYLOAD.to_owned() }
}

fn leaf() -> String {
    let commitment = Commitment::of(&opening().salt, PAYLOAD.as_bytes());
    format!(r#"{{"index":5,"payload":"{commitment}","tool":"é"}}"#)
}

fn receipt_for(leaf: &str) -> Receipt {
    let mut leaves = reference::leaves(13);
    leaves[INDEX as usize] = leaf_hash(leaf.as_bytes());
    let checkpoint = Checkpoint::new(ORIGIN, 13, reference::root(&leaves)).unwrap();
    let proof = InclusionProof::prove(INDEX, 13, &Leaves(leaves)).unwrap();
    let note = checkpoint.sign(&key()).unwrap().into_string();
    Receipt::new(leaf.to_owned(), INDEX, proof, note)
}

fn receipt() -> Receipt {
    receipt_for(&leaf()).with_opening(opening())
}

/// Changes a receipt as JSON, and verifies it.
fn changed(change: impl Fn(&mut Value)) -> Result<(), ReceiptError> {
    let mut json = serde_json::to_value(receipt()).unwrap();
    change(&mut json);
    Receipt::parse(json.to_string().as_bytes())?.verify(&trusted()).map(drop)
}

#[test]
fn verifies_after_a_journey_as_json() {
    let json = serde_json::to_vec(&receipt()).unwrap();
    let receipt = Receipt::parse(&json).unwrap();
    let (leaf, trusted) = (leaf(), trusted());
    let verified = receipt.verify(&trusted).unwrap();
    assert_eq!((verified.index, verified.checkpoint.size()), (INDEX, 13));
    assert_eq!((verified.leaf, verified.private), (leaf.as_str(), Some(PAYLOAD)));
    assert_eq!(verified.checkpoint.origin(), ORIGIN);
}

#[test]
fn opens_the_payload_of_an_entry_as_the_log_writes_it() {
    let switched = Switched { scope: "all".parse().unwrap(), reason: "drill".to_owned(), by: None };
    let entry = Entry {
        index: INDEX,
        at: Timestamp::from_millis(0),
        event: Event::Tripped(switched),
        origin: None,
        payload: Some(Commitment::of(&opening().salt, PAYLOAD.as_bytes())),
    };
    let receipt = receipt_for(&serde_json::to_string(&entry).unwrap()).with_opening(opening());
    assert_eq!(receipt.verify(&trusted()).unwrap().private, Some(PAYLOAD));
}

#[test]
fn verifies_without_the_private_payload() {
    let receipt = receipt_for(&leaf());
    assert_eq!(receipt.verify(&trusted()).unwrap().private, None);
    assert!(!serde_json::to_string(&receipt).unwrap().contains("\"salt\""));
}

#[test]
fn has_a_stable_shape() {
    let json = serde_json::to_value(receipt()).unwrap();
    let mut names: Vec<_> = json.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["checkpoint", "format", "index", "leaf", "private", "proof"]);
    assert_eq!(json["format"], "placet-receipt/v1");
    assert_eq!(json["proof"].as_array().unwrap().len(), 4);
    assert_eq!(json["private"]["salt"], "09".repeat(32));
    assert_eq!(json["private"]["payload"], PAYLOAD);
}

#[test]
fn every_flipped_bit_is_refused() {
    let json = serde_json::to_vec(&receipt()).unwrap();
    let trusted = trusted();
    for bit in 0..json.len() * 8 {
        let mut other = json.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        let accepted = Receipt::parse(&other).is_ok_and(|receipt| receipt.verify(&trusted).is_ok());
        assert!(!accepted, "bit {bit} of {:?}", char::from(json[bit / 8]));
    }
}

#[test]
fn each_altered_part_fails_its_own_step() {
    let inclusion =
        |result| matches!(result, Err(ReceiptError::Inclusion(ProofError::Root { .. })));
    assert!(inclusion(changed(|json| json["leaf"] = json!("{}"))));
    assert!(inclusion(changed(|json| json["index"] = json!(4))));
    assert!(inclusion(changed(|json| json["proof"][0] = json!(reference::leaves(1)[0]))));
    let short = changed(|json| json["proof"].as_array_mut().unwrap().truncate(3));
    assert_eq!(short, Err(ReceiptError::Inclusion(ProofError::TooShort(3))));
    let outside = ProofError::OutsideTree { index: 13, size: 13 };
    assert_eq!(changed(|json| json["index"] = json!(13)), Err(ReceiptError::Inclusion(outside)));
    let checkpoint = changed(|json| json["checkpoint"] = json!("not a note"));
    assert!(matches!(checkpoint, Err(ReceiptError::Checkpoint(CheckpointError::Note(_)))));
    let commitment = Commitment::of(&opening().salt, PAYLOAD.as_bytes());
    let payload = changed(|json| json["private"]["payload"] = json!("{}"));
    assert_eq!(payload, Err(ReceiptError::Opening(commitment)));
    let salt = changed(|json| json["private"]["salt"] = json!("00".repeat(32)));
    assert_eq!(salt, Err(ReceiptError::Opening(commitment)));
}

#[test]
fn the_checkpoint_of_another_log_is_refused() {
    let other = SigningKey::from_seed("example.com/other", &[8; 32]).unwrap();
    let refused = receipt().verify(&[other.verifier().clone()]).map(drop);
    assert!(matches!(refused, Err(ReceiptError::Checkpoint(CheckpointError::Note(_)))));
    assert!(receipt().verify(&[]).is_err());
}

#[test]
fn a_payload_needs_a_commitment() {
    for leaf in [
        "{}",
        r#"{"payload":null}"#,
        r#"{"payload":"sha256:00"}"#,
        "[]",
        "not json",
        r#"{"payload":1}"#,
    ] {
        let receipt = receipt_for(leaf);
        assert!(receipt.verify(&trusted()).is_ok());
        let refused = receipt.with_opening(opening()).verify(&trusted()).map(drop);
        assert_eq!(refused, Err(ReceiptError::NoCommitment(leaf.to_owned())));
    }
}

#[test]
fn two_commitments_are_as_bad_as_none() {
    let commitment = Commitment::of(&opening().salt, PAYLOAD.as_bytes());
    let leaf = format!(r#"{{"payload":"{commitment}","\u0070ayload":"{commitment}"}}"#);
    let refused = receipt_for(&leaf).with_opening(opening()).verify(&trusted()).map(drop);
    assert!(matches!(refused, Err(ReceiptError::NoCommitment(_))));
}

#[test]
fn unreadable_receipts_are_refused() {
    let refused = |change: fn(&mut Value)| matches!(changed(change), Err(ReceiptError::Json(_)));
    assert!(refused(|json| json["more"] = json!(1)));
    assert!(refused(|json| json["private"]["more"] = json!(1)));
    assert!(refused(|json| json["format"] = json!("placet-receipt/v2")));
    assert!(refused(|json| json["index"] = json!(-1)));
    assert!(refused(|json| json["index"] = json!(5.0)));
    assert!(refused(|json| json["index"] = json!("5")));
    assert!(refused(|json| json["proof"][0] = json!("AA".repeat(32))));
    for name in ["format", "leaf", "index", "proof", "checkpoint"] {
        let json = changed(|json| drop(json.as_object_mut().unwrap().remove(name)));
        assert!(matches!(json, Err(ReceiptError::Json(_))), "{name}");
    }
    let Err(ReceiptError::Json(message)) = Receipt::parse(b"5") else { panic!() };
    assert!(message.contains("expected a receipt"), "{message}");
}

#[test]
fn receipts_have_limits() {
    let long = vec![b' '; 16 * 1024 * 1024 + 1];
    assert_eq!(Receipt::parse(&long), Err(ReceiptError::TooLong(long.len())));
    let mut longest = serde_json::to_vec(&receipt()).unwrap();
    longest.resize(16 * 1024 * 1024, b' ');
    assert!(Receipt::parse(&longest).is_ok());
    let leaf = "x".repeat(65_536);
    assert_eq!(receipt_for(&leaf).verify(&trusted()), Err(ReceiptError::LeafTooLong(65_536)));
    assert!(receipt_for(&leaf[1..]).verify(&trusted()).is_ok());
}

#[test]
fn an_opening_is_not_shown_by_debug() {
    let shown = format!("{:?}", receipt());
    assert!(!shown.contains("amount") && !shown.contains("0909"), "{shown}");
    assert_eq!(format!("{:?}", opening()), "Opening(hidden)");
}

#[test]
fn a_proof_for_one_entry_does_not_serve_another() {
    let leaves: Vec<Hash> = reference::leaves(13);
    let checkpoint = Checkpoint::new(ORIGIN, 13, reference::root(&leaves)).unwrap();
    let note = checkpoint.sign(&key()).unwrap().into_string();
    let stored = Leaves(leaves);
    for proved in 0..13 {
        for claimed in 0..13 {
            let proof = InclusionProof::prove(proved, 13, &stored).unwrap();
            let receipt = Receipt::new(format!("entry {claimed}"), claimed, proof, note.clone());
            assert_eq!(receipt.verify(&trusted()).is_ok(), proved == claimed);
        }
    }
}
