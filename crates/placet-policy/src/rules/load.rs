//! From texts to checked rules: cut, read, name, check, compile, index.

use std::collections::BTreeMap;

use cedar_policy::pst;
use cedar_policy::{Effect, Policy, Template};
use placet_core::Verdict;

use super::annotations::{self, Annotations};
use super::cedar::CedarRule;
use super::error::{Place, RuleError, RuleProblem, Source, line_starts};
use super::index::Index;
use super::split::{Statement, statements};
use super::touches::Touches;
use super::validate::{Classes, syntax_errors, validate};
use super::{ClassSpec, Condition, Rule, Rules, compile, limits, schema};

/// A rule that was read, and not yet checked against the classes.
pub(super) struct Draft<'a> {
    pub(super) source: Source<'a>,
    /// Where the rule begins in its file.
    pub(super) start: usize,
    pub(super) policy: Policy,
    id: String,
    verdict: Verdict,
    reason: String,
}

pub(super) fn load(files: &[(&str, &str)], classes: &[ClassSpec]) -> Result<Rules, Vec<RuleError>> {
    let mut errors = reserved(classes);
    errors.extend(too_long(files));
    let fitting = files.iter().filter(|(_, text)| text.len() <= limits::MAX_RULES_FILE_BYTES);
    let fitting: Vec<_> = fitting.map(|(name, text)| (*name, *text, line_starts(text))).collect();
    let sources: Vec<_> =
        fitting.iter().map(|(name, text, lines)| Source { name, text, lines }).collect();
    let drafts = read(&sources, &mut errors);
    errors.extend(duplicates(&drafts));
    let classes = Classes::new(classes);
    errors.extend(validate(&drafts, &classes));
    if !errors.is_empty() {
        return Err(sorted(errors, files));
    }
    let mut index = Index::new(classes.specs);
    for (number, draft) in drafts.iter().enumerate() {
        index.add(number, &draft.policy.action_constraint());
    }
    let rules = drafts.into_iter().map(|draft| finish(draft, &classes)).collect::<Result<_, _>>();
    Ok(Rules { rules: rules.map_err(|error| vec![error])?, index })
}

fn reserved(classes: &[ClassSpec]) -> Vec<RuleError> {
    let names = classes.iter().map(|class| class.name.as_str());
    let reserved = names.filter(|name| schema::is_reserved(name));
    reserved
        .map(|name| RuleError { place: None, problem: RuleProblem::ReservedClass(name.to_owned()) })
        .collect()
}

fn too_long(files: &[(&str, &str)]) -> Vec<RuleError> {
    let too_long = files.iter().filter(|(_, text)| text.len() > limits::MAX_RULES_FILE_BYTES);
    let error = |(name, text): &(&str, &str)| RuleError {
        place: Some(Place { file: (*name).to_owned(), line: 1, column: 1 }),
        problem: RuleProblem::LongFile { bytes: text.len() },
    };
    too_long.map(error).collect()
}

/// The rules that can be read; what is wrong with the others is added to `errors`.
fn read<'a>(sources: &[Source<'a>], errors: &mut Vec<RuleError>) -> Vec<Draft<'a>> {
    let found: Vec<_> = sources
        .iter()
        .flat_map(|source| statements(source.text).into_iter().map(move |found| (*source, found)))
        .collect();
    if let Some((source, statement)) = found.get(limits::MAX_RULES) {
        errors.push(source.error(statement.start, RuleProblem::ManyRules));
        return Vec::new();
    }
    let mut drafts = Vec::with_capacity(found.len());
    for (source, statement) in &found {
        match draft(*source, statement) {
            Ok(draft) => drafts.push(draft),
            Err(wrong) => errors.extend(wrong),
        }
    }
    drafts
}

fn draft<'a>(source: Source<'a>, statement: &Statement<'a>) -> Result<Draft<'a>, Vec<RuleError>> {
    let here = |problem| source.error(statement.start, problem);
    bounded(statement).map_err(|problem| vec![here(problem)])?;
    let place = source.place(statement.start);
    let default_id = format!("{}:{}", place.file, place.line);
    let policy = parse(source, statement)?;
    if policy.effect() == Effect::Permit {
        return Err(vec![here(RuleProblem::Permit)]);
    }
    let Annotations { id, verdict, reason } = annotations::read(&policy)
        .map_err(|problems| problems.into_iter().map(here).collect::<Vec<_>>())?;
    let id = id.unwrap_or(default_id);
    Ok(Draft { source, start: statement.start, policy, id, verdict, reason })
}

fn bounded(statement: &Statement<'_>) -> Result<(), RuleProblem> {
    let (bytes, operators) = (statement.text.len(), statement.operators);
    if bytes > limits::MAX_RULE_BYTES {
        return Err(RuleProblem::LongRule { bytes });
    }
    if statement.nesting > limits::MAX_RULE_NESTING {
        return Err(RuleProblem::DeepRule { depth: statement.nesting });
    }
    if operators > limits::MAX_RULE_OPERATORS {
        return Err(RuleProblem::DenseRule { operators });
    }
    Ok(())
}

fn parse(source: Source<'_>, statement: &Statement<'_>) -> Result<Policy, Vec<RuleError>> {
    Policy::parse(None, statement.text).map_err(|errors| {
        if Template::parse(None, statement.text).is_ok() {
            vec![source.error(statement.start, RuleProblem::Slot)]
        } else {
            syntax_errors(source, statement.start, &errors)
        }
    })
}

fn duplicates(drafts: &[Draft<'_>]) -> Vec<RuleError> {
    let mut first: BTreeMap<&str, &Draft<'_>> = BTreeMap::new();
    let mut errors = Vec::new();
    for draft in drafts {
        if let Some(other) = first.get(draft.id.as_str()) {
            let first = other.source.place(other.start).to_string();
            let problem = RuleProblem::DuplicateId { id: draft.id.clone(), first };
            errors.push(draft.source.error(draft.start, problem));
        } else {
            first.insert(&draft.id, draft);
        }
    }
    errors
}

fn finish(draft: Draft<'_>, classes: &Classes<'_>) -> Result<Rule, RuleError> {
    let Draft { source, start, policy, id, verdict, reason } = draft;
    let tree = match policy.to_pst() {
        Ok(pst::Policy::Static(rule)) => Some(rule),
        _ => None,
    };
    let touches = tree.as_ref().map_or_else(Touches::everything, |tree| Touches::of(tree.body()));
    let condition = match tree.and_then(|tree| compile::condition(tree.body())) {
        Some(node) => Condition::Compiled(node),
        None => {
            let unfit = || {
                source.error(
                    start,
                    RuleProblem::Invalid {
                        message: "the rule cannot be prepared for evaluation".to_owned(),
                        remedy: "write its condition in another way".to_owned(),
                    },
                )
            };
            let named = classes.named_in(&policy);
            Condition::Interpreted(Box::new(CedarRule::new(&policy, &named).ok_or_else(unfit)?))
        }
    };
    Ok(Rule { id, verdict, reason, touches, condition })
}

/// In the order of the files, without repetitions, and not more than a person can use.
fn sorted(errors: Vec<RuleError>, files: &[(&str, &str)]) -> Vec<RuleError> {
    let file = |name: &str| files.iter().position(|(other, _)| *other == name);
    let key = |error: &RuleError| {
        let place = error.place.as_ref();
        let place = place.map(|place| (file(&place.file), place.line, place.column));
        (place, error.problem.to_string())
    };
    let errors: BTreeMap<_, _> = errors.into_iter().map(|error| (key(&error), error)).collect();
    errors.into_values().take(limits::MAX_RULE_ERRORS).collect()
}
