//! Equivalent rules, given to a Rego engine.

use anyhow::{Context as _, Result};
use regorus::{Engine, Value};

use crate::sample::{self, Refund};

pub(super) struct Rego {
    engine: Engine,
    inputs: Vec<Value>,
}

impl Rego {
    pub(super) fn new(classes: usize, refunds: &[Refund]) -> Result<Self> {
        let mut engine = Engine::new();
        for (nth, rules) in sample::rego(classes).into_iter().enumerate() {
            engine.add_policy(format!("rules-{nth}.rego"), rules)?;
        }
        let inputs = refunds.iter().map(input).collect::<Result<_>>()?;
        Ok(Self { engine, inputs })
    }

    /// Whether a rule denies the refund with this number.
    pub(super) fn forbids(&mut self, nth: usize) -> Result<bool> {
        let input = super::nth_of(&self.inputs, nth).context("there is no input")?;
        self.engine.set_input(input.clone());
        let denied = self.engine.eval_rule("data.gate.deny".to_owned())?;
        Ok(!denied.as_set()?.is_empty())
    }
}

fn input(refund: &Refund) -> Result<Value> {
    let Refund { class, order, amount } = refund;
    let params = serde_json::json!({ "order": order, "amount": amount, "currency": "EUR" });
    let input = serde_json::json!({ "action": class, "agent": "support-bot", "params": params });
    Value::from_json_str(&input.to_string())
}
