//! Kill switches: stop a tenant, an agent, a tool or everything, at once.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::assessment::Subject;
use crate::command::Rejection;
use crate::handle::room;
use crate::limits;
use crate::name::{AgentId, ClassName, NameError, PersonId, TenantId, ToolName};
use crate::quote::quote;
use crate::time::Timestamp;

/// What a switch stops.
///
/// Written `all`, `tenant:T`, `agent:A` or `tool:N`; the last two may be limited to one tenant, as
/// in `tenant:T/agent:A`. A tool is stopped by its own name and by the name of its class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The tenant it is limited to.
    pub tenant: Option<TenantId>,
    /// What it stops there.
    pub target: Target,
}

/// What a switch stops inside its tenant, or everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Every action.
    Everything,
    /// Every action of one agent.
    Agent(AgentId),
    /// Every call of one tool, or of every tool of one class.
    Tool(ToolName),
}

impl Scope {
    /// Everything, everywhere.
    pub const ALL: Self = Self { tenant: None, target: Target::Everything };

    /// Whether an action falls under it.
    #[must_use]
    pub fn covers(&self, subject: &Subject, class: Option<&ClassName>) -> bool {
        let here = self.tenant.as_ref().is_none_or(|tenant| *tenant == subject.tenant);
        here && match &self.target {
            Target::Everything => true,
            Target::Agent(agent) => subject.agent.as_ref() == Some(agent),
            Target::Tool(tool) => {
                *tool == subject.tool || class.is_some_and(|class| class.as_str() == tool.as_str())
            }
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.tenant, &self.target) {
            (None, Target::Everything) => return f.write_str("all"),
            (Some(tenant), Target::Everything) => return write!(f, "tenant:{tenant}"),
            (Some(tenant), _) => write!(f, "tenant:{tenant}/")?,
            (None, _) => {}
        }
        match &self.target {
            Target::Everything => Ok(()),
            Target::Agent(agent) => write!(f, "agent:{agent}"),
            Target::Tool(tool) => write!(f, "tool:{tool}"),
        }
    }
}

/// A text that is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// None of the known forms.
    #[error("{} is not a scope; write all, tenant:NAME, agent:NAME or tool:NAME", quote(.0))]
    Form(String),
    /// The name in it cannot be one.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self::ALL);
        }
        let Some(rest) = text.strip_prefix("tenant:") else {
            return Ok(Self { tenant: None, target: target(text)? });
        };
        match rest.split_once('/') {
            None => Ok(Self { tenant: Some(TenantId::new(rest)?), target: Target::Everything }),
            Some((tenant, inner)) => {
                Ok(Self { tenant: Some(TenantId::new(tenant)?), target: target(inner)? })
            }
        }
    }
}

fn target(text: &str) -> Result<Target, ScopeError> {
    match text.split_once(':') {
        Some(("agent", name)) => Ok(Target::Agent(AgentId::new(name)?)),
        Some(("tool", name)) => Ok(Target::Tool(ToolName::new(name)?)),
        _ => Err(ScopeError::Form(text.to_owned())),
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer, "the scope of a kill switch")
    }
}

/// A tripped switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillSwitch {
    /// What it stops.
    pub scope: Scope,
    /// Why it was tripped, in the words of whoever tripped it.
    pub reason: String,
    /// Who tripped it.
    pub by: Option<PersonId>,
    /// Since when.
    pub since: Timestamp,
}

/// The switches that are tripped now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<KillSwitch>", into = "Vec<KillSwitch>")]
pub struct Switches(BTreeMap<Scope, KillSwitch>);

impl Switches {
    /// Every tripped switch that covers an action.
    pub fn covering<'a>(
        &'a self,
        subject: &'a Subject,
        class: Option<&'a ClassName>,
    ) -> impl Iterator<Item = &'a KillSwitch> {
        let of_all = inside(&self.0, None);
        let both = of_all.chain(inside(&self.0, Some(&subject.tenant)));
        let switches = both.map(|(_, switch)| switch);
        switches.filter(move |switch| switch.scope.covers(subject, class))
    }

    /// Whether there is room for another one. What stops a whole tenant, or everything, finds it
    /// always: there is one such switch for each.
    pub(crate) fn check_room(&self, scope: &Scope) -> Result<(), Rejection> {
        if scope.target == Target::Everything {
            return Ok(());
        }
        let is_part = |scope: &&Scope| scope.target != Target::Everything;
        let tenant = scope.tenant.as_ref();
        let own = inside(&self.0, tenant).map(|(scope, _)| scope).filter(is_part).count();
        if tenant.is_none() {
            return room("tripped kill switches of no tenant", own, limits::MAX_SWITCHES_OF_ALL);
        }
        let of_tenants = self.0.keys().filter(|scope| scope.tenant.is_some());
        let used = of_tenants.filter(is_part).count();
        room("tripped kill switches inside tenants", used, limits::MAX_SWITCHES)?;
        room("tripped kill switches of this tenant", own, limits::MAX_SWITCHES_PER_TENANT)
    }

    /// The switch with exactly this scope, if it is tripped.
    #[must_use]
    pub fn tripped(&self, scope: &Scope) -> Option<&KillSwitch> {
        self.0.get(scope)
    }

    /// All of them, in the order of their scopes.
    pub fn iter(&self) -> impl Iterator<Item = &KillSwitch> {
        self.0.values()
    }

    /// How many are tripped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is tripped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn trip(&mut self, switch: KillSwitch) {
        self.0.insert(switch.scope.clone(), switch);
    }

    pub(crate) fn reset(&mut self, scope: &Scope) {
        self.0.remove(scope);
    }
}

/// What is there for the scopes inside one tenant, or for those of no tenant.
pub(crate) fn inside<'a, V>(
    map: &'a BTreeMap<Scope, V>,
    tenant: Option<&TenantId>,
) -> impl Iterator<Item = (&'a Scope, &'a V)> + use<'a, V> {
    let first = Scope { tenant: tenant.cloned(), target: Target::Everything };
    let tenant = tenant.cloned();
    map.range(first..).take_while(move |(scope, _)| scope.tenant == tenant)
}

impl From<Vec<KillSwitch>> for Switches {
    fn from(switches: Vec<KillSwitch>) -> Self {
        Self(switches.into_iter().map(|switch| (switch.scope.clone(), switch)).collect())
    }
}

impl From<Switches> for Vec<KillSwitch> {
    fn from(switches: Switches) -> Self {
        switches.0.into_values().collect()
    }
}
