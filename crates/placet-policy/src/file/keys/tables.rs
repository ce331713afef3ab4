//! The tables themselves: one entry for each key, in the words that users read.

use std::time::Duration;

use placet_core::limits::{MAX_APPROVAL_DEADLINE, MAX_OUTCOME_TIME, MAX_SOURCES, MAX_WARRANT_TIME};

use super::kind::{Key, Kind, Section, Word};
use crate::limits::{
    MAX_BUDGET_COUNT, MAX_BUDGET_WINDOW, MAX_CLASSES, MAX_COOL_DOWN, MAX_EVIDENCE_WINDOW, MAX_LIST,
    MAX_QUORUM, MAX_STATEMENT_LENGTH, MIN_APPROVAL_DEADLINE, MIN_BUDGET_WINDOW, MIN_OUTCOME_TIME,
    MIN_WARRANT_TIME,
};

/// The file as a whole.
pub static POLICY: Section = Section {
    name: "policy",
    doc: "What software may do by itself, what people decide, and what never happens.",
    keys: &[
        Key {
            name: "version",
            kind: Kind::Version,
            required: true,
            default: "",
            example: "1",
            doc: "The version of this format.",
        },
        Key {
            name: "mode",
            kind: Kind::Word(&[
                Word { text: "shadow", doc: "decide and record, never stop anyone" },
                Word { text: "sample", doc: "enforce for a stable share of the traffic" },
                Word { text: "enforce", doc: "decide, record, and hold the caller to it" },
            ]),
            required: false,
            default: "\"enforce\"",
            example: "\"shadow\"",
            doc: "Whether decisions bind the caller.",
        },
        Key {
            name: "sample",
            kind: Kind::Share(4),
            required: false,
            default: "nothing; required with mode = \"sample\"",
            example: "0.25",
            doc: "The share of the traffic that mode \"sample\" enforces.",
        },
        Key {
            name: "unclassified",
            kind: Kind::Word(&[
                Word { text: "require_approval", doc: "a person decides" },
                Word { text: "block", doc: "it does not run" },
                Word {
                    text: "inspect",
                    doc: "what is proved to be only a read runs; a person decides on the rest",
                },
            ]),
            required: false,
            default: "\"require_approval\"",
            example: "\"inspect\"",
            doc: "What happens to a tool that no action class covers.",
        },
        Key {
            name: "defaults",
            kind: Kind::Word(&[
                Word { text: "strict", doc: "what is not said is not permitted" },
                Word {
                    text: "permissive",
                    doc: "a missing value passes, and no auto_cap means no limit",
                },
            ]),
            required: false,
            default: "\"strict\"",
            example: "\"strict\"",
            doc: "What holds where the policy is silent.",
        },
        Key {
            name: "kill_switch",
            kind: Kind::Word(&[
                Word { text: "block", doc: "nothing runs" },
                Word { text: "require_approval", doc: "a person decides" },
            ]),
            required: false,
            default: "\"block\"",
            example: "\"block\"",
            doc: "What a tripped kill switch does to the actions it covers.",
        },
        Key {
            name: "cool_down",
            kind: Kind::Duration(Duration::ZERO, MAX_COOL_DOWN),
            required: false,
            default: "\"15m\"",
            example: "\"15m\"",
            doc: "How long the same call stays denied after a person has denied it.",
        },
        Key {
            name: "warrant_lifetime",
            kind: Kind::Duration(MIN_WARRANT_TIME, MAX_WARRANT_TIME),
            required: false,
            default: "\"5m\"",
            example: "\"5m\"",
            doc: "How long a warrant may be redeemed.",
        },
        Key {
            name: "outcome_within",
            kind: Kind::Duration(MIN_OUTCOME_TIME, MAX_OUTCOME_TIME),
            required: false,
            default: "\"15m\"",
            example: "\"15m\"",
            doc: "How long after its warrant was spent an action's outcome may stay unknown.",
        },
        Key {
            name: "on_review",
            kind: Kind::Word(&[
                Word { text: "binding", doc: "what waits for people waits" },
                Word { text: "fail_open", doc: "it may run without waiting" },
                Word { text: "shadow", doc: "nothing needs to be stopped there" },
            ]),
            required: false,
            default: "\"binding\"",
            example: "\"binding\"",
            doc: "The laxest treatment that a program may ask for where it calls the guard.",
        },
        Key {
            name: "actions",
            kind: Kind::Named(&ACTION),
            required: false,
            default: "no classes",
            example: "{ issue_refund = { risk = \"reversible_write\" } }",
            doc: "The action classes, each under a tool's name or a pattern with *.",
        },
        Key {
            name: "budgets",
            kind: Kind::Tables(&BUDGET),
            required: false,
            default: "no budgets",
            example: "[{ window = \"24h\", count = 100 }]",
            doc: "Limits on how much may run within a sliding window.",
        },
        Key {
            name: "graduation",
            kind: Kind::Table(&GRADUATION),
            required: false,
            default: "nothing earns autonomy",
            example: "{ supervised = { pass_rate = 0.95, min_samples = 50 } }",
            doc: "What evidence it takes to earn autonomy.",
        },
    ],
};

