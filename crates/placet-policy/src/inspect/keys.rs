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
    let mut previous_is_small = false;
    for c in key.chars() {
        if c.is_uppercase() && previous_is_small {
            snake.push('_');
        }
        previous_is_small = c.is_lowercase() || c.is_numeric();
        match c {
            '-' | ' ' | '.' | '$' => snake.push('_'),
            _ => snake.extend(c.to_lowercase()),
        }
    }
    snake
}

/// The part played by the parameter of that name in `snake_case`.
pub(super) fn part_of(key: &str) -> Part {
    exact(key).unwrap_or_else(|| by_ending(key))
}

fn exact(key: &str) -> Option<Part> {
    Some(match key {
        "sql" | "statement" | "statements" | "raw_sql" | "sql_text" | "ddl" | "dml" | "plsql"
        | "tsql" | "sql_script" | "prql" => Part::Sql,
        "query" | "queries" | "q" | "query_text" | "query_string" | "question" => Part::Query,
        "command" | "commands" | "cmd" | "cmds" | "cmdline" | "command_line" | "shell" | "bash"
        | "argv" | "args" | "arguments" | "shell_script" | "cli" | "exec" | "entrypoint" => {
            Part::Shell
        }
        "code" | "script" | "source" | "source_code" | "python" | "javascript" | "js"
        | "snippet" | "program" | "expression" | "expr" | "formula" | "lambda" | "eval"
        | "equation" => Part::Code,
        "method" | "http_method" | "request_method" => Part::Method,
        "body" | "data" | "payload" | "json" | "form" | "form_data" | "json_body"
        | "request_body" | "post_data" | "message" | "text" | "content" | "subject" => Part::Body,
        "headers" | "http_headers" | "request_headers" => Part::Headers,
        "env" | "environment" | "environ" | "env_vars" => Part::Environment,
        "save_to" | "write_to" | "outfile" | "out_file" | "output_to" | "dest_file" => Part::Sink,
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
        "amount" => Part::Amount,
        _ => Part::Other,
    }
}

fn path_or_sink(before: &str) -> Part {
    let sinks = ["output", "out", "save", "dest", "destination", "download", "target", "export"];
    if before.split('_').any(|word| sinks.contains(&word)) { Part::Sink } else { Part::Path }
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
