//! The stylesheet and the scripts, which are part of the binary. Each has an address that names its
//! content, so that a browser keeps it for ever and never has an old one.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use placet::Digest;
use placet::core::digest::Domain;

use super::routes::Routes;

struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static [u8],
}

const ASSETS: [Asset; 6] = [
    Asset {
        name: "console.css",
        kind: "text/css; charset=utf-8",
        content: include_bytes!("../../assets/console.css"),
    },
    Asset {
        name: "console.js",
        kind: "text/javascript; charset=utf-8",
        content: include_bytes!("../../assets/console.js"),
    },
    Asset {
        name: "actions.css",
        kind: "text/css; charset=utf-8",
        content: include_bytes!("../../assets/actions.css"),
    },
    Asset {
        name: "live.js",
        kind: "text/javascript; charset=utf-8",
        content: include_bytes!("../../assets/live.js"),
    },
    Asset {
        name: "drafts.js",
        kind: "text/javascript; charset=utf-8",
        content: include_bytes!("../../assets/drafts.js"),
    },
    Asset {
        name: "icon.svg",
        kind: "image/svg+xml",
        content: include_bytes!("../../assets/icon.svg"),
    },
];

/// Names all of them: a script may import another, so they change together.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<u8> = ASSETS.iter().flat_map(|asset| asset.content).copied().collect();
    let digest = Digest::of(Domain::Asset, &all).to_string();
    digest.trim_start_matches("sha256:").chars().take(16).collect()
});

/// The address of one of them.
pub(super) fn href(name: &str) -> String {
    format!("/console/assets/{}/{name}", *VERSION)
}

/// Adds where they are.
pub(super) fn add_to(routes: Routes) -> Routes {
    routes.page("/console/assets/{version}/{name}", show)
}

async fn show(Path((version, name)): Path<(String, String)>) -> Response {
    let asset = ASSETS.iter().find(|asset| asset.name == name && version == *VERSION);
    let Some(asset) = asset else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = asset.content.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(CACHE_CONTROL, forever);
    response
}
