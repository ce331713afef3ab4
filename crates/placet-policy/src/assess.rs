//! From an action to what is known of it: the step before the sequencer.
//!
//! Everything that is costly and needs no state happens here, once, on the caller's thread: the
//! class is found, the call inspected, the rules evaluated, secrets replaced, and the result frozen
//! under its digest. What comes out are facts; `placet-core` judges them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use placet_core::assessment::{Assessment, InputFault, Inspected, Subject, Value};
use placet_core::digest::{Digest, Domain};
use placet_core::event::ActionPayload;
use placet_core::json::{Json, Object, Pointer};
use placet_core::mode::{Bucket, Treatment};
use placet_core::{
    Action, ActionClass, ActionTag, AgentId, BuildId, Mode, Pepper, PersonId, SessionId, TenantId,
    ToolName,
};

use crate::inspect::{self, Annotations, Call, Effect, Inspection, Tool};
use crate::limits;
use crate::redact::Redactor;
use crate::rules::{RuleRequest, Ruling};
use crate::{Policy, value};

/// Room for the text of an action, so that it seldom has to be moved to a larger place.
const TYPICAL_ACTION_BYTES: usize = 512;

/// An action, frozen, with what is known of it.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The facts that the decision rests on.
    pub assessment: Assessment,
    /// The frozen action, which is kept beside the log's leaf.
    pub payload: ActionPayload,
}

/// What is known of an action that nothing will be kept of.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// The facts that the decision rests on.
    pub assessment: Assessment,
    /// What names the frozen action.
    pub digest: Digest,
}

impl Policy {
    /// Freezes an action and works out what can be known of it without looking at any state.
    ///
    /// The pepper is the log's: it keys the tag, the placeholders of secrets and the sampling.
    #[must_use]
    pub fn assess(&self, action: &Action, pepper: &Pepper) -> Assessed {
        let known = self.look_up(action);
        let inspection = known.inspect(action);
        Assessed {
            assessment: self.facts(action, known.class, &inspection, pepper),
            payload: self.freeze(action, known.secret(), &inspection, pepper),
        }
    }

    /// The same facts and the same digest as [`Policy::assess`], without what would be stored: for
    /// an answer of which no record is kept.
    #[must_use]
    pub fn evaluate(&self, action: &Action, pepper: &Pepper) -> Evaluated {
        let known = self.look_up(action);
        let inspection = known.inspect(action);
        Evaluated {
            assessment: self.facts(action, known.class, &inspection, pepper),
            digest: self.digest(action, known.secret(), pepper),
        }
    }

    /// What is known under this policy of an action that was frozen under another.
    ///
    /// A frozen action has placeholders where its secrets were, which here are no fault, and whoever
    /// asked cannot be found again from it; both were seen `before`. What the call is in its plainest
    /// spelling is for this policy to say, which may name another amount; only where a secret was
    /// replaced nobody can say it any more, and what was known is kept.
    #[must_use]
    pub fn reassess(&self, frozen: &Action, before: &Assessment, pepper: &Pepper) -> Assessment {
        let Assessment { mut faults, .. } = before.clone();
        let now = self.evaluate(frozen, pepper).assessment;
        faults.retain(|fault| *fault == InputFault::Placeholder);
        faults.extend(now.faults.into_iter().filter(|fault| *fault != InputFault::Placeholder));
        let is_whole = now.tag == before.tag;
        Assessment {
            faults,
            tag: before.tag,
            alike: if is_whole { now.alike } else { before.alike },
            user: before.user,
            treatment: before.treatment,
            enforce: before.enforce,
            bucket: before.bucket,
            ..now
        }
    }

    /// What inspection sees in a call.
    #[must_use]
    pub fn inspect(&self, action: &Action) -> Inspection {
        self.look_up(action).inspect(action)
    }

