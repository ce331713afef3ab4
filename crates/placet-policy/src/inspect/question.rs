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

/// Words for changing things that are too common elsewhere to count in prose: of SQL's commands for
/// servers, AQL, KQL, Flux and SPL, and the commands of Redis.
const COMMANDS: &str = " alias analyze append attach begin cluster collect comment commit config \
    copy decr decrby del detach discard eval evalsha exec execute expire expireat explain export \
    failover fcall flush flushall flushdb geoadd getdel getex getset hdel hincrby hincrbyfloat hmset \
    hset hsetnx import incr incrby incrbyfloat insert install linsert listen lmove lock lpop lpush \
    lpushx lrem lset ltrim mcollect migrate module move mset msetnx msck notify optimize \
    outputcsv outputlookup persist pexpire pexpireat pfadd pfmerge prepare psetex publish purge put \
    refresh reindex replicaof reset restore rollback rpop rpoplpush rpush rpushx sadd script \
    sendalert sendemail setbit setex setnx setrange shutdown slaveof smove spop srem \
    swapdb tscollect undrop unlink unload use vacuum xp_cmdshell sp_executesql \
    pg_terminate_backend xack xadd xclaim xdel xgroup xtrim zadd zincrby \
    zpopmax zpopmin zrangestore zrem ";

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
        || detaches(text)
        || sets_property(text)
        || calls_acting_method(text)
        || commands(text)
        || (has_form(text) && !is_graph_ql_query(text) && words(text).any(is_acting))
}

/// Whether a text for a database has any word with which one changes things, be it only a name. A
/// single word is a name, unless it is one that stands alone.
pub(super) fn has_acting_word(text: &str) -> bool {
    const ALONE: [&str; 5] = ["flushall", "flushdb", "shutdown", "vacuum", "failover"];
    let acts = |word: &str| {
        let lower = word.to_ascii_lowercase();
        is_acting(word) || COMMANDS.split_whitespace().any(|command| command == lower)
    };
    let mut all = words(text);
    match (all.next(), all.next()) {
        (Some("start" | "stop" | "START" | "STOP"), Some(_)) => true,
        (Some(only), None) => ALONE.iter().any(|word| word.eq_ignore_ascii_case(only)),
        _ => !is_graph_ql_query(text) && (words(text).any(acts) || pipes_into(text)),
    }
}

/// `|> to(bucket: "b")`, with which Flux stores.
fn pipes_into(text: &str) -> bool {
    text.split("|>").skip(1).any(|stage| {
        stage.trim_start().strip_prefix("to").is_some_and(|rest| rest.trim_start().starts_with('('))
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn is_acting(word: &str) -> bool {
    ACTING.iter().any(|acting| acting.eq_ignore_ascii_case(word))
}

/// `DETACH DELETE n` is said in no other language, and needs no bracket.
fn detaches(text: &str) -> bool {
    let all: Vec<&str> = words(text).collect();
    all.windows(2).any(|pair| {
        matches!(pair, [first, second]
            if first.eq_ignore_ascii_case("detach") && second.eq_ignore_ascii_case("delete"))
    })
}

/// `set n.x = 1`.
fn sets_property(text: &str) -> bool {
    let mut rest = text.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("set"));
    rest.next().is_some()
        && rest.next().is_some_and(|target| target.contains('.'))
        && text.contains('=')
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
