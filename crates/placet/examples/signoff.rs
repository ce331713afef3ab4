//! An agent prepares a payment; a person approves it; only then does the code that pays compile.
//!
//! `cargo run --example signoff`
#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;

use placet::SignoffGated;
use placet::signoff::{PersonId, Record, SignOff, Signed};

#[derive(SignoffGated, Debug)]
#[signoff(gated(Approved, Paid), fields(verbatim_response, responsible_owner = 2))]
enum Status {
    Draft,
    InReview,
    Approved,
    Paid,
}

#[derive(SignoffGated, Clone, PartialEq)]
#[signoff(status = Status)]
struct Payment {
    to: String,
    cents: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in story()? {
        println!("{line}");
    }
    Ok(())
}

/// What happens, a line for each step.
pub(crate) fn story() -> Result<Vec<String>, Box<dyn Error>> {
    let contents = Payment { to: "Fernhill Ltd".to_owned(), cents: 42_000 };
    let mut payment = Record::new(contents, UngatedStatus::Draft);
    payment.change(UngatedStatus::InReview);
    let mut lines = vec![format!("the agent asks for review: {:?}", payment.status())];

    let shown = payment.contents().clone();
    if let Err(refused) = answer(&shown, "ok") {
        lines.push(format!("too short an answer: {refused}"));
    }

    let sign_off = answer(&shown, RESPONSE)?;
    payment.edit()?.cents = 4_200_000;
    if let Err(refused) = payment.sign(sign_off) {
        lines.push(format!("another amount than was shown: {refused}"));
    }

    payment.edit()?.cents = 42_000;
    payment.sign(answer(&shown, RESPONSE)?)?;
    lines.extend(payment.signed().map(|approved| pay(&approved)));
    if let Err(refused) = payment.edit() {
        lines.push(format!("an edit afterwards: {refused}"));
    }
    Ok(lines)
}

const RESPONSE: &str = "I compared the amount with the order and rang Fernhill about the account.";

/// What Dana typed, about what was shown to her.
fn answer(shown: &Payment, response: &str) -> Result<SignOff<Payment>, Box<dyn Error>> {
    let statements = StatusStatements {
        verbatim_response: response.to_owned(),
        responsible_owner: "Dana Wu".to_owned(),
    };
    let dana = PersonId::new("dana")?;
    Ok(SignOff::new(dana, shown.clone(), GatedStatus::Approved, statements)?)
}

/// Pays. It cannot be called with a payment that nobody signed off.
fn pay(approved: &Signed<'_, Payment>) -> String {
    let Payment { to, cents } = approved.contents();
    format!("{cents} cents go to {to}, because {} said so", approved.person())
}
