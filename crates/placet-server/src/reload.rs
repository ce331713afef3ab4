//! Reading the policy file, and the certificate, again while the daemon runs.
//!
//! Somebody edits the policy and sends SIGHUP. Either the whole of it is sound, and it holds from
//! the next decision on, or what is wrong is said, counted, and the policy from before still holds. So
//! it is with a certificate that was renewed, for connections from then on.

use std::path::Path;
use std::sync::Arc;

use placet::{Diagnostics, Guard, GuardError, OpenError, Policy, read_policy};
use tokio::sync::Notify;

use crate::app::App;
use crate::connection::Secured;

/// Asks the daemon to read its policy file, and its certificate, again. Dropped, it asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct ReloadHandle(Arc<Notify>);

impl ReloadHandle {
    /// Asks. Asked again before it was done, it is done once.
    pub fn ask(&self) {
        self.0.notify_one();
    }

    async fn asked(&self) {
        self.0.notified().await;
    }
}

/// What reading the policy again came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reloaded {
    /// Another policy holds now.
    Installed,
    /// The file says what held already.
    Unchanged,
    /// It cannot be used; the one before still holds.
    Failed,
}

impl Reloaded {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// Why the policy from before still holds.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error("the daemon was started without a policy file; start it with --policy FILE")]
    NoFile,
    #[error("{0}")]
    Open(#[from] OpenError),
    #[error("{0}")]
    Guard(#[from] GuardError),
    #[error("{0}")]
    Unfinished(String),
}

/// Reads the policy again whenever someone asks for it. It is counted before it is told, so that who
/// hears of it finds it counted.
pub(crate) async fn follow(app: Arc<App>, handle: ReloadHandle, secured: Option<Arc<Secured>>) {
    loop {
        handle.asked().await;
        if let Some(secured) = &secured {
            renew(Arc::clone(secured)).await;
            if app.config.policy.is_none() {
                continue;
            }
        }
        let reloaded = reload(&app).await;
        app.telemetry.reloaded(reloaded.as_ref().map_or(Reloaded::Failed, |(how, _)| *how));
        match reloaded {
            Ok((how, policy)) => tell(how, policy),
            Err(error) => complain(&error),
        }
    }
}

/// Reads the certificate again, and says how that went.
async fn renew(secured: Arc<Secured>) {
    let done = tokio::task::spawn_blocking(move || secured.renew()).await;
    let why = match done {
        Ok(Ok(())) => {
            tracing::info!(target: "placet::tls", "the certificate was read again");
            return;
        }
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::error!(target: "placet::tls", why, "the certificate from before is still shown");
}

async fn reload(app: &Arc<App>) -> Result<(Reloaded, placet::Digest), ReloadError> {
    let path = app.config.policy.clone().ok_or(ReloadError::NoFile)?;
    let done = app.blocking(move |guard| install(guard, &path)).await;
    done.map_err(|problem| ReloadError::Unfinished(problem.detail().to_owned()))?
}

fn tell(how: Reloaded, policy: placet::Digest) {
    let what = match how {
        Reloaded::Unchanged => "the policy file says what held already",
        _ => "another policy holds now",
    };
    tracing::info!(target: "placet::policy", policy = %policy, "{what}");
}

fn install(guard: &Guard, path: &Path) -> Result<(Reloaded, placet::Digest), ReloadError> {
    let files = read_policy(path)?;
    let digest = Policy::digest_of(&files);
    if guard.log().state().terms().policy == digest {
        return Ok((Reloaded::Unchanged, digest));
    }
    guard.blocking().install_policy(&files, None)?;
    Ok((Reloaded::Installed, digest))
}

/// Says what is wrong, each thing on a line of its own.
fn complain(error: &ReloadError) {
    match error {
        ReloadError::Guard(GuardError::Policy(diagnostics))
        | ReloadError::Open(OpenError::Policy(diagnostics)) => complain_about(diagnostics),
        ReloadError::Open(unreadable @ OpenError::PolicyUnreadable { source, .. }) => {
            say(&format!("{unreadable}: {source}"));
        }
        other => say(&other.to_string()),
    }
}

fn complain_about(diagnostics: &Diagnostics) {
    say("the policy file has errors");
    for found in diagnostics.iter() {
        let place = format!("{}:{}:{}", found.file, found.line, found.column);
        let (message, remedy) = (&found.message, &found.remedy);
        tracing::error!(target: "placet::policy", place, remedy, "{message}");
    }
}

fn say(why: &str) {
    tracing::error!(target: "placet::policy", why, "the policy from before still holds");
}
