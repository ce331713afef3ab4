//! The walk over a call's params: every value is looked at for what its parameter's name, its
//! neighbours and its own shape make of it.

mod command;
mod notes;
mod orders;
mod request;
mod text;

use placet_core::json::{Json, Object};

use super::effect::{Effect, Inspection, Source, Weight};
use super::fold::{fold, trick_in_name};
use super::keys::{Part, part_of, snake_case};
use super::name::{Carrier, NameReading};
use super::question;
use super::switch::On;
use super::tool::Tool;
use command::{has_git, is_command, is_list_of_commands};
use notes::escape;

/// Values that are looked at in one call. A call with more is data in bulk, and nobody should
/// have to trust that the rest of it was harmless.
const MAX_VALUES: usize = 10_000;

/// Depth of nesting that is followed, as deep as a call can be parsed.
const MAX_DEPTH: usize = 64;

/// Bytes of a text whose shape is guessed at. Longer texts are documents.
const MAX_GUESS_BYTES: usize = 8 * 1024;

/// One walk over one call's params.
pub(super) struct Walk<'a> {
    /// The program that the tool wraps.
    program: Option<&'a str>,
    name: &'a NameReading,
    inspection: &'a mut Inspection,
    pointer: String,
    values: usize,
    depth: usize,
    /// Whether a command is carried out, so that every other text may be a part of it.
    carries: bool,
    /// Whether one of the commands is git's.
    runs_git: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tool: &'a Tool, inspection: &'a mut Inspection) -> Self {
        let (name, program) = (&tool.name, tool.program.as_deref());
        let carries = name.carrier == Some(Carrier::Shell);
        Self {
            program,
            name,
            inspection,
            pointer: String::new(),
            values: 0,
            depth: 0,
            carries,
            runs_git: false,
        }
    }

    /// Looks at all params.
    pub(super) fn params(&mut self, params: &Object) {
        let mut commands = params.iter().filter(|(key, value)| is_command(key, value)).peekable();
        self.carries |= commands.peek().is_some();
        self.runs_git = self.program == Some("git") || commands.any(|(_, value)| has_git(value));
        self.object(params, false);
        let source = match self.name.carrier {
            Some(Carrier::Shell) => Source::Shell,
            Some(Carrier::Sql) => Source::Sql,
            Some(Carrier::Http) => Source::Http,
            None => return,
        };
        // Where there is none at all, nothing is carried out that could not be seen.
        let was_seen = params.is_empty()
            || self.inspection.evidence().iter().any(|e| e.source == source)
            || self.inspection.uninspectable().iter().any(|concern| concern.source == source);
        if !was_seen && self.name.reads_by.is_none() {
            self.opaque(source, "the tool carries out an argument that was not found");
        }
    }

    fn object(&mut self, object: &Object, in_http: bool) {
        let is_http = in_http || self.is_http(object);
        let command = self.split_command(object);
        for (key, value) in object.iter() {
            let folded = fold(key);
            let snake = snake_case(&folded);
            let depth = self.enter(&escape(key));
            self.key(key);
            let part = part_of(&snake);
            // An operator of a query (`$set`) is one of a pipeline that only shows, too.
            if !key.starts_with('$') {
                self.ordered(&snake, value);
            }
            if !(command && part == Part::Shell) {
                self.value(&snake, part, is_http, value);
            }
            self.leave(depth);
        }
        self.addressed(object);
    }

    fn value(&mut self, key: &str, part: Part, is_http: bool, value: &Json) {
        self.values += 1;
        if self.values > MAX_VALUES || self.depth > MAX_DEPTH {
            return self.opaque(Source::Code, "more params than can be inspected");
        }
        if part == Part::Headers && is_http {
            self.headers(value);
        }
        match value {
            Json::Number(number) if number.as_f64() == 1.0 => self.switch(key, On::Counted),
            Json::Number(number) if number.as_f64() == 0.0 => self.switched_off(key),
            Json::Bool(false) => self.switched_off(key),
            Json::Null | Json::Number(_) => {}
            Json::Bool(true) => self.switch(key, On::Said),
            Json::String(text) => self.text(key, part, is_http, text),
            Json::Array(items) => self.array(key, part, is_http, items),
            Json::Object(object) => self.nested(part, is_http, object),
        }
    }

    fn nested(&mut self, part: Part, is_http: bool, object: &Object) {
        match part {
            Part::Body if is_http && !object.is_empty() => self.body(),
            Part::Environment if !object.is_empty() => self.environment(),
            Part::Action => self.described_action(object),
            Part::Sql | Part::Shell if !object.is_empty() => {
                self.opaque(source_of(part), "a command in a form that is not known");
            }
            _ => {}
        }
        self.object(object, is_http);
    }

    fn array(&mut self, key: &str, part: Part, is_http: bool, items: &[Json]) {
        let words: Option<Vec<&str>> = items.iter().map(Json::as_str).collect();
        match words {
            Some(words) if part == Part::Shell && !is_list_of_commands(key) => self.argv(&words),
            _ => self.items(key, part, is_http, items),
        }
    }

    fn items(&mut self, key: &str, part: Part, is_http: bool, items: &[Json]) {
        for (index, item) in items.iter().enumerate() {
            let depth = self.enter(&index.to_string());
            self.value(key, part, is_http, item);
            self.leave(depth);
        }
    }

    /// Recipients and money say what a tool that is no reader does.
    fn addressed(&mut self, object: &Object) {
        if self.name.reads_by.is_some() {
            return;
        }
        let given = object.iter().filter(|(_, value)| !value.is_null());
        let parts: Vec<Part> = given.map(|(key, _)| part_of(&snake_case(key))).collect();
        if parts.contains(&Part::Recipient) && parts.contains(&Part::Body) {
            let reason = "it has a recipient and a content".to_owned();
            self.found(Source::Recipient, Effect::Sends, reason, Weight::Claim);
        }
        if parts.contains(&Part::Amount) && parts.contains(&Part::Payment) {
            let reason = "it has an amount and a means or currency".to_owned();
            self.found(Source::Money, Effect::Spends, reason, Weight::Claim);
        }
    }

    fn key(&mut self, key: &str) {
        if let Some(trick) = trick_in_name(key) {
            self.confusable(&format!("the parameter's name has {}", trick.describe()));
        }
        if question::is_acting_stage(key) {
            self.opaque(Source::Code, "a stage of a pipeline that stores or runs something");
        }
    }
}

fn source_of(part: Part) -> Source {
    if part == Part::Sql { Source::Sql } else { Source::Shell }
}
