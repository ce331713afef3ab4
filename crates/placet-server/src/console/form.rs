//! Forms: what a person asks for.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use placet::Guard;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::fault::Fault;
use super::visitor::Visitor;
use crate::app::App;
use crate::auth::role::Role;
use crate::limits::MAX_FORM_BYTES;
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

impl<R: Role> FromRequest<Arc<App>> for Submitted<R> {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let origin = from_our_page(&parts.headers)?;
        let mut visitor = Visitor::of(parts.extensions.remove(), &parts.headers)?;
        let limits = &app.config.limits;
        let is_policy = parts.uri.path().starts_with("/console/policy");
        let limit = if is_policy { limits.policy_bytes } else { MAX_FORM_BYTES };
        let bytes = body::read(app, &parts.extensions, body, limit).await?;
        // What is larger than other forms is read where it holds up nobody else.
        let is_large = bytes.len() > MAX_FORM_BYTES;
        let (headers, sent) = (parts.headers.clone(), bytes.clone());
        let read = move || Fields::read(&headers, &sent);
        let fields = if is_large { app.blocking(move |_| read()).await?? } else { read()? };
        let token = fields.one("token").unwrap_or_default();
        let is_ours: bool = token.as_bytes().ct_eq(visitor.form_token().as_bytes()).into();
        if !is_ours {
            return Err(Problem::forbidden(
                "the form is not of this session; open the page again and send it from there",
            )
            .into());
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
        Ok(Self { visitor, guard, fields, origin })
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

    /// The values of a field that may be there several times.
    pub(crate) fn all<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}
