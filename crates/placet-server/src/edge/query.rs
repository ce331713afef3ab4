//! Queries that an endpoint does not look at.
//!
//! Whoever sends one means something by it: `?tenant=acme` with a request that reads no query would be
//! answered as if nothing had been said, for a wider circle than was meant.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{OpenApi, PathItem, RefOr};

use crate::wire::Problem;

/// The endpoints under `/v1` that look at no query.
pub(crate) struct Queries(Vec<(Method, String)>);

impl Queries {
    /// What the description of the API says of them.
    pub(crate) fn new(described: &OpenApi) -> Self {
        let paths = described.paths.paths.iter().filter(|(path, _)| path.starts_with("/v1/"));
        let without = paths.flat_map(|(path, item)| {
            let of_path =
                operations(item).into_iter().filter(|(_, operation)| !has_query(operation));
            of_path.map(|(method, _)| (method, path.clone()))
        });
        Self(without.collect())
    }

    fn looks_at_none(&self, method: &Method, path: &str) -> bool {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.iter().any(|(of, known)| of == method && known == path)
    }
}

/// Refuses a request with a query that its endpoint does not look at.
pub(crate) async fn refuse_stray(
    State(queries): State<Arc<Queries>>,
    request: Request,
    next: Next,
) -> Response {
    let has_query = request.uri().query().is_some_and(|query| !query.is_empty());
    let endpoint = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if has_query && endpoint.is_some_and(|path| queries.looks_at_none(request.method(), path)) {
        return Problem::malformed("the query: this endpoint takes none; leave it out")
            .into_response();
    }
    next.run(request).await
}

fn has_query(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    // What is described elsewhere may be one.
    parameters.any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => true,
    })
}

fn operations(item: &PathItem) -> Vec<(Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ];
    let there =
        all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)));
    there.collect()
}