    /// A name that the policy spells out was read when it was loaded.
    fn look_up(&self, action: &Action) -> Known<'_> {
        let tool = action.tool.as_str();
        match self.matcher().known(tool) {
            Some(known) => Known { class: Some(&known.class), tool: Cow::Borrowed(&known.tool) },
            None => Known {
                class: self.matcher().by_pattern(tool).map(|class| &**class),
                tool: Cow::Owned(Tool::read(tool)),
            },
        }
    }

    fn facts(
        &self,
        action: &Action,
        class: Option<&ActionClass>,
        inspection: &Inspection,
        pepper: &Pepper,
    ) -> Assessment {
        let value = value::read(action, class);
        let ruled = self.rule(action, class, &value, inspection);
        let call = call_bytes(&action.tenant, &action.tool, &action.params);
        Assessment {
            policy: self.terms().policy,
            subject: subject(action),
            class: class.map(|class| class.name.clone()),
            tag: pepper.tag(&Digest::of(Domain::Params, &call)),
            alike: value::respelled(&action.params, class)
                .map(|params| call_tag(&action.tenant, &action.tool, &params, pepper)),
            treatment: Treatment::Binding,
            user: action.user.as_ref().map(|user| pepper.person_tag(user)),
            faults: faults(action, call.len(), &ruled),
            value,
            inspected: inspected(inspection, class),
            rules: ruled.hits,
            bucket: self.bucket(action, class, pepper),
            enforce: action.enforce,
            // Which are pinned is for the log to say.
            pins: BTreeSet::new(),
        }
    }

    /// The action as it is stored and shown: its secrets replaced, and named by its digest.
    fn freeze(
        &self,
        action: &Action,
        secret: &[Pointer],
        inspection: &Inspection,
        pepper: &Pepper,
    ) -> ActionPayload {
        let action = self.redactor().freeze(action, secret, pepper).into_json();
        let digest = Digest::of(Domain::Action, action.canonical().as_bytes());
        ActionPayload { digest, action, evidence: inspection.to_json() }
    }

    /// The digest of the frozen action. Without a secret in it, it need not be copied for that.
    fn digest(&self, action: &Action, secret: &[Pointer], pepper: &Pepper) -> Digest {
        let mut text = Vec::with_capacity(TYPICAL_ACTION_BYTES);
        if self.redactor().is_clean(action, secret) {
            action.write_canonical(&mut text);
        } else {
            let frozen = self.redactor().freeze(action, secret, pepper);
            frozen.into_json().write_canonical(&mut text);
        }
        Digest::of(Domain::Action, &text)
    }

    fn rule(
        &self,
        action: &Action,
        class: Option<&ActionClass>,
        value: &Value,
        inspection: &Inspection,
    ) -> Ruling {
        let effects: Vec<&str> = inspection.effects().iter().map(Effect::as_str).collect();
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

/// The tool of a call, as the policy knows it.
struct Known<'a> {
    class: Option<&'a ActionClass>,
    tool: Cow<'a, Tool>,
}

impl<'a> Known<'a> {
    fn inspect(&self, action: &Action) -> Inspection {
        let (tool, params) = (action.tool.as_str(), &action.params);
        let annotations = action.context.as_ref().and_then(hints);
        inspect::inspect_as(&self.tool, &Call { tool, params, annotations: annotations.as_ref() })
    }

    /// The params that must not be stored.
    fn secret(&self) -> &'a [Pointer] {
        self.class.map_or(&[][..], |class| &class.secret)
    }
}

/// What an MCP server says against its tool, as a gateway puts it beside the call
/// (`/mcp/annotations`). Anybody can write a context, so what it says in the tool's favour is left
/// out: not even a rule that asks for reads is to see it.
fn hints(context: &Object) -> Option<Annotations> {
    let hints = context.get("mcp")?.as_object()?.get("annotations")?.as_object()?;
    let hint = |name: &str| match hints.get(name) {
        Some(Json::Bool(hint)) => Some(*hint),
        _ => None,
    };
    let read_only = hint("readOnlyHint");
    // A tool that only reads destroys nothing, so there the other hint means nothing.
    (read_only != Some(true)).then(|| Annotations {
        read_only,
        destructive: hint("destructiveHint"),
        ..Annotations::default()
    })
}

fn subject(action: &Action) -> Subject {
    Subject {
        tenant: action.tenant.clone(),
        agent: action.agent.clone(),
        build: action.build.clone(),
        tool: action.tool.clone(),
    }
}

/// What makes two calls the same, whoever proposes them and whatever they say about it: the
/// tenant, the tool and the params. Names hold no control characters, so the parts cannot run
/// into each other.
fn call_bytes(tenant: &TenantId, tool: &ToolName, params: &Object) -> Vec<u8> {
    let mut call = Vec::with_capacity(256);
    for name in [tenant.as_str(), tool.as_str()] {
        call.extend_from_slice(name.as_bytes());
        call.push(b'\n');
    }
    params.write_canonical(&mut call);
    call
}

/// The tag of a call: the same tenant, tool and params always have the same one.
#[must_use]
pub fn call_tag(tenant: &TenantId, tool: &ToolName, params: &Object, pepper: &Pepper) -> ActionTag {
    pepper.tag(&Digest::of(Domain::Params, &call_bytes(tenant, tool, params)))
}

fn faults(action: &Action, call_bytes: usize, ruled: &Ruling) -> Vec<InputFault> {
    let mut faults = Vec::new();
    if !action.params.is_within_depth(limits::MAX_PARAMS_DEPTH) {
        faults.push(InputFault::TooDeep);
    }
    if call_bytes > limits::MAX_CALL_BYTES {
        faults.push(InputFault::TooLarge);
    }
    if ruled.param_fault {
        faults.push(InputFault::ParamType);
    }
    // Whoever sends the placeholder of a secret could pass it off as the secret itself.
    if Redactor::holds_placeholder(&action.params) {
        faults.push(InputFault::Placeholder);
    }
    faults
}

fn inspected(inspection: &Inspection, class: Option<&ActionClass>) -> Inspected {
    let (proven_read, exceeds) = match class {
        Some(class) => (false, inspection.exceeds(class.risk).into_iter().collect()),
        None => {
            let confusables = inspection.confusables().iter();
            let reasons = confusables.map(|concern| concern.reason.clone()).collect();
            (inspection.is_proven_read(), reasons)
        }
    };
    Inspected { proven_read, exceeds }
}
