//! What a tool's name promises.
//!
//! Names are small sentences: `get_update_history` looks, and the update is what it looks at;
//! `get_and_update` acts. So the words are read by position. A verb of looking at the head makes
//! nouns of what follows; a verb that is never a noun counts wherever it stands; a conjunction
//! opens the place for another verb. What is not known proves nothing.

use super::effect::Effect;
use super::lexicon::{Lean, Look, Role, role_of, role_of_pair};
use super::tokens::{Token, tokenize, without_server};

/// How many words of a name are looked at. The longest real names have about a dozen; a longer
/// one is not read to its end and so proves nothing.
const MAX_NAME_WORDS: usize = 24;

/// How many words that the lexicon does not know may stand before the head (`acme_crm_get_lead`).
const MAX_UNKNOWN_BEFORE_HEAD: usize = 2;

/// What kind of text a tool is there to carry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    Sql,
    Shell,
    Http,
}

/// What a name says.
#[derive(Clone, Debug, Default)]
pub(super) struct NameReading {
    /// The word that makes it a read, when the whole name is proven to promise only that.
    pub(super) reads_by: Option<String>,
    /// The verbs with an effect.
    pub(super) acts: Vec<(Effect, String)>,
    /// The tool does what its argument says, rather than what its name says.
    pub(super) carrier: Option<Carrier>,
    /// The shell is not one whose commands are read here (`powershell`, `cmd`).
    pub(super) foreign: bool,
    /// The tool seems to hand its arguments to a program (`git_diff`, `list_files`).
    pub(super) wraps: bool,
    /// The tool seems to be git, or a part of it.
    pub(super) is_git: bool,
    /// The tool seems to ask a Kubernetes cluster.
    pub(super) is_cluster: bool,
    /// The tool seems to ask a database, in whatever language.
    pub(super) asks_database: bool,
}

/// Reads a folded name.
pub(super) fn read_name(name: &str) -> NameReading {
    let tokens = tokenize(name);
    let carrier = carrier(&tokens);
    let wraps = tokens.iter().any(|token| WRAPPED.contains(&token.text.as_str()));
    let foreign = is_foreign_shell(&tokens);
    let has = |list: &[&str]| tokens.iter().any(|token| list.contains(&token.text.as_str()));
    let is_git = has(&["git"]);
    let is_cluster = has(&["kubectl", "kubernetes", "k8s", "openshift", "oc"]);
    let asks_database = has(DATABASES);
    let is_read_to_the_end = tokens.len() <= MAX_NAME_WORDS && !is_request(name);
    let words = words(&tokens);
    let reads_by =
        if is_read_to_the_end { head(&words).map(|word| word.text.clone()) } else { None };
    let acts = if reads_by.is_some() { Vec::new() } else { acts(&words) };
    NameReading { reads_by, acts, carrier, foreign, wraps, is_git, is_cluster, asks_database }
}

/// Words of tools that ask a database, in whatever language it has.
const DATABASES: &[&str] = &[
    "adx",
    "arango",
    "arangodb",
    "cassandra",
    "clickhouse",
    "collection",
    "collections",
    "cosmos",
    "cosmosdb",
    "couchbase",
    "couchdb",
    "cql",
    "cypher",
    "database",
    "databases",
    "dataset",
    "db",
    "dgraph",
    "dragonfly",
    "duckdb",
    "dynamo",
    "dynamodb",
    "elastic",
    "elasticsearch",
    "graph",
    "graphs",
    "gremlin",
    "influx",
    "influxdb",
    "keydb",
    "kql",
    "kusto",
    "memcached",
    "memgraph",
    "mongo",
    "mongodb",
    "mysql",
    "neo4j",
    "neptune",
    "opensearch",
    "orientdb",
    "postgres",
    "postgresql",
    "redis",
    "rdf",
    "row",
    "rows",
    "scylla",
    "sparql",
    "spl",
    "splunk",
    "sqlite",
    "surrealdb",
    "table",
    "tables",
    "valkey",
    "warehouse",
];