/// An action class.
pub static ACTION: Section = Section {
    name: "action",
    doc: "What may happen with one tool, or with every tool that a pattern matches.",
    keys: &[
        Key {
            name: "risk",
            kind: Kind::Word(&[
                Word { text: "read", doc: "changes nothing" },
                Word { text: "reversible_write", doc: "changes something that can be put back" },
                Word { text: "consequential", doc: "cannot be taken back" },
            ]),
            required: true,
            default: "",
            example: "\"reversible_write\"",
            doc: "How much harm a call can do.",
        },
        Key {
            name: "value",
            kind: Kind::Pointer,
            required: false,
            default: "the value that the caller claims",
            example: "\"/amount\"",
            doc: "The param that says what a call is worth. Then nothing else can say it.",
        },
        Key {
            name: "currency",
            kind: Kind::Pointer,
            required: false,
            default: "no currency",
            example: "\"/currency\"",
            doc: "The param that names the currency of the value.",
        },
        Key {
            name: "currencies",
            kind: Kind::List(&Kind::Currency, 1, MAX_LIST),
            required: false,
            default: "any",
            example: "[\"USD\"]",
            doc: "The currencies that the caps are meant for; a call in any other is blocked.",
        },
        Key {
            name: "auto_cap",
            kind: Kind::Amount,
            required: false,
            default: "no call runs by itself while the class is supervised",
            example: "\"100\"",
            doc: "The most that runs by itself while the class is supervised.",
        },
        Key {
            name: "hard_cap",
            kind: Kind::Amount,
            required: false,
            default: "no limit; a consequential class then always needs an approval",
            example: "\"1000\"",
            doc: "The most that ever runs, even with an approval.",
        },
        Key {
            name: "max_state",
            kind: Kind::Word(&[
                Word { text: "manual", doc: "a person approves every call" },
                Word { text: "supervised", doc: "calls at or below auto_cap run by themselves" },
                Word { text: "autonomous", doc: "calls run by themselves, up to hard_cap" },
            ]),
            required: false,
            default: "\"autonomous\"",
            example: "\"supervised\"",
            doc: "The highest state that the class can earn.",
        },
        Key {
            name: "approval",
            kind: Kind::Table(&APPROVAL),
            required: false,
            default: "one person, within 15 minutes",
            example: "{ quorum = 1, groups = [\"finance\"], deadline = \"15m\" }",
            doc: "What it takes to approve a held call.",
        },
        Key {
            name: "aliases",
            kind: Kind::List(&Kind::Name, 0, MAX_CLASSES),
            required: false,
            default: "none",
            example: "[\"payments.refund\"]",
            doc: "Other tools, by their whole names, that fall into the class.",
        },
        Key {
            name: "secret",
            kind: Kind::List(&Kind::Pointer, 0, MAX_LIST),
            required: false,
            default: "what the detectors find",
            example: "[\"/card/number\"]",
            doc: "Params that are redacted before anything is stored or shown.",
        },
        Key {
            name: "params",
            kind: Kind::Params,
            required: false,
            default: "rules cannot read the params",
            example: "{ amount = \"decimal\", note = \"string?\" }",
            doc: "The params that rules may read, with their types; ? marks one that may be missing.",
        },
    ],
};

/// The types of params that rules can read.
pub static PARAM_TYPES: &[Word] = &[
    Word { text: "string", doc: "a text" },
    Word { text: "long", doc: "a whole number" },
    Word { text: "boolean", doc: "true or false" },
    Word { text: "decimal", doc: "a number with a decimal point, as a number or a text" },
    Word { text: "strings", doc: "a list of texts, taken as a set" },
];

/// What it takes to approve a held call.
pub static APPROVAL: Section = Section {
    name: "approval",
    doc: "What it takes to approve a held call.",
    keys: &[
        Key {
            name: "quorum",
            kind: Kind::Whole(1, MAX_QUORUM),
            required: false,
            default: "1",
            example: "2",
            doc: "How many different people must sign off.",
        },
        Key {
            name: "groups",
            kind: Kind::List(&Kind::Name, 1, MAX_LIST),
            required: false,
            default: "anyone who may approve",
            example: "[\"finance\"]",
            doc: "Groups of which each approver must be in one.",
        },
        Key {
            name: "deadline",
            kind: Kind::Duration(MIN_APPROVAL_DEADLINE, MAX_APPROVAL_DEADLINE),
            required: false,
            default: "\"15m\"",
            example: "\"15m\"",
            doc: "How long the approval stays open. At the deadline the answer is no.",
        },
        Key {
            name: "fields",
            kind: Kind::List(&Kind::Name, 0, MAX_LIST),
            required: false,
            default: "[\"verbatim_response\", \"responsible_owner\"]",
            example: "[\"verbatim_response\"]",
            doc: "What each approver must write.",
        },
        Key {
            name: "least_length",
            kind: Kind::Whole(0, MAX_STATEMENT_LENGTH),
            required: false,
            default: "50",
            example: "20",
            doc: "The least length of each field, in characters after trimming.",
        },
    ],
};

