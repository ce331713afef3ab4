//! The keys of a first start, and what to do with them.

use placet::{Guard, KeyName, KeyScope, NewKey, Secret, TenantId};
use placet_server::{Listen, Server};

use crate::console::{Console, FAINT, STRONG};
use crate::failure::Failure;

/// Makes the first keys and shows them, where a person is there to see them.
pub(super) async fn make(guard: &Guard, server: &Server, console: &Console) -> Result<(), Failure> {
    if !console.is_terminal() || console.is_json() {
        console.note(
            "there are no API keys yet; stop the daemon and make one with\n  \
             placet key create --name operator --scope admin --log LOG",
        );
        return Ok(());
    }
    let operator = create(guard, "operator", None, KeyScope::Admin).await?;
    let agent = create(guard, "first agent", Some(TenantId::default()), KeyScope::Agent).await?;
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
