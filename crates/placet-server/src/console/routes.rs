//! The routes of the console, which are listed where they are made: a test asks who may take each.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{get, post};

use crate::app::App;

/// Routes, and what they are called.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) router: Router<Arc<App>>,
    /// Each as `GET /console`.
    pub(super) names: Vec<String>,
}

impl Routes {
    /// Adds a page.
    pub(super) fn page<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.names.push(format!("GET {path}"));
        Self { router: self.router.route(path, get(handler)), ..self }
    }

    /// Adds what a form is sent to.
    pub(super) fn form<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.names.push(format!("POST {path}"));
        Self { router: self.router.route(path, post(handler)), ..self }
    }
}