/// A budget.
pub static BUDGET: Section = Section {
    name: "budget",
    doc: "A limit on how many calls, or calls of what worth, may run within a sliding window.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Name,
            required: false,
            default: "budget-1, budget-2 and so on by place",
            example: "\"refunds\"",
            doc: "Under this name its windows outlive a change of the policy.",
        },
        Key {
            name: "actions",
            kind: Kind::List(&Kind::Name, 1, MAX_CLASSES),
            required: false,
            default: "every call, of a class or not",
            example: "[\"issue_refund\"]",
            doc: "The keys of the action classes that draw on it.",
        },
        Key {
            name: "per",
            kind: Kind::Word(&[
                Word { text: "tenant", doc: "each tenant" },
                Word { text: "agent", doc: "each agent of a tenant" },
                Word { text: "class", doc: "each action class of a tenant" },
            ]),
            required: false,
            default: "\"agent\"",
            example: "\"agent\"",
            doc: "Who has a window of their own.",
        },
        Key {
            name: "window",
            kind: Kind::Duration(MIN_BUDGET_WINDOW, MAX_BUDGET_WINDOW),
            required: true,
            default: "",
            example: "\"24h\"",
            doc: "How far back it looks.",
        },
        Key {
            name: "count",
            kind: Kind::Whole(1, MAX_BUDGET_COUNT),
            required: false,
            default: "any number; count or value must be there",
            example: "100",
            doc: "The most calls in a window.",
        },
        Key {
            name: "value",
            kind: Kind::Amount,
            required: false,
            default: "any value; count or value must be there",
            example: "\"5000\"",
            doc: "The highest sum of values in a window, for each currency by itself.",
        },
        Key {
            name: "over",
            kind: Kind::Word(&[
                Word { text: "require_approval", doc: "a person decides" },
                Word { text: "block", doc: "it does not run" },
            ]),
            required: false,
            default: "\"require_approval\"",
            example: "\"block\"",
            doc: "What happens to a call that would exceed it.",
        },
    ],
};

/// What it takes to earn autonomy.
pub static GRADUATION: Section = Section {
    name: "graduation",
    doc: "What evidence it takes to earn autonomy, and to keep it.",
    keys: &[
        Key {
            name: "window",
            kind: Kind::Whole(1, MAX_EVIDENCE_WINDOW),
            required: false,
            default: "1000",
            example: "1000",
            doc: "How many of its latest samples a source remembers.",
        },
        Key {
            name: "sources",
            kind: Kind::List(&Kind::Name, 0, MAX_SOURCES),
            required: false,
            default: "any source",
            example: "[\"outcomes\", \"nightly-evals\"]",
            doc: "The sources that must have reported, and the only ones that may.",
        },
        Key {
            name: "ratification_quorum",
            kind: Kind::Whole(1, MAX_QUORUM),
            required: false,
            default: "1",
            example: "2",
            doc: "How many people must ratify autonomy of a consequential class.",
        },
        Key {
            name: "supervised",
            kind: Kind::Table(&THRESHOLDS),
            required: false,
            default: "no class gets beyond manual",
            example: "{ pass_rate = 0.95, min_samples = 50 }",
            doc: "What every source must show for \"supervised\".",
        },
        Key {
            name: "autonomous",
            kind: Kind::Table(&THRESHOLDS),
            required: false,
            default: "no class gets beyond supervised",
            example: "{ pass_rate = 0.99, min_samples = 500 }",
            doc: "What every source must show for \"autonomous\".",
        },
    ],
};

/// What every source must show for a state.
pub static THRESHOLDS: Section = Section {
    name: "thresholds",
    doc: "What every source must show for a state.",
    keys: &[
        Key {
            name: "pass_rate",
            kind: Kind::Share(6),
            required: true,
            default: "",
            example: "0.95",
            doc: "The least share of passed samples in ordinary sources.",
        },
        Key {
            name: "adversarial_pass_rate",
            kind: Kind::Share(6),
            required: false,
            default: "0 for supervised; for autonomous, what supervised takes",
            example: "0.9",
            doc: "The least share of passed samples in adversarial sources. Above 0, one must exist.",
        },
        Key {
            name: "min_samples",
            kind: Kind::Whole(1, MAX_EVIDENCE_WINDOW),
            required: true,
            default: "",
            example: "50",
            doc: "The least number of samples from each source; no more than the window holds.",
        },
    ],
};
