//! A policy: its file, its rules, and what they are together.

use std::sync::Arc;

use placet_core::digest::{Digest, Domain};
use placet_core::event::PolicyFile;
use placet_core::json::Json;
use placet_core::{ActionClass, ClassName, Pepper, Terms};

use crate::file::{self, Diagnostic, Diagnostics, PolicyDoc, Severity};
use crate::matcher::Matcher;
use crate::redact::Redactor;
use crate::rules::{self, ClassSpec, RuleError, Rules};

/// A policy, ready to assess actions with.
#[derive(Debug)]
pub struct Policy {
    terms: Arc<Terms>,
    matcher: Matcher,
    rules: Rules,
    redactor: Redactor,
    specs: Vec<ClassSpec>,
    files: Vec<PolicyFile>,
    warnings: Diagnostics,
}

impl Policy {
    /// Reads a policy: the first file is the TOML file, the others hold its rules in Cedar. No
    /// files at all are the policy that knows no class, under which only what inspection proves
    /// to be a read passes.
    ///
    /// # Errors
    /// Everything that is wrong, with its place and what to write instead.
    pub fn load(files: &[PolicyFile]) -> Result<Self, Diagnostics> {
        let Some((toml, cedar)) = files.split_first() else {
            let terms = Terms::default();
            return Self::assemble(terms, Matcher::default(), &[], Vec::new(), files, Vec::new());
        };
        let digest = Self::digest_of(files);
        let doc = file::parse(&toml.name, &toml.text, digest)?;
        let PolicyDoc { terms, mut params, matcher, warnings, .. } = doc;
        let spec = |(name, class): (&ClassName, &Arc<ActionClass>)| ClassSpec {
            name: name.clone(),
            risk: class.risk,
            params: params.remove(name).unwrap_or_default(),
        };
        let specs = terms.classes.iter().map(spec).collect();
        Self::assemble(terms, matcher, cedar, specs, files, warnings)
    }

    fn assemble(
        terms: Terms,
        matcher: Matcher,
        cedar: &[PolicyFile],
        specs: Vec<ClassSpec>,
        files: &[PolicyFile],
        warnings: Vec<Diagnostic>,
    ) -> Result<Self, Diagnostics> {
        let texts: Vec<_> =
            cedar.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
        let rules = Rules::load(&texts, &specs).map_err(|errors| {
            Diagnostics::from(
                errors.iter().map(|error| diagnostic(error, files)).collect::<Vec<_>>(),
            )
        })?;
        Ok(Self {
            terms: Arc::new(terms),
            matcher,
            rules,
            redactor: Redactor::default(),
            specs,
            files: files.to_vec(),
            warnings: warnings.into(),
        })
    }

    /// What decisions are judged by.
    #[must_use]
    pub fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }

    /// The files that it was read from.
    #[must_use]
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// What may not be what was meant.
    #[must_use]
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// Names the policy: the same files under the same names are the same policy.
    #[must_use]
    pub fn digest_of(files: &[PolicyFile]) -> Digest {
        let text = |text: &str| Json::String(text.to_owned());
        let file = |file: &PolicyFile| Json::Array(vec![text(&file.name), text(&file.text)]);
        let files = Json::Array(files.iter().map(file).collect());
        Digest::of(Domain::Policy, files.canonical().as_bytes())
    }

    /// The class that a tool falls into.
    #[must_use]
    pub fn class_of(&self, tool: &str) -> Option<&Arc<ActionClass>> {
        self.matcher.class_of(tool)
    }

    /// The Cedar schema that its rules are checked against.
    #[must_use]
    pub fn cedar_schema(&self) -> String {
        rules::schema_text(&self.specs)
    }

    /// A text without what is found to be a secret in it, as it may be stored. The placeholders are
    /// those of the actions in the same log.
    #[must_use]
    pub fn redact_text(&self, text: &str, pepper: &Pepper) -> String {
        self.redactor().redact_text(text, pepper)
    }

    pub(crate) fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}

/// A rule's error in the form of all other errors of a policy.
fn diagnostic(error: &RuleError, files: &[PolicyFile]) -> Diagnostic {
    let problem = error.problem.to_string();
    let (message, remedy) = problem.split_once("; ").unwrap_or((&problem, "correct the rule"));
    let first = files.first().map_or("policy", |file| file.name.as_str());
    let (file, line, column) = match &error.place {
        Some(place) => (place.file.as_str(), place.line, place.column),
        None => (first, 1, 1),
    };
    Diagnostic {
        severity: Severity::Error,
        file: file.into(),
        line,
        column,
        length: 1,
        message: message.to_owned(),
        remedy: remedy.to_owned(),
    }
}
