//! What follows from a tool's name alone, and so is the same for every call of it.
//!
//! A policy knows its tools when it is loaded, and reads each name once.

use super::effect::{Concern, Effect, Evidence, Inspection, Source, Weight};
use super::fold;
use super::name::{Carrier, NameReading, read_name};
use super::shell;

/// A tool's name, read.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    /// What the name promises.
    pub(super) name: NameReading,
    /// The program that the tool wraps (`kubectl`), when its name ends in one.
    pub(super) program: Option<String>,
    /// Characters of the name that pass for others.
    concern: Option<Concern>,
    /// What the words of the name say.
    evidence: Vec<Evidence>,
}

impl Tool {
    /// Reads a tool's whole name.
    pub(crate) fn read(tool: &str) -> Self {
        let folded = fold::fold(tool);
        let name = read_name(&folded);
        let evidence = evidence(&name);
        Self { program: program(&folded), concern: concern(tool), name, evidence }
    }

    pub(super) fn note_characters(&self, inspection: &mut Inspection) {
        if let Some(concern) = &self.concern {
            inspection.add_confusable(concern.clone());
        }
    }

    /// A carrier's name says nothing of its own once its argument has been read; until then, the
    /// call is as unknown as that argument.
    pub(super) fn note_words(&self, inspection: &mut Inspection) {
        let carried_by = self.name.carrier.map(|carrier| match carrier {
            Carrier::Sql => Source::Sql,
            Carrier::Shell => Source::Shell,
            Carrier::Http => Source::Http,
        });
        if !carried_by.is_some_and(|source| inspection.has_proof_from(source)) {
            self.evidence.iter().for_each(|evidence| inspection.add(evidence.clone()));
        }
    }
}

fn program(folded: &str) -> Option<String> {
    let last = folded.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    shell::is_wrapped_program(last).then(|| last.to_ascii_lowercase())
}

fn concern(tool: &str) -> Option<Concern> {
    let trick = fold::trick_in_name(tool)?;
    let reason = format!("the tool's name has {}", trick.describe());
    Some(Concern { source: Source::Confusable, pointer: String::new(), reason })
}

fn evidence(name: &NameReading) -> Vec<Evidence> {
    let reads = name.reads_by.iter().map(|word| {
        let reason = format!("the name reads by the word {word:?}");
        (Effect::Reads, reason)
    });
    let acts =
        name.acts.iter().map(|(effect, word)| (*effect, format!("the name has the word {word:?}")));
    reads.chain(acts).map(|(effect, reason)| by_name(effect, reason)).collect()
}

fn by_name(effect: Effect, reason: String) -> Evidence {
    let (pointer, weight) = (String::new(), Weight::Proof);
    Evidence { effect, source: Source::Name, pointer, reason, weight }
}
