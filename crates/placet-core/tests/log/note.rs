//! Signed notes and their keys.

use placet_core::log::{KeyError, Note, NoteError, SigningKey, Verifier};
use proptest::prelude::*;

/// The key and the note that document Go's implementation.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SECRET: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PETER_TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                          then you don't know what your problem is.\n";
const PETER_SIGNATURE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn peter_note() -> String {
    format!("{PETER_TEXT}\n{PETER_SIGNATURE}")
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).unwrap()
}

fn verifier(key: &SigningKey) -> Verifier {
    key.verifier().clone()
}

fn parse(note: &str) -> Result<Note, NoteError> {
    Note::parse(note.as_bytes())
}

#[test]
fn reads_the_note_of_another_implementation() {
    let trusted: [Verifier; 1] = [PETER.parse().unwrap()];
    let note = parse(&peter_note()).unwrap();
    let verified = note.verify(&trusted).unwrap();
    assert_eq!(verified.text(), PETER_TEXT);
    assert_eq!(verified.signers(), [&trusted[0]]);
}

#[test]
fn writes_the_note_of_another_implementation() {
    let peter = SigningKey::from_secret_text(PETER_SECRET).unwrap();
    assert_eq!(Note::sign(PETER_TEXT, &[&peter]).unwrap().to_string(), peter_note());
    assert_eq!(peter.verifier().to_string(), PETER);
    assert_eq!(*peter.danger_secret_text(), PETER_SECRET);
}

#[test]
fn reads_the_example_of_the_specification() {
    let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let signature = "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
    let trusted: [Verifier; 1] = [key.parse().unwrap()];
    let note = parse(&format!("This is an example message.\n\n{signature}\n")).unwrap();
    assert_eq!(note.verify(&trusted).unwrap().text(), "This is an example message.\n");
}

#[test]
fn every_flipped_bit_of_a_note_is_refused() {
    let trusted: [Verifier; 1] = [PETER.parse().unwrap()];
    let note = peter_note().into_bytes();
    for bit in 0..note.len() * 8 {
        let mut other = note.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        let accepted = Note::parse(&other).is_ok_and(|note| note.verify(&trusted).is_ok());
        assert!(!accepted, "bit {bit}");
    }
}

#[test]
fn every_cut_of_a_note_is_refused() {
    let trusted: [Verifier; 1] = [PETER.parse().unwrap()];
    let note = peter_note();
    for length in 0..note.len() {
        let cut = &note.as_bytes()[..length];
        assert!(!Note::parse(cut).is_ok_and(|note| note.verify(&trusted).is_ok()));
    }
}

#[test]
fn several_keys_sign_and_strangers_are_passed_over() {
    let (log, witness, stranger) = (key("log", 1), key("witness", 2), key("stranger", 3));
    let mut note = Note::sign("text\n", &[&stranger, &log]).unwrap();
    note.add_signature(&witness).unwrap();
    note.add_signature(&witness).unwrap();
    let text = note.to_string();
    assert_eq!(text.lines().count(), 5);
    let trusted = [verifier(&log), verifier(&witness)];
    let note = parse(&text).unwrap();
    assert_eq!(note.verify(&trusted).unwrap().signers(), [&trusted[0], &trusted[1]]);
    assert_eq!(note.verify(&trusted[1..]).unwrap().signers(), [&trusted[1]]);
}

