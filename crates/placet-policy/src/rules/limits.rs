//! Limits on rules, each with its reason.

/// Longest file of rules, in bytes: ten thousand rules of the usual length fit four times over.
pub const MAX_RULES_FILE_BYTES: usize = 8 * 1024 * 1024;

/// Most rules in one policy. Loading takes seconds at this number, and nobody reviews more.
pub const MAX_RULES: usize = 20_000;

/// Longest rule, in bytes: a page of names in a set, and a paragraph of conditions.
pub const MAX_RULE_BYTES: usize = 64 * 1024;

/// Most operators, brackets and dots in one rule. A chain of operators is read as deeply nested, so
/// this bounds the stack that it takes to check and evaluate one.
pub const MAX_RULE_OPERATORS: usize = 256;

/// How deeply brackets and `if`s can be nested in one rule, its own braces included. Each level is
/// a dozen calls of Cedar's parser.
pub const MAX_RULE_NESTING: usize = 32;

/// The stack on which rules are read and checked, in bytes. In a build without optimisation Cedar
/// takes up to 48 KiB for each operator of a chain, and its type checker passes what it has no
/// stack left to check.
pub(super) const LOADING_STACK_BYTES: usize = 32 * 1024 * 1024;

// Twice what the longest chain can take.
const _: () = assert!(MAX_RULE_OPERATORS * 48 * 1024 * 2 <= LOADING_STACK_BYTES);

/// Longest `@id`, in bytes: it stands before every reason that a person reads.
pub const MAX_RULE_ID_BYTES: usize = 128;

/// Most errors that are reported at once: a person mends the first few and tries again.
pub const MAX_RULE_ERRORS: usize = 50;

/// How many actions share a schema while rules are checked. Each rule is checked against every
/// action of its schema, so a large one costs time for each rule and a small one for each schema.
pub(super) const ACTIONS_PER_SCHEMA: usize = 16;
