//! From an action to what is known of it: the step before the sequencer.
//!
//! Everything that is costly and needs no state happens here, once, on the caller's thread: the
//! class is found, the call inspected, the rules evaluated, secrets replaced, and the result frozen
//! under its digest. What comes out are facts; `placet-core` judges them.

use placet_core::assessment::{Assessment, InputFault, Inspected, Subject};
use placet_core::digest::{Digest, Domain};
use placet_core::event::ActionPayload;
use placet_core::json::{Json, Object};
use placet_core::mode::Bucket;
use placet_core::{
    Action, ActionClass, ActionTag, AgentId, BuildId, Mode, Pepper, PersonId, SessionId,
};

use crate::inspect::{self, Call, Effect, Inspection};
use crate::rules::{RuleRequest, Ruling};
use crate::{Policy, limits, value};

/// An action, frozen, with what is known of it.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The facts that the decision rests on.
    pub assessment: Assessment,
    /// The frozen action, which is kept beside the log's leaf.
    pub payload: ActionPayload,
}

impl Policy {
    /// Freezes an action and works out what can be known of it without looking at any state.
    ///
    /// The pepper is the log's: it keys the tag, the placeholders of secrets and the sampling.
    #[must_use]
    pub fn assess(&self, action: &Action, pepper: &Pepper) -> Assessed {
        let class = self.class_of(action.tool.as_str());
        let inspection = inspect::inspect(&Call::new(action.tool.as_str(), &action.params));
        let value = value::read(action, class);
        let ruled = self.rule(action, class, &value, &inspection);
        let mut faults = params_faults(&action.params);
        if ruled.param_fault {
            faults.push(InputFault::ParamType);
        }
        let subject = Subject {
            tenant: action.tenant.clone(),
            agent: action.agent.clone(),
            build: action.build.clone(),
            tool: action.tool.clone(),
        };
        let assessment = Assessment {
            policy: self.terms().policy,
            class: class.map(|class| class.name.clone()),
            tag: call_tag(action, pepper),
            value,
            faults,
            inspected: inspected(&inspection, class),
            rules: ruled.hits,
            bucket: self.bucket(action, class, pepper),
            enforce: action.enforce,
            subject,
        };
        let secret = class.map_or(&[][..], |class| &class.secret);
        let action = self.redactor().freeze(action, secret, pepper).into_json();
        let digest = Digest::of(Domain::Action, action.canonical().as_bytes());
        Assessed { assessment, payload: ActionPayload { digest, action, evidence: inspection.to_json() } }
    }

    fn rule(
        &self,
        action: &Action,
        class: Option<&ActionClass>,
        value: &placet_core::assessment::Value,
        inspection: &Inspection,
    ) -> Ruling {
        let effects: Vec<_> = inspection.effects().iter().map(Effect::as_str).collect();
        self.rules().evaluate(&RuleRequest {
            tenant: action.tenant.as_str(),
            agent: action.agent.as_ref().map(AgentId::as_str),
            session: action.session.as_ref().map(SessionId::as_str),
            user: action.user.as_ref().map(PersonId::as_str),
            build: action.build.as_ref().map(BuildId::as_str),
            tool: action.tool.as_str(),
            class: class.map(|class| &class.name),
            risk: class.map(|class| class.risk),
            value: value.money(),
            effects: &effects,
            params: &action.params,
        })
    }

    /// Where the caller falls when a share is sampled: by session, else by agent.
    fn bucket(&self, action: &Action, class: Option<&ActionClass>, pepper: &Pepper) -> Bucket {
        if self.terms().mode != Mode::Sample {
            return Bucket::default();
        }
        let who = match (&action.session, &action.agent) {
            (Some(session), _) => ("session", session.as_str()),
            (None, Some(agent)) => ("agent", agent.as_str()),
            (None, None) => ("nobody", ""),
        };
        let class = class.map_or(action.tool.as_str(), |class| class.name.as_str());
        let text = |text: &str| Json::String(text.to_owned());
        let key = [action.tenant.as_str(), class, who.0, who.1].map(text).to_vec();
        Bucket::from_hash(&pepper.draw(Json::Array(key).canonical().as_bytes()))
    }
}

/// What marks the same call under the same log, whoever proposes it and whatever they say about it.
fn call_tag(action: &Action, pepper: &Pepper) -> ActionTag {
    let mut call = Vec::with_capacity(256);
    for name in [action.tenant.as_str(), action.tool.as_str()] {
        call.extend_from_slice(name.as_bytes());
        // Names hold no control characters, so the parts cannot run into each other.
        call.push(b'\n');
    }
    action.params.write_canonical(&mut call);
    pepper.tag(&Digest::of(Domain::Params, &call))
}

fn params_faults(params: &Object) -> Vec<InputFault> {
    let mut faults = Vec::new();
    if params.depth() > limits::MAX_PARAMS_DEPTH {
        faults.push(InputFault::TooDeep);
    }
    if params.text_bytes() > limits::MAX_PARAMS_BYTES {
        faults.push(InputFault::TooLarge);
    }
    faults
}

fn inspected(inspection: &Inspection, class: Option<&ActionClass>) -> Inspected {
    match class {
        Some(class) => Inspected { proven_read: false, exceeds: inspection.exceeds(class.risk) },
        None => Inspected { proven_read: inspection.is_proven_read(), exceeds: inspection.suspicions() },
    }
}
