//! What a decision is made of: its stages one by one, on the same actions.

use anyhow::Result;
use placet::core::digest::{Digest, Domain};
use placet::core::json::{Json, Limits};
use placet::core::{Action, Pepper, RiskTier, decide};
use placet::policy::inspect::{self, Call};
use placet::policy::params::{ParamKind, ParamType};
use placet::policy::redact::Redactor;
use placet::policy::rules::{ClassSpec, RuleRequest, Rules};
use placet::{ClassName, Policy};

use super::{Gate, nth_of};
use crate::measure::{Contestant, Scale, in_turn, median, median_ns};
use crate::report::{Table, nanos, percent};
use crate::sample::{self, Refund};

/// So many classes that nothing is decided by their number.
const CLASSES: usize = 100;

pub(super) fn measure(scale: &Scale) -> Result<Table> {
    let gate = Gate::new(CLASSES, &Refund::several(CLASSES, false))?;
    let stages = Stages::new(&gate)?;
    let turn = scale.turn;
    let mut names = Vec::new();
    let mut contestants: Vec<Contestant<'_, f64>> = Vec::new();
    for (name, stage) in STAGES {
        names.push(name);
        let stages = &stages;
        contestants.push(Box::new(move || {
            Ok(median_ns(turn, |nth| nth_of(&stages.calls, nth).map(|call| stage(stages, call))))
        }));
    }
    let figures = in_turn(scale.rounds, &mut contestants)?;
    let medians: Vec<f64> = figures.iter().map(|figures| median(figures)).collect();
    let whole = medians.first().copied().unwrap_or(f64::NAN);
    let mut table = Table::new("of which", vec!["median".to_owned(), "share".to_owned()]);
    for (name, median) in names.into_iter().zip(medians) {
        table.row(name, vec![nanos(median), percent(median / whole)]);
    }
    Ok(table)
}

type Stage = fn(&Stages<'_>, &Prepared);

/// The first is the whole of it. Each of the others does its work alone, as far as it can be had
/// alone; what they leave is moving values about.
const STAGES: [(&str, Stage); 8] = [
    ("the whole decision", |stages, call| keep(stages.gate.decide(&call.action))),
    ("finding the class", |stages, call| {
        keep(stages.policy().class_of(call.action.tool.as_str()).map(|class| class.risk));
    }),
    ("inspecting the call", |_, call| keep(inspect::inspect(&call_of(&call.action)))),
    ("writing down what inspection saw", |_, call| {
        let text = serde_json::to_vec(&call.inspection).unwrap_or_default();
        keep(Json::parse_with(&text, &Limits::OWN).ok());
    }),
    ("evaluating rules", |stages, call| keep(stages.rules.evaluate(&request(call)))),
    ("replacing secrets", |stages, call| {
        keep(stages.redactor.freeze(&call.action, &[], stages.pepper()).into_json());
    }),
    ("canonical text, digest and tag", |stages, call| {
        let text = call.frozen.canonical();
        keep(Digest::of(Domain::Action, text.as_bytes()));
        let mut params = Vec::with_capacity(256);
        call.action.params.write_canonical(&mut params);
        keep(stages.pepper().tag(&Digest::of(Domain::Params, &params)));
    }),
    ("deciding", |stages, call| {
        keep(decide(&stages.gate.state, &call.assessment, sample::now()));
    }),
];

struct Stages<'a> {
    gate: &'a Gate,
    rules: Rules,
    redactor: Redactor,
    calls: Vec<Prepared>,
}

/// An action with what the stages before left of it.
struct Prepared {
    action: Action,
    inspection: inspect::Inspection,
    assessment: placet::core::Assessment,
    frozen: Json,
}

impl<'a> Stages<'a> {
    fn new(gate: &'a Gate) -> Result<Self> {
        let classes: Vec<ClassSpec> =
            gate.policy.terms().classes.keys().cloned().map(spec).collect();
        let text = sample::cedar(CLASSES);
        let rules = Rules::load(&[("rules.cedar", &text)], &classes)
            .map_err(|errors| anyhow::anyhow!("the rules have errors: {errors:?}"))?;
        let calls = gate.actions.iter().map(|action| Prepared::new(gate, action)).collect();
        Ok(Self { gate, rules, redactor: Redactor::default(), calls })
    }

    fn policy(&self) -> &Policy {
        &self.gate.policy
    }

    fn pepper(&self) -> &Pepper {
        &self.gate.pepper
    }
}

impl Prepared {
    fn new(gate: &Gate, action: &Action) -> Self {
        let assessed = gate.policy.assess(action, &gate.pepper);
        Self {
            action: action.clone(),
            inspection: inspect::inspect(&call_of(action)),
            assessment: assessed.assessment,
            frozen: assessed.payload.action,
        }
    }
}

fn spec(name: ClassName) -> ClassSpec {
    let kinds = [
        ("order", ParamKind::String),
        ("amount", ParamKind::Long),
        ("currency", ParamKind::String),
    ];
    let params = kinds.map(|(name, kind)| (name.to_owned(), ParamType { kind, optional: false }));
    ClassSpec { name, risk: RiskTier::ReversibleWrite, params: params.into() }
}

fn call_of(action: &Action) -> Call<'_> {
    Call { tool: action.tool.as_str(), params: &action.params, annotations: None }
}

fn request(call: &Prepared) -> RuleRequest<'_> {
    RuleRequest {
        tenant: call.action.tenant.as_str(),
        agent: call.action.agent.as_ref().map(|agent| agent.as_str()),
        session: None,
        user: None,
        build: None,
        tool: call.action.tool.as_str(),
        class: call.assessment.class.as_ref(),
        risk: Some(RiskTier::ReversibleWrite),
        value: None,
        effects: &[],
        params: &call.action.params,
    }
}

fn keep<T>(value: T) {
    std::hint::black_box(value);
}
