//! The classes and calls that the tests of rules share.
#![allow(dead_code, reason = "each test uses some of it")]

use std::collections::BTreeMap;

use placet_core::assessment::{Money, RuleHit};
use placet_core::json::Object;
use placet_core::{ClassName, Json, RiskTier};
use placet_policy::params::ParamType;
use placet_policy::rules::{ClassSpec, RuleRequest, Rules, Ruling};

/// A class with params written as `name: type`.
pub(crate) fn class(name: &str, risk: RiskTier, params: &[(&str, &str)]) -> ClassSpec {
    let params =
        params.iter().map(|(name, kind)| ((*name).to_owned(), ParamType::parse(kind).unwrap()));
    ClassSpec {
        name: ClassName::new(name).unwrap(),
        risk,
        params: params.collect::<BTreeMap<_, _>>(),
    }
}

/// A support desk.
pub(crate) fn classes() -> Vec<ClassSpec> {
    use RiskTier::{Consequential, Read, ReversibleWrite};
    vec![
        class(
            "issue_refund",
            ReversibleWrite,
            &[
                ("amount", "long"),
                ("note", "string?"),
                ("price", "decimal?"),
                ("tags", "strings?"),
                ("urgent", "boolean?"),
            ],
        ),
        class("issue_credit", ReversibleWrite, &[("amount", "long")]),
        class("lookup_order", Read, &[("order", "string")]),
        class("delete_account", Consequential, &[]),
        class("mcp__crm__*", Consequential, &[("price", "decimal"), ("odd name", "string?")]),
    ]
}

/// A rule called `r` that asks for an approval.
pub(crate) fn rule(action: &str, condition: &str) -> String {
    named_rule("r", action, condition)
}

pub(crate) fn named_rule(id: &str, action: &str, condition: &str) -> String {
    format!(
        "@id(\"{id}\") @verdict(\"require_approval\") @reason(\"because\")\n\
         forbid(principal, {action}, resource)\n{condition};\n"
    )
}

pub(crate) fn load(text: &str) -> Rules {
    Rules::load(&[("test.cedar", text)], &classes()).unwrap_or_else(|errors| {
        panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) class: Option<ClassName>,
    pub(crate) tool: String,
    pub(crate) tenant: String,
    pub(crate) agent: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) build: Option<String>,
    pub(crate) risk: Option<RiskTier>,
    pub(crate) value: Option<Money>,
    pub(crate) effects: Vec<String>,
    pub(crate) params: Object,
}

impl Call {
    pub(crate) fn of(class: &str) -> Self {
        let risk = classes().into_iter().find(|spec| spec.name.as_str() == class).unwrap().risk;
        Self {
            class: Some(ClassName::new(class).unwrap()),
            risk: Some(risk),
            ..Self::unclassified(class)
        }
    }

    pub(crate) fn unclassified(tool: &str) -> Self {
        Self {
            class: None,
            tool: tool.to_owned(),
            tenant: "acme".to_owned(),
            agent: Some("helpdesk".to_owned()),
            user: None,
            session: None,
            build: None,
            risk: None,
            value: None,
            effects: Vec::new(),
            params: Object::new(),
        }
    }

    pub(crate) fn params(mut self, json: &str) -> Self {
        let Json::Object(params) = Json::parse(json.as_bytes()).unwrap() else { panic!("{json}") };
        self.params = params;
        self
    }

    pub(crate) fn value(mut self, amount: &str, currency: Option<&str>) -> Self {
        let currency = currency.map(|code| code.parse().unwrap());
        self.value = Some(Money { amount: amount.parse().unwrap(), currency });
        self
    }

    pub(crate) fn evaluate(&self, rules: &Rules) -> Ruling {
        let effects: Vec<_> = self.effects.iter().map(String::as_str).collect();
        rules.evaluate(&RuleRequest {
            tenant: &self.tenant,
            agent: self.agent.as_deref(),
            session: self.session.as_deref(),
            user: self.user.as_deref(),
            build: self.build.as_deref(),
            tool: &self.tool,
            class: self.class.as_ref(),
            risk: self.risk,
            value: self.value.as_ref(),
            effects: &effects,
            params: &self.params,
        })
    }

    /// The ids of the rules that hit.
    pub(crate) fn hits(&self, rules: &Rules) -> Vec<String> {
        self.evaluate(rules).hits.into_iter().map(|hit: RuleHit| hit.rule).collect()
    }
}
