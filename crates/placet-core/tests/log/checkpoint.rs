//! Checkpoints: signed by their own log, in one form only.

use placet_core::log::{
    Checkpoint, CheckpointError, EMPTY_ROOT, Hash, Note, NoteError, SigningKey, Verifier, leaf_hash,
};

const ORIGIN: &str = "example.com/log";

fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(name, &[7; 32]).unwrap()
}

fn trusted(names: &[&str]) -> Vec<Verifier> {
    names.iter().map(|name| key(name).verifier().clone()).collect()
}

fn root() -> Hash {
    leaf_hash(b"entry")
}

/// Signs a text as the log, whatever it is, and opens it as a checkpoint.
fn open_text(text: &str) -> Result<Checkpoint, CheckpointError> {
    let note = Note::sign(text, &[&key(ORIGIN)]).unwrap().to_string();
    Checkpoint::open(note.as_bytes(), &trusted(&[ORIGIN]))
}

#[test]
fn has_the_three_lines_of_the_specification() {
    let bytes = [
        0x0a, 0xc5, 0x18, 0x6a, 0x91, 0x86, 0x3e, 0x8e, 0x1d, 0x90, 0xc8, 0x08, 0x01, 0x4a, 0xa8,
        0x9b, 0xf5, 0xda, 0x8e, 0x3e, 0xe1, 0xd9, 0xf0, 0x76, 0x30, 0xf0, 0x37, 0x8f, 0x68, 0xf1,
        0xab, 0x62,
    ];
    let root = Hash::from_bytes(bytes);
    let checkpoint = Checkpoint::new("example.com/behind-the-sofa", 20_852_163, root).unwrap();
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert_eq!(checkpoint.to_string(), text);
}

#[test]
fn opens_what_the_log_signed() {
    let checkpoint = Checkpoint::new(ORIGIN, 42, root()).unwrap();
    let signed = checkpoint.sign(&key(ORIGIN)).unwrap();
    let opened = Checkpoint::open(signed.as_str().as_bytes(), &trusted(&[ORIGIN])).unwrap();
    assert_eq!(opened, checkpoint);
    assert_eq!((opened.origin(), opened.size(), opened.root()), (ORIGIN, 42, root()));
    assert_eq!(signed.to_string(), signed.into_string());
}

#[test]
fn keeps_extensions() {
    let checkpoint = Checkpoint::new(ORIGIN, 42, root()).unwrap();
    let checkpoint =
        checkpoint.with_extension("one").and_then(|c| c.with_extension("two 2")).unwrap();
    let signed = checkpoint.sign(&key(ORIGIN)).unwrap();
    let opened = Checkpoint::open(signed.as_str().as_bytes(), &trusted(&[ORIGIN])).unwrap();
    assert_eq!(opened.extensions(), ["one", "two 2"]);
    for line in ["", "a\nb", "\n"] {
        let refused = Checkpoint::new(ORIGIN, 42, root()).unwrap().with_extension(line);
        assert_eq!(refused, Err(CheckpointError::Extension(line.to_owned())));
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let signed = Checkpoint::new(ORIGIN, 42, root()).unwrap().sign(&key(ORIGIN)).unwrap();
    let note = signed.into_string().into_bytes();
    for bit in 0..note.len() * 8 {
        let mut other = note.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(Checkpoint::open(&other, &trusted(&[ORIGIN])).is_err(), "bit {bit}");
    }
}

#[test]
fn nobody_else_speaks_for_the_log() {
    let checkpoint = Checkpoint::new(ORIGIN, 42, root()).unwrap();
    let foreign = CheckpointError::ForeignSigner { origin: ORIGIN.to_owned() };
    assert_eq!(checkpoint.sign(&key("witness")), Err(foreign.clone()));
    let note = Note::sign(&checkpoint.to_string(), &[&key("witness")]).unwrap().to_string();
    let open = |names: &[&str]| Checkpoint::open(note.as_bytes(), &trusted(names));
    assert_eq!(open(&["witness"]), Err(foreign.clone()));
    assert_eq!(open(&["witness", ORIGIN]), Err(foreign));
    let untrusted = NoteError::Untrusted { signers: r#""witness""#.to_owned() };
    assert_eq!(open(&[ORIGIN]), Err(CheckpointError::Note(untrusted)));
}

#[test]
fn a_witness_may_sign_as_well() {
    let checkpoint = Checkpoint::new(ORIGIN, 42, root()).unwrap();
    let keys = [&key("witness"), &key(ORIGIN)];
    let note = Note::sign(&checkpoint.to_string(), &keys).unwrap().to_string();
    for names in [&[ORIGIN, "witness"][..], &[ORIGIN]] {
        assert_eq!(Checkpoint::open(note.as_bytes(), &trusted(names)).unwrap(), checkpoint);
    }
}

#[test]
fn only_the_one_form_is_read() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    assert!(open_text(&format!("{ORIGIN}\n42\n{root}\n")).is_ok());
    for size in [
        "042",
        "+42",
        "-1",
        "",
        " 42",
        "42 ",
        "4_2",
        "0x2a",
        "4.2e1",
        "٤٢",
        "9007199254740992",
        "18446744073709551616",
    ] {
        let refused = open_text(&format!("{ORIGIN}\n{size}\n{root}\n"));
        assert_eq!(refused, Err(CheckpointError::Size(size.to_owned())), "{size:?}");
    }
    assert_eq!(
        open_text(&format!("{ORIGIN}\n9007199254740991\n{root}\n")).unwrap().size(),
        (1 << 53) - 1
    );
    for root in [
        "",
        "CsUY",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=",
        "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=",
        " CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2Li",
    ] {
        let refused = open_text(&format!("{ORIGIN}\n42\n{root}\n"));
        assert_eq!(refused, Err(CheckpointError::Root(root.to_owned())), "{root:?}");
    }
    let extension = Err(CheckpointError::Extension(String::new()));
    assert_eq!(open_text(&format!("{ORIGIN}\n42\n{root}\n\n")), extension);
    assert_eq!(open_text(&format!("{ORIGIN}\n42\n{root}\na\n\nb\n")), extension);
}

#[test]
fn missing_lines_are_named() {
    assert_eq!(open_text(&format!("{ORIGIN}\n")), Err(CheckpointError::Missing("size")));
    assert_eq!(open_text(&format!("{ORIGIN}\n42\n")), Err(CheckpointError::Missing("root")));
    assert!(matches!(
        open_text("\n42\nx\n"),
        Err(CheckpointError::Root(_) | CheckpointError::Origin(_))
    ));
}

#[test]
fn the_empty_log_has_the_empty_root() {
    assert!(Checkpoint::new(ORIGIN, 0, EMPTY_ROOT).is_ok());
    let misfit = |size, root| Err(CheckpointError::EmptyRoot { size, root });
    assert_eq!(Checkpoint::new(ORIGIN, 0, root()), misfit(0, root()));
    assert_eq!(Checkpoint::new(ORIGIN, 1, EMPTY_ROOT), misfit(1, EMPTY_ROOT));
}

#[test]
fn the_origin_is_a_key_name() {
    for origin in ["", "a b", "a+b", "a\nb"] {
        let refused = Checkpoint::new(origin, 1, root());
        assert!(matches!(refused, Err(CheckpointError::Origin(_))), "{origin:?}");
    }
}
