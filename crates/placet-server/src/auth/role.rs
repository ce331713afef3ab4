//! What a key needs for an endpoint.

use placet::{ApiKey, KeyScope};

use crate::wire::Problem;

/// What a key needs for an endpoint.
pub(crate) trait Role: Send + Sync + 'static {
    /// Whether a key has it.
    ///
    /// # Errors
    /// The problem says what is missing.
    fn check(key: &ApiKey) -> Result<(), Problem>;
}

/// Proposes actions.
pub(crate) struct Agent;

/// Answers what waits for people.
pub(crate) struct Approver;

/// Answers what waits for people, or looks after those who do.
pub(crate) struct Answerer;

/// Runs actions, or looks after what runs.
pub(crate) struct Runner;

/// Changes what a tenant may do: switches, evidence, keys.
pub(crate) struct Admin;

/// Runs the daemon itself: an admin of no tenant.
pub(crate) struct Operator;

/// Looks at a tenant: whoever is not just an agent.
pub(crate) struct Reader;

/// Looks at everything: a reader of no tenant.
pub(crate) struct Overseer;

/// Any key at all.
pub(crate) struct Anyone;

impl Role for Agent {
    fn check(key: &ApiKey) -> Result<(), Problem> {
        needs(key.has(KeyScope::Agent), "a key with the scope agent")
    }
}

impl Role for Approver {
    fn check(key: &ApiKey) -> Result<(), Problem> {
        needs(key.has(KeyScope::Approver), "a key with the scope approver")
    }
}

impl Role for Answerer {
    fn check(key: &ApiKey) -> Result<(), Problem> {
        let may = key.has(KeyScope::Approver) || key.has(KeyScope::Admin);
        needs(may, "a key with the scope approver or admin")
    }
}

impl Role for Runner {
    fn check(key: &ApiKey) -> Result<(), Problem> {
        let may = key.has(KeyScope::Agent) || key.has(KeyScope::Admin);
        needs(may, "a key with the scope agent or admin")
    }
}

impl Role for Admin {
    fn check(key: &ApiKey) -> Result<(), Problem> {
        needs(key.has(KeyScope::Admin), "a key with the scope admin")
    }
}

impl Role for Operator {
    fn check(key: &ApiKey) -> Result<(), Problem> {
        Admin::check(key)?;
        needs(key.tenant.is_none(), "a key that belongs to no tenant")
    }
}

impl Role for Reader {
    fn check(key: &ApiKey) -> Result<(), Problem> {
        let reads = [KeyScope::Admin, KeyScope::Approver, KeyScope::Auditor];
        let may = reads.into_iter().any(|scope| key.has(scope));
        needs(may, "a key with the scope auditor, approver or admin")
    }
}

impl Role for Overseer {
    fn check(key: &ApiKey) -> Result<(), Problem> {
        Reader::check(key)?;
        needs(key.tenant.is_none(), "a key that belongs to no tenant")
    }
}

impl Role for Anyone {
    fn check(_: &ApiKey) -> Result<(), Problem> {
        Ok(())
    }
}

fn needs(has: bool, what: &str) -> Result<(), Problem> {
    if has { Ok(()) } else { Err(Problem::forbidden(format!("this needs {what}"))) }
}
