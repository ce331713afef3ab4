//! Texts, by the part that the names of their params give them, or else by their shape.

use placet_core::json::{Json, Object};

use super::{MAX_GUESS_BYTES, Walk};
use crate::inspect::effect::{Effect, Source, Weight};
use crate::inspect::fold::{fold, trick_in_command, trick_in_text};
use crate::inspect::http::{self, Remark};
use crate::inspect::keys::{
    Part, is_callback_key, is_database_language, is_folder_key, is_known_beside_command,
    is_option_key, is_place_to_store, is_sort_key, is_task_key, is_tool_key, part_of,
};
use crate::inspect::name::{Carrier, ordered_effect, read_name, verb_within};
use crate::inspect::order::{opens_to_write, ordered_by_option};
use crate::inspect::switch::On;
use crate::inspect::{patch, path, question, shell, sql};

impl Walk<'_> {
    pub(super) fn text(&mut self, key: &str, part: Part, is_http: bool, text: &str) {
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
    pub(super) fn guess(&mut self, key: &str, text: &str) {
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
    pub(super) fn smuggled(&mut self, key: &str, text: &str) {
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

    pub(super) fn shell_inside(&mut self, text: &str) {
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
    pub(super) fn folder(&mut self, key: &str, text: &str) {
        if (self.runs_git || self.name.is_git) && is_folder_key(key) && may_be_anywhere(text) {
            self.opaque(Source::Shell, "git in a folder that is open to everybody");
        }
    }

    /// A text beside a command may become a part of it, and one for a wrapped program an option.
    pub(super) fn beside(&mut self, key: &str, part: Part, text: &str) {
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
    pub(super) fn applies_patches(&self) -> bool {
        let has = |wanted: &str| self.name.acts.iter().any(|(_, word)| word == wanted);
        has("apply") && has("patch") && self.name.carrier.is_none() && self.program.is_none()
    }

    pub(super) fn sql(&mut self, text: &str) {
        let findings = sql::inspect(text);
        self.absorb(Source::Sql, findings);
    }

    /// A question is SQL where the tool is one for databases; elsewhere where it looks like it.
    pub(super) fn query(&mut self, key: &str, text: &str) {
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
    pub(super) fn may_change(&self, key: &str, text: &str) -> bool {
        let is_language = key.split('_').any(is_database_language);
        question::may_change(text)
            || http::is_request_line(text)
            || (is_language || self.name.asks_database) && question::has_acting_word(text)
    }

    pub(super) fn path(&mut self, text: &str) {
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

    pub(super) fn url(&mut self, text: &str) {
        http::remarks(text).into_iter().for_each(|remark| self.remark(remark));
    }

    pub(super) fn remark(&mut self, remark: Remark) {
        match remark {
            Remark::Orders(effect, verb) => {
                let reason = format!("the address orders {verb:?}");
                self.found(Source::Http, effect, reason, Weight::Proof);
            }
            Remark::Sensitive(reason) => self.sensitive(Source::Http, reason),
            Remark::Opaque(reason) => self.opaque(Source::Http, reason),
        }
    }

    pub(super) fn named_action(&mut self, key: &str, text: &str, is_http: bool) {
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
    pub(super) fn described_action(&mut self, object: &Object) {
        let words = ["name", "type", "kind", "method"].map(|key| object.get(key));
        words.into_iter().flatten().filter_map(Json::as_str).for_each(|text| {
            self.action(text, false);
        });
    }

    pub(super) fn action(&mut self, text: &str, is_override: bool) {
        if text.len() > MAX_GUESS_BYTES || is_override {
            return self.opaque(Source::ParamName, "a word for the action that is not known");
        }
        if let Some((effect, verb)) = ordered_effect(&fold(text)) {
            let reason = format!("the action is {verb:?}");
            self.found(Source::Code, effect, reason, Weight::Proof);
        }
    }

    pub(super) fn sink(&mut self) {
        let reason = "the result is stored under a path".to_owned();
        self.found(Source::Path, Effect::Writes, reason, Weight::Proof);
    }
}

/// Whether a text has any character without which it carries neither a command nor code. Most have
/// none, and are not looked through again and again.
pub(super) fn may_carry_code(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'$' | b'`' | b';' | b'|' | b'&' | b'<' | b'('))
}

/// Whether a text begins with a hyphen and is no number, or has an option where options go.
pub(super) fn gives_option(key: &str, text: &str) -> bool {
    let is_option = |word: &str| {
        word.strip_prefix('-').is_some_and(|rest| !rest.is_empty()) && word.parse::<f64>().is_err()
    };
    let first = text.split_whitespace().next().unwrap_or("");
    let is_number = text.trim().parse::<f64>().is_ok();
    !is_number && (is_option(first) || is_option_key(key) && text.split_whitespace().any(is_option))
}

/// `{"type": "DELETE"}`: a kind that is a verb is an order.
pub(super) fn is_kind_of_request(key: &str, text: &str, is_http: bool) -> bool {
    let is_kind = matches!(key, "type" | "kind" | "verb") || key.ends_with("_verb");
    is_kind
        && text.len() <= MAX_GUESS_BYTES
        && (is_http && http::method_effect(text).is_some_and(|effect| effect != Effect::Reads)
            || ordered_effect(&fold(text)).is_some() && verb_within(&fold(text)).is_some())
}

/// Params that say of which kind the things are that are asked for.
pub(super) fn is_kind_key(key: &str) -> bool {
    key.split('_').any(|word| matches!(word, "resource" | "resources" | "kind" | "type"))
}

/// Whether a folder is open to everybody, or said in a way that only a shell understands.
pub(super) fn may_be_anywhere(folder: &str) -> bool {
    path::is_shared(folder) || folder.contains(['$', '%', '`'])
}

pub(super) fn is_address_key(key: &str) -> bool {
    matches!(key, "url" | "uri" | "urls" | "endpoint" | "href" | "base_url")
}