/// The same words can mean something else there: `sort /O x` writes, `expand` unpacks.
fn is_foreign_shell(tokens: &[Token]) -> bool {
    let is_named = |token: &Token| {
        matches!(token.text.as_str(), "powershell" | "pwsh" | "windows" | "win32" | "batch")
    };
    let is_cmd = |token: &Token| token.text == "cmd";
    let own = || tokens.iter().filter(|token| !token.is_namespace);
    tokens.iter().any(is_named)
        || own().all(is_cmd) && own().next().is_some()
        || tokens
            .windows(2)
            .any(|pair| matches!(pair, [cmd, exe] if is_cmd(cmd) && exe.text == "exe"))
}

/// Words of tools that are programs, or are likely to be built on one.
const WRAPPED: &[&str] = &[
    "git",
    "gh",
    "kubectl",
    "docker",
    "helm",
    "terraform",
    "grep",
    "rg",
    "ripgrep",
    "find",
    "ls",
    "cat",
    "diff",
    "blame",
    "tree",
    "head",
    "tail",
    "stat",
    "glob",
    "jq",
    "yq",
    "curl",
    "wget",
    "npm",
    "pip",
    "cargo",
    "aws",
    "gcloud",
    "az",
    "systemctl",
    "journalctl",
    "ps",
    "file",
    "files",
    "dir",
    "directory",
    "folder",
    "logs",
    "log",
    "repo",
    "commit",
    "commits",
    "du",
    "wc",
    "sort",
    "sed",
    "awk",
    "fd",
    "ag",
];

/// `POST /user/details`, `post__account__info`: a method and a path, of which the method decides.
fn is_request(name: &str) -> bool {
    const METHODS: [&str; 4] = ["post", "put", "patch", "delete"];
    let name = without_server(name.trim());
    let end = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len());
    let (method, path) = name.split_at_checked(end).unwrap_or((name, ""));
    METHODS.iter().any(|known| known.eq_ignore_ascii_case(method))
        && (path.starts_with([' ', '/', ':']) || path.starts_with("__"))
}

/// The words of a phrase with their roles.
pub(super) fn roles(phrase: &str) -> Vec<(String, Role)> {
    let words = words(&tokenize(phrase));
    words.into_iter().take(MAX_NAME_WORDS).map(|word| (word.text, word.role)).collect()
}

/// Whether a folded word or phrase, on its own, orders something other than a look
/// (`delete`, `send_now`), with the effect.
pub(super) fn ordered_effect(phrase: &str) -> Option<(Effect, String)> {
    let tokens = tokenize(phrase);
    let words = words(&tokens);
    if words.len() > MAX_NAME_WORDS || head(&words).is_some() {
        return None;
    }
    let first = words.iter().find(|word| word.role != Role::Filler)?;
    let act = match first.role {
        Role::Act(effect, _) => Some((effect, first.text.clone())),
        _ => None,
    };
    act.or_else(|| always_verb(&words))
}

/// The first word of a phrase that is always a verb with an effect.
pub(super) fn verb_within(phrase: &str) -> Option<(Effect, String)> {
    let tokens = tokenize(phrase);
    always_verb(&words(&tokens))
}

#[derive(Clone, Debug)]
struct Word {
    text: String,
    role: Role,
    is_namespace: bool,
}

impl Word {
    fn is_verb(&self) -> bool {
        matches!(self.role, Role::Act(_, Lean::Verb))
    }
}

/// The tokens with their roles, where two may make one word.
fn words(tokens: &[Token]) -> Vec<Word> {
    let mut words = Vec::with_capacity(tokens.len());
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        let pair = after
            .first()
            .and_then(|second| role_of_pair(&first.text, &second.text).map(|role| (second, role)));
        let (text, role, namespace_of, taken) = match pair {
            Some((second, role)) => (format!("{} {}", first.text, second.text), role, second, 2),
            None => (first.text.clone(), role_of(&first.text), first, 1),
        };
        words.push(Word { text, role, is_namespace: namespace_of.is_namespace });
        rest = rest.get(taken..).unwrap_or(&[]);
    }
    words
}

