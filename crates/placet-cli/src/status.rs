//! Exit statuses, the same for every command.

/// How the command ended, for whoever scripts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// All went well.
    Ok,
    /// The command did its work and found something: a line that cannot be read, an error in a
    /// policy, a log that does not verify, a verdict named by `--fail-on`.
    Found,
    /// The arguments make no sense, and nothing was done.
    Usage,
    /// A hook stops a call: every coding agent takes this number for that, and no other.
    Stopped,
    /// The log or a file cannot be used.
    Unusable,
}

impl Status {
    /// The number for the shell.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Found => 1,
            Self::Usage | Self::Stopped => 2,
            Self::Unusable => 3,
        }
    }

    /// The graver of two.
    pub(crate) fn and(self, other: Self) -> Self {
        if self.code() >= other.code() { self } else { other }
    }
}
