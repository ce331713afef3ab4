//! Forms: what a person asks for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use placet::Guard;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::back::Back;
use super::fault::{Fault, Kept};
use super::visitor::Visitor;
use super::words::typed;
use crate::app::App;
use crate::auth::role::Role;
use crate::limits::{ANSWER_BYTES_PER_BYTE, MAX_ANSWER_BYTES_BESIDE, MAX_FORM_BYTES};
use crate::wire::{Problem, body};

/// What somebody who is signed in asks for with a form of one of our pages.
pub(crate) struct Submitted<R> {
    /// Who.
    pub(crate) visitor: Visitor<R>,
    /// The guard that acts on their word. A form with a field `once` is done once, and gets the
    /// same answer when it is sent again.
    pub(crate) guard: Guard,
    /// What they filled in.
    pub(crate) fields: Fields,
    /// What the addresses of our pages begin with for them, such as `http://127.0.0.1:4747`.
    pub(crate) origin: String,
}

/// A form of somebody who is signed in, which may be too large to be read.
pub(crate) enum Sent<R> {
    Read(Submitted<R>),
    TooLarge(Visitor<R>, Problem),
}

impl<R: Role> FromRequest<Arc<App>> for Submitted<R> {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Fault> {
        match Sent::from_request(request, app).await? {
            Sent::Read(form) => Ok(form),
            Sent::TooLarge(_, problem) => Err(problem.into()),
        }
    }
}

impl<R: Role> FromRequest<Arc<App>> for Sent<R> {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let origin = from_our_page(&parts.headers)?;
        let mut visitor = match Visitor::of(&mut parts) {
            Ok(visitor) => visitor,
            Err(fault) => return Err(turned_away(app, &parts, body, fault).await),
        };
        let limit = most(app, parts.uri.path());
        let bytes = match body::read(app, &parts.extensions, body, limit).await {
            Ok(bytes) => bytes,
            Err(problem) if problem.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                return Ok(Self::TooLarge(visitor, problem));
            }
            Err(problem) => return Err(problem.into()),
        };
        // What is larger than other forms is read where it holds up nobody else.
        let is_large = bytes.len() > MAX_FORM_BYTES;
        let (headers, sent) = (parts.headers.clone(), bytes.clone());
        let read = move || Fields::read(&headers, &sent);
        let fields = if is_large { app.blocking(move |_| read()).await?? } else { read()? };
        let token = fields.one("token").unwrap_or_default();
        let is_ours: bool = token.as_bytes().ct_eq(visitor.form_token().as_bytes()).into();
        if !is_ours {
            let problem = Problem::forbidden(
                "the form is not of this session; open the page again and send it from there",
            );
            return Err(kept(Some(problem), &parts, Some(&fields)));
        }
        if fields.text("once").is_some() {
            let head = format!("{}\nform {}\n", visitor.principal.caller.key, parts.uri.path());
            let whole = [head.as_bytes(), &bytes].concat();
            let recognise = move |guard: &Guard| guard.log().repeatable(&whole, &whole);
            let request =
                if is_large { app.blocking(recognise).await? } else { recognise(&app.guard) };
            visitor.principal.caller.request = Some(request);
        }
        let guard = app.guard.with_caller(visitor.principal.caller.clone());
        Ok(Self::Read(Submitted { visitor, guard, fields, origin }))
    }
}

/// How large a form may be that is sent to an address, in bytes.
fn most(app: &App, path: &str) -> usize {
    let limits = &app.config.limits;
    if path.starts_with("/console/policy") {
        limits.policy_bytes
    } else if path.starts_with("/console/actions") {
        let params = limits.body_bytes.saturating_mul(ANSWER_BYTES_PER_BYTE);
        params.saturating_add(MAX_ANSWER_BYTES_BESIDE)
    } else {
        MAX_FORM_BYTES
    }
}

/// Why somebody's form is not carried out, with what they had typed as far as it can be read: of
/// whoever is not signed in no more is read than of a form to sign in.
async fn turned_away(app: &App, parts: &Parts, body: Body, fault: Fault) -> Fault {
    let (problem, limit) = match fault {
        Fault::Stranger(_) => (None, MAX_FORM_BYTES),
        Fault::Problem(problem) => (Some(*problem), most(app, parts.uri.path())),
        other => return other,
    };
    let fields = match body::read(app, &parts.extensions, body, limit).await {
        Ok(bytes) => Fields::read(&parts.headers, &bytes).ok(),
        Err(_) => None,
    };
    kept(problem, parts, fields.as_ref())
}

fn kept(problem: Option<Problem>, parts: &Parts, fields: Option<&Fields>) -> Fault {
    let (back, words) = (Back::of(&parts.method, &parts.uri), fields.map(typed));
    match (problem, words.unwrap_or_default()) {
        (None, words) if words.is_empty() => Fault::Stranger(back),
        (problem, words) => Fault::Kept(Box::new(Kept { problem, back, words })),
    }
}

/// A form that somebody sends who is not signed in.
pub(crate) struct Anonymous {
    /// What they filled in.
    pub(crate) fields: Fields,
    /// The headers that it came with.
    pub(crate) headers: HeaderMap,
    /// Where it came from, as far as is known.
    pub(crate) peer: crate::connection::Peer,
}

impl FromRequest<Arc<App>> for Anonymous {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        from_our_page(&parts.headers)?;
        let bytes = body::read(app, &parts.extensions, body, MAX_FORM_BYTES).await?;
        let fields = Fields::read(&parts.headers, &bytes)?;
        let peer = parts.extensions.remove().unwrap_or_default();
        Ok(Self { fields, headers: parts.headers, peer })
    }
}

/// Whether a form was sent by one of our own pages. Browsers say so with every form; whoever does
/// not say it is none. The origin that is ours.
fn from_our_page(headers: &HeaderMap) -> Result<String, Problem> {
    let of = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (of(ORIGIN), of(HOST)) else {
        return Err(Problem::cross_site("a form is sent by a page, and a page names its origin"));
    };
    match origin.split_once("://") {
        Some((_, name)) if name.eq_ignore_ascii_case(host) => Ok(origin.to_owned()),
        _ => Err(Problem::cross_site("the form belongs to a page of another site")),
    }
}

/// The fields of a form. What they hold is wiped from memory: one of them may be a password.
pub(crate) struct Fields(Vec<(String, Zeroizing<String>)>);

impl Fields {
    fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem> {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::malformed("send what a form sends"));
        }
        let pairs = form_urlencoded::parse(bytes);
        Ok(Self(
            pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect(),
        ))
    }

    /// The value of a field that is there once.
    pub(crate) fn one<'a>(&'a self, name: &str) -> Option<&'a str> {
        let mut values = self.all(name);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// The same without the space around it; none when nothing else is there.
    pub(crate) fn text<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.one(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// What a field that must be filled in says.
    pub(crate) fn needed<'a>(&'a self, name: &str) -> Result<&'a str, Problem> {
        self.text(name).ok_or_else(|| Problem::invalid(format!("fill in the field {name:?}")))
    }

    /// Everything, in its order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values of a field that may be there several times.
    pub(crate) fn all<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}
