//! From a request to the one who asks.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;
use placet::core::Request as Repeatable;
use placet::core::assessment::Subject;
use placet::{Action, AgentId, ApiKey, Approver, Caller, Guard, Json, Secret, TenantId};

use super::role::Role;
use crate::app::App;
use crate::limits::MAX_IDEMPOTENCY_KEY_BYTES;
use crate::seats::Seat;
use crate::wire::{Problem, body};

/// Who asks.
#[derive(Clone)]
pub(crate) struct Principal {
    /// By which key, for the log.
    pub(crate) caller: Caller,
    /// What that key is and may do.
    pub(crate) key: ApiKey,
    /// What they showed.
    pub(crate) secret: Secret,
}

impl Principal {
    /// Who sends a request with these headers.
    pub(crate) fn identify(headers: &HeaderMap, guard: &Guard) -> Result<Self, Problem> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or_else(|| {
            Problem::unauthorized("send Authorization: Bearer, and the secret of an API key")
        })?;
        let token = value.to_str().ok().and_then(|value| value.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        // Two of them may be read as one by us and as the other by a proxy before us.
        let Some((_, token)) = token.filter(|_| values.next().is_none()) else {
            return Err(Problem::unauthorized("send one header Authorization: Bearer SECRET"));
        };
        let refused = || Problem::unauthorized("this key does not exist, or not any more");
        let secret: Secret = token.trim().parse().map_err(|_| refused())?;
        let (caller, key) = guard.authenticate(&secret).ok_or_else(refused)?;
        Ok(Self { caller, key, secret })
    }

    /// The tenant that is meant: the key's, or for a key without one the tenant that was named.
    pub(crate) fn tenant(&self, named: Option<TenantId>) -> Result<TenantId, Problem> {
        match (&self.key.tenant, named) {
            (Some(own), Some(named)) if *own != named => {
                Err(Problem::forbidden("the key belongs to another tenant"))
            }
            (Some(own), _) => Ok(own.clone()),
            (None, named) => Ok(named.unwrap_or_default()),
        }
    }

    /// The tenant that is looked at: the key's, or for a key without one the tenant that was named;
    /// none for all of them.
    pub(crate) fn looks_at(&self, named: Option<TenantId>) -> Result<Option<TenantId>, Problem> {
        match (&self.key.tenant, named) {
            (None, named) => Ok(named),
            (Some(_), named) => self.tenant(named).map(Some),
        }
    }

    /// The person that the key speaks for, as one who answers.
    pub(crate) fn approver(&self, guard: &Guard) -> Result<Approver, Problem> {
        let person = self.key.person.clone().ok_or_else(|| {
            Problem::forbidden("the key speaks for no person; sign in, or make a key for a person")
        })?;
        let groups = guard.log().state().people().get(&person).map(|known| known.groups.clone());
        Ok(Approver { person, groups: groups.unwrap_or_default() })
    }

    /// Whether the key may see what concerns an action.
    pub(crate) fn sees(&self, subject: &Subject) -> bool {
        let own_agent = self.key.agent.is_none() || subject.agent == self.key.agent;
        self.key.covers(&subject.tenant) && own_agent
    }

    /// Takes a place among those who wait.
    pub(crate) fn seat(&self, app: &App) -> Result<Seat, Problem> {
        app.seats.take(self.caller.key, self.key.tenant.clone())
    }

    /// Reads the action that is proposed. Its tenant and agent are the key's; a body may repeat
    /// them, but not claim others.
    pub(crate) fn action(&self, json: Json) -> Result<Action, Problem> {
        let names =
            |field: &str| matches!(&json, Json::Object(object) if object.get(field).is_some());
        let (tenant, agent) = (names("tenant"), names("agent"));
        let mut action = Action::from_json(json)?;
        if let Some(own) = &self.key.tenant {
            claim(tenant && action.tenant != *own, "/tenant", "tenant")?;
            action.tenant = own.clone();
        }
        if let Some(own) = &self.key.agent {
            claim(agent && action.agent.as_ref() != Some(own), "/agent", "agent")?;
            action.agent = Some(AgentId::clone(own));
        }
        Ok(action)
    }
}

