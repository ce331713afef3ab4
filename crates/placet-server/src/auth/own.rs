//! What belongs to whoever asks: what does not is not there for them.

use placet::core::standing_approval::StandingApprovals;
use placet::{ApiKeys, KeyId, People, PersonId, Rejection, StandingApprovalId};

use super::Principal;
use crate::wire::Problem;

/// The id of a key that the asker may end: one of another tenant does not exist for them. Whether
/// there is such a key at all is judged at the tip of the log.
pub(crate) fn key(id: &str, keys: &ApiKeys, principal: &Principal) -> Result<KeyId, Problem> {
    let id: KeyId = id.parse().map_err(Problem::missing)?;
    let tenant = &principal.key.tenant;
    match keys.get(id) {
        Some(key) if tenant.is_some() && key.tenant != *tenant => {
            Err(Rejection::UnknownKey(id).into())
        }
        _ => Ok(id),
    }
}

/// The same for a standing approval.
pub(crate) fn standing(
    id: &str,
    standing: &StandingApprovals,
    principal: &Principal,
) -> Result<StandingApprovalId, Problem> {
    let id: StandingApprovalId = id.parse().map_err(Problem::missing)?;
    match standing.get(id) {
        Some(known) if !principal.key.covers(&known.granted.tenant) => {
            Err(Rejection::UnknownStanding(id).into())
        }
        _ => Ok(id),
    }
}

/// The same for a person.
pub(crate) fn person(
    people: &People,
    principal: &Principal,
    person: PersonId,
) -> Result<PersonId, Problem> {
    let tenant = &principal.key.tenant;
    match people.get(&person) {
        Some(known) if tenant.is_some() && known.tenant != *tenant => {
            Err(Rejection::UnknownPerson(person).into())
        }
        _ => Ok(person),
    }
}
