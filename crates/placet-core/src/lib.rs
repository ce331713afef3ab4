//! The meaning of Placet: what an action is, how it is decided, and what the log proves.
//!
//! A support agent wants to refund 42 dollars. The call becomes an [`Action`]; `placet-policy`
//! freezes it and works out what can be known without looking at any state, an [`Assessment`];
//! [`handle()`] judges it at the tip of the log and names the facts that follow; once they are
//! durable, [`State::apply`] takes them in. Nothing else decides anything.
//!
//! This crate has no clock, no I/O, no randomness and no global state. Time and random bytes are
//! arguments, so every decision can be made again from the log, and [`audit()`] does just that.

pub mod action;
pub mod amount;
pub mod api_key;
pub mod approval;
pub mod assessment;
pub mod audit;
pub mod autonomy;
pub mod budget;
mod bytes32;
pub mod caller;
mod check;
pub mod class;
pub mod command;
pub mod decide;
pub mod digest;
mod ed25519;
pub mod erasure;
pub mod event;
pub mod execution;
pub mod handle;
pub mod id;
pub mod json;
pub mod ledgers;
pub mod limits;
pub mod log;
pub mod mode;
pub mod name;
mod pairs;
pub mod person;
mod quote;
pub mod replay;
pub mod signoff;
pub mod standing_approval;
pub mod state;
pub mod switch;
mod table;
pub mod terms;
mod text;
pub mod time;
pub mod verdict;
pub mod warrant;
pub mod warrant_keys;

pub use action::Action;
pub use amount::{Amount, Currency};
pub use api_key::{ApiKey, ApiKeys, KeyScope};
pub use approval::Approver;
pub use assessment::Assessment;
pub use audit::audit;
pub use caller::{Caller, Origin, Request, RequestTag};
pub use class::{ActionClass, ApprovalTerms, AutonomyState, RiskTier};
pub use command::{Command, Mismatch, Rejection};
pub use decide::{Decision, decide, decide_by};
pub use digest::{ActionTag, Digest, ParamTag, Pepper, PersonTag};
pub use event::{Entry, Event, Fact, Kept, Payload};
pub use execution::{Outcome, Refusal};
pub use handle::{handle, handle_as, redeemable_until};
pub use id::{ActionId, ApprovalId, KeyId, StandingApprovalId, WarrantId};
pub use json::Json;
pub use mode::Mode;
pub use name::{
    AgentId, BudgetName, BuildId, ClassName, GroupName, KeyName, PersonId, SessionId, SourceName,
    TenantId, ToolName,
};
pub use person::{People, Person};
pub use standing_approval::StandingApproval;
pub use state::State;
pub use switch::{KillSwitch, Scope, Switches, Target};
pub use table::Table;
pub use terms::Terms;
pub use time::Timestamp;
pub use verdict::{CheckName, Finding, Verdict};
pub use warrant_keys::WarrantKeys;
