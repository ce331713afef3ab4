//! Whether the policy itself is in shadow: then nothing is ever stopped, not even what cannot be judged.

use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use placet::core::mode::Mode;
use placet::store::{Keys, Reader as _, Sqlite, SqliteReader, recover::recover};
use placet::{Action, AgentId, Policy, ToolName, read_policy};
use placet_gate::Gate;

use crate::client::ClientName;
use crate::config::HookConfig;

/// Whether the policy that decides here is in shadow, as far as that can be known within some time.
pub(crate) fn is_policy_in_shadow(client: ClientName, config: &HookConfig, time: Duration) -> bool {
    let (sender, answer) = channel();
    let config = config.clone();
    let look = move || {
        let _heard = sender.send(mode(client, &config));
    };
    let is_looking = thread::Builder::new().spawn(look).is_ok();
    is_looking && answer.recv_timeout(time) == Ok(Some(Mode::Shadow))
}

/// The mode of the policy that decides here; none where nobody says.
fn mode(client: ClientName, config: &HookConfig) -> Option<Mode> {
    match (&config.daemon, &config.policy, &config.log) {
        (None, Some(path), _) => {
            let files = read_policy(path).ok()?;
            Some(Policy::load(&files).ok()?.terms().mode)
        }
        (None, None, Some(log)) => written(log),
        _ => asked(client, config),
    }
}

/// The mode of the policy that a log holds, whoever has the log. Nothing is decided, so none is begun for
/// it.
fn written(log: &Path) -> Option<Mode> {
    let mut reader = SqliteReader::open(log).ok()?;
    let trusted = [Keys::open(&Sqlite::key_path(log)).ok()?.verifier().clone()];
    let view = reader.view().ok()?;
    Some(recover(&*view, &trusted).ok()?.state.terms().mode)
}

/// The mode, by whoever decides.
fn asked(client: ClientName, config: &HookConfig) -> Option<Mode> {
    let gate = Gate::open(config.gate(false).ok()?).ok()?;
    let mut action = Action::new(ToolName::new(client.as_str()).ok()?, placet::Object::new());
    action.agent = config.agent.clone().or_else(|| AgentId::new(client.as_str()).ok());
    action.tenant = config.tenant.clone().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().ok()?;
    runtime.block_on(gate.mode(&action)).ok()
}
