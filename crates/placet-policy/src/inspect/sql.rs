//! SQL, read as every server might read it.
//!
//! The call does not say which database will run the text, and a text that is harmless to one can
//! be two statements to another (`'\'; DROP TABLE t; --'`). So it is tokenised and parsed as each
//! of several dialects, and the strongest reading counts. A read is proven when every dialect that
//! can parse the text sees only queries, no dialect sees a word that changes anything, and every
//! function that is called is known to have no effect: a function of the user's own may do anything.

use sqlparser::ast::{Delete, Expr, SetExpr, Statement};
use sqlparser::dialect::{
    Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace, Word};

use super::argument::Findings;
use super::effect::Effect::{self, Deletes, Executes, Grants, Reads, Writes};
use super::sql_words::{is_pure_function, is_structural, word_effect};
use super::stack::with_room;

/// Bytes of one text. Reports written by hand reach a few kilobytes.
const MAX_SQL_BYTES: usize = 16 * 1024;

/// Tokens of one text: bounds the length of operator chains, which the parser turns into equally
/// deep trees.
const MAX_SQL_TOKENS: usize = 4096;

/// Brackets open at once, and also the depth to which the parser may recurse.
const MAX_SQL_DEPTH: usize = 32;

/// How often one keyword may occur. The parser guards its stack against nested expressions, but not
/// against every chain (`EXPLAIN EXPLAIN …`, `JOIN t JOIN t …`). Some words are exempt because they
/// repeat in any long query and nest nothing.
const MAX_KEYWORD_REPEATS: usize = 32;

/// Finds out what a text does if it is run as SQL.
pub(super) fn inspect(sql: &str) -> Findings {
    if let Some(reason) = refusal(sql) {
        return Findings::opaque(reason);
    }
    if asks_pragma(sql) {
        let mut findings = Findings::default();
        findings.does(Reads, "an SQLite pragma that only shows");
        return findings;
    }
    with_room(|| inspect_in_all_dialects(sql))
}

fn inspect_in_all_dialects(sql: &str) -> Findings {
    let mut findings = Findings::default();
    let mut parsed = false;
    let mut only_queries = true;
    for dialect in dialects() {
        let Ok(tokens) = Tokenizer::new(dialect, sql).tokenize() else { continue };
        inspect_tokens(&tokens, &mut findings);
        let Some(statements) = parse(dialect, tokens) else { continue };
        parsed = true;
        only_queries &= !statements.is_empty() && statements.iter().all(is_query);
        statements.iter().for_each(|statement| inspect_bounds(statement, &mut findings));
    }
    conclude(parsed, only_queries, &mut findings);
    findings
}

/// The words with which a statement begins.
const FIRST_WORDS: &[&str] = &[
    "select", "insert", "update", "delete", "drop", "alter", "truncate", "create", "grant",
    "revoke", "with", "merge", "replace", "exec", "execute", "call", "copy", "attach", "pragma",
    "do", "begin", "declare",
];

/// Whether a text that need not be SQL is: it starts like a statement and parses as one, or
/// starts with two words that no sentence does.
pub(super) fn looks_like_sql(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ';'));
    if text.starts_with("/*") || text.starts_with("--") {
        return text.len() <= MAX_SQL_BYTES && parses(text);
    }
    let mut words =
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|w| !w.is_empty());
    let first = words.next().unwrap_or("");
    // Most texts end here, so nothing is copied before.
    let Some(first) = FIRST_WORDS.iter().find(|word| word.eq_ignore_ascii_case(first)) else {
        return false;
    };
    let second = words.next().unwrap_or("").to_ascii_lowercase();
    let telling = matches!(
        (*first, second.as_str()),
        ("insert" | "replace" | "merge", "into")
            | (
                "drop" | "alter" | "truncate",
                "table" | "database" | "schema" | "view" | "role" | "user"
            )
    );
    telling || (text.len() <= MAX_SQL_BYTES && parses(text))
}

/// Whether a statement that changes something stands behind another text (`x'; DROP TABLE t; --`),
/// where a tool that pastes texts together would run it.
pub(super) fn carries_statement(text: &str) -> bool {
    const PAIRS: [(&str, &str); 9] = [
        ("drop", "table database schema view index user role"),
        ("truncate", "table"),
        ("alter", "table database role user"),
        ("create", "table user role database function trigger"),
        ("delete", "from"),
        ("insert", "into"),
        ("grant", "all select insert"),
        ("exec", "xp_cmdshell sp_executesql master"),
        ("copy", "(select"),
    ];
    text.split(';').skip(1).any(|part| {
        let mut words = part.split_whitespace();
        let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let is_pair = PAIRS.iter().any(|(verb, objects)| {
            first.eq_ignore_ascii_case(verb)
                && objects.split(' ').any(|object| second.eq_ignore_ascii_case(object))
        });
        is_pair || first.eq_ignore_ascii_case("update") && words.next() == Some("set")
    })
}

