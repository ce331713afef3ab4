//! The first person and the keys of a first start, and what to do with them.

use placet::{Guard, KeyName, KeyScope, NewKey, NewPerson, PersonId, Secret, TenantId};
use placet_server::{Listen, Server};

use crate::console::{Console, FAINT, STRONG};
use crate::failure::Failure;

/// Makes the first keys and shows them, where a person is there to see them.
pub(super) async fn make(guard: &Guard, server: &Server, console: &Console) -> Result<(), Failure> {
    if !console.is_terminal() || console.is_json() {
        console.note(
            "there are no API keys and no people yet; stop the daemon and make some with\n  \
             placet key create --name operator --scope admin --log LOG\n  \
             placet people invite admin --role admin --role approver --role auditor --log LOG",
        );
        return Ok(());
    }
    let operator = create(guard, "operator", None, KeyScope::Admin).await?;
    let agent = create(guard, "first agent", Some(TenantId::default()), KeyScope::Agent).await?;
    if let Some(link) = invite(guard, server).await? {
        console.text(&format!(
            "\nOpen this once, within a day, to set the password of {STRONG}admin{STRONG:#}:\n  \
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

/// The link with which the first person sets their password; none where a browser cannot come.
pub(crate) async fn invite(guard: &Guard, server: &Server) -> Result<Option<String>, Failure> {
    let Some(place) = server.console() else { return Ok(None) };
    let new = NewPerson {
        person: PersonId::new("admin").map_err(Failure::unusable)?,
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
