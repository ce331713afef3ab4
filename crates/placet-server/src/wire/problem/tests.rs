//! Who is told what of a failure.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use placet::GuardError;
use placet::store::{StoreError, SubmitError};

use super::{Cause, Problem};

fn disk() -> Arc<StoreError> {
    Arc::new(StoreError::Io("disk I/O error at /var/lib/placet/placet.db".to_owned()))
}

fn told(error: SubmitError) -> Problem {
    GuardError::Unrecorded(error).into()
}

#[test]
fn the_operator_learns_the_cause_and_who_asks_what_to_do() {
    let unknown = told(SubmitError::Unknown(disk()));
    assert!(unknown.detail().contains("may have been recorded"), "{unknown:?}");
    assert!(unknown.detail().contains("Idempotency-Key"), "{unknown:?}");
    let unrecorded = told(SubmitError::NotRecorded(disk()));
    assert!(unrecorded.detail().contains("nothing was recorded"), "{unrecorded:?}");
    for problem in [
        unknown,
        unrecorded,
        Problem::unreadable(GuardError::Log(StoreError::Io(
            "disk I/O error at /var/lib/placet/placet.db".to_owned(),
        ))),
    ] {
        assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = serde_json::to_string(&problem).expect("JSON");
        assert!(!body.contains("disk") && !body.contains("/var"), "{body}");
        let response = problem.into_response();
        let Some(Cause(cause)) = response.extensions().get() else { panic!("no cause") };
        assert!(cause.contains("disk I/O error"), "{cause}");
    }
}

#[test]
fn what_would_fail_again_is_not_put_off_until_later() {
    for (error, status) in [
        (SubmitError::TooLarge { bytes: 1 << 30 }, StatusCode::PAYLOAD_TOO_LARGE),
        (SubmitError::Unwritable("a number".to_owned()), StatusCode::UNPROCESSABLE_ENTITY),
        (SubmitError::NotErasable(3), StatusCode::CONFLICT),
    ] {
        assert_eq!(told(error).status(), status);
    }
}

#[test]
fn a_fault_of_the_daemon_is_none_of_its_stops() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let panicked = runtime.block_on(async {
        tokio::spawn(async { panic!("it has a bug") }).await.expect_err("it panics")
    });
    let ended = runtime.block_on(async {
        let task = tokio::spawn(std::future::pending::<()>());
        task.abort();
        task.await.expect_err("it was ended")
    });
    let fault = Problem::unfinished(&panicked);
    assert_eq!(fault.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!fault.detail().contains("stopping") && fault.cause.is_some());
    assert_eq!(Problem::unfinished(&ended), Problem::unavailable("the daemon is stopping"));
}
