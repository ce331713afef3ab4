//! What a parameter's name says about its value.

use std::borrow::Cow;

/// The part that a parameter plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// SQL, whatever it looks like.
    Sql,
    /// A question in some language: SQL if the tool or its shape says so.
    Query,
    /// A shell command or the arguments of one.
    Shell,
    /// Source code or an expression.
    Code,
    /// An HTTP method.
    Method,
    /// The content of a request or message.
    Body,
    /// HTTP headers.
    Headers,
    /// Environment variables of a process.
    Environment,
    /// A word that says what is to be done.
    Action,
    /// Where a result is stored.
    Sink,
    /// Where a result goes, or a format, or a town (`output`, `destination`).
    Place,
    /// A path.
    Path,
    /// Somebody to whom something goes.
    Recipient,
    /// An amount of money.
    Amount,
    /// What is paid with.
    Payment,
    /// Anything else.
    Other,
}

/// A folded parameter name as `snake_case`.
pub(super) fn snake_case(key: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if key.bytes().all(is_plain) {
        return key.into();
    }
    rewritten(key).into()
}

fn rewritten(key: &str) -> String {
    let mut snake = String::with_capacity(key.len() + 4);
    let mut previous = ' ';
    let mut chars = key.chars().peekable();
    while let Some(c) = chars.next() {
        let after_small = previous.is_lowercase() || previous.is_numeric();
        // `HTTPMethod` are two words: a small letter follows the second one's capital.
        let ends_acronym =
            previous.is_uppercase() && chars.peek().is_some_and(|c| c.is_lowercase());
        if c.is_uppercase() && (after_small || ends_acronym) {
            snake.push('_');
        }
        previous = c;
        match c {
            '-' | ' ' | '.' | '$' => snake.push('_'),
            _ => snake.extend(c.to_lowercase()),
        }
    }
    snake
}

/// The part played by the parameter of that name in `snake_case`.
pub(super) fn part_of(key: &str) -> Part {
    exact(key).or_else(|| method_in_any_case(key)).unwrap_or_else(|| by_ending(key))
}

fn exact(key: &str) -> Option<Part> {
    Some(match key {
        "sql" | "statement" | "statements" | "raw_sql" | "sql_text" | "ddl" | "dml" | "plsql"
        | "tsql" | "sql_script" | "prql" => Part::Sql,
        "query" | "queries" | "q" | "query_text" | "query_string" | "question" | "document"
        | "gql" | "graphql" | "graphql_query" | "graph_ql" | "cypher" | "sparql" | "pipeline"
        | "aggregation" | "influxql" | "flux" | "mql" | "gremlin" | "traversal" | "aql"
        | "n1ql" | "kql" | "spl" | "cql" => Part::Query,
        "command" | "commands" | "cmd" | "cmds" | "cmdline" | "command_line" | "shell" | "bash"
        | "argv" | "args" | "arguments" | "shell_script" | "cli" | "exec" | "entrypoint" => {
            Part::Shell
        }
        "code" | "script" | "source" | "source_code" | "python" | "javascript" | "js"
        | "snippet" | "program" | "expression" | "expr" | "formula" | "lambda" | "eval"
        | "equation" | "run" | "then" | "stdin" | "init_script" | "preamble" | "startup_script"
        | "pre_command" | "post_command" | "powershell" | "pwsh" | "ps1" | "powershell_script"
        | "hook" | "pre_hook" | "post_hook" | "on_complete" | "on_success" | "on_failure"
        | "on_error" | "applescript" | "vbscript" | "batch_script" => Part::Code,
        "method"
        | "http_method"
        | "request_method"
        | "httpmethod"
        | "requestmethod"
        | "request_type"
        | "http_verb"
        | "http_request_method"
        | "req_method"
        | "api_method" => Part::Method,
        "body" | "data" | "payload" | "json" | "form" | "form_data" | "json_body"
        | "request_body" | "post_data" | "message" | "text" | "content" | "subject"
        | "form_fields" | "form_values" | "formdata" | "post_fields" | "raw_body" | "json_data"
        | "request_data" | "request_payload" | "post_body" | "multipart" => Part::Body,
        "headers" | "header" | "http_headers" | "request_headers" | "extra_headers"
        | "custom_headers" => Part::Headers,
        "env" | "envs" | "environment" | "environ" | "env_vars" => Part::Environment,
        "save_to" | "write_to" | "log_file" | "to_folder" | "outfile" | "out_file"
        | "output_to" | "dest_file" | "save_as" | "local_path" | "write_disposition"
        | "into_table" => Part::Sink,
        "output" | "out" | "destination" | "dest" => Part::Place,
        "to" | "cc" | "bcc" | "recipient" | "recipients" | "channel" | "channel_id" | "chat_id"
        | "phone" | "phone_number" | "email" | "to_email" | "to_number" | "send_to" => {
            Part::Recipient
        }
        "amount" | "total" | "price" | "fee" | "amount_cents" => Part::Amount,
        "currency" | "payment_method" | "payment_method_id" | "payment_id" | "card_number"
        | "credit_card" | "card_id" | "iban" | "payment_card_id" => Part::Payment,
        _ if super::http::is_action_key(key) => Part::Action,
        _ => return None,
    })
}