fn always_verb(words: &[Word]) -> Option<(Effect, String)> {
    words.iter().find_map(|word| match word.role {
        Role::Act(effect, Lean::Verb) => Some((effect, word.text.clone())),
        _ => None,
    })
}

/// The verb of looking that governs the name, if the name promises to look and nothing else.
fn head(words: &[Word]) -> Option<&Word> {
    let at = words.iter().position(|word| matches!(word.role, Role::Read(_) | Role::Question));
    let Some(at) = at else { return nominal(words) };
    let (before, rest) = words.split_at_checked(at)?;
    let (head, after) = rest.split_first()?;
    let is_read = (asks_about_acts(head) || !words.iter().any(Word::is_verb))
        && can_precede(before, head, after)
        && can_follow(after, head)
        && ends_in_a_thing(head, after)
        && conjunctions_join_nouns(words);
    is_read.then_some(head)
}

/// A name without any verb that asks for what its last word names: `account_details`.
fn nominal(words: &[Word]) -> Option<&Word> {
    let (last, before) = words.split_last()?;
    let all_known = before.iter().all(|word| {
        matches!(word.role, Role::Noun | Role::Nominal | Role::Filler)
            || (word.is_namespace && word.role == Role::Unknown)
    });
    (last.role == Role::Nominal && all_known).then_some(last)
}

/// Whether what stands before the head leaves it the head. Before a word that is also a noun
/// (`list`), another word may be the verb (`wipe_list`), so all of them must be known nouns.
fn can_precede(before: &[Word], head: &Word, after: &[Word]) -> bool {
    let is_surely_verb =
        matches!(head.role, Role::Read(Look::Verb | Look::Fetch)) || lists_things(head, after);
    let asks = head.role == Role::Question;
    let mut unknown = 0;
    before.iter().all(|word| match word.role {
        Role::Noun | Role::Nominal | Role::Filler => true,
        Role::Unknown if word.is_namespace => true,
        Role::Unknown => {
            unknown += 1;
            is_surely_verb && unknown <= MAX_UNKNOWN_BEFORE_HEAD
        }
        Role::Act(_, Lean::Noun) => word.is_namespace || is_surely_verb || asks,
        _ => false,
    })
}

/// `list` before a plural is a verb, whoever's tool it is (`acme_list_orders`).
fn lists_things(head: &Word, after: &[Word]) -> bool {
    let is_plural = |word: &Word| word.role == Role::Noun && word.text.ends_with('s');
    head.text == "list" && after.last().is_some_and(is_plural)
}

/// Whether what stands after the head can be its object.
fn can_follow(after: &[Word], head: &Word) -> bool {
    let is_act = |word: &Word| match word.role {
        Role::Act(_, Lean::Noun) => head.role == Role::Question,
        Role::Act(..) => true,
        _ => false,
    };
    head.role == Role::Read(Look::Fetch) || asks_about_acts(head) || !after.iter().any(is_act)
}

/// Questions to which an act is only the subject. Other words that ask are also said of what is
/// done then (`will_delete_account`, `have_bot_delete_files`).
fn asks_about_acts(head: &Word) -> bool {
    head.role == Role::Question
        && matches!(head.text.as_str(), "can" | "is" | "are" | "has" | "does" | "should")
}

/// Whether the name does not end like an order: with a switch (`head_lights_on`), or with a word
/// that nobody knows behind the things that it could be done to (`search_history_oust`).
fn ends_in_a_thing(head: &Word, after: &[Word]) -> bool {
    let Some((last, between)) = after.split_last() else { return true };
    if asks_about_acts(head) {
        return true;
    }
    match last.role {
        Role::Unknown => {
            let is_thing = |word: &Word| !matches!(word.role, Role::Filler | Role::Conjunction);
            is_surely_noun(&last.text)
                || between.iter().any(is_preposition)
                || !between.iter().any(is_thing)
        }
        Role::Act(Effect::Writes, _) => {
            head.text != "get" || after.len() > 1 || last.text != "lock"
        }
        _ => !matches!(last.text.as_str(), "on" | "off"),
    }
}

