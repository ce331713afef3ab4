//! Who looks at a page.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use placet::{GroupName, KeyScope, PersonId, TenantId};

use super::back::Back;
use super::fault::Fault;
use crate::app::App;
use crate::auth::Principal;
use crate::auth::role::{Admin, Answerer, Approver, Reader, Role};
use crate::wire::Problem;

/// Precedes what the token of a session's forms is computed over.
const FORM_DOMAIN: &[u8] = b"placet/form/v1\n";

/// Somebody who is signed in, in a role that lets them see a page.
pub(crate) struct Visitor<R> {
    /// Their session, as whoever else shows a key.
    pub(crate) principal: Principal,
    /// Who they are.
    pub(crate) person: PersonId,
    role: PhantomData<R>,
}

impl<R> Visitor<R> {
    /// The tenant that they belong to; none for those who run the daemon itself.
    pub(crate) fn tenant(&self) -> Option<&TenantId> {
        self.principal.key.tenant.as_ref()
    }

    /// Whether they have a role.
    pub(crate) fn has(&self, role: KeyScope) -> bool {
        self.principal.key.has(role)
    }

    /// Whether they are in charge of the daemon as a whole.
    pub(crate) fn is_operator(&self) -> bool {
        self.has(KeyScope::Admin) && self.tenant().is_none()
    }

    /// The groups that they are in now.
    pub(crate) fn groups(&self, app: &App) -> Vec<GroupName> {
        let state = app.guard.log().state();
        let known = state.people().get(&self.person);
        known.map(|known| known.groups.iter().cloned().collect()).unwrap_or_default()
    }

    /// What every form of their session carries, and no page of another site knows. It follows from
    /// the secret in the cookie, which scripts cannot read.
    pub(crate) fn form_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(*self.principal.secret.mac(FORM_DOMAIN, b""))
    }

    /// Takes a request as that of somebody signed in.
    pub(super) fn of(parts: &mut Parts) -> Result<Self, Fault>
    where
        R: Role,
    {
        let principal = parts.extensions.remove::<Result<Principal, Problem>>();
        let Some(Ok(principal)) = principal else { return Err(stranger(parts)) };
        R::check(&principal.key)?;
        let person = principal.key.person.clone().ok_or_else(|| stranger(parts))?;
        Ok(Self { principal, person, role: PhantomData })
    }
}

impl From<Visitor<Approver>> for Visitor<Reader> {
    /// Whoever answers may look.
    fn from(approver: Visitor<Approver>) -> Self {
        Self { principal: approver.principal, person: approver.person, role: PhantomData }
    }
}

impl From<Visitor<Admin>> for Visitor<Reader> {
    /// Whoever administers may look.
    fn from(admin: Visitor<Admin>) -> Self {
        Self { principal: admin.principal, person: admin.person, role: PhantomData }
    }
}

impl From<Visitor<Answerer>> for Visitor<Reader> {
    /// Whoever answers or administers may look.
    fn from(answerer: Visitor<Answerer>) -> Self {
        Self { principal: answerer.principal, person: answerer.person, role: PhantomData }
    }
}

impl<R: Role> FromRequestParts<Arc<App>> for Visitor<R> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Fault> {
        Self::of(parts)
    }
}

fn stranger(parts: &Parts) -> Fault {
    match parts.headers.get("sec-fetch-site") {
        Some(site) if site == "cross-site" || site == "same-site" => Fault::FromElsewhere,
        _ => Fault::Stranger(Back::of(&parts.method, &parts.uri)),
    }
}
