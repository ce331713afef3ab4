//! A daemon in the place of a log file: what is asked of it, and what it answers.

use std::collections::BTreeSet;

use placet::{
    AgentId, ApiKey, AutonomyState, BuildId, ClassName, Evidence, KeyId, KeyName, KeyScope,
    KillSwitch, LedgerKey, NewKey, PersonId, RiskTier, Scope, Secret, Standing, TenantId,
    Timestamp,
};
use placet_client::{Client, ClientError, segment};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::failure::Failure;

/// Statuses that say that what was asked for makes no sense, or not any more.
const JUDGED: [u16; 4] = [404, 409, 410, 422];

/// A daemon, as a command speaks to it.
pub(crate) struct Daemon(pub(super) Client);

/// A key, without the digest of its secret.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Key {
    pub(crate) app_id: KeyId,
    pub(crate) name: KeyName,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) agent: Option<AgentId>,
    pub(crate) person: Option<PersonId>,
    pub(crate) scopes: BTreeSet<KeyScope>,
    pub(crate) created: Timestamp,
    pub(crate) last_used: Option<Timestamp>,
}

impl From<(KeyId, &ApiKey)> for Key {
    fn from((app_id, key): (KeyId, &ApiKey)) -> Self {
        let ApiKey { name, tenant, agent, person, scopes, created, used, .. } = key.clone();
        Self { app_id, name, tenant, agent, person, scopes, created, last_used: used }
    }
}

/// A secret, to be shown once.
#[derive(Deserialize, Serialize)]
pub(crate) struct Credentials {
    pub(crate) app_id: KeyId,
    pub(crate) secret: String,
}

impl From<&Secret> for Credentials {
    fn from(secret: &Secret) -> Self {
        Self { app_id: secret.key(), secret: secret.danger_text().to_string() }
    }
}

#[derive(Deserialize)]
pub(super) struct Moved {
    pub(super) log_index: Option<u64>,
}

#[derive(Deserialize)]
struct Switches {
    switches: Vec<KillSwitch>,
}

#[derive(Deserialize)]
struct Integrations {
    integrations: Vec<Key>,
}

#[derive(Deserialize)]
struct Ladder {
    classes: Vec<Stands>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Stands {
    tenant: TenantId,
    class: ClassName,
    build: Option<BuildId>,
    risk: RiskTier,
    autonomy: AutonomyState,
    max_state: AutonomyState,
    missing: Vec<String>,
}

impl From<Stands> for Standing {
    fn from(stands: Stands) -> Self {
        let Stands { tenant, class, build, risk, autonomy, max_state, missing } = stands;
        Self { of: LedgerKey { tenant, class, build }, risk, autonomy, max_state, missing }
    }
}

impl Daemon {
    pub(super) fn switches(&self) -> Result<Vec<KillSwitch>, Failure> {
        let found: Switches = self.0.get("/v1/kill-switches").map_err(failure)?;
        Ok(found.switches)
    }

    pub(super) fn trip(
        &self,
        scope: &Scope,
        reason: &str,
        by: Option<&PersonId>,
    ) -> Result<(Option<u64>, usize), Failure> {
        let mut body = json!({ "scope": scope, "reason": reason });
        if let (Some(by), Some(fields)) = (by, body.as_object_mut()) {
            fields.insert("by".to_owned(), json!(by));
        }
        let moved: Moved = self.0.post("/v1/kill-switches", &body).map_err(failure)?;
        Ok((moved.log_index, self.switches()?.len()))
    }

    pub(super) fn reset(
        &self,
        scope: &Scope,
        reason: &str,
        by: Option<&PersonId>,
    ) -> Result<(Option<u64>, usize), Failure> {
        let mut body = json!({ "reason": reason });
        if let (Some(by), Some(fields)) = (by, body.as_object_mut()) {
            fields.insert("by".to_owned(), json!(by));
        }
        let path = format!("/v1/kill-switches/{}", segment(&scope.to_string()));
        let moved: Moved = self.0.delete(&path, &body).map_err(failure)?;
        Ok((moved.log_index, self.switches()?.len()))
    }

