//! A server that is reached over HTTP.

use std::path::Path;

use axum::http::uri::Scheme;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use placet_client::ClientError;

/// A server that is reached over HTTP, with what is shown to it.
#[derive(Clone)]
pub struct Remote {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    headers: HeaderMap,
}

/// A server that cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It is no URL.
    #[error("{0:?} is no URL of a server; write https://mcp.example.com/mcp")]
    Url(String),
    /// What is shown to it would travel in plain text.
    #[error("{0} is another machine, and secrets would travel there in plain text; use https")]
    PlainText(Uri),
    /// A header cannot be one.
    #[error("{0:?} cannot be sent as a header")]
    Header(String),
    /// Nobody is trusted.
    #[error(transparent)]
    Trust(#[from] ClientError),
    /// It does not answer.
    #[error("the server does not answer")]
    Silent(#[from] hyper_util::client::legacy::Error),
}

impl RemoteError {
    /// Whether nothing has reached the server.
    pub(crate) fn never_came(&self) -> bool {
        matches!(self, Self::Silent(error) if error.is_connect())
    }
}

impl Remote {
    /// A server at a URL, to which these headers are shown: they are secrets.
    ///
    /// # Errors
    /// When the URL is none, or the secrets would travel in plain text to another machine.
    pub fn new(
        url: &str,
        secrets: &[(String, String)],
        trust: Option<&Path>,
    ) -> Result<Self, RemoteError> {
        let wrong = || RemoteError::Url(url.to_owned());
        let url: Uri = url.parse().map_err(|_| wrong())?;
        let (scheme, host) = url.scheme().zip(url.host()).ok_or_else(wrong)?;
        let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        if *scheme != Scheme::HTTPS && !secrets.is_empty() && !is_here {
            return Err(RemoteError::PlainText(url));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in secrets {
            let odd = || RemoteError::Header(name.clone());
            let mut value = HeaderValue::from_str(value).map_err(|_| odd())?;
            value.set_sensitive(true);
            headers.insert(name.parse::<HeaderName>().map_err(|_| odd())?, value);
        }
        let trust = placet_client::tls::rustls_config(trust, *scheme == Scheme::HTTPS)?;
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(trust).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new()).build(connector.build());
        Ok(Self { client, url, headers })
    }

    /// Sends a message, or asks for a stream.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, RemoteError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = headers;
        // What the gateway shows counts more than what a client would.
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        Ok(self.client.request(request).await?)
    }
}