fn dialects() -> [&'static dyn Dialect; 5] {
    [
        &GenericDialect {},
        &PostgreSqlDialect {},
        &MySqlDialect {},
        &SQLiteDialect {},
        &MsSqlDialect {},
    ]
}

fn parses(text: &str) -> bool {
    let parses_as = |dialect| {
        let tokens = Tokenizer::new(dialect, text).tokenize().ok();
        tokens.and_then(|tokens| parse(dialect, tokens)).is_some_and(|all| !all.is_empty())
    };
    refusal(text).is_none() && with_room(|| dialects().into_iter().any(parses_as))
}

fn parse(dialect: &dyn Dialect, tokens: Vec<Token>) -> Option<Vec<Statement>> {
    if tokens.len() > MAX_SQL_TOKENS || repeats_keyword(&tokens) {
        return None;
    }
    let parser = Parser::new(dialect).with_recursion_limit(MAX_SQL_DEPTH);
    parser.with_tokens(tokens).parse_statements().ok()
}

fn repeats_keyword(tokens: &[Token]) -> bool {
    const FLAT: [Keyword; 11] = [
        Keyword::AS,
        Keyword::AND,
        Keyword::OR,
        Keyword::NULL,
        Keyword::IS,
        Keyword::ON,
        Keyword::WHEN,
        Keyword::THEN,
        Keyword::ELSE,
        Keyword::END,
        Keyword::LIKE,
    ];
    let mut keywords: Vec<Keyword> = tokens
        .iter()
        .filter_map(|token| match token {
            Token::Word(word) if word.keyword != Keyword::NoKeyword => Some(word.keyword),
            _ => None,
        })
        .filter(|keyword| !FLAT.contains(keyword))
        .collect();
    keywords.sort_unstable();
    keywords.chunk_by(|left, right| left == right).any(|run| run.len() > MAX_KEYWORD_REPEATS)
}

/// What no parser here reads as every server would.
fn refusal(sql: &str) -> Option<&'static str> {
    if sql.len() > MAX_SQL_BYTES {
        Some("SQL that is too long to inspect")
    } else if depth(sql) > MAX_SQL_DEPTH {
        Some("SQL that is nested too deeply to inspect")
    } else if super::fold::trick_in_command(sql).is_some() {
        Some("SQL with control or invisible characters")
    } else if sql.contains("/*!") || sql.contains("/*M!") {
        Some("a comment that MySQL executes")
    } else if sql.contains("\\'") || sql.contains("\\\"") || sql.contains("\\`") {
        Some("a backslash before a quote, which databases read differently")
    } else if sql.lines().any(|line| line.trim_start().starts_with(['\\', '.'])) {
        Some("a command to the database's client")
    } else {
        None
    }
}

/// The deepest nesting, counted without regard to quotes, so never too low.
fn depth(sql: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    let mut words = 0_usize;
    for c in sql.chars() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    for word in sql.split(|c: char| !c.is_ascii_alphanumeric()) {
        let nests =
            ["case", "begin", "not"].iter().any(|nesting| word.eq_ignore_ascii_case(nesting));
        words += usize::from(nests);
    }
    deepest.max(words)
}

/// Looks for words that change things and functions that might, wherever they stand.
fn inspect_tokens(tokens: &[Token], findings: &mut Findings) {
    let mut significant = tokens.iter().filter(|token| !is_space(token)).peekable();
    let mut previous: Option<&Token> = None;
    let mut qualifier: Option<&Token> = None;
    while let Some(token) = significant.next() {
        let calls = matches!(significant.peek(), Some(Token::LParen));
        if let Token::Word(word) = token {
            if calls && is_somebodys_own(word, previous, qualifier) {
                findings.cannot_tell("a function of a schema, which may be anybody's own");
            }
            inspect_word(word, previous, calls, findings);
        }
        if names_file(token, previous) {
            findings.touches_secret("a file of the server that is read as a table");
        }
        qualifier = previous;
        previous = Some(token);
    }
    if tokens.iter().any(is_odd_comment) {
        findings.cannot_tell("a comment that databases read differently");
    }
}

/// `FROM '/etc/passwd'`: some databases read a file where others expect a table.
fn names_file(token: &Token, previous: Option<&Token>) -> bool {
    let is_source = matches!(previous, Some(Token::Word(word))
        if matches!(word.keyword, Keyword::FROM | Keyword::JOIN) && word.quote_style.is_none());
    matches!(token, Token::SingleQuotedString(text) if is_source && text.contains(['/', '\\']))
}

fn inspect_word(word: &Word, previous: Option<&Token>, calls: bool, findings: &mut Findings) {
    let text = word.value.to_ascii_lowercase();
    if matches!(text.as_str(), "pg_shadow" | "pg_authid" | "pg_user_mapping" | "pg_user_mappings") {
        findings.touches_secret("a table of the server's passwords");
    }
    let is_column = matches!(previous, Some(Token::Period)) && text != "nextval";
    let is_grammar = word.quote_style.is_none() && is_structural(&text);
    if calls && !is_pure_function(&text) && !is_grammar && !follows_definition(previous) {
        findings.cannot_tell("a function that is not known to be free of effects");
    }
    if word.quote_style.is_some() || is_column || (calls && is_pure_function(&text)) {
        return;
    }
    if let Some(effect) = word_effect(&text) {
        let grave = matches!(text.as_str(), "drop" | "truncate" | "grant" | "revoke");
        let reason = format!("SQL {}", text.to_ascii_uppercase());
        if grave { findings.does_gravely(effect, reason) } else { findings.does(effect, reason) }
    }
}

