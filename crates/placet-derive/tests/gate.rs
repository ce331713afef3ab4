//! The way through the gate, and what a refusal leaves behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use placet::limits::MAX_STATEMENT_BYTES;
use placet::signoff::{Field, PersonId, Record, Refused, SignOff, Sorted, Statements, Status as _};
use placet_derive::SignoffGated;
use support::{
    GatedStatus, RESPONSE, Status, StatusStatements, UngatedStatus, approved, complete, dana,
    draft, invoice, sign_off, statements,
};

fn refusal(statements: StatusStatements) -> String {
    SignOff::new(dana(), invoice(), GatedStatus::Approved, statements).unwrap_err().to_string()
}

#[test]
fn ungated_statuses_are_free() {
    let mut record = draft();
    record.change(UngatedStatus::Sent);
    assert_eq!(record.status(), Status::Sent);
    assert!(record.signed().is_none());
}

#[test]
fn a_sign_off_takes_the_record_to_its_status_and_stays_with_it() {
    let record = approved();
    assert_eq!(record.status(), Status::Approved);
    let signed = record.signed().unwrap();
    assert_eq!(signed.status(), GatedStatus::Approved);
    assert_eq!(signed.person(), &dana());
    assert_eq!(signed.statements(), &complete());
    assert_eq!(signed.contents(), &invoice());
}

#[test]
fn another_gated_status_takes_another_sign_off() {
    let mut record = approved();
    record.sign(sign_off(GatedStatus::Paid).unwrap()).unwrap();
    assert_eq!(record.signed().unwrap().status(), GatedStatus::Paid);
}

#[test]
fn leaving_the_gated_status_drops_the_sign_off() {
    let mut record = approved();
    record.change(UngatedStatus::Draft);
    assert_eq!(record, draft());
}

#[test]
fn refusals_name_each_field_and_how_long_it_has_to_be() {
    let cases = [
        (
            statements("ok", "Dana Wu"),
            "\"Approved\" needs a complete sign-off: \
             \"verbatim_response\" has 2 of at least 50 visible characters",
        ),
        (
            statements(" \n ", "\u{200b}D\u{200b}"),
            "\"Approved\" needs a complete sign-off: \
             \"verbatim_response\" has 0 of at least 50 visible characters; \
             \"responsible_owner\" has 1 of at least 2 visible characters",
        ),
        (
            statements(&"x".repeat(MAX_STATEMENT_BYTES + 1), "Dana Wu"),
            "\"verbatim_response\" is 16385 bytes long; at most 16384 are accepted",
        ),
    ];
    for (statements, message) in cases {
        assert_eq!(refusal(statements), message);
    }
}

#[test]
fn the_least_length_itself_is_enough() {
    let of = |length| statements(&"x".repeat(length), "DW");
    assert!(refusal(of(49)).contains("has 49 of"));
    assert!(SignOff::new(dana(), invoice(), GatedStatus::Paid, of(50)).is_ok());
    assert!(SignOff::new(dana(), invoice(), GatedStatus::Paid, of(MAX_STATEMENT_BYTES)).is_ok());
}

#[test]
fn a_person_without_a_visible_name_signs_nothing() {
    let nobody = PersonId::new(" \u{2060} ").unwrap();
    let refused = SignOff::new(nobody, invoice(), GatedStatus::Approved, complete());
    assert_eq!(refused.unwrap_err(), Refused::Nameless);
}

#[test]
fn a_sign_off_for_other_contents_changes_nothing() {
    let mut record = draft();
    let sign_off = sign_off(GatedStatus::Approved).unwrap();
    record.edit().unwrap().cents = 9_900_000;
    let before = format!("{record:?}");
    let refused = record.sign(sign_off).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the contents have changed since the sign-off for \"Approved\" was given; \
         show them to the person again"
    );
    assert_eq!(format!("{record:?}"), before);
}

