//! People: who may sign in, what they may do, and the sessions in which they do it.
//!
//! Ana is invited: the log learns her name, her roles and the digest of a one-time token. With the
//! token she sets a password, once: the log learns a verifier for it. With the password she signs
//! in: the log learns of a session, which is an API key with an end. So whatever holds for keys
//! holds for her session: what it may do is judged at the tip, and it is dead on every node from
//! the entry on that ends it.
//!
//! The log never learns a password. A verifier is keyed with the log's pepper, so that whoever can
//! read the log, which is public to auditors, cannot try passwords against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api_key::KeyScope;
use crate::bytes32::public_bytes32;
use crate::command::Rejection;
use crate::digest::Digest;
use crate::event::{Event, Fact};
use crate::handle::room;
use crate::id::KeyId;
use crate::limits;
use crate::name::{GroupName, PersonId, TenantId};
use crate::state::State;
use crate::time::Timestamp;

/// What makes two verifiers of one password different. Text form: 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordSalt([u8; 32]);

public_bytes32!(PasswordSalt, "", "64 lower-case hexadecimal digits");

/// Recognises a stretched password, for the holder of the pepper only. Text form: 64 hexadecimal
/// digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordTag([u8; 32]);

public_bytes32!(PasswordTag, "", "64 lower-case hexadecimal digits");

/// What a password is checked against: an HMAC under the log's pepper of what Argon2id makes of
/// the password with this salt and these costs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordVerifier {
    /// The memory that stretching takes, in KiB.
    pub memory_kib: u32,
    /// How often it goes over that memory.
    pub passes: u32,
    /// The salt.
    pub salt: PasswordSalt,
    /// What must come out.
    pub tag: PasswordTag,
}

impl PasswordVerifier {
    /// Whether stretching costs no more than this software ever asks for, and not less than what
    /// makes guessing dear.
    fn is_sound(&self) -> bool {
        let memory = limits::MIN_PASSWORD_MEMORY_KIB..=limits::MAX_PASSWORD_MEMORY_KIB;
        memory.contains(&self.memory_kib)
            && (1..=limits::MAX_PASSWORD_PASSES).contains(&self.passes)
    }
}

impl fmt::Debug for PasswordVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordVerifier({} KiB, {} passes)", self.memory_kib, self.passes)
    }
}

/// An invitation that was not taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// The digest of its token.
    pub digest: Digest,
    /// Until when it can be taken.
    pub expires: Timestamp,
}

/// Somebody who may sign in, or is invited to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The tenant that they belong to; none for those who run the daemon itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// What they may do.
    pub roles: BTreeSet<KeyScope>,
    /// The groups that they are in, which approval terms name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<GroupName>,
    /// What their password is checked against; none until they have taken their invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier: Option<PasswordVerifier>,
    /// The invitation, while it was not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<Invite>,
    /// Since when they are known.
    pub since: Timestamp,
}

/// Somebody was invited, for the first time or again. Until they take it they cannot sign in: an
/// invitation to somebody who has a password takes the password and the sessions away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonInvited {
    /// Who.
    pub person: PersonId,
    /// The tenant that they belong to, which never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// What they may do.
    pub roles: BTreeSet<KeyScope>,
    /// The groups that they are in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<GroupName>,
    /// The invitation.
    pub invite: Invite,
}

/// Somebody took their invitation and set a password. No key is at the origin of this: the token
/// of the invitation was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonEnrolled {
    /// Who.
    pub person: PersonId,
    /// The digest of the token that they showed. It is worth nothing from here on.
    pub invite: Digest,
    /// What their password is checked against.
    pub verifier: PasswordVerifier,
}

/// What somebody may do was changed. A role that was taken away is gone at once, from their
/// sessions and from the keys that speak for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonChanged {
    /// Who.
    pub person: PersonId,
    /// What they may do from here on.
    pub roles: BTreeSet<KeyScope>,
    /// The groups that they are in from here on.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<GroupName>,
}

/// Somebody may not sign in any more. Their sessions, and the keys that speak for them, end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRemoved {
    /// Who.
    pub person: PersonId,
}

/// Somebody signed in: a key that speaks for them, with an end. Where they have as many sessions
/// as anyone may have, their oldest one ends by this. No key is at the origin of this: the
/// password was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// Who.
    pub person: PersonId,
    /// The key of the session.
    pub key: KeyId,
    /// The digest of its secret.
    pub secret_digest: Digest,
    /// When it ends by itself.
    pub expires: Timestamp,
}

/// Everyone who may sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct People(BTreeMap<PersonId, Person>);