    pub(super) fn keys(&self) -> Result<Vec<Key>, Failure> {
        let found: Integrations = self.0.get("/v1/integrations").map_err(failure)?;
        Ok(found.integrations)
    }

    pub(super) fn create_key(&self, new: &NewKey) -> Result<Credentials, Failure> {
        let mut body = json!({ "name": new.name, "scopes": new.scopes });
        if let Some(fields) = body.as_object_mut() {
            fields.extend(new.tenant.iter().map(|of| ("tenant".to_owned(), json!(of))));
            fields.extend(new.agent.iter().map(|of| ("agent".to_owned(), json!(of))));
            fields.extend(new.person.iter().map(|of| ("person".to_owned(), json!(of))));
        }
        self.0.post("/v1/integrations", &body).map_err(failure)
    }

    pub(super) fn rotate_key(&self, id: KeyId) -> Result<Credentials, Failure> {
        self.0.post(&format!("/v1/integrations/{id}/rotate"), &json!({})).map_err(failure)
    }

    pub(super) fn revoke_key(&self, id: KeyId) -> Result<Option<u64>, Failure> {
        let path = format!("/v1/integrations/{id}");
        let moved: Moved = self.0.delete(&path, &json!({})).map_err(failure)?;
        Ok(moved.log_index)
    }

    pub(super) fn standings(&self, tenant: Option<&TenantId>) -> Result<Vec<Standing>, Failure> {
        let of = tenant.map(|tenant| format!("tenant={}&", segment(tenant.as_str())));
        let path = format!("/v1/autonomy?{}", of.unwrap_or_default());
        let (mut found, mut after): (Vec<Standing>, Option<String>) = (Vec::new(), None);
        loop {
            let place = after.as_deref().map(|after| format!("after={}", segment(after)));
            let page = format!("{path}{}", place.unwrap_or_default());
            let Ladder { classes, next } = self.0.get(&page).map_err(failure)?;
            // A page without anything new would be asked for again and again.
            let is_stuck = next.is_some() && (classes.is_empty() || next == after);
            found.extend(classes.into_iter().map(Standing::from));
            match next {
                Some(_) if is_stuck => return Err(failure(ClientError::Unreadable)),
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    pub(crate) fn report(&self, evidence: &Evidence) -> Result<AutonomyState, Failure> {
        let Evidence { tenant, class, build, source, adversarial, passed, failed } = evidence;
        let mut body = json!({
            "tenant": tenant, "class": class, "source": source, "adversarial": adversarial,
            "passed": passed, "failed": failed,
        });
        if let (Some(build), Some(fields)) = (build, body.as_object_mut()) {
            fields.insert("build".to_owned(), json!(build));
        }
        let _: Moved = self.0.post("/v1/evidence", &body).map_err(failure)?;
        let of = LedgerKey::of(evidence);
        let found = self.standings(Some(tenant))?.into_iter().find(|standing| standing.of == of);
        Ok(found.map(|standing| standing.autonomy).unwrap_or_default())
    }
}

/// What was judged and not accepted is a finding, as it is on a file; all else keeps the command
/// from its work.
pub(super) fn failure(error: ClientError) -> Failure {
    match &error {
        ClientError::Refused(problem) if JUDGED.contains(&problem.status) => Failure::found(error),
        ClientError::Refused(problem) if problem.status == 401 => {
            Failure::unusable(error).help("check PLACET_KEY; `placet key list` shows the keys")
        }
        _ if error.is_unknown() => Failure::unusable(error).help(
            "`placet log show` has what was recorded last; look there, or at `placet kill list`, `placet \
             key list` or `placet people list`, before you run it again. A key or an invitation whose \
             secret was not shown is of no use: take it back",
        ),
        _ => Failure::unusable(error),
    }
}
