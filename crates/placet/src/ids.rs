//! Fresh identifiers: UUIDs of version 7, from the log's own clock and random source.

use std::sync::Arc;

use placet_store::{Environment, StoreError, SubmitError};
use uuid::{Builder, Uuid};

use crate::error::GuardError;

/// An identifier that has never been handed out.
pub(crate) fn fresh(environment: &dyn Environment) -> Result<Uuid, GuardError> {
    let mut random = [0_u8; 10];
    fill(environment, &mut random)?;
    let millis = u64::try_from(environment.now().as_millis()).unwrap_or(0);
    Ok(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// Random bytes, without which nothing is recorded.
pub(crate) fn fill(environment: &dyn Environment, bytes: &mut [u8]) -> Result<(), GuardError> {
    environment.fill(bytes).map_err(|error| {
        GuardError::Unrecorded(SubmitError::NotRecorded(Arc::new(StoreError::Randomness(error))))
    })
}