impl People {
    /// A person by their name.
    #[must_use]
    pub fn get(&self, id: &PersonId) -> Option<&Person> {
        self.0.get(id)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&PersonId, &Person)> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who was invited with a token of this digest, and has not taken it.
    #[must_use]
    pub fn invited(&self, digest: &Digest) -> Option<(&PersonId, &Person)> {
        let is_meant = |person: &Person| person.invite.is_some_and(|of| of.digest == *digest);
        self.0.iter().find(|(_, person)| is_meant(person))
    }

    pub(crate) fn invite(&mut self, invited: &PersonInvited, at: Timestamp) {
        let PersonInvited { person, tenant, roles, groups, invite } = invited.clone();
        let since = self.0.get(&person).map_or(at, |known| known.since);
        let invite = Some(invite);
        let known = Person { tenant, roles, groups, verifier: None, invite, since };
        self.0.insert(person, known);
    }

    pub(crate) fn enrol(&mut self, enrolled: &PersonEnrolled) {
        if let Some(person) = self.0.get_mut(&enrolled.person) {
            person.verifier = Some(enrolled.verifier.clone());
            person.invite = None;
        }
    }

    pub(crate) fn change(&mut self, changed: &PersonChanged) {
        if let Some(person) = self.0.get_mut(&changed.person) {
            person.roles.clone_from(&changed.roles);
            person.groups.clone_from(&changed.groups);
        }
    }

    pub(crate) fn remove(&mut self, person: &PersonId) {
        self.0.remove(person);
    }
}

pub(crate) fn invite(
    state: &State,
    invited: PersonInvited,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    check_powers(&invited.roles, &invited.groups)?;
    let latest = now.saturating_add(limits::MAX_INVITE_TIME);
    if invited.invite.expires <= now || invited.invite.expires > latest {
        return Err(Rejection::InviteTime);
    }
    match state.people().get(&invited.person) {
        Some(known) if known.tenant != invited.tenant => {
            return Err(Rejection::KnownPerson(invited.person));
        }
        Some(_) => {}
        None => {
            let people = state.people();
            let own = people.iter().filter(|(_, known)| known.tenant == invited.tenant).count();
            room("people", people.len(), limits::MAX_PEOPLE)?;
            room("people of this tenant", own, limits::MAX_PEOPLE_PER_TENANT)?;
        }
    }
    Ok(vec![Event::PersonInvited(Box::new(invited)).into()])
}

pub(crate) fn enrol(
    state: &State,
    enrolled: PersonEnrolled,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let invite = state.people().get(&enrolled.person).and_then(|person| person.invite);
    let is_good = invite.is_some_and(|of| of.digest == enrolled.invite && now < of.expires);
    if !is_good {
        return Err(Rejection::DeadInvite);
    }
    if !enrolled.verifier.is_sound() {
        return Err(Rejection::Verifier);
    }
    Ok(vec![Event::PersonEnrolled(Box::new(enrolled)).into()])
}

pub(crate) fn change(state: &State, changed: PersonChanged) -> Result<Vec<Fact>, Rejection> {
    check_powers(&changed.roles, &changed.groups)?;
    let known = known(state, &changed.person)?;
    if known.roles == changed.roles && known.groups == changed.groups {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PersonChanged(changed).into()])
}

pub(crate) fn remove(state: &State, removed: PersonRemoved) -> Result<Vec<Fact>, Rejection> {
    known(state, &removed.person)?;
    Ok(vec![Event::PersonRemoved(removed).into()])
}

/// `verifier` is what the password was checked against: whoever got another one, or none, in the
/// meantime does not get in by the old password.
pub(crate) fn sign_in(
    state: &State,
    signed_in: SignedIn,
    verifier: &PasswordVerifier,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let person = state.people().get(&signed_in.person);
    if person.and_then(|person| person.verifier.as_ref()) != Some(verifier) {
        return Err(Rejection::UnknownPerson(signed_in.person));
    }
    let latest = now.saturating_add(limits::MAX_SESSION_TIME);
    if signed_in.expires <= now || signed_in.expires > latest {
        return Err(Rejection::SessionTime);
    }
    if state.keys().get(signed_in.key).is_some() {
        return Err(Rejection::KnownKey(signed_in.key));
    }
    Ok(vec![Event::SignedIn(signed_in).into()])
}

fn known<'a>(state: &'a State, person: &PersonId) -> Result<&'a Person, Rejection> {
    state.people().get(person).ok_or_else(|| Rejection::UnknownPerson(person.clone()))
}

fn check_powers(roles: &BTreeSet<KeyScope>, groups: &BTreeSet<GroupName>) -> Result<(), Rejection> {
    if roles.is_empty() || roles.contains(&KeyScope::Agent) {
        return Err(Rejection::Roles);
    }
    room("groups of this person", groups.len(), limits::MAX_GROUPS + 1)
}
