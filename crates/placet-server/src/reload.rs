//! Reading the policy file, and the certificate, again while the daemon runs.
//!
//! Somebody edits the policy and sends SIGHUP. Either the whole of it is sound, and it holds from
//! the next decision on, or what is wrong is said, counted, and the policy from before still holds. So
//! it is with a certificate that was renewed, for connections from then on.

use std::collections::BTreeSet;
use std::sync::Arc;

use placet::{Diagnostics, Guard, GuardError, OpenError, Policy, PolicyFile, read_policy};
use tokio::sync::Notify;

use crate::app::App;
use crate::connection::{Secured, TlsError};
use crate::hurry::{Hurry, HurryError};
use crate::limits::READING_TIME;

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

/// What holds after the policy was read again.
struct Read {
    how: Reloaded,
    policy: placet::Digest,
    /// Files with rules that were a part of the policy before, and those that were not.
    gone: Vec<String>,
    come: Vec<String>,
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
    #[error("the policy cannot be read: {0}")]
    Unread(#[from] HurryError),
    #[error("{0}")]
    Unfinished(String),
}

/// Reads the policy again whenever someone asks for it. It is counted before it is told, so that who
/// hears of it finds it counted.
pub(crate) async fn follow(app: Arc<App>, handle: ReloadHandle, secured: Option<Arc<Secured>>) {
    let mut certificates = Hurry::new(READING_TIME);
    let mut policies = Hurry::new(READING_TIME);
    loop {
        handle.asked().await;
        if let Some(secured) = &secured {
            renew(&app, Arc::clone(secured), &mut certificates).await;
            if app.config.policy.is_none() {
                continue;
            }
        }
        let reloaded = reload(&app, &mut policies).await;
        app.telemetry.reloaded(reloaded.as_ref().map_or(Reloaded::Failed, |read| read.how));
        match reloaded {
            Ok(read) => tell(&read),
            Err(error) => complain(&error),
        }
    }
}

/// Reads the certificate again, and says how that went.
async fn renew(app: &App, secured: Arc<Secured>, hurry: &mut Hurry<Result<u64, TlsError>>) {
    let why = match hurry.run(move || secured.renew()).await {
        Ok(Ok(not_after)) => {
            app.telemetry.certified_until(not_after);
            tracing::info!(target: "placet::tls", "the certificate was read again");
            return;
        }
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::error!(target: "placet::tls", why, "the certificate from before is still shown");
}

async fn reload(
    app: &Arc<App>,
    hurry: &mut Hurry<Result<Vec<PolicyFile>, OpenError>>,
) -> Result<Read, ReloadError> {
    let path = app.config.policy.clone().ok_or(ReloadError::NoFile)?;
    let files = hurry.run(move || read_policy(&path)).await??;
    let done = app.blocking(move |guard| install(guard, &files)).await;
    done.map_err(|problem| ReloadError::Unfinished(problem.detail().to_owned()))?
}

fn tell(read: &Read) {
    let what = match read.how {
        Reloaded::Unchanged => "the policy file says what held already",
        _ => "another policy holds now",
    };
    // A file that was moved away by mistake would loosen the policy without a word.
    if !read.gone.is_empty() {
        let files = read.gone.join(", ");
        let message = "these files are gone from the policy, and what they forbade with them";
        tracing::warn!(target: "placet::policy", files, "{message}");
    }
    if !read.come.is_empty() {
        let files = read.come.join(", ");
        tracing::warn!(target: "placet::policy", files, "these files have come to the policy");
    }
    tracing::info!(target: "placet::policy", policy = %read.policy, "{what}");
}

fn install(guard: &Guard, files: &[PolicyFile]) -> Result<Read, ReloadError> {
    let policy = Policy::digest_of(files);
    if guard.log().state().terms().policy == policy {
        let (gone, come) = (Vec::new(), Vec::new());
        return Ok(Read { how: Reloaded::Unchanged, policy, gone, come });
    }
    let before = guard.policy();
    let (old, new) = (rules(before.files()), rules(files));
    guard.blocking().install_policy(files, None)?;
    let only = |some: &BTreeSet<&str>, others: &BTreeSet<&str>| {
        some.difference(others).map(|name| (*name).to_owned()).collect()
    };
    Ok(Read { how: Reloaded::Installed, policy, gone: only(&old, &new), come: only(&new, &old) })
}

/// The names of the files with rules: all but the first.
fn rules(files: &[PolicyFile]) -> BTreeSet<&str> {
    files.iter().skip(1).map(|file| file.name.as_str()).collect()
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
