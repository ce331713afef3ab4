//! Where a command does its work: in a log file, or at a daemon that has one open.
//!
//! A command resolves its place once, and prints the same whatever the place is. A log file is
//! taken for a moment; a daemon is asked, with the key in `PLACET_KEY`, which is never an argument:
//! arguments are seen by everyone on the machine.

mod approvals;
mod backup;
mod copy;
mod daemon;
mod people;
mod record;
mod rules;
mod standing;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use placet::{
    AutonomyState, Evidence, GroupName, Guard, GuardError, KeyId, KeyScope, KillSwitch, NewKey,
    NewPerson, PersonId, Policy, PolicyFile, Replayed, Replaying, Scope, Standing, TenantId,
    standings,
};
use placet_client::Client;
use placet_core::State;

use crate::failure::Failure;
use crate::log_file::{self, LogArgument};
use crate::policy_file;
use crate::status::Status;
pub(crate) use approvals::{Held, Resolved, Terms, waits_no_more};
pub(crate) use daemon::{Credentials, Daemon, Key};
pub(crate) use people::{Invitation, Known};
pub(crate) use record::{Life, head};
pub(crate) use rules::{Holding, Undecided};

pub(crate) const LOG: &str = "PLACET_LOG";
pub(crate) const URL: &str = "PLACET_URL";
pub(crate) const KEY: &str = "PLACET_KEY";

/// The log or the daemon that a command is about.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgument {
    /// The log; or PLACET_LOG
    #[arg(long, value_name = "LOG", conflicts_with = "url")]
    log: Option<PathBuf>,

    /// The daemon that has the log, such as http://127.0.0.1:4747 or unix:/run/placet.sock; or
    /// PLACET_URL. The key to show is read from PLACET_KEY
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// A place to look at.
pub(crate) enum Look {
    Log(Box<State>, LogArgument),
    Daemon(Daemon),
}

/// A place to change something at.
pub(crate) enum Change {
    Log(Guard),
    Daemon(Daemon),
}

/// One of the two.
pub(crate) enum Place {
    Log(LogArgument),
    Daemon(Daemon),
}

impl PlaceArgument {
    /// Looks at it.
    pub(crate) fn look(&self) -> Result<Look, Failure> {
        Ok(match self.resolve()? {
            Place::Log(log) => Look::Log(Box::new(log.state()?), log),
            Place::Daemon(daemon) => Look::Daemon(daemon),
        })
    }

    /// Opens it to change something.
    pub(crate) fn open(&self) -> Result<Change, Failure> {
        Ok(match self.resolve()? {
            Place::Log(log) => Change::Log(log.open()?),
            Place::Daemon(daemon) => Change::Daemon(daemon),
        })
    }

    /// The same, or begins a new log where there is none.
    pub(crate) fn open_or_create(&self) -> Result<Change, Failure> {
        Ok(match self.resolve()? {
            Place::Log(log) => Change::Log(log.open_or_create()?),
            Place::Daemon(daemon) => Change::Daemon(daemon),
        })
    }

    /// The daemon, for what only a daemon has.
    pub(crate) fn daemon(&self) -> Result<Daemon, Failure> {
        match self.resolve()? {
            Place::Daemon(daemon) => Ok(daemon),
            Place::Log(_) => Err(Failure::usage("this is about a daemon; name it with --url")),
        }
    }

    /// What is said here counts more than what is said once for all.
    pub(crate) fn resolve(&self) -> Result<Place, Failure> {
        match (&self.url, &self.log) {
            (Some(url), _) => connect(url).map(Place::Daemon),
            (None, Some(log)) => Ok(Place::Log(LogArgument::at(log))),
            (None, None) => match (url(), variable(LOG)) {
                (Some(url), _) => connect(&url).map(Place::Daemon),
                (None, Some(log)) => Ok(Place::Log(LogArgument::at(&PathBuf::from(log)))),
                (None, None) => {
                    Err(Failure::usage("name a log with --log, or a daemon with --url"))
                }
            },
        }
    }
}

pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn url() -> Option<String> {
    variable(URL).map(|url| url.to_string_lossy().into_owned())
}

