//! Questions in languages other than SQL, most of which can also change what they ask about.
//!
//! No parser stands behind this. A text that has the form of such a language and one of its words
//! for changing things is not proven to ask; prose about deleting something has the word only.

/// Words with which Cypher, SPARQL, InfluxQL and the like change or run something.
const ACTING: &[&str] = &[
    "create", "merge", "set", "delete", "detach", "remove", "call", "foreach", "load", "drop",
    "insert", "clear", "alter", "grant", "revoke", "kill", "truncate", "update", "upsert",
    "replace", "rename",
];

/// Methods with which the shell of MongoDB changes or runs something, by their beginnings.
const METHODS: &[&str] = &[
    "delete",
    "remove",
    "drop",
    "insert",
    "update",
    "replace",
    "bulkwrite",
    "save",
    "rename",
    "create",
    "findandmodify",
    "findoneand",
    "runcommand",
    "admincommand",
    "mapreduce",
    "shutdown",
    "set",
    "kill",
    "addv",
    "adde",
    "property",
    "to(",
    "write",
];

/// Stages of a MongoDB pipeline that store their result or run code.
pub(super) fn is_acting_stage(key: &str) -> bool {
    matches!(key, "$out" | "$merge" | "$function" | "$where" | "$accumulator")
}

/// Whether a GraphQL document holds a mutation. Whether it is the operation that runs is for
/// another param to say, and what stands before it (comments, commas, fragments) changes nothing.
pub(super) fn is_graph_ql_change(text: &str) -> bool {
    text.contains('{') && words(text).any(|word| word == "mutation")
}

/// Whether a text that is neither SQL nor a GraphQL query may do more than ask.
pub(super) fn may_change(text: &str) -> bool {
    let has_stage = ["$out", "$merge", "$function", "$where", "$accumulator"]
        .iter()
        .any(|stage| text.contains(stage));
    has_stage
        || calls_acting_method(text)
        || commands(text)
        || (has_form(text) && !is_graph_ql_query(text) && words(text).any(is_acting))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn is_acting(word: &str) -> bool {
    ACTING.iter().any(|acting| acting.eq_ignore_ascii_case(word))
}

/// Brackets and addresses in angle brackets: prose has few of them, the languages cannot do without.
fn has_form(text: &str) -> bool {
    text.contains(['(', '{', '[']) || text.contains("<http") || text.contains("<urn")
}

/// `db.users.deleteMany(…)`, `g.V().drop()`.
fn calls_acting_method(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains('(')
        && lower.split('.').skip(1).any(|after| {
            let after = after.trim_start();
            METHODS.iter().any(|method| after.starts_with(method))
        })
}

/// A statement that begins with such a word in capitals, or names what it is to be done to.
fn commands(text: &str) -> bool {
    const OBJECTS: [&str; 18] = [
        "measurement",
        "database",
        "retention",
        "series",
        "shard",
        "continuous",
        "user",
        "graph",
        "index",
        "constraint",
        "silent",
        "all",
        "default",
        "named",
        "role",
        "table",
        "query",
        "subscription",
    ];
    text.split([';', '\n']).any(|statement| {
        let mut words = words(statement);
        let (Some(first), second) = (words.next(), words.next()) else { return false };
        let is_object = second
            .is_some_and(|second| OBJECTS.iter().any(|object| object.eq_ignore_ascii_case(second)));
        let is_capital = first.chars().all(|c| c.is_ascii_uppercase());
        is_acting(first) && (is_capital || is_object)
    })
}

/// A GraphQL query, whose fields may be called anything. A bracket followed by an acting word and
/// a colon is a command of MongoDB instead.
fn is_graph_ql_query(text: &str) -> bool {
    let mut lines = text.lines().map(|line| line.split('#').next().unwrap_or(line));
    let Some(start) =
        lines.find(|line| !line.trim_matches([' ', '\t', ',', '\u{feff}']).is_empty())
    else {
        return false;
    };
    let start = start.trim_start_matches([' ', '\t', ',', '\u{feff}']);
    let is_named = ["query", "fragment", "subscription"].iter().any(|word| start.starts_with(word));
    let is_short = start.starts_with('{')
        && !text.contains(['"', '\''])
        && !words(text).next().is_some_and(is_acting);
    text.contains('{') && (is_named || is_short)
}
