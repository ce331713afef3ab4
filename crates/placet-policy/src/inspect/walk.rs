//! The walk over a call's params: every value is looked at for what its parameter's name, its
//! neighbours and its own shape make of it.

use std::borrow::Cow;

use placet_core::json::{Json, Object};

use super::argument::Findings;
use super::effect::{Concern, Effect, Evidence, Inspection, Source, Weight};
use super::fold::{fold, trick_in_command, trick_in_name, trick_in_text};
use super::http::{self, Remark};
use super::keys::{
    Part, is_callback_key, is_database_language, is_folder_key, is_known_beside_command,
    is_option_key, is_place_to_store, is_sort_key, is_task_key, is_tool_key, part_of, snake_case,
};
use super::name::{Carrier, NameReading, ordered_effect, read_name, verb_within};
use super::order::{is_rehearsal, opens_to_write, ordered_by_name, ordered_by_option};
use super::switch::{On, switched_effect};
use super::tool::Tool;
use super::{expression, patch, path, question, shell, sql};

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
        let was_seen = self.inspection.evidence().iter().any(|e| e.source == source)
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

    fn text(&mut self, key: &str, part: Part, is_http: bool, text: &str) {
        if let Some(trick) = trick_in_text(text) {
            self.confusable(&format!("it has {}", trick.describe()));
        }
        if text.is_empty() {
            return;
        }
        self.beside(key, part, text);
        self.folder(key, text);
        if (http::is_url(text) || text.contains('@')) && is_callback_key(key) {
            let reason = "an address to which something is reported".to_owned();
            self.found(Source::Http, Effect::Sends, reason, Weight::Proof);
        }
        if self.name.is_cluster && is_kind_key(key) && shell::is_secret_kind(text) {
            self.sensitive(Source::Code, "it shows secrets of the cluster");
        }
        match part {
            Part::Shell | Part::Other if self.applies_patches() && patch::is_patch(text) => {
                self.absorb(Source::Code, patch::inspect(text));
            }
            Part::Sql => self.sql(text),
            Part::Query => self.query(key, text),
            Part::Shell => self.command(text),
            Part::Code => self.code(text),
            Part::Method => self.method(text, is_http),
            Part::Body if is_http => self.body(),
            Part::Environment => self.environment(),
            Part::Action => self.named_action(key, text, is_http),
            Part::Sink => self.sink(),
            Part::Place if is_place_to_store(key, text) => self.sink(),
            Part::Path => self.path(text),
            Part::Other if is_kind_of_request(key, text, is_http) => self.method(text, is_http),
            _ => self.guess(key, text),
        }
    }

    /// A text that plays no part by its name is known by its shape.
    fn guess(&mut self, key: &str, text: &str) {
        if is_option_key(key)
            && let Some((effect, verb)) = ordered_by_option(text)
        {
            let reason = format!("the options have the word {verb:?}");
            self.found(Source::ParamName, effect, reason, Weight::Proof);
        }
        if http::is_url(text) || is_address_key(key) {
            return self.url(text);
        }
        if http::is_program_url(text) {
            return self.opaque(Source::Http, "an address that is a program or a document itself");
        }
        if text.starts_with(['/', '~']) || (text.contains('/') && text.contains("../")) {
            return self.path(text);
        }
        if text.len() <= MAX_GUESS_BYTES {
            if sql::looks_like_sql(text) {
                return self.sql(text);
            }
            self.smuggled(key, text);
        }
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "t" => self.switch(key, On::Said),
            "1" => self.switch(key, On::Counted),
            "0" | "false" | "no" | "off" | "n" | "f" => self.switched_off(key),
            _ => {}
        }
    }

    /// What a badly built tool would carry out from inside another text.
    fn smuggled(&mut self, key: &str, text: &str) {
        let may_change = |text: &str| {
            question::may_change(text) || key == "search" && question::has_acting_word(text)
        };
        if self.name.asks_database && may_change(text) {
            self.opaque(Source::Code, "a question in a language that can also change things");
        }
        if http::is_request_line(text) {
            self.opaque(Source::Http, "a request of a method that may change something");
        }
        if sql::carries_statement(text) {
            self.opaque(Source::Sql, "a text with an SQL statement behind it");
        }
        if matches!(key, "where" | "where_clause" | "having" | "condition") && text.contains('(') {
            self.sql(&format!("SELECT 1 FROM t WHERE {text}"));
        }
        if may_carry_code(text) && part_of(key) != Part::Body {
            self.shell_inside(text);
        }
    }

    fn shell_inside(&mut self, text: &str) {
        if ["${jndi:", "<!ENTITY", "(?{", "(??{"].iter().any(|code| text.contains(code)) {
            self.opaque(Source::Code, "a text that makes whoever reads it fetch or run something");
        }
        if shell::carries_command(text) {
            self.opaque(Source::Shell, "a text with a shell command inside");
        }
    }

    /// git runs what the configuration of its repository names. In the folder where a tool starts
    /// its commands, that is the tool's and its server's to bound, so such a folder is like the one
    /// where the server runs. Not so a folder that is open to everybody, where the repository may
    /// be anybody's; nor one to which the command itself goes (`git -C`, `cd`).
    fn folder(&mut self, key: &str, text: &str) {
        if (self.runs_git || self.name.is_git) && is_folder_key(key) && may_be_anywhere(text) {
            self.opaque(Source::Shell, "git in a folder that is open to everybody");
        }
    }

    /// A text beside a command may become a part of it, and one for a wrapped program an option.
    fn beside(&mut self, key: &str, part: Part, text: &str) {
        let is_own = matches!(part, Part::Shell | Part::Environment | Part::Code);
        if self.carries && !is_own && !is_known_beside_command(key) {
            self.opaque(Source::Shell, "a text beside a command, of which the use is not known");
        }
        let is_own = matches!(part, Part::Shell | Part::Body) || is_sort_key(key);
        if self.name.wraps && !is_own && gives_option(key, text) {
            self.opaque(Source::Shell, "a text that a program may take for an option");
        }
    }

    /// Whether the tool is one for patches, and not a shell that would carry them out line by line.
    fn applies_patches(&self) -> bool {
        let has = |wanted: &str| self.name.acts.iter().any(|(_, word)| word == wanted);
        has("apply") && has("patch") && self.name.carrier.is_none() && self.program.is_none()
    }

    fn sql(&mut self, text: &str) {
        let findings = sql::inspect(text);
        self.absorb(Source::Sql, findings);
    }

    /// A question is SQL where the tool is one for databases; elsewhere where it looks like it.
    fn query(&mut self, key: &str, text: &str) {
        if question::is_graph_ql_change(text) {
            let reason = "a GraphQL mutation".to_owned();
            self.found(Source::Code, Effect::Writes, reason, Weight::Proof);
        } else if self.name.carrier == Some(Carrier::Sql) || sql::looks_like_sql(text) {
            self.sql(text);
        } else if !matches!(key, "document" | "question") && self.may_change(key, text) {
            self.opaque(Source::Code, "a question in a language that can also change things");
        }
    }

    /// Where a database is asked, one word for changing it is enough. Elsewhere the text may be
    /// prose, and must have the form of such a language as well.
    fn may_change(&self, key: &str, text: &str) -> bool {
        let is_language = key.split('_').any(is_database_language);
        question::may_change(text)
            || http::is_request_line(text)
            || (is_language || self.name.asks_database) && question::has_acting_word(text)
    }

    fn command(&mut self, text: &str) {
        let findings = match self.program {
            Some(program) if !shell::starts_with_program(text, program) => {
                shell::inspect(&format!("{program} {text}"))
            }
            _ => shell::inspect(text),
        };
        self.commanded(text, findings);
    }

    fn argv(&mut self, words: &[&str]) {
        let named = self.program.filter(|program| words.first() != Some(program));
        let words: Vec<&str> = named.into_iter().chain(words.iter().copied()).collect();
        let findings = shell::inspect_argv(&words);
        self.commanded(&words.join(" "), findings);
    }

    fn commanded(&mut self, text: &str, findings: Findings) {
        if let Some(trick) = trick_in_command(text) {
            self.confusable(&format!("the command has {}", trick.describe()));
        }
        if self.name.foreign && self.name.carrier == Some(Carrier::Shell) {
            self.opaque(Source::Shell, "a command for a shell that is not read here");
        }
        self.absorb(Source::Shell, findings);
    }

    /// `{"command": "git", "args": ["push"]}` is one command in two params.
    fn split_command(&mut self, object: &Object) -> bool {
        let program = ["command", "cmd", "program", "executable"]
            .iter()
            .find_map(|key| object.get(key).and_then(Json::as_str));
        let arguments = ["args", "arguments", "argv"].iter().find_map(|key| object.get(key));
        let (Some(program), Some(arguments)) = (program, arguments) else { return false };
        let words = arguments.as_array().map(|items| items.iter().map(Json::as_str).collect());
        match (words, arguments.as_str()) {
            (Some(Some(words)), _) => {
                let words: Vec<&str> = words;
                let whole: Vec<&str> = std::iter::once(program).chain(words).collect();
                self.argv(&whole);
            }
            (_, Some(text)) => self.command(&format!("{program} {text}")),
            _ => self.opaque(Source::Shell, "a command in a form that is not known"),
        }
        true
    }

    fn code(&mut self, text: &str) {
        if self.carries {
            return self.command(text);
        }
        if expression::is_plain_word(text) || expression::is_arithmetic(text) {
            return;
        }
        if sql::looks_like_sql(text) {
            return self.sql(text);
        }
        self.opaque(Source::Code, "source code or an expression that is not arithmetic");
    }

    fn method(&mut self, text: &str, is_http: bool) {
        match http::method_effect(text) {
            Some(Effect::Reads) if self.name.carrier == Some(Carrier::Http) => {
                self.found(
                    Source::Http,
                    Effect::Reads,
                    "an HTTP method that reads".to_owned(),
                    Weight::Proof,
                );
            }
            Some(Effect::Reads) => {}
            Some(effect) => {
                let reason = format!("HTTP {}", text.trim().to_ascii_uppercase());
                self.found(Source::Http, effect, reason, Weight::Proof);
            }
            None if is_http => self.opaque(Source::Http, "an HTTP method that is not known"),
            None => self.action(text, false),
        }
    }

    fn body(&mut self) {
        if !self.name.acts.is_empty() || self.is_http_read() {
            let reason = "a request with a body".to_owned();
            self.found(Source::Http, Effect::Writes, reason, Weight::Claim);
        }
    }

    fn is_http_read(&self) -> bool {
        self.name.reads_by.is_some() || self.name.carrier == Some(Carrier::Http)
    }

    fn headers(&mut self, headers: &Json) {
        let overrides = |key: &str| key.to_ascii_lowercase().contains("method");
        // A list of headers holds texts, pairs, or objects with a name and a value.
        let is_override = match headers {
            Json::String(text) => overrides(text),
            Json::Object(object) => object
                .iter()
                .any(|(key, value)| overrides(key) || value.as_str().is_some_and(overrides)),
            _ => false,
        };
        if is_override {
            self.opaque(Source::Http, "a header that changes the HTTP method");
        }
    }

    fn environment(&mut self) {
        if self.name.carrier == Some(Carrier::Shell) {
            self.opaque(Source::Shell, "environment variables, which change what a command does");
        }
    }

    fn named_action(&mut self, key: &str, text: &str, is_http: bool) {
        if is_task_key(key) && text.contains(char::is_whitespace) {
            return self.guess(key, text);
        }
        if (key == "op" || key.ends_with("mode")) && opens_to_write(text) {
            let reason = "a mode in which a file is written".to_owned();
            self.found(Source::ParamName, Effect::Writes, reason, Weight::Proof);
        }
        self.action(text, is_http && key == "_method");
        if is_tool_key(key) && read_name(&fold(text)).reads_by.is_none() {
            self.opaque(Source::ParamName, "it carries out a tool that is not known to read");
        }
    }

    /// `{"function": {"name": "delete_user"}}`.
    fn described_action(&mut self, object: &Object) {
        let words = ["name", "type", "kind", "method"].map(|key| object.get(key));
        words.into_iter().flatten().filter_map(Json::as_str).for_each(|text| {
            self.action(text, false);
        });
    }

    fn action(&mut self, text: &str, is_override: bool) {
        if text.len() > MAX_GUESS_BYTES || is_override {
            return self.opaque(Source::ParamName, "a word for the action that is not known");
        }
        if let Some((effect, verb)) = ordered_effect(&fold(text)) {
            let reason = format!("the action is {verb:?}");
            self.found(Source::Code, effect, reason, Weight::Proof);
        }
    }

    fn sink(&mut self) {
        let reason = "the result is stored under a path".to_owned();
        self.found(Source::Path, Effect::Writes, reason, Weight::Proof);
    }

    fn path(&mut self, text: &str) {
        if http::is_url(text) {
            return self.url(text);
        }
        if let Some(trick) = trick_in_command(text) {
            self.confusable(&format!("the path has {}", trick.describe()));
        }
        if text.starts_with('/')
            && let Some(remark) = http::path_remark(text)
        {
            self.remark(remark);
        }
        if let Some(reason) = path::secret(text) {
            self.sensitive(Source::Path, reason);
        }
        self.shell_inside(text);
    }

    fn url(&mut self, text: &str) {
        http::remarks(text).into_iter().for_each(|remark| self.remark(remark));
    }

    fn remark(&mut self, remark: Remark) {
        match remark {
            Remark::Orders(effect, verb) => {
                let reason = format!("the address orders {verb:?}");
                self.found(Source::Http, effect, reason, Weight::Proof);
            }
            Remark::Sensitive(reason) => self.sensitive(Source::Http, reason),
            Remark::Opaque(reason) => self.opaque(Source::Http, reason),
        }
    }

    /// A switch whose name has a verb orders it (`delete_after: true`, `hard_delete: 1`).
    fn switch(&mut self, key: &str, on: On) {
        if let Some((effect, verb)) = switched_effect(key, on) {
            let reason = format!("the switch {verb:?} is on");
            self.found(Source::ParamName, effect, reason, Weight::Proof);
        }
    }

    /// A rehearsal that is off is the act itself.
    fn switched_off(&mut self, key: &str) {
        if is_rehearsal(key) {
            let reason = "it says that this is no rehearsal".to_owned();
            self.found(Source::ParamName, Effect::Writes, reason, Weight::Proof);
        }
    }

    /// A name that is a verb, with something to act on.
    fn ordered(&mut self, key: &str, value: &Json) {
        if gives_something(value)
            && let Some((effect, verb)) = ordered_by_name(key)
        {
            let reason = format!("the parameter {verb:?} has something to act on");
            self.found(Source::ParamName, effect, reason, Weight::Claim);
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

    fn is_http(&self, object: &Object) -> bool {
        let has = |key| object.contains_key(key);
        self.name.carrier == Some(Carrier::Http) || has("url") || has("uri") || has("endpoint")
    }

    fn key(&mut self, key: &str) {
        if let Some(trick) = trick_in_name(key) {
            self.confusable(&format!("the parameter's name has {}", trick.describe()));
        }
        if question::is_acting_stage(key) {
            self.opaque(Source::Code, "a stage of a pipeline that stores or runs something");
        }
    }

    fn absorb(&mut self, source: Source, findings: Findings) {
        for (effect, reason, weight) in findings.effects {
            self.found(source, effect, reason, weight);
        }
        for reason in findings.opaque {
            self.opaque(source, &reason);
        }
        for reason in findings.sensitive {
            self.sensitive(source, &reason);
        }
    }

    fn found(&mut self, source: Source, effect: Effect, reason: String, weight: Weight) {
        let pointer = self.pointer.clone();
        self.inspection.add(Evidence { effect, source, pointer, reason, weight });
    }

    fn opaque(&mut self, source: Source, reason: &str) {
        let concern = self.concern(source, reason);
        self.inspection.add_uninspectable(concern);
    }

    fn sensitive(&mut self, source: Source, reason: &str) {
        let concern = self.concern(source, reason);
        self.inspection.add_sensitive(concern);
    }

    fn confusable(&mut self, reason: &str) {
        let concern = self.concern(Source::Confusable, reason);
        self.inspection.add_confusable(concern);
    }

    fn concern(&self, source: Source, reason: &str) -> Concern {
        Concern { source, pointer: self.pointer.clone(), reason: reason.to_owned() }
    }

    /// Goes one level down and says how to come back.
    fn enter(&mut self, token: &str) -> usize {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(token);
        self.depth += 1;
        length
    }

    fn leave(&mut self, length: usize) {
        self.pointer.truncate(length);
        self.depth -= 1;
    }
}

fn source_of(part: Part) -> Source {
    if part == Part::Sql { Source::Sql } else { Source::Shell }
}

fn is_command(key: &str, value: &Json) -> bool {
    let is_empty = match value {
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => true,
    };
    !is_empty && part_of(&snake_case(&fold(key))) == Part::Shell
}

/// Whether a value is there for a verb to act on. Switches and numbers that are switches are judged
/// as such.
fn gives_something(value: &Json) -> bool {
    const OFF: [&str; 10] = ["", "0", "false", "no", "off", "n", "f", "none", "null", "never"];
    match value {
        Json::Null | Json::Bool(_) => false,
        Json::Number(number) => number.as_f64() != 0.0,
        Json::String(text) => !OFF.iter().any(|off| off.eq_ignore_ascii_case(text.trim())),
        Json::Array(items) => items.iter().any(gives_something),
        Json::Object(object) => !object.is_empty(),
    }
}

/// Whether a text has any character without which it carries neither a command nor code. Most have
/// none, and are not looked through again and again.
fn may_carry_code(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'$' | b'`' | b';' | b'|' | b'&' | b'<' | b'('))
}

