//! How long a server may say nothing. It is given up when it is silent, and not because something takes
//! long.

use std::pin::pin;

use tokio::sync::Notify;

/// What is said of a server that was silent for too long.
pub(crate) const TOO_LATE: &str = "the server did not answer in time";

/// What a call ends with, if it ends before a silence does, which begins anew with whatever is said.
pub(crate) async fn before<T, S: Future<Output = ()>>(
    silence: impl Fn() -> S,
    said: &Notify,
    call: impl Future<Output = T>,
) -> Option<T> {
    let mut call = pin!(call);
    loop {
        tokio::select! {
            biased;
            ended = &mut call => return Some(ended),
            () = said.notified() => {}
            () = silence() => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_silence_begins_anew_with_whatever_is_said() {
        let (said, begun) = (Notify::new(), Cell::new(0));
        let silence = || {
            begun.set(begun.get() + 1);
            let is_long = begun.get() > 2;
            async move {
                if !is_long {
                    pending::<()>().await;
                }
            }
        };
        let talk = async {
            for _ in 0..2 {
                said.notify_one();
                tokio::task::yield_now().await;
            }
        };
        let (ended, ()) = tokio::join!(before(silence, &said, pending::<()>()), talk);
        assert_eq!(ended, None);
        assert_eq!(begun.get(), 3);
        assert_eq!(before(|| ready(()), &said, ready(7)).await, Some(7));
    }
}
