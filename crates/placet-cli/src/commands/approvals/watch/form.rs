//! The form in which a person answers: what must be written, and a word that confirms it.

use std::collections::BTreeMap;

use placet::{ApprovalId, Reply};
use placet_core::signoff::visible_length;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::commands::approvals::card;
use crate::place::Held;

/// What the answer will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Approve,
    Deny,
}

impl Intent {
    /// The word that confirms it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }
}

/// One line to write.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) name: String,
    /// How many characters must show; none for the word that confirms.
    pub(super) least: Option<usize>,
    pub(super) text: String,
}

impl Input {
    fn new(name: &str, least: Option<usize>) -> Self {
        Self { name: name.to_owned(), least, text: String::new() }
    }

    /// How many characters of it show.
    pub(super) fn length(&self) -> usize {
        visible_length(&self.text)
    }
}

/// An answer that is being written.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) id: ApprovalId,
    pub(super) intent: Intent,
    pub(super) inputs: Vec<Input>,
    pub(super) focus: usize,
    /// It was sent, and nobody has said yet what it led to.
    pub(super) is_sent: bool,
}

/// What a key did to the form.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Editing,
    /// Something is missing; the form points at it.
    Lacking(String),
    Cancelled,
    Finished(Reply),
}

impl Form {
    pub(super) fn new(held: &Held, intent: Intent) -> Self {
        let asked: Vec<Input> = match intent {
            Intent::Approve => card::asked(held.terms())
                .map(|(name, least)| Input::new(name, Some(least)))
                .collect(),
            Intent::Deny => vec![Input::new("reason", Some(1))],
        };
        let word = Input::new(&format!("type \"{}\" to confirm", intent.word()), None);
        let inputs = asked.into_iter().chain([word]).collect();
        Self { id: held.terms().id, intent, inputs, focus: 0, is_sent: false }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Step {
        if self.is_sent {
            return Step::Editing;
        }
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Step::Cancelled,
            KeyCode::Enter if self.focus + 1 >= self.inputs.len() => return self.finish(),
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => self.step(1),
            KeyCode::BackTab | KeyCode::Up => self.step(self.inputs.len().saturating_sub(1)),
            KeyCode::Backspace => self.edit(drop_last),
            KeyCode::Char('u') if is_control => self.edit(String::clear),
            KeyCode::Char('w') if is_control => self.edit(drop_word),
            KeyCode::Char(_) if is_control => {}
            KeyCode::Char(character) => self.edit(|text| text.push(character)),
            _ => {}
        }
        Step::Editing
    }

    /// Takes in what was pasted. Its line feeds do not finish anything.
    pub(super) fn paste(&mut self, pasted: &str) {
        if !self.is_sent {
            self.edit(|text| {
                text.extend(pasted.chars().map(|c| if c.is_control() { ' ' } else { c }));
            });
        }
    }

    fn step(&mut self, by: usize) {
        self.focus = (self.focus + by) % self.inputs.len().max(1);
    }

    fn edit(&mut self, change: impl FnOnce(&mut String)) {
        if let Some(input) = self.inputs.get_mut(self.focus) {
            change(&mut input.text);
        }
    }

    fn finish(&mut self) -> Step {
        let word = self.intent.word();
        let is_lacking = |input: &Input| match input.least {
            Some(least) => input.length() < least,
            None => input.text.trim() != word,
        };
        if let Some(place) = self.inputs.iter().position(is_lacking) {
            self.focus = place;
            let name = self.inputs.get(place).map_or("", |input| input.name.as_str());
            let is_word = place + 1 == self.inputs.len();
            let what = if is_word { name.to_owned() } else { format!("{name} is too short") };
            return Step::Lacking(what);
        }
        self.is_sent = true;
        let written = self.inputs.iter().filter(|input| input.least.is_some());
        let text = |input: &Input| input.text.trim().to_owned();
        Step::Finished(match self.intent {
            Intent::Approve => {
                let statement: BTreeMap<String, String> =
                    written.map(|input| (input.name.clone(), text(input))).collect();
                Reply::Approve { statement }
            }
            Intent::Deny => Reply::Deny { reason: written.map(text).collect() },
        })
    }
}

fn drop_last(text: &mut String) {
    text.pop();
}

fn drop_word(text: &mut String) {
    let kept = text.trim_end().rfind(' ').map_or(0, |space| space + 1);
    text.truncate(kept);
}