#[test]
fn only_strangers_are_not_enough() {
    let note = Note::sign("text\n", &[&key("a", 1), &key("b", 2)]).unwrap();
    let untrusted = NoteError::Untrusted { signers: r#""a", "b""#.to_owned() };
    assert_eq!(note.verify(&[verifier(&key("c", 3))]), Err(untrusted.clone()));
    assert_eq!(note.verify(&[]), Err(untrusted.clone()));
    // Another key of the same name has another id, so it is a stranger too.
    assert_eq!(note.verify(&[verifier(&key("a", 9))]), Err(untrusted));
}

#[test]
fn a_bad_signature_of_a_known_key_spoils_the_note() {
    let (log, witness) = (key("log", 1), key("witness", 2));
    let other = Note::sign("other\n", &[&witness]).unwrap().to_string();
    let forged = other.lines().last().unwrap();
    let note = format!("{}{forged}\n", Note::sign("text\n", &[&log]).unwrap());
    let note = parse(&note).unwrap();
    let bad = NoteError::BadSignature("witness".to_owned());
    assert_eq!(note.verify(&[verifier(&log), verifier(&witness)]), Err(bad));
    assert!(note.verify(&[verifier(&log)]).is_ok());
    let mut healed = note;
    healed.add_signature(&witness).unwrap();
    assert!(healed.verify(&[verifier(&log), verifier(&witness)]).is_ok());
}

#[test]
fn a_signature_that_fits_only_by_lenient_rules_is_refused() {
    // Its random point is the neutral element, which RFC 8032's equation lets pass.
    let lenient = "— log rMMpEwEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAN3dXGUDue+n4/04J4ftvB0DSyk6Aamq0wNbzW93xnA8=";
    let note = parse(&format!("text\n\n{lenient}\n")).unwrap();
    let bad = NoteError::BadSignature("log".to_owned());
    assert_eq!(note.verify(&[verifier(&key("log", 1))]), Err(bad));
}

#[test]
fn a_signature_line_twice_counts_once() {
    let log = key("log", 1);
    let note = Note::sign("text\n", &[&log]).unwrap().to_string();
    let line = note.lines().last().unwrap();
    let trusted = [verifier(&log), verifier(&log)];
    let note = parse(&format!("{note}{line}\n")).unwrap();
    assert_eq!(note.verify(&trusted).unwrap().signers().len(), 1);
}

#[test]
fn the_last_empty_line_ends_the_text() {
    let log = key("log", 1);
    for text in ["\n", "\n\n", "a\n\nb\n", "a\n\n\n", "— log AAAA\n", "a\n\n— log AAAAAAAA\n"] {
        let note = parse(&Note::sign(text, &[&log]).unwrap().to_string()).unwrap();
        assert_eq!(note.verify(&[verifier(&log)]).unwrap().text(), text);
    }
}

#[test]
fn malformed_notes_are_refused() {
    let line = "— a AAAAAAAA\n";
    let signature_line = |line: &str| NoteError::SignatureLine(line.to_owned());
    for (note, error) in [
        (String::new(), NoteError::Unsigned),
        ("text\n".to_owned(), NoteError::Unsigned),
        ("text\n\n".to_owned(), NoteError::Unsigned),
        (format!("text\n{line}"), NoteError::Unsigned),
        (format!("te\txt\n\n{line}"), NoteError::Control('\t')),
        (format!("text\r\n\n{line}"), NoteError::Control('\r')),
        (format!("te\0xt\n\n{line}"), NoteError::Control('\0')),
        ("text\n\n— a AAAAAAAA".to_owned(), signature_line("— a AAAAAAAA")),
        (format!("text\n\n{line}more\n"), signature_line("more\n")),
        ("text\n\n- a AAAAAAAA\n".to_owned(), signature_line("- a AAAAAAAA\n")),
        ("text\n\n— a+b AAAAAAAA\n".to_owned(), signature_line("— a+b AAAAAAAA\n")),
        ("text\n\n—  AAAAAAAA\n".to_owned(), signature_line("—  AAAAAAAA\n")),
        ("text\n\n— a  AAAAAAAA\n".to_owned(), signature_line("— a  AAAAAAAA\n")),
        ("text\n\n— a AAAAAAAA \n".to_owned(), signature_line("— a AAAAAAAA \n")),
        ("text\n\n— a\u{a0}b AAAAAAAA\n".to_owned(), signature_line("— a\u{a0}b AAAAAAAA\n")),
        ("text\n\n— a AAAAAA==\n".to_owned(), signature_line("— a AAAAAA==\n")),
        ("text\n\n— a AAAAAAB=\n".to_owned(), signature_line("— a AAAAAAB=\n")),
        ("text\n\n— a AAAAAAA\n".to_owned(), signature_line("— a AAAAAAA\n")),
        ("text\n\n— a AAAA_-AA\n".to_owned(), signature_line("— a AAAA_-AA\n")),
    ] {
        assert_eq!(parse(&note), Err(error), "{note:?}");
    }
    assert_eq!(Note::parse(b"text\xff\n\n"), Err(NoteError::Utf8(4)));
    assert!(parse(&format!("text\n\n{line}")).is_ok());
}

#[test]
fn notes_have_limits() {
    let lines = |count| format!("text\n\n{}", "— a AAAAAAAA\n".repeat(count));
    assert!(parse(&lines(64)).is_ok());
    assert_eq!(parse(&lines(65)), Err(NoteError::TooManySignatures));
    let mut full = parse(&lines(64)).unwrap();
    assert_eq!(full.add_signature(&key("b", 1)), Err(NoteError::TooManySignatures));
    let long = format!("{}\n", "x".repeat(256 * 1024));
    let refused = parse(&format!("{long}\n— a AAAAAAAA\n"));
    assert!(matches!(refused, Err(NoteError::TooLong(_))), "{refused:?}");
    assert!(matches!(Note::sign(&long, &[&key("a", 1)]), Err(NoteError::TooLong(_))));
    let rest = "\n\n— a AAAAAAAA\n";
    let of = |bytes: usize| parse(&format!("{}{rest}", "x".repeat(bytes - rest.len())));
    assert!(of(256 * 1024).is_ok());
    assert_eq!(of(256 * 1024 + 1), Err(NoteError::TooLong(256 * 1024 + 1)));
}

#[test]
fn only_a_finished_text_without_control_characters_is_signed() {
    let log = key("log", 1);
    assert_eq!(Note::sign("text", &[&log]), Err(NoteError::UnfinishedText));
    assert_eq!(Note::sign("", &[&log]), Err(NoteError::UnfinishedText));
    assert_eq!(Note::sign("te\u{1b}xt\n", &[&log]), Err(NoteError::Control('\u{1b}')));
    assert_eq!(Note::sign("text\n", &[]), Err(NoteError::Unsigned));
}

#[test]
fn two_keys_with_one_id_are_ambiguous() {
    // Ids have 32 bits, so a collision is cheap to find: these two were.
    let (first, second) = colliding_keys();
    let note = Note::sign("text\n", &[&first]).unwrap();
    let ambiguous = NoteError::Ambiguous("log".to_owned());
    assert_eq!(note.verify(&[verifier(&first), verifier(&second)]), Err(ambiguous));
    let bad = NoteError::BadSignature("log".to_owned());
    assert_eq!(note.verify(&[verifier(&second)]), Err(bad));
}

/// Two keys named "log" whose ids are the same.
fn colliding_keys() -> (SigningKey, SigningKey) {
    let numbered = |number: u32| {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        SigningKey::from_seed("log", &seed).unwrap()
    };
    (numbered(COLLISION.0), numbered(COLLISION.1))
}

/// Seeds found by trying numbers in order.
const COLLISION: (u32, u32) = (32_003, 82_289);

#[test]
fn verifier_keys_have_one_text() {
    let text = PETER;
    let peter: Verifier = text.parse().unwrap();
    assert_eq!((peter.name(), peter.id()), ("PeterNeumann", 0xc74f_20a3));
    for start in 0..text.len() {
        for end in start..=text.len() {
            assert_eq!(text[start..end].parse::<Verifier>().is_ok(), end - start == text.len());
        }
    }
    for bit in 0..text.len() * 8 {
        let mut other = text.as_bytes().to_vec();
        other[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = str::from_utf8(&other) {
            assert!(other.parse::<Verifier>().is_err(), "{other}");
        }
    }
}

#[test]
fn unusable_keys_are_refused_with_the_reason() {
    let parse = |text: &str| text.parse::<Verifier>().unwrap_err();
    let material = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let kind = KeyError::Kind { name: "PeterNeumann".to_owned(), kind: 4 };
    assert_eq!(parse("PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), kind);
    let KeyError::Id { name, found, .. } = parse(&format!("Peter+c74f20a3+{material}")) else {
        panic!("the id of another name was accepted")
    };
    assert_eq!((name.as_str(), found), ("Peter", 0xc74f_20a3));
    assert_eq!(parse(&format!("+c74f20a3+{material}")), KeyError::Name(String::new()));
    for id in ["C74F20A3", "c74f20a", "0c74f20a3", "+74f20a3", "c74f20g3", ""] {
        let text = format!("PeterNeumann+{id}+{material}");
        assert!(matches!(parse(&text), KeyError::Format(_) | KeyError::Kind { .. }), "{text}");
    }
    let short = parse("PeterNeumann+c74f20a3+ARpc2QcU");
    assert_eq!(short, KeyError::Point("PeterNeumann".to_owned()));
}

#[test]
fn weak_public_keys_are_refused() {
    // The neutral element signs everything; two is not the height of any point.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut nowhere = [0; 32];
    nowhere[0] = 2;
    for bytes in [neutral, nowhere, [0; 32]] {
        assert_eq!(Verifier::new("log", &bytes), Err(KeyError::Point("log".to_owned())));
    }
}

#[test]
fn names_that_cannot_stand_in_a_note_are_refused() {
    let long = "x".repeat(256);
    for name in ["", " ", "a b", "a\u{2003}b", "a+b", "a\nb", "a\0", "\u{85}", &long] {
        assert!(
            matches!(SigningKey::from_seed(name, &[1; 32]), Err(KeyError::Name(_))),
            "{name:?}"
        );
    }
    for name in ["a", "example.com/log", "été", "名", &long[1..]] {
        assert!(SigningKey::from_seed(name, &[1; 32]).is_ok(), "{name:?}");
    }
}

#[test]
fn a_signing_key_hides_its_secret() {
    let log = key("log", 0x5a);
    let debug = format!("{log:?}");
    assert_eq!(debug, format!("SigningKey(secret of {})", log.verifier()));
    assert_eq!(format!("{:?}", log.verifier()), format!("Verifier({})", log.verifier()));
    let secret = log.danger_secret_text();
    assert_eq!(secret.capacity(), secret.len(), "a text that grew has left copies behind");
    for end in 0..secret.len() {
        let error = SigningKey::from_secret_text(&secret[..end]).unwrap_err();
        assert!(!error.to_string().contains("Wlpa"), "{error}");
    }
    let again = SigningKey::from_secret_text(&secret).unwrap();
    assert_eq!(again.verifier(), log.verifier());
}

proptest! {
    #[test]
    fn what_is_signed_is_read(text in "[^\\x00-\\x1f]*(\n[^\\x00-\\x1f]*){0,4}\n", seed: [u8; 32]) {
        let key = SigningKey::from_seed("log", &seed).unwrap();
        let note = Note::sign(&text, &[&key]).unwrap();
        let again = parse(&note.to_string()).unwrap();
        prop_assert_eq!(&again, &note);
        let trusted = [verifier(&key)];
        prop_assert_eq!(again.verify(&trusted).unwrap().text(), text);
    }

    #[test]
    fn any_bytes_are_a_note_or_refused(note: Vec<u8>) {
        if let Ok(parsed) = Note::parse(&note) {
            prop_assert_eq!(parsed.to_string().into_bytes(), note);
        }
    }
}
