//! People through a guard: from the invitation to the end of their session.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::thread;

use placet::{
    Config, Guard, GuardError, InviteToken, KeyScope, NewPerson, PasswordError, Rejection,
};

const PASSWORD: &str = "four words to remember";

fn guard() -> Guard {
    Guard::open(Config::default()).expect("a guard")
}

fn new(name: &str) -> NewPerson {
    NewPerson {
        person: name.parse().unwrap(),
        tenant: None,
        roles: [KeyScope::Admin, KeyScope::Approver].into(),
        groups: ["finance".parse().unwrap()].into(),
    }
}

fn enrolled(guard: &Guard, name: &str) {
    let invited = guard.blocking().invite(new(name)).unwrap();
    guard.blocking().enrol(&invited.token, PASSWORD).unwrap();
}

#[test]
fn who_is_invited_sets_a_password_once_and_signs_in_with_it() {
    let guard = guard();
    let invited = guard.blocking().invite(new("ana")).unwrap();
    let token: InviteToken = invited.token.danger_text().parse().unwrap();
    assert_eq!(guard.blocking().enrol(&token, PASSWORD).unwrap().as_str(), "ana");
    let again = guard.blocking().enrol(&token, "another good password").unwrap_err();
    assert!(matches!(again, GuardError::Rejected(Rejection::DeadInvite)), "{again}");
    let secret = guard.blocking().sign_in(" ana ", PASSWORD).unwrap();
    let (caller, key) = guard.authenticate(&secret).expect("in force");
    assert_eq!(key.person.as_ref().unwrap().as_str(), "ana");
    assert!(key.is_session() && guard.admits(&caller));
    let session = guard.with_caller(caller.clone());
    session.blocking().sign_out().unwrap();
    assert!(guard.authenticate(&secret).is_none() && !guard.admits(&caller));
    assert!(guard.people().get(&"ana".parse().unwrap()).is_some());
}

#[test]
fn a_wrong_password_and_a_wrong_name_are_told_alike() {
    let guard = guard();
    enrolled(&guard, "ana");
    guard.blocking().invite(new("not yet enrolled")).unwrap();
    let long = "x".repeat(4096);
    for (name, password) in [
        ("ana", "four words to forget!"),
        ("ana", ""),
        ("ana", &long),
        ("ben", PASSWORD),
        ("not yet enrolled", PASSWORD),
        ("", PASSWORD),
        ("a\0", PASSWORD),
    ] {
        let error = guard.blocking().sign_in(name, password).unwrap_err();
        assert_eq!(error.to_string(), "this name and this password do not fit together");
    }
    assert!(guard.log().state().keys().is_empty());
}

#[test]
fn a_poor_password_does_not_cost_the_invitation() {
    let guard = guard();
    let invited = guard.blocking().invite(new("ana")).unwrap();
    let poor = guard.blocking().enrol(&invited.token, "short").unwrap_err();
    assert!(matches!(poor, GuardError::Password(PasswordError::TooShort)), "{poor}");
    assert!(guard.blocking().enrol(&invited.token, PASSWORD).is_ok());
}

#[test]
fn who_is_invited_again_or_removed_does_not_sign_in() {
    let guard = guard();
    enrolled(&guard, "ana");
    let secret = guard.blocking().sign_in("ana", PASSWORD).unwrap();
    let invited = guard.blocking().invite(new("ana")).unwrap();
    assert!(guard.authenticate(&secret).is_none());
    assert!(guard.blocking().sign_in("ana", PASSWORD).is_err());
    guard.blocking().enrol(&invited.token, "a second password").unwrap();
    guard.blocking().sign_in("ana", "a second password").unwrap();
    guard.blocking().remove_person("ana".parse().unwrap()).unwrap();
    assert!(guard.blocking().sign_in("ana", "a second password").is_err());
}

#[test]
fn a_name_that_nobody_could_type_is_not_invited() {
    let guard = guard();
    for name in [" ana", "ana ", "re\u{301}mi"] {
        let error = guard.blocking().invite(new(name)).unwrap_err();
        assert!(matches!(error, GuardError::Untypable), "{name:?}: {error}");
    }
}

#[test]
fn more_than_a_few_at_once_are_asked_to_wait_and_none_gets_in_wrongly() {
    let guard = guard();
    enrolled(&guard, "ana");
    let one = |number: usize| {
        let password = if number.is_multiple_of(2) { PASSWORD } else { "five words to remember" };
        (number.is_multiple_of(2), guard.blocking().sign_in("ana", password))
    };
    let results: Vec<_> = thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..100).map(|number| scope.spawn(move || one(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let busy = results.iter().filter(|(_, of)| matches!(of, Err(GuardError::Busy))).count();
    assert!(busy < 100 && results.iter().any(|(_, of)| of.is_ok()));
    for (is_right, result) in results {
        let fits = match &result {
            Ok(_) => is_right,
            Err(GuardError::WrongPassword) => !is_right,
            Err(GuardError::Busy) => true,
            Err(_) => false,
        };
        assert!(fits, "{is_right} {result:?}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let guard = guard();
    let invited = guard.blocking().invite(new("ana")).unwrap();
    let text = invited.token.danger_text();
    assert!(text.starts_with(placet::INVITE_PREFIX) && !format!("{invited:?}").contains(&**text));
    assert_eq!(
        "pli_nonsense".parse::<InviteToken>().unwrap_err().to_string(),
        "this is not an invitation; it should begin with pli_ and be copied whole"
    );
}