/// Endings that verbs do not have.
fn is_surely_noun(word: &str) -> bool {
    const ENDINGS: [&str; 24] = [
        "tion", "sion", "ment", "ness", "ity", "ance", "ence", "age", "ing", "ship", "ogy", "ure",
        "ism", "ist", "ics", "graph", "gram", "ware", "cy", "phone", "data", "logue", "ium",
        "path",
    ];
    ENDINGS.iter().any(|ending| word.ends_with(ending)) || word.chars().any(|c| c.is_ascii_digit())
}

/// After one of these, the name goes on with a thing.
fn is_preposition(word: &Word) -> bool {
    matches!(
        word.text.as_str(),
        "in" | "at" | "of" | "for" | "from" | "by" | "with" | "to" | "on" | "per" | "about"
    )
}

/// Whether each conjunction joins nouns or looks (`name_and_address`), not a second act.
fn conjunctions_join_nouns(words: &[Word]) -> bool {
    words.windows(2).all(|pair| match pair {
        [first, second] if first.role == Role::Conjunction => {
            matches!(second.role, Role::Noun | Role::Nominal | Role::Read(_) | Role::Question)
        }
        _ => true,
    })
}

/// The acts of a name that is no proven read: the words that are always verbs, and the others
/// where a verb would stand (the first of them, after a conjunction, last).
fn acts(words: &[Word]) -> Vec<(Effect, String)> {
    let mut acts = Vec::new();
    let mut after_conjunction = false;
    let last = words.len().saturating_sub(1);
    for (at, word) in words.iter().enumerate() {
        if let Role::Act(effect, lean) = word.role
            && (lean == Lean::Verb || acts.is_empty() || after_conjunction || at == last)
        {
            acts.push((effect, word.text.clone()));
        }
        after_conjunction = word.role == Role::Conjunction;
    }
    acts
}

/// Verbs that only say that an argument is carried out.
const CARRYING: &[&str] = &[
    "run", "execute", "exec", "perform", "make", "send", "call", "invoke", "issue", "request",
    "submit", "process", "evaluate", "eval", "start", "test",
];

fn carrier(tokens: &[Token]) -> Option<Carrier> {
    let only_carries = tokens.iter().all(|token| {
        !matches!(role_of(&token.text), Role::Act(..)) || CARRYING.contains(&token.text.as_str())
    });
    let has = |list: &[&str]| tokens.iter().any(|token| list.contains(&token.text.as_str()));
    if !only_carries {
        None
    } else if has(&[
        "bash",
        "shell",
        "sh",
        "zsh",
        "powershell",
        "pwsh",
        "terminal",
        "command",
        "cmd",
        "console",
    ]) {
        Some(Carrier::Shell)
    } else if has(SQL_WORDS) || is_query(tokens) {
        Some(Carrier::Sql)
    } else if has(&["http", "https", "request", "curl", "api", "rest"]) {
        Some(Carrier::Http)
    } else {
        None
    }
}

const SQL_WORDS: &[&str] = &[
    "sql",
    "database",
    "db",
    "postgres",
    "postgresql",
    "psql",
    "mysql",
    "mariadb",
    "sqlite",
    "mssql",
    "oracle",
    "bigquery",
    "snowflake",
    "redshift",
    "databricks",
    "duckdb",
    "clickhouse",
];

/// `query`, `run_query`, `read_query`: nothing but the asking, so the query must speak for itself.
fn is_query(tokens: &[Token]) -> bool {
    let generic = |token: &Token| {
        matches!(token.text.as_str(), "query" | "statement" | "read")
            || CARRYING.contains(&token.text.as_str())
    };
    tokens.iter().any(|token| matches!(token.text.as_str(), "query" | "statement"))
        && tokens.iter().filter(|token| !token.is_namespace).all(generic)
}