/// A function that is quoted or belongs to a schema is not the built-in one of that name
/// (`billing.replace(5)`, `"Abs"(5)`), except in the schema of the built-in ones.
fn is_somebodys_own(word: &Word, previous: Option<&Token>, qualifier: Option<&Token>) -> bool {
    let is_built_in = matches!(qualifier, Some(Token::Word(schema))
        if schema.value.eq_ignore_ascii_case("pg_catalog"));
    match previous {
        Some(Token::Period) => !is_built_in,
        _ => word.quote_style.is_some() && !follows_definition(previous),
    }
}

/// In `WITH t(a) AS …`, `INSERT INTO t (a)` and `AS t(a)`, the name before the bracket is no function.
fn follows_definition(previous: Option<&Token>) -> bool {
    let Some(Token::Word(word)) = previous else { return false };
    matches!(
        word.keyword,
        Keyword::WITH | Keyword::INTO | Keyword::AS | Keyword::RECURSIVE | Keyword::TABLE
    ) && word.quote_style.is_none()
}

fn is_space(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_))
}

/// MySQL needs a space after `--`, and does not nest `/* /* */`.
fn is_odd_comment(token: &Token) -> bool {
    match token {
        Token::Whitespace(Whitespace::SingleLineComment { comment, prefix }) => {
            prefix != "--" || !comment.starts_with(char::is_whitespace) && !comment.is_empty()
        }
        Token::Whitespace(Whitespace::MultiLineComment(comment)) => comment.contains("/*"),
        _ => false,
    }
}

/// Statements that only ask. Whatever they contain has been seen among the tokens.
fn is_query(statement: &Statement) -> bool {
    match statement {
        Statement::Query(query) => !matches!(
            *query.body,
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
        ),
        Statement::Explain { statement, .. } => is_query(statement),
        Statement::ExplainTable { .. }
        | Statement::ShowFunctions { .. }
        | Statement::ShowVariable { .. }
        | Statement::ShowStatus { .. }
        | Statement::ShowVariables { .. }
        | Statement::ShowCreate { .. }
        | Statement::ShowColumns { .. }
        | Statement::ShowDatabases { .. }
        | Statement::ShowSchemas { .. }
        | Statement::ShowCollation { .. }
        | Statement::ShowTables { .. }
        | Statement::ShowViews { .. } => true,
        _ => false,
    }
}

/// `PRAGMA table_info(users)`, which the parser does not know with a name in the brackets. To most
/// other pragmas, an argument is a new value.
fn asks_pragma(sql: &str) -> bool {
    const ASKING: [&str; 8] = [
        "table_info",
        "table_xinfo",
        "table_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "foreign_key_list",
        "foreign_key_check",
    ];
    let statement = sql.trim().trim_end_matches(';').to_ascii_lowercase();
    let Some(pragma) = statement.strip_prefix("pragma ") else { return false };
    let (name, argument) = pragma.split_once('(').unwrap_or((pragma, ")"));
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    ASKING.contains(&name.trim()) && argument.strip_suffix(')').is_some_and(is_name)
}

/// A change without a condition reaches every row.
fn inspect_bounds(statement: &Statement, findings: &mut Findings) {
    let unbounded = match statement {
        Statement::Update(update) => is_unbounded(update.selection.as_ref()).then_some(Writes),
        Statement::Delete(Delete { selection, .. }) => {
            is_unbounded(selection.as_ref()).then_some(Deletes)
        }
        _ => None,
    };
    if let Some(effect) = unbounded {
        findings.does_gravely(effect, "SQL that changes every row of a table");
    }
}

/// No condition, or one that names no column.
fn is_unbounded(selection: Option<&Expr>) -> bool {
    match selection {
        None | Some(Expr::Value(_)) => true,
        Some(Expr::Nested(inner)) => is_unbounded(Some(inner)),
        Some(Expr::BinaryOp { left, right, .. }) => {
            matches!((&**left, &**right), (Expr::Value(_), Expr::Value(_)))
        }
        Some(_) => false,
    }
}

fn conclude(parsed: bool, only_queries: bool, findings: &mut Findings) {
    let acts = |effect: &Effect| matches!(effect, Writes | Deletes | Executes | Grants);
    if !parsed {
        findings.cannot_tell("SQL that no dialect here can parse");
    } else if only_queries {
        findings.does(Reads, "SQL that only queries");
    } else if !findings.effects.iter().any(|(effect, ..)| acts(effect)) {
        findings.does(Executes, "an SQL statement that is no query");
    }
}
