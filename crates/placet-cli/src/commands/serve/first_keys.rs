//! The first person and the keys of a first start, and what to do with them.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use placet::{Guard, KeyName, KeyScope, NewKey, NewPerson, PersonId, Secret, TenantId};
use placet_core::person::Person;
use placet_server::{Listen, Server};
use serde_json::json;

use crate::console::{Console, FAINT, STRONG};
use crate::escape;
use crate::failure::Failure;

/// The first person, who may do everything.
const FIRST_PERSON: &str = "admin";

/// Who knows this daemon already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    has_keys: bool,
    has_people: bool,
}

impl Known {
    /// Whoever was only invited by a start before this one is nobody yet.
    pub(super) fn of(guard: &Guard) -> Self {
        let log = guard.log();
        let state = log.state();
        let is_somebody = |(name, person): (&PersonId, &Person)| {
            name.as_str() != FIRST_PERSON || person.verifier.is_some()
        };
        Self {
            has_keys: !state.keys().is_empty(),
            has_people: state.people().iter().any(is_somebody),
        }
    }
}

/// Makes a way in for whoever has started the daemon, unless there is one.
pub(super) async fn make(
    known: Known,
    guard: &Guard,
    server: &Server,
    log: &Path,
    console: &Console,
) -> Result<(), Failure> {
    let Known { has_keys, has_people } = known;
    if has_keys {
        return Ok(());
    }
    let link = if has_people { None } else { invite(guard, server).await? };
    match console.is_terminal() && !console.is_json() {
        true => show(guard, server, link.as_deref(), console).await,
        false => {
            leave(link.as_deref(), log, console);
            Ok(())
        }
    }
}

/// Shows keys and the link to whoever sits there.
async fn show(
    guard: &Guard,
    server: &Server,
    link: Option<&str>,
    console: &Console,
) -> Result<(), Failure> {
    let operator = create(guard, "operator", None, KeyScope::Admin).await?;
    let agent = create(guard, "first agent", Some(TenantId::default()), KeyScope::Agent).await?;
    if let Some(link) = link {
        console.text(&format!(
            "\nOpen this once, within a day, to set the password of {STRONG}{FIRST_PERSON}{STRONG:#}:\n  \
             {link}\n",
        ))?;
    }
    console.text(&format!(
        "\nThese keys are shown this once:\n  {STRONG}operator{STRONG:#}  {}\n  \
         {STRONG}agent{STRONG:#}     {}\n\n{FAINT}Try it:{FAINT:#}\n  curl {} \
         -H 'Authorization: Bearer AGENT-KEY' \\\n    -H 'Content-Type: application/json' \
         -d '{{\"tool\": \"delete_everything\"}}'\n\n",
        *operator.danger_text(),
        *agent.danger_text(),
        target(server),
    ))?;
    Ok(())
}

/// What a service writes is kept and passed around, and the link is as good as a password until it
/// is used. So it is left in a file that only those can read who could sign for the log as well.
fn leave(link: Option<&str>, log: &Path, console: &Console) {
    let place = link_file(log);
    let place = escape::line(&place.display().to_string()).into_owned();
    let is_left = link.is_some_and(|link| write_link(&link_file(log), link).is_ok());
    let value = json!({ "api_keys": 0, "sign_in_link_file": is_left.then_some(&place) });
    let text = match is_left {
        true => format!(
            "nobody can sign in yet: the link that is in {place} works once, within a day, and sets \
             the password of {FIRST_PERSON}, who makes keys and invites others in the console",
        ),
        false => format!(
            "there are no API keys yet; stop the daemon and make one with\n  \
             placet key create --name operator --scope admin --log {0}\nand invite somebody with\n  \
             placet people invite NAME --role admin --role approver --role auditor --log {0}",
            escape::line(&log.display().to_string())
        ),
    };
    console.note_value(&text, &value);
}

/// The file beside the log for the link.
fn link_file(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push("-first-link");
    name.into()
}

/// Writes it for its owner alone, in the place of an older one.
fn write_link(place: &Path, link: &str) -> io::Result<()> {
    match std::fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(place)?;
    writeln!(file, "{link}")
}

/// Removes what an earlier start has left, once somebody is in.
pub(super) fn clear(known: Known, log: &Path) {
    if known.has_keys || known.has_people {
        // Its link is worth nothing any more; it is only in the way.
        drop(std::fs::remove_file(link_file(log)));
    }
}

/// The link with which the first person sets their password; none where a browser cannot come.
pub(crate) async fn invite(guard: &Guard, server: &Server) -> Result<Option<String>, Failure> {
    let Some(place) = server.console() else { return Ok(None) };
    let new = NewPerson {
        person: PersonId::new(FIRST_PERSON).map_err(Failure::unusable)?,
        tenant: None,
        roles: [KeyScope::Approver, KeyScope::Admin, KeyScope::Auditor].into(),
        groups: [].into(),
    };
    let invited = guard.invite(new, None).await.map_err(Failure::unusable)?;
    Ok(Some(format!("{place}/enrol#{}", *invited.token.danger_text())))
}

async fn create(
    guard: &Guard,
    name: &str,
    tenant: Option<TenantId>,
    scope: KeyScope,
) -> Result<Secret, Failure> {
    let name = KeyName::new(name).map_err(Failure::unusable)?;
    let new = NewKey { name, tenant, agent: None, person: None, scopes: [scope].into() };
    let (secret, _) = guard.create_key(new, None).await.map_err(Failure::unusable)?;
    Ok(secret)
}

/// Where curl sends a first action.
fn target(server: &Server) -> String {
    match server.addresses().first() {
        Some(Listen::Unix(path)) => {
            format!("--unix-socket {} http://localhost/v1/actions", path.display())
        }
        Some(Listen::Tcp(address)) => format!("{}://{address}/v1/actions", server.scheme()),
        None => String::new(),
    }
}