/// `hTTPmETHOD` is the method to whoever reads its keys without regard to case.
fn method_in_any_case(key: &str) -> Option<Part> {
    const LONGEST: usize = 2 * "requestmethod".len();
    let is_method = key.len() <= LONGEST
        && ["httpmethod", "requestmethod", "requesttype", "httpverb"]
            .contains(&key.replace('_', "").as_str());
    is_method.then_some(Part::Method)
}

fn by_ending(key: &str) -> Part {
    let (before, last) = key.rsplit_once('_').unwrap_or(("", key));
    match last {
        "sql" => Part::Sql,
        "command" | "cmd" | "argv" => Part::Shell,
        "code" if matches!(before, "python" | "js" | "source" | "javascript" | "shell") => {
            Part::Code
        }
        "path" | "paths" | "file" | "files" | "filename" | "filepath" | "dir" | "directory"
        | "folder" | "filenames" => path_or_sink(before),
        "query" if is_database_language(before) => Part::Query,
        "table" if is_sink(before) => Part::Sink,
        "amount" => Part::Amount,
        _ => Part::Other,
    }
}

fn path_or_sink(before: &str) -> Part {
    if is_sink(before) { Part::Sink } else { Part::Path }
}

fn is_sink(before: &str) -> bool {
    const SINKS: [&str; 9] =
        ["output", "out", "save", "dest", "destination", "download", "target", "export", "into"];
    before.split('_').any(|word| SINKS.contains(&word))
}

/// Whether a word is the name of a language in which databases are asked and changed.
pub(super) fn is_database_language(word: &str) -> bool {
    matches!(
        word,
        "cypher"
            | "sparql"
            | "gremlin"
            | "traversal"
            | "aql"
            | "n1ql"
            | "kql"
            | "spl"
            | "cql"
            | "influxql"
            | "flux"
            | "mql"
            | "pipeline"
            | "aggregation"
    )
}

/// Params that say in which folder a tool works.
pub(super) fn is_folder_key(key: &str) -> bool {
    matches!(
        key,
        "cwd"
            | "workdir"
            | "work_dir"
            | "working_dir"
            | "working_directory"
            | "workspace"
            | "dir"
            | "directory"
            | "folder"
            | "root"
            | "path"
            | "repo"
            | "repo_path"
            | "repository"
            | "repository_path"
            | "project"
            | "project_path"
    )
}

/// Params that hold an order in one word, or a description in many.
pub(super) fn is_task_key(key: &str) -> bool {
    matches!(key, "task" | "step" | "request" | "intent" | "directive")
}

/// Params that take an address to which something is reported.
pub(super) fn is_callback_key(key: &str) -> bool {
    key.split('_').any(|word| matches!(word, "callback" | "webhook" | "notification"))
        || matches!(
            key,
            "notify_url" | "postback" | "postback_url" | "deliver_to" | "email_to" | "share_with"
        )
}

/// Whether a place is one where something is stored, rather than a format or a town.
pub(super) fn is_place_to_store(key: &str, text: &str) -> bool {
    const FORMATS: [&str; 13] = [
        "json", "yaml", "yml", "text", "txt", "table", "csv", "tsv", "wide", "name", "markdown",
        "html", "xml",
    ];
    if key == "output" {
        return !FORMATS.iter().any(|format| format.eq_ignore_ascii_case(text.trim()));
    }
    text.contains(['/', '\\', '.', ':', '~'])
}

/// Params beside a command that say nothing about what is carried out.
pub(super) fn is_known_beside_command(key: &str) -> bool {
    matches!(
        key,
        "description"
            | "explanation"
            | "reason"
            | "rationale"
            | "thought"
            | "thoughts"
            | "justification"
            | "purpose"
            | "title"
            | "label"
            | "summary"
            | "cwd"
            | "workdir"
            | "work_dir"
            | "working_dir"
            | "working_directory"
            | "dir"
            | "directory"
            | "path"
            | "id"
            | "session_id"
            | "shell_id"
            | "terminal_id"
            | "process_id"
            | "request_id"
            | "call_id"
            | "timeout"
            | "timeout_ms"
            | "encoding"
            | "output_format"
            | "format"
            | "security_risk"
            | "risk"
            | "namespace"
            | "context"
            | "region"
            | "repo"
            | "owner"
    )
}

/// Params whose text is handed to a program as its options.
pub(super) fn is_option_key(key: &str) -> bool {
    let last = key.rsplit('_').next().unwrap_or(key);
    matches!(last, "options" | "option" | "opts" | "flags" | "flag" | "switches" | "extra" | "args")
}

/// Params that sort, in which a hyphen turns the order round.
pub(super) fn is_sort_key(key: &str) -> bool {
    matches!(key, "sort" | "order" | "ordering" | "sort_by" | "order_by" | "sort_order" | "sorting")
}

/// Params that name another tool, which is then carried out.
pub(super) fn is_tool_key(key: &str) -> bool {
    matches!(key, "tool_name" | "function_name" | "tool" | "method_name" | "procedure")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{rewritten, snake_case};

    proptest! {
        #[test]
        fn a_name_that_is_left_alone_would_be_rewritten_to_itself(key in "[a-zA-Z0-9_.$ é-]{0,12}") {
            prop_assert_eq!(snake_case(&key), rewritten(&key));
        }
    }
}
