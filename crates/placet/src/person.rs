//! People: inviting them, letting them in, and letting them out.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use placet_core::digest::Domain;
use placet_core::event::Event;
use placet_core::person::{
    Invite, PasswordSalt, People, PersonChanged, PersonEnrolled, PersonInvited, PersonRemoved,
    SignedIn,
};
use placet_core::{
    Command, Digest, GroupName, KeyId, KeyScope, PersonId, Rejection, TenantId, Timestamp,
};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};
use zeroize::Zeroizing;

use crate::error::GuardError;
use crate::guard::{Change, Guard};
use crate::ids;
use crate::key::Secret;
use crate::log::Way;
use crate::password::Password;

/// What the token of an invitation begins with, so that scanners for leaked secrets find it.
pub const INVITE_PREFIX: &str = "pli_";

/// Precedes what the token of a repeated request is computed over.
const DERIVE_DOMAIN: &[u8] = b"placet/derived-invite/v1\n";

/// How long an invitation can be taken: a day, so that it is taken on the next morning.
pub const INVITE_TIME: Duration = Duration::from_secs(24 * 3600);

/// How long a session lasts: a working day.
pub const SESSION_TIME: Duration = Duration::from_secs(12 * 3600);

/// The token of an invitation. Written `pli_` and 43 characters of base64url.
///
/// The log keeps only its digest. Wiped from memory when dropped, and never shown by `Debug`.
#[derive(Clone)]
pub struct InviteToken(Zeroizing<[u8; 32]>);

/// A text that is not the token of an invitation. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an invitation; it should begin with {INVITE_PREFIX} and be copied whole")]
pub struct InviteTokenError;

impl InviteToken {
    /// The text of the token. Whoever has it may set a password.
    #[must_use]
    pub fn danger_text(&self) -> Zeroizing<String> {
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.0));
        Zeroizing::new(format!("{INVITE_PREFIX}{}", *encoded))
    }

    fn digest(&self) -> Digest {
        Digest::of(Domain::Invite, &*self.0)
    }
}

impl FromStr for InviteToken {
    type Err = InviteTokenError;

    fn from_str(text: &str) -> Result<Self, InviteTokenError> {
        let encoded = text.trim().strip_prefix(INVITE_PREFIX).ok_or(InviteTokenError)?;
        let mut bytes = Zeroizing::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice(encoded, &mut *bytes) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(InviteTokenError),
        }
    }
}

impl fmt::Debug for InviteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteToken(hidden)")
    }
}

/// Somebody to be invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPerson {
    /// The name by which they sign in.
    pub person: PersonId,
    /// The tenant that they belong to; none for those who run the daemon itself.
    pub tenant: Option<TenantId>,
    /// What they may do: approver, admin, auditor.
    pub roles: BTreeSet<KeyScope>,
    /// The groups that they are in.
    pub groups: BTreeSet<GroupName>,
}

/// An invitation that was made.
#[derive(Clone, Debug)]
pub struct Invited {
    /// What the person shows to set a password. It is here and nowhere else.
    pub token: InviteToken,
    /// Until when.
    pub expires: Timestamp,
    /// Where it came to stand in the log.
    pub change: Change,
}

impl Guard {
    /// Everyone who may sign in, or is invited to.
    #[must_use]
    pub fn people(&self) -> People {
        self.log().state().people().clone()
    }

    /// Invites somebody, for the first time or again. An invitation to somebody who has a password
    /// takes it away, and ends their sessions.
    ///
    /// `asker` is the secret of whoever asks for it in a request that may be repeated: the
    /// repetition then gets the same token.
    ///
    /// # Errors
    /// When the name or the roles make no sense, there are too many, or it could not be recorded.
    pub async fn invite(
        &self,
        new: NewPerson,
        asker: Option<&Secret>,
    ) -> Result<Invited, GuardError> {
        check_name(&new.person)?;
        let token = self.new_token(asker)?;
        let expires = self.now().saturating_add(INVITE_TIME);
        let NewPerson { person, tenant, roles, groups } = new;
        let invite = Invite { digest: token.digest(), expires };
        let invited = PersonInvited { person, tenant, roles, groups, invite };
        let committed = self.submit(Command::Invite(Box::new(invited))).await?;
        let kept = committed.entries.iter().find_map(|entry| match &entry.event {
            Event::PersonInvited(invited) => Some(invited.invite),
            _ => None,
        });
        match kept {
            Some(kept) if kept.digest == token.digest() => {
                Ok(Invited { token, expires: kept.expires, change: Change::of(&committed) })
            }
            _ => Err(GuardError::SecretGone),
        }
    }

