//! Whether the policy itself is in shadow: then nothing is ever stopped, not even what cannot be judged.

use placet::core::mode::Mode;
use placet::{Action, AgentId, Policy, ToolName, read_policy};
use placet_gate::Gate;

use crate::client::Client;
use crate::config::HookConfig;

/// Whether the policy that decides here is in shadow, as far as that can be known.
pub(crate) fn is_policy_in_shadow(client: &dyn Client, config: &HookConfig) -> bool {
    match (&config.daemon, &config.policy, &config.log) {
        (None, Some(path), _) => {
            let policy = read_policy(path).ok().and_then(|files| Policy::load(&files).ok());
            policy.is_some_and(|policy| policy.terms().mode == Mode::Shadow)
        }
        // Nothing is decided, so no log is begun for it.
        (None, None, Some(log)) if !log.exists() => false,
        _ => asked(client, config) == Some(Mode::Shadow),
    }
}

/// The mode, by whoever decides.
fn asked(client: &dyn Client, config: &HookConfig) -> Option<Mode> {
    let gate = Gate::open(config.gate(false).ok()?).ok()?;
    let mut action = Action::new(ToolName::new(client.name()).ok()?, placet::Object::new());
    action.agent = config.agent.clone().or_else(|| AgentId::new(client.name()).ok());
    action.tenant = config.tenant.clone().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().ok()?;
    runtime.block_on(gate.mode(&action)).ok()
}