/// The daemon that commands speak to when nothing else is said, if there is one.
pub(crate) fn usual_daemon() -> Result<Option<Daemon>, Failure> {
    url().map(|url| connect(&url)).transpose()
}

/// The daemon at a URL.
pub(crate) fn connect(url: &str) -> Result<Daemon, Failure> {
    let key = std::env::var(KEY).unwrap_or_default();
    if key.is_empty() {
        return Err(Failure::usage(format!("the daemon at {url} wants to see a key"))
            .help("put it into the environment as PLACET_KEY; `placet key create` makes one"));
    }
    let client = Client::new(url, key.trim()).map_err(|error| match error.is_bad_url() {
        true => Failure::usage(error),
        false => Failure::unusable(error),
    })?;
    Ok(Daemon(client))
}

impl Look {
    /// The switches that are tripped.
    pub(crate) fn switches(&self) -> Result<Vec<KillSwitch>, Failure> {
        match self {
            Self::Log(state, _) => Ok(state.switches().iter().cloned().collect()),
            Self::Daemon(daemon) => daemon.switches(),
        }
    }

    /// The keys that are in force.
    pub(crate) fn keys(&self) -> Result<Vec<Key>, Failure> {
        match self {
            Self::Log(state, _) => {
                let lasting = state.keys().iter().filter(|(_, key)| !key.is_session());
                Ok(lasting.map(Key::from).collect())
            }
            Self::Daemon(daemon) => daemon.keys(),
        }
    }

    /// The people who may sign in.
    pub(crate) fn people(&self) -> Result<Vec<Known>, Failure> {
        match self {
            Self::Log(state, _) => Ok(Known::all(state)),
            Self::Daemon(daemon) => daemon.people(),
        }
    }

    /// Where each class stands: for one tenant, or for all that have evidence.
    pub(crate) fn standings(&self, tenant: Option<&TenantId>) -> Result<Vec<Standing>, Failure> {
        match self {
            Self::Log(state, _) => Ok(standings(state, tenant)),
            Self::Daemon(daemon) => daemon.standings(tenant),
        }
    }
}

/// Where a change came to stand in the log, if there was any.
type Index = Option<u64>;

/// Where a moved switch came to stand in the log, and how many are tripped now.
fn moved(
    guard: &Guard,
    change: Result<placet::Change, GuardError>,
) -> Result<(Index, usize), Failure> {
    let change = change.map_err(log_file::rejected)?;
    Ok((change.log_index, guard.log().state().switches().len()))
}

impl Change {
    /// Trips a switch; how many are tripped now.
    pub(crate) fn trip(
        &self,
        scope: &Scope,
        reason: &str,
        by: Option<&PersonId>,
    ) -> Result<(Index, usize), Failure> {
        match self {
            Self::Log(guard) => {
                moved(guard, guard.blocking().trip(scope.clone(), reason, by.cloned()))
            }
            Self::Daemon(daemon) => daemon.trip(scope, reason, by),
        }
    }

    /// Resets a switch; how many are tripped now.
    pub(crate) fn reset(
        &self,
        scope: &Scope,
        reason: &str,
        by: Option<&PersonId>,
    ) -> Result<(Index, usize), Failure> {
        match self {
            Self::Log(guard) => {
                moved(guard, guard.blocking().reset(scope.clone(), reason, by.cloned()))
            }
            Self::Daemon(daemon) => daemon.reset(scope, reason, by),
        }
    }

    /// Makes a key.
    pub(crate) fn create_key(&self, new: NewKey) -> Result<Credentials, Failure> {
        match self {
            Self::Log(guard) => {
                let (secret, _) = guard.blocking().create_key(new).map_err(log_file::rejected)?;
                Ok(Credentials::from(&secret))
            }
            Self::Daemon(daemon) => daemon.create_key(&new),
        }
    }

    /// Replaces the secret of a key.
    pub(crate) fn rotate_key(&self, id: KeyId) -> Result<Credentials, Failure> {
        match self {
            Self::Log(guard) => {
                let (secret, _) = guard.blocking().rotate_key(id).map_err(log_file::rejected)?;
                Ok(Credentials::from(&secret))
            }
            Self::Daemon(daemon) => daemon.rotate_key(id),
        }
    }