fn claim(is_other: bool, pointer: &str, what: &str) -> Result<(), Problem> {
    if is_other {
        return Err(Problem::forbidden(format!("{pointer}: the key belongs to another {what}")));
    }
    Ok(())
}

/// A request that changes nothing, by a key in a role.
pub(crate) struct Read<R> {
    /// Who asks.
    pub(crate) principal: Principal,
    role: PhantomData<R>,
}

impl<R: Role> FromRequestParts<Arc<App>> for Read<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let principal = principal(parts)?;
        R::check(&principal.key)?;
        Ok(Self { principal, role: PhantomData })
    }
}

/// A request with a body, by a key in a role.
pub(crate) struct Write<R> {
    /// Who asks.
    pub(crate) principal: Principal,
    /// The guard that acts on their word.
    pub(crate) guard: Guard,
    /// What they sent; `null` for an empty body.
    pub(crate) body: Json,
    role: PhantomData<R>,
}

impl<R: Role> FromRequest<Arc<App>> for Write<R> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let mut principal = principal(&mut parts)?;
        R::check(&principal.key)?;
        let limits = &app.config.limits;
        let limit = if parts.uri.path().starts_with("/v1/policy") {
            limits.policy_bytes
        } else {
            limits.body_bytes
        };
        let bytes = body::read(app, &parts.extensions, body, limit).await?;
        let name = idempotency_key(&parts.headers)?;
        let name = name.map(|name| Name::new(&principal, name, (&parts.method, &parts.uri)));
        if !bytes.is_empty() {
            body::check_type(&parts.headers)?;
        }
        let (request, json) = take_in(app, name, bytes, limit).await?;
        principal.caller.request = request;
        let guard = app.guard.with_caller(principal.caller.clone());
        Ok(Self { principal, guard, body: json, role: PhantomData })
    }
}

/// Recognises a request, if it has a name, and reads its JSON document, if it has one; what is larger
/// than ordinary requests where it holds up nobody else.
async fn take_in(
    app: &Arc<App>,
    name: Option<Name>,
    bytes: Bytes,
    limit: usize,
) -> Result<(Option<Repeatable>, Json), Problem> {
    let is_ordinary = bytes.len() <= app.config.limits.body_bytes;
    let take_in = move |guard: &Guard| {
        let request = name.map(|name| name.repeatable(guard, &bytes));
        let json = if bytes.is_empty() { Json::Null } else { body::json(&bytes, limit)? };
        Ok((request, json))
    };
    if is_ordinary {
        return take_in(&app.guard);
    }
    app.blocking(take_in).await?
}

fn principal(parts: &mut Parts) -> Result<Principal, Problem> {
    // The edge puts it there; without it nobody is let in.
    let found = parts.extensions.remove::<Result<Principal, Problem>>();
    found.unwrap_or_else(|| Err(Problem::unauthorized("send an API key")))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| {
        !key.is_empty()
            && key.len() <= MAX_IDEMPOTENCY_KEY_BYTES
            && key.bytes().all(|byte| byte.is_ascii_graphic())
    });
    match key.filter(|_| values.next().is_none()) {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::malformed(format!(
            "Idempotency-Key: send it once, with 1 to {MAX_IDEMPOTENCY_KEY_BYTES} visible ASCII \
             characters; a UUID is right"
        ))),
    }
}

/// What makes two requests the same besides their bodies: the key that sends them, the name it gives
/// them, and what they ask for, the query included.
struct Name {
    id: String,
    head: String,
}

impl Name {
    fn new(principal: &Principal, name: &str, (method, uri): (&Method, &Uri)) -> Self {
        let target = uri.path_and_query().map_or(uri.path(), PathAndQuery::as_str);
        Self {
            id: format!("{}\n{name}", principal.caller.key),
            head: format!("{method} {target}\n"),
        }
    }

    fn repeatable(&self, guard: &Guard, body: &[u8]) -> Repeatable {
        let whole = [self.head.as_bytes(), body].concat();
        guard.log().repeatable(self.id.as_bytes(), &whole)
    }
}
