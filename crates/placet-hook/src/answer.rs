//! What a client is answered, before it is put into its words.

use placet::Object;

/// What a client is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// As far as we are concerned the call may go on.
    Go,
    /// It may go on with these params, which a person put in the place of its own.
    GoWith(Object),
    /// It must not go on, for this reason.
    Stop(String),
    /// The session may end here and be resumed when people have answered.
    Park(String),
    /// It was no call, and there is nothing to say.
    Heard,
}