#[test]
fn what_was_signed_is_not_edited() {
    let mut record = approved();
    let refused = record.edit().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the contents are signed off as \"Approved\" and stay as they are; \
         change the status before editing them"
    );
    assert_eq!(record, approved());
    record.change(UngatedStatus::Draft);
    record.edit().unwrap().cents += 1;
    assert_eq!(record.into_contents().cents, invoice().cents + 1);
}

#[test]
fn swapped_records_take_their_sign_offs_along() {
    let (mut one, mut other) = (approved(), draft());
    std::mem::swap(&mut one, &mut other);
    assert_eq!((one, other), (draft(), approved()));
}

#[test]
fn a_status_from_outside_is_sorted_before_it_is_given() {
    for status in [Status::Draft, Status::Sent, Status::Approved, Status::Paid] {
        let (sorted, is_gated) = match status.sort() {
            Sorted::Ungated(ungated) => (Status::from(ungated), false),
            Sorted::Gated(gated) => (Status::from(gated), true),
        };
        assert_eq!(sorted, status);
        assert_eq!(is_gated, matches!(status, Status::Approved | Status::Paid));
        assert_eq!(format!("{status:?}"), status.name());
    }
}

/// Contents whose comparison panics: the one place where code of the user's runs while signing.
#[derive(SignoffGated, Clone, Debug)]
#[signoff(status = Status)]
struct Fragile;

impl PartialEq for Fragile {
    fn eq(&self, _: &Self) -> bool {
        panic!("compared");
    }
}

#[test]
fn a_panic_while_signing_leaves_the_record_as_it_was() {
    let mut record = Record::new(Fragile, UngatedStatus::Sent);
    let sign_off = SignOff::new(dana(), Fragile, GatedStatus::Approved, complete()).unwrap();
    catch_unwind(AssertUnwindSafe(|| record.sign(sign_off))).unwrap_err();
    assert_eq!(record.status(), Status::Sent);
    assert!(record.signed().is_none());
}

mod defaults {
    use super::*;

    #[derive(SignoffGated)]
    #[signoff(gated(On))]
    enum Switch {
        Off,
        On,
    }

    #[derive(SignoffGated, PartialEq)]
    #[signoff(status = Switch)]
    struct Feature;

    #[derive(SignoffGated)]
    #[signoff(gated(On), fields(why, who, ticket = 4), least_length = 80)]
    #[expect(dead_code, reason = "its statements are looked at")]
    enum Strict {
        Off,
        On,
    }

    fn lengths(fields: &[Field]) -> Vec<(&'static str, u16)> {
        fields.iter().map(|field| (field.name, field.least_length)).collect()
    }

    #[test]
    fn lengths_are_those_of_the_options() {
        assert_eq!(lengths(StrictStatements::FIELDS), [("why", 80), ("who", 1), ("ticket", 4)]);
    }

    #[test]
    fn without_options_there_are_a_statement_of_fifty_characters_and_an_owner() {
        let expected = [("verbatim_response", 50), ("responsible_owner", 1)];
        assert_eq!(lengths(SwitchStatements::FIELDS), expected);
        let mut feature = Record::new(Feature, UngatedSwitch::Off);
        let statements = SwitchStatements {
            verbatim_response: RESPONSE.to_owned(),
            responsible_owner: "D".to_owned(),
        };
        feature.sign(SignOff::new(dana(), Feature, GatedSwitch::On, statements).unwrap()).unwrap();
        assert!(matches!(feature.status(), Switch::On));
    }
}

/// A record may hold what has parameters.
#[derive(SignoffGated, Clone, Debug, PartialEq)]
#[signoff(status = Status)]
struct Envelope<'a, T>
where
    T: Clone,
{
    inner: &'a T,
}

#[test]
fn contents_may_be_generic() {
    let contents = Envelope { inner: &7 };
    let mut record = Record::new(contents.clone(), UngatedStatus::Draft);
    let sign_off = SignOff::new(dana(), contents, GatedStatus::Paid, complete()).unwrap();
    record.sign(sign_off).unwrap();
    assert_eq!(record.status(), Status::Paid);
}