    /// Takes an invitation: sets the password of whoever was invited, once. Says who that is.
    ///
    /// # Errors
    /// When the invitation is no good any more, the password not good enough, or it could not be
    /// recorded.
    pub async fn enrol(&self, token: &InviteToken, password: &str) -> Result<PersonId, GuardError> {
        let invite = token.digest();
        let person = self.invited(&invite)?;
        let password = Password::chosen(password, &person)?;
        let mut salt = [0; 32];
        ids::fill(self.log().environment(), &mut salt)?;
        let salt = PasswordSalt::from_bytes(salt);
        let verifier = self.stretcher().verifier(password, salt, self.log().pepper()).await?;
        let enrolled = PersonEnrolled { person: person.clone(), invite, verifier };
        self.unasked(Command::Enrol(Box::new(enrolled))).await?;
        Ok(person)
    }

    /// Begins the session of somebody who shows their password. What comes back is the secret of a
    /// key that speaks for them, for [`SESSION_TIME`].
    ///
    /// # Errors
    /// When there is nobody of this name or the password is another, which are not told apart and
    /// take the same time; when too many sign in at once; or when it could not be recorded.
    pub async fn sign_in(&self, person: &str, password: &str) -> Result<Secret, GuardError> {
        let name: String = person.trim().nfc().collect();
        let person = PersonId::new(name).map_err(|_| GuardError::WrongPassword)?;
        let password = Password::shown(password).map_err(|_| GuardError::WrongPassword)?;
        let verifier = {
            let state = self.log().state();
            state.people().get(&person).and_then(|known| known.verifier.clone())
        };
        let is_right =
            self.stretcher().is_right(password, verifier.as_ref(), self.log().pepper()).await?;
        let Some(verifier) = verifier.filter(|_| is_right) else {
            return Err(GuardError::WrongPassword);
        };
        let id = ids::fresh(self.log().environment())?;
        let secret = Secret::random(KeyId::new(id), self.log().environment())?;
        let expires = self.now().saturating_add(SESSION_TIME);
        let signed_in =
            SignedIn { person, key: secret.key(), secret_digest: secret.digest(), expires };
        match self.unasked(Command::SignIn { signed_in, verifier }).await {
            Ok(_) => Ok(secret),
            // They were invited again, or removed, since the password was checked.
            Err(GuardError::Rejected(Rejection::UnknownPerson(_))) => {
                Err(GuardError::WrongPassword)
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the session on whose word this guard acts.
    ///
    /// # Errors
    /// When nobody's word is acted on, the session is over already, or it could not be recorded.
    pub async fn sign_out(&self) -> Result<Change, GuardError> {
        let session = self.caller().map(|caller| caller.key).ok_or(GuardError::WrongPassword)?;
        self.revoke_key(session).await
    }

    /// Changes what somebody may do. What they may not do any more ends at once, in their sessions
    /// and in the keys that speak for them.
    ///
    /// # Errors
    /// When there is nobody of this name, the roles make no sense, or it could not be recorded.
    pub async fn change_person(
        &self,
        person: PersonId,
        roles: BTreeSet<KeyScope>,
        groups: BTreeSet<GroupName>,
    ) -> Result<Change, GuardError> {
        self.command(Command::ChangePerson(PersonChanged { person, roles, groups })).await
    }

    /// Lets somebody not sign in any more. Their sessions, and the keys that speak for them, end.
    ///
    /// # Errors
    /// When there is nobody of this name, or it could not be recorded.
    pub async fn remove_person(&self, person: PersonId) -> Result<Change, GuardError> {
        self.command(Command::RemovePerson(PersonRemoved { person })).await
    }

    /// The time to judge at: never earlier than the last entry of the log.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.log().environment().now();
        self.log().state().clock(now)
    }

    /// Who can take an invitation now.
    fn invited(&self, digest: &Digest) -> Result<PersonId, GuardError> {
        let now = self.now();
        let state = self.log().state();
        let found = state.people().invited(digest);
        let is_good =
            |person: &placet_core::Person| person.invite.is_some_and(|of| now < of.expires);
        let found = found.filter(|(_, person)| is_good(person));
        found.map(|(name, _)| name.clone()).ok_or(Rejection::DeadInvite.into())
    }

    /// Submits what no key is shown for: a token or a password was.
    async fn unasked(&self, command: Command) -> Result<(), GuardError> {
        self.log().submit(Way::Await, command, None).await?;
        Ok(())
    }

    fn new_token(&self, asker: Option<&Secret>) -> Result<InviteToken, GuardError> {
        let request = self.caller().and_then(|caller| caller.request);
        if let (Some(asker), Some(request)) = (asker, request) {
            return Ok(InviteToken(asker.derived(DERIVE_DOMAIN, &request, self.log().pepper())));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        ids::fill(self.log().environment(), &mut *bytes)?;
        Ok(InviteToken(bytes))
    }
}

/// A name that can be typed: the same keys give the same name on every machine.
fn check_name(person: &PersonId) -> Result<(), GuardError> {
    let name = person.as_str();
    if name.trim() == name && is_nfc(name) { Ok(()) } else { Err(GuardError::Untypable) }
}
