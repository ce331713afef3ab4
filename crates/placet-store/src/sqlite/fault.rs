//! What SQLite's errors mean for a log.

use rusqlite::{Error, ErrorCode};

use crate::error::{CommitError, StoreError};

/// The error of a statement.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(super) fn fault(error: Error) -> StoreError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(text),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly(text),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(text),
        Some(
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch,
        ) => StoreError::Corrupt(text),
        Some(_) => StoreError::Io(text),
        // Not SQLite's own: a value of another type than its column should have.
        None => StoreError::Corrupt(text),
    }
}

/// The error of a commit.
///
/// A full disk and a lock that was not to be had stop a commit before its last frame is written,
/// and the transaction is rolled back. Any other failure may have come after that frame, or while
/// it was flushed: the transaction may be there at the next start, or not.
pub(super) fn commit_fault(error: Error) -> CommitError {
    match fault(error) {
        error @ (StoreError::Full(_) | StoreError::Busy(_) | StoreError::ReadOnly(_)) => {
            CommitError::NotCommitted(error)
        }
        error => CommitError::Unknown(error),
    }
}
