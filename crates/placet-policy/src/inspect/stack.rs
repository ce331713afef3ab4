//! Room for parsers that recurse.
//!
//! What a caller's thread has left of its stack is not ours to know, and running out of it ends the
//! process: an agent could stop the gate with one call. The limits on nesting are chosen so that
//! the parsers fit a stack of this size in any build, so they are given one.

/// Stack that the deepest text within the limits may need. An unoptimised build of the SQL parser
/// takes about 65 KiB for each level of statements or joins.
const NEEDED_BYTES: usize = 12 * 1024 * 1024;

/// Stack to run on when less than that is left.
const ROOMY_BYTES: usize = 16 * 1024 * 1024;

/// Runs `parse` with enough stack for a text within the limits.
pub(super) fn with_room<T>(parse: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(NEEDED_BYTES, ROOMY_BYTES, parse)
}
