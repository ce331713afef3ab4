//! The whole way of a held action: proposed, approved, redeemed, reported.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use placet::{
    Action, ActionId, Approver, Config, Guard, Json, LogPlace, Outcome, PolicyFile, PolicySource,
    Reply, Resolution, Status, Verdict,
};
use tokio::runtime::{Builder, Runtime};

use crate::measure::float;

const POLICY: &str = "\
version = 1
mode = \"enforce\"
[actions.issue_refund]
risk = \"reversible_write\"
value = \"/amount\"
hard_cap = \"1000\"
approval = { deadline = \"1h\" }
";

/// Names of agents that propose in turn: one agent may have so many open approvals and no more.
const AGENTS: usize = 40;

/// Where actions are held and answered.
pub(super) struct Office {
    pub(super) guard: Guard,
    runtime: Runtime,
}

impl Office {
    pub(super) fn open(log: &Path) -> Result<Self> {
        let file = PolicyFile { name: "policy.toml".to_owned(), text: POLICY.to_owned() };
        let policy = PolicySource::Files(vec![file]);
        let guard = Guard::open(Config { policy, log: LogPlace::File(log.to_owned()) })?;
        let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
        Ok(Self { guard, runtime })
    }

    /// Holds one refund.
    pub(super) async fn hold(&self, number: usize) -> Result<ActionId> {
        hold(&self.guard, number).await
    }

    /// Holds so many, some at a time.
    pub(super) async fn hold_many(&self, count: usize, at_a_time: usize) -> Result<Vec<ActionId>> {
        let mut held = Vec::with_capacity(count);
        let numbers: Vec<usize> = (1..=count).collect();
        for chunk in numbers.chunks(at_a_time) {
            let one = |number: &usize| {
                let (guard, number) = (self.guard.clone(), *number);
                tokio::spawn(async move { hold(&guard, number).await })
            };
            let tasks: Vec<_> = chunk.iter().map(one).collect();
            for task in tasks {
                held.push(task.await??);
            }
        }
        Ok(held)
    }

    /// How often a second the whole way is gone by so many at a time.
    pub(super) fn run_for(&self, callers: usize, turn: Duration) -> Result<f64> {
        let begin = Instant::now();
        let caller = |nth: usize| {
            let guard = self.guard.clone();
            self.runtime.spawn(async move {
                let mut done = 0;
                while begin.elapsed() < turn {
                    whole(&guard, nth).await?;
                    done += 1;
                }
                Ok::<usize, anyhow::Error>(done)
            })
        };
        let callers: Vec<_> = (0..callers).map(caller).collect();
        let mut done = 0;
        for caller in callers {
            done += self.runtime.block_on(caller)??;
        }
        Ok(float(done) / begin.elapsed().as_secs_f64())
    }
}

fn refund(number: usize) -> Result<Action> {
    let agent = number % AGENTS;
    let text = format!(
        r#"{{"tool": "issue_refund", "agent": "bot-{agent}",
            "params": {{"order": "o-{number:06}", "amount": 42, "currency": "EUR"}},
            "reason": "The parcel arrived damaged, and the customer sent a photograph of it."}}"#
    );
    Ok(Action::from_json(Json::parse(text.as_bytes())?)?)
}

async fn hold(guard: &Guard, number: usize) -> Result<ActionId> {
    let answer = guard.propose(&refund(number)?).await?;
    ensure!(answer.verdict == Verdict::RequireApproval, "a refund was not held");
    answer.id.context("it has an id")
}

/// Signs off on a held action.
pub(super) async fn approve(guard: &Guard, action: ActionId) -> Result<()> {
    let statement = [
        ("verbatim_response", "I read the ticket, and saw the photograph of the broken parcel."),
        ("responsible_owner", "finance"),
    ];
    let statement = statement.map(|(field, text)| (field.to_owned(), text.to_owned())).into();
    let by = Approver { person: "ann".parse()?, groups: [].into() };
    let resolution = guard.resolve(action.approval(), &by, Reply::Approve { statement }).await?;
    ensure!(resolution == Resolution::Resolved(Status::Approved), "it was not approved");
    Ok(())
}

async fn whole(guard: &Guard, number: usize) -> Result<()> {
    let action = hold(guard, number).await?;
    approve(guard, action).await?;
    let found = guard.settled(action).await?.context("the action is in the log")?;
    let token = guard.warrant_of(&found).context("it has a warrant")?;
    let of: Arc<Action> = Arc::new(refund(number)?);
    guard.redeem(&token, None, &of.tool, &of.params).await?;
    guard.conclude(action, Outcome::Succeeded, "").await?;
    Ok(())
}
