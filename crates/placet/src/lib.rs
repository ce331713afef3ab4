//! Decide what software that acts on its own may do, and keep a record that nobody can alter.
//!
//! ```
//! use placet::{Action, Config, Guard, Json, PolicyFile, PolicySource, Verdict};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = PolicyFile {
//!     name: "policy.toml".to_owned(),
//!     text: r#"
//!         version = 1
//!         [actions.get_order]
//!         risk = "read"
//!         [actions.issue_refund]
//!         risk = "reversible_write"
//!         value = "/amount"
//!         hard_cap = "1000"
//!     "#
//!     .to_owned(),
//! };
//! let guard = Guard::open(Config { policy: PolicySource::Files(vec![policy]), ..Config::default() })?;
//!
//! let refund = br#"{"tool": "issue_refund", "params": {"order": "o-1", "amount": "42.00"}}"#;
//! let refund = Action::from_json(Json::parse(refund)?)?;
//! let answer = guard.blocking().propose(&refund)?;
//! assert_eq!(answer.verdict, Verdict::RequireApproval);
//! assert_eq!(answer.findings[0].reason, "manual: a person approves every call");
//! # Ok(())
//! # }
//! ```
//!
//! A [`Guard`] holds a policy and a log. [`Guard::propose`] decides on an action and answers only
//! when the decision is durable; [`Guard::evaluate`] says what it would answer. Kill switches are
//! [tripped](Guard::trip), [evidence](Guard::report) earns a class more autonomy, the log can be
//! [followed](Guard::tail) and each decision has a [receipt](Log::receipt) that anyone can verify
//! offline.
//!
//! Records of your own that need a sign-off before they are approved, paid or published are made of
//! [`signoff`] and the derive macro [`SignoffGated`](derive@SignoffGated).

mod again;
mod answer;
mod approval;
pub mod ask;
mod blocking;
mod config;
mod error;
pub mod escape;
mod evidence;
mod followed;
mod guard;
mod history;
mod ids;
mod installed;
mod key;
mod keyring;
mod known;
mod log;
mod notice;
mod password;
mod pending;
mod person;
mod regular;
mod replay;
mod reply;
mod run;
mod standing;
mod standing_approval;
mod tail;
mod trouble;
mod waits;
mod warrant;
mod words;

pub use answer::Answer;
pub use approval::{Approver, Reply, Resolution};
pub use blocking::Blocking;
pub use config::{Config, LogPlace, PolicySource, read_policy};
pub use error::{GuardError, OpenError};
pub use evidence::Reported;
pub use followed::Followed;
pub use guard::{Change, Guard};
pub use history::Moment;
pub use installed::Replaced;
pub use key::{NewKey, SECRET_PREFIX, Secret, SecretError};
pub use known::Known;
pub use log::{Log, READ_TOGETHER};
pub use notice::Notice;
pub use password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, PasswordError};
pub use pending::Pending;
pub use person::{
    INVITE_PREFIX, INVITE_TIME, InviteToken, InviteTokenError, Invited, NewPerson, SESSION_TIME,
};
pub use regular::read_regular_file;
pub use replay::{
    ASSUMPTIONS, Example, LeftOut, MAX_REPLAYED, REPLAYED, Replayed, Replaying, VerdictChange,
};
pub use reply::ReplyError;
pub use run::{OnReview, Permit, RunError, RunOptions, Running, Warrant};
pub use standing::{Standing, standings, standings_after};
pub use standing_approval::{Reach, StandingApproval};
pub use tail::{Tail, TailError};
pub use trouble::Trouble;
pub use warrant::{RedeemError, Shown, Spent};

pub use placet_core::autonomy::{Evidence, LedgerKey};
pub use placet_core::event::PolicyFile;
pub use placet_core::json::Object;
pub use placet_core::log::{Receipt, Verifier};
pub use placet_core::signoff::{self, SignoffGated};
pub use placet_core::{
    Action, ActionId, AgentId, Amount, ApiKey, ApiKeys, ApprovalId, AutonomyState, BuildId, Caller,
    CheckName, ClassName, Digest, Entry, Event, Finding, GroupName, Json, KeyId, KeyName, KeyScope,
    KillSwitch, Mode, Outcome, People, Person, PersonId, Refusal, Rejection, RiskTier, Scope,
    SessionId, SourceName, StandingApprovalId, Target, TenantId, Timestamp, ToolName, Verdict,
};
pub use placet_derive::SignoffGated;
pub use placet_policy::{Diagnostic, Diagnostics, Policy};
pub use placet_store::projection::Status;
pub use placet_store::sequencer::Pulse;

/// The meaning of all this: the pure crate that decides.
pub use placet_core as core;
/// Policies: files, rules, inspection, redaction.
pub use placet_policy as policy;
/// The log on disk: opening, verifying, exporting and proving.
pub use placet_store as store;

/// The page about sign-off gated records compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/signoff.md")]
struct Page;