/// Whether the word `git` is in a command. Quotes hide no word.
fn has_git(command: &Json) -> bool {
    let in_text = |text: &str| {
        let plain: String = text.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
        plain.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == "git")
    };
    match command {
        Json::String(text) => in_text(text),
        Json::Array(items) => items.iter().filter_map(Json::as_str).any(in_text),
        _ => false,
    }
}

/// Whether a text begins with a hyphen and is no number, or has an option where options go.
fn gives_option(key: &str, text: &str) -> bool {
    let is_option = |word: &str| {
        word.strip_prefix('-').is_some_and(|rest| !rest.is_empty()) && word.parse::<f64>().is_err()
    };
    let first = text.split_whitespace().next().unwrap_or("");
    let is_number = text.trim().parse::<f64>().is_ok();
    !is_number && (is_option(first) || is_option_key(key) && text.split_whitespace().any(is_option))
}

/// `{"type": "DELETE"}`: a kind that is a verb is an order.
fn is_kind_of_request(key: &str, text: &str, is_http: bool) -> bool {
    let is_kind = matches!(key, "type" | "kind" | "verb") || key.ends_with("_verb");
    is_kind
        && text.len() <= MAX_GUESS_BYTES
        && (is_http && http::method_effect(text).is_some_and(|effect| effect != Effect::Reads)
            || ordered_effect(&fold(text)).is_some() && verb_within(&fold(text)).is_some())
}

/// Params that say of which kind the things are that are asked for.
fn is_kind_key(key: &str) -> bool {
    key.split('_').any(|word| matches!(word, "resource" | "resources" | "kind" | "type"))
}

/// Whether a folder is open to everybody, or said in a way that only a shell understands.
fn may_be_anywhere(folder: &str) -> bool {
    path::is_shared(folder) || folder.contains(['$', '%', '`'])
}

fn is_list_of_commands(key: &str) -> bool {
    matches!(key, "commands" | "cmds")
}

fn is_address_key(key: &str) -> bool {
    matches!(key, "url" | "uri" | "urls" | "endpoint" | "href" | "base_url")
}

/// A key as a token of a JSON pointer.
fn escape(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) {
        return key.replace('~', "~0").replace('/', "~1").into();
    }
    key.into()
}
