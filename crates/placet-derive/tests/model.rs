//! Any sequence of changes, beside a model that knows only the rule.
#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

mod support;

use placet::signoff::{Record, SignOff, visible_length};
use proptest::prelude::*;
use support::{
    GatedStatus, Invoice, RESPONSE, Status, StatusStatements, UngatedStatus, dana, draft,
    statements,
};

/// One attempt, of which many have to fail.
#[derive(Clone, Debug)]
enum Attempt {
    Change(UngatedStatus),
    Sign {
        to: GatedStatus,
        statements: StatusStatements,
        saw: Option<u64>,
    },
    Edit(u64),
    /// Stored, tampered with by a text replacement, and read again.
    Reread(&'static str, &'static str),
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let ungated = prop_oneof![Just(UngatedStatus::Draft), Just(UngatedStatus::Sent)];
    let gated = prop_oneof![Just(GatedStatus::Approved), Just(GatedStatus::Paid)];
    let response = prop_oneof![
        Just(RESPONSE.to_owned()),
        "[a ]{45,60}",
        "\\PC{0,60}",
        Just("\u{200b}".repeat(60))
    ];
    let owner = prop_oneof![Just("Dana Wu".to_owned()), "[ d\u{301}]{0,4}"];
    let saw = proptest::option::weighted(0.2, 0_u64..3);
    let sign = (gated, response, owner, saw).prop_map(|(to, response, owner, saw)| Attempt::Sign {
        to,
        statements: statements(&response, &owner),
        saw,
    });
    let tampering = prop_oneof![
        Just(("", "")),
        Just(("\"draft\"", "\"paid\"")),
        Just(("\"approved\"", "\"sent\"")),
        Just(("\"sign_off\":{", "\"was\":{")),
        Just((RESPONSE, "ok")),
    ];
    prop_oneof![
        2 => ungated.prop_map(Attempt::Change),
        3 => sign,
        2 => (0_u64..3).prop_map(Attempt::Edit),
        1 => tampering.prop_map(|(from, to)| Attempt::Reread(from, to)),
    ]
}

/// What the record has to be.
#[derive(Debug)]
struct Model {
    cents: u64,
    status: Status,
    signed: Option<StatusStatements>,
}

fn is_complete(statements: &StatusStatements) -> bool {
    visible_length(&statements.verbatim_response) >= 50
        && visible_length(&statements.responsible_owner) >= 2
}

impl Model {
    /// Makes the attempt on both; says whether the record took it.
    fn make(&mut self, attempt: Attempt, record: &mut Record<Invoice>) -> bool {
        match attempt {
            Attempt::Change(to) => {
                record.change(to);
                (self.status, self.signed) = (to.into(), None);
                true
            }
            Attempt::Sign { to, statements, saw } => self.sign(to, statements, saw, record),
            Attempt::Edit(cents) => {
                let is_taken = record.edit().map(|contents| contents.cents = cents).is_ok();
                assert_eq!(is_taken, self.signed.is_none());
                self.cents = if is_taken { cents } else { self.cents };
                is_taken
            }
            Attempt::Reread(from, to) => reread(from, to, record),
        }
    }

    fn sign(
        &mut self,
        to: GatedStatus,
        statements: StatusStatements,
        saw: Option<u64>,
        record: &mut Record<Invoice>,
    ) -> bool {
        let saw = Invoice { cents: saw.unwrap_or(self.cents), ..record.contents().clone() };
        let may_sign = is_complete(&statements) && saw.cents == self.cents;
        let sign_off = SignOff::new(dana(), saw, to, statements.clone());
        let is_taken = sign_off.and_then(|sign_off| record.sign(sign_off)).is_ok();
        assert_eq!(is_taken, may_sign);
        if is_taken {
            (self.status, self.signed) = (to.into(), Some(statements));
        }
        is_taken
    }

    fn check(&self, record: &Record<Invoice>) {
        assert_eq!(record.status(), self.status);
        assert_eq!(record.contents().cents, self.cents);
        assert_eq!(record.signed().map(|signed| signed.statements()), self.signed.as_ref());
        let is_gated = matches!(record.status(), Status::Approved | Status::Paid);
        let response = record.signed().map(|signed| signed.statements().verbatim_response.trim());
        assert_eq!(response.is_some_and(|text| text.chars().count() >= 50), is_gated);
    }
}

/// What was not tampered with is read as it was; what was is refused.
fn reread(from: &str, to: &str, record: &mut Record<Invoice>) -> bool {
    let stored = serde_json::to_string(record).unwrap();
    let tampered = stored.replace(from, to);
    match serde_json::from_str(&tampered) {
        Ok(read) => {
            assert_eq!(tampered, stored, "tampering was not noticed");
            *record = read;
            true
        }
        Err(_) => {
            assert_ne!(tampered, stored, "a stored record was not read");
            false
        }
    }
}

proptest! {
    #[test]
    fn no_gated_status_without_a_complete_sign_off(attempts in proptest::collection::vec(attempt(), 1..40)) {
        let mut record = draft();
        let mut model = Model { cents: record.contents().cents, status: Status::Draft, signed: None };
        for attempt in attempts {
            let before = serde_json::to_string(&record).unwrap();
            let is_taken = model.make(attempt, &mut record);
            model.check(&record);
            if !is_taken {
                prop_assert_eq!(serde_json::to_string(&record).unwrap(), before);
            }
        }
    }
}