    /// Revokes a key.
    pub(crate) fn revoke_key(&self, id: KeyId) -> Result<Index, Failure> {
        match self {
            Self::Log(guard) => {
                let change = guard.blocking().revoke_key(id).map_err(log_file::rejected)?;
                Ok(change.log_index)
            }
            Self::Daemon(daemon) => daemon.revoke_key(id),
        }
    }

    /// Invites somebody.
    pub(crate) fn invite(&self, new: NewPerson) -> Result<Invitation, Failure> {
        match self {
            Self::Log(guard) => {
                let person = new.person.clone();
                let invited = guard.blocking().invite(new).map_err(log_file::rejected)?;
                Ok(Invitation::new(person, &invited))
            }
            Self::Daemon(daemon) => daemon.invite(&new),
        }
    }

    /// Changes what somebody may do.
    pub(crate) fn change_person(
        &self,
        person: &PersonId,
        roles: BTreeSet<KeyScope>,
        groups: BTreeSet<GroupName>,
    ) -> Result<Index, Failure> {
        match self {
            Self::Log(guard) => {
                let change = guard.blocking().change_person(person.clone(), roles, groups);
                Ok(change.map_err(log_file::rejected)?.log_index)
            }
            Self::Daemon(daemon) => daemon.change_person(person, &roles, &groups),
        }
    }

    /// Lets somebody not sign in any more.
    pub(crate) fn remove_person(&self, person: &PersonId) -> Result<Index, Failure> {
        match self {
            Self::Log(guard) => {
                let change = guard.blocking().remove_person(person.clone());
                Ok(change.map_err(log_file::rejected)?.log_index)
            }
            Self::Daemon(daemon) => daemon.remove_person(person),
        }
    }

    /// Erases what is kept beside an entry.
    pub(crate) fn erase(
        &self,
        index: u64,
        reason: &str,
        by: Option<&PersonId>,
    ) -> Result<Index, Failure> {
        match self {
            Self::Log(guard) => {
                let change = guard.blocking().erase(index, reason, by.cloned());
                Ok(change.map_err(log_file::rejected)?.log_index)
            }
            Self::Daemon(daemon) => daemon.erase(index, reason, by),
        }
    }

    /// Installs a policy.
    pub(crate) fn install(&self, files: &[PolicyFile]) -> Result<Index, Failure> {
        match self {
            Self::Log(guard) => match guard.blocking().install_policy(files, None) {
                Ok(change) => Ok(change.log_index),
                Err(GuardError::Policy(found)) => {
                    Err(policy_file::invalid(&found, files, Status::Found))
                }
                Err(other) => Err(log_file::rejected(other)),
            },
            Self::Daemon(daemon) => daemon.install(files),
        }
    }

    /// What a policy would have made of the actions that were decided.
    pub(crate) fn replay(
        &self,
        files: &[PolicyFile],
        which: &Replaying,
    ) -> Result<Replayed, Failure> {
        match self {
            Self::Log(guard) => {
                let candidate = Policy::load(files)
                    .map_err(|found| policy_file::invalid(&found, files, Status::Found))?;
                guard.replay(&candidate, which, &|| true).map_err(log_file::rejected)
            }
            Self::Daemon(daemon) => daemon.replay(files, which),
        }
    }

    /// The policy that holds.
    pub(crate) fn policy(&self) -> Result<Holding, Failure> {
        match self {
            Self::Log(guard) => Ok(Holding::of(guard)),
            Self::Daemon(daemon) => daemon.policy(),
        }
    }

    /// Reports evidence; where its class stands now.
    pub(crate) fn report(&self, evidence: &Evidence) -> Result<AutonomyState, Failure> {
        match self {
            Self::Log(guard) => {
                let reported = guard.blocking().report(evidence.clone());
                Ok(reported.map_err(log_file::rejected)?.autonomy)
            }
            Self::Daemon(daemon) => daemon.report(evidence),
        }
    }
}
