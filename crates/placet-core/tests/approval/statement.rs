//! What a sign-off must say.

use placet_core::limits::MAX_STATEMENT_BYTES;

use crate::case::*;

/// Signs with the statement changed.
fn signs(approval: ApprovalTerms, change: impl FnOnce(&mut Statement)) -> Result<(), Rejection> {
    let mut world = World::with(refunds(approval));
    let mut signing = signing(world.hold(1, seconds(1)), person("ben"));
    change(&mut signing.statement);
    world.run(Command::SignOff(Box::new(signing)), seconds(2)).map(drop)
}

fn short(field: &str, least: u16, found: usize) -> Result<(), Rejection> {
    Err(Rejection::ShortField { field: field.into(), least, found })
}

#[test]
fn every_field_must_say_something() {
    for field in ["verbatim_response", "responsible_owner"] {
        let least = if field == "verbatim_response" { 50 } else { 1 };
        let without = signs(ApprovalTerms::default(), |it| drop(it.remove(field)));
        assert_eq!(without, short(field, least, 0));
        for nothing in ["", "   \n", "\u{200b}\u{202e}", "\u{3164}"] {
            let blank =
                signs(ApprovalTerms::default(), |it| drop(it.insert(field.into(), nothing.into())));
            assert_eq!(blank, short(field, least, 0), "{nothing:?}");
        }
    }
    assert_eq!(signs(ApprovalTerms::default(), |_| ()), Ok(()));
}

#[test]
fn the_first_field_is_the_statement_and_must_be_long_enough() {
    let of_length = |length: usize| {
        let text = format!("  {}\u{200d}\n", "é".repeat(length));
        signs(ApprovalTerms::default(), |it| drop(it.insert("verbatim_response".into(), text)))
    };
    assert_eq!(of_length(49), short("verbatim_response", 50, 49));
    assert_eq!(of_length(50), Ok(()));
    // Padding does not help, and the second field does not make up for it.
    let padded = format!("ok{}", " ".repeat(100));
    let found = signs(ApprovalTerms::default(), |it| {
        it.insert("verbatim_response".into(), padded);
        it.insert("responsible_owner".into(), WORDS.into());
    });
    assert_eq!(found, short("verbatim_response", 50, 2));
}

#[test]
fn a_class_may_ask_for_other_fields_and_another_length() {
    let fields = vec!["why".to_owned(), "ticket".to_owned()];
    let terms = || ApprovalTerms { fields: fields.clone(), least_length: 3, ..quorum(1) };
    let found = signs(terms(), |_| ());
    assert_eq!(found, Err(Rejection::UnknownField("\"responsible_owner\"".into())));
    let with = |why: &str, ticket: &str| {
        let pairs = [("why", why), ("ticket", ticket)];
        signs(terms(), |it| *it = pairs.map(|(field, text)| (field.into(), text.into())).into())
    };
    assert_eq!(with("no", "T-1"), short("why", 3, 2));
    assert_eq!(with("yes", ""), short("ticket", 1, 0));
    assert_eq!(with("yes", "T"), Ok(()));
    // A class cannot ask for less than something.
    let silent = ApprovalTerms { least_length: 0, ..terms() };
    let found = signs(silent, |it| *it = [("ticket".to_owned(), "T".to_owned())].into());
    assert_eq!(found, short("why", 1, 0));
}

#[test]
fn a_field_that_nobody_asked_for_is_refused() {
    let found = signs(ApprovalTerms::default(), |it| drop(it.insert("note".into(), "hi".into())));
    assert_eq!(found, Err(Rejection::UnknownField("\"note\"".into())));
    let no_fields = ApprovalTerms { fields: Vec::new(), ..quorum(1) };
    assert_eq!(signs(no_fields, Statement::clear), Ok(()));
}

#[test]
fn a_field_has_its_limit() {
    for field in ["verbatim_response", "responsible_owner"] {
        let of_bytes = |bytes: usize| {
            let text = "x".repeat(bytes);
            signs(ApprovalTerms::default(), |it| drop(it.insert(field.into(), text)))
        };
        assert_eq!(of_bytes(MAX_STATEMENT_BYTES), Ok(()));
        let long = Err(Rejection::LongField { field: field.into() });
        assert_eq!(of_bytes(MAX_STATEMENT_BYTES + 1), long);
    }
}

#[test]
fn whoever_edits_writes_as_much() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    let mut edit = world.edit(id, "ben", refund(2));
    edit.statement.insert("verbatim_response".into(), "ok".into());
    let found = world.run(Command::Edit(Box::new(edit)), seconds(2)).map(drop);
    assert_eq!(found, short("verbatim_response", 50, 2));
}

#[test]
fn what_was_written_is_kept_beside_the_leaf_with_the_digest() {
    use placet_core::event::{Kept, Payload, SignOffPayload};
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    let facts = placet_core::handle(&world.state, sign(id, "ben"), seconds(2)).unwrap();
    let expected = SignOffPayload { digest: digest(7), statement: statement() };
    let expected = Kept::Open(Payload::SignOff(Box::new(expected)));
    assert_eq!(facts[0].payload, Some(expected));
    let leaf = serde_json::to_string(&facts[0].event).unwrap();
    assert!(!leaf.contains("customer") && !leaf.contains("finance"), "{leaf}");
}

#[test]
fn a_denial_needs_a_reason() {
    let mut world = desk();
    let approval = world.hold(1, seconds(1));
    for reason in ["", " \n", "x".repeat(1_025).as_str()] {
        let (by, reason) = ("ben".parse().unwrap(), reason.to_owned());
        let found = world.run(Command::Deny { approval, by, reason }, seconds(2));
        assert_eq!(found, Err(Rejection::Reason));
    }
}
