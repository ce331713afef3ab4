//! Where a value ends that stands in quotes, and where one that should have ended.

use placet_core::json::Json;

use super::scan;

#[test]
fn a_quoted_value_is_taken_whole_and_no_further() {
    for (text, clean) in [
        (r#"password="hunter2" x"#, r#"password="[redacted:password]" x"#),
        ("password: 'correct horse battery', x", "password: '[redacted:password]', x"),
        (r#"password: "correct \"horse\" battery", x"#, r#"password: "[redacted:password]", x"#),
        (r#"password: "hunter2\\", x: "y""#, r#"password: "[redacted:password]\\", x: "y""#),
        ("the password is 'correct horse', x", "the password is '[redacted:password]', x"),
        ("tool --password \"a b\" -x", "tool --password \"[redacted:password]\" -x"),
        ("password=`a b` x", "password=`[redacted:password]` x"),
        ("password = \"\"\"a \"b\" c\"\"\" x", "password = \"\"\"[redacted:password]\"\"\" x"),
        ("{\"\"password\"\": \"\"a b\"\", x", "{\"\"password\"\": \"\"[redacted:password]\"\", x"),
        (r#"{\"password\": \"a b\"" x"#, r#"{\"password\": \"[redacted:password]\"" x"#),
        ("password='it''' x", "password='[redacted:password]' x"),
        ("password: '', x: 'a b'", "password: '', x: 'a b'"),
        ("password=\"\"", "password=\"\""),
        ("password='' user=x", "password='' user=x"),
    ] {
        assert_eq!(scan(text), clean, "{text}");
    }
}

/// A JSON text inside JSON inside JSON …, without the outermost quotes.
fn escaped(text: &str, times: usize) -> String {
    (0..times).fold(text.to_owned(), |text, _| {
        Json::String(text).canonical().trim_matches('"').to_owned()
    })
}

#[test]
fn a_quoted_value_in_escaped_text_is_taken_whole_and_no_further() {
    for times in 0..4 {
        for (inner, clean) in [
            ("correct horse battery", "[redacted:password]"),
            (r#"say \"horse\" twice"#, "[redacted:password]"),
            (r"two \\ in a row", "[redacted:password]"),
        ] {
            let around = |value: &str| format!(r#"{{"password": "{value}", "user": "a b"}}"#);
            let text = escaped(&around(inner), times);
            assert_eq!(scan(&text), escaped(&around(clean), times), "{text}");
        }
    }
}

#[test]
fn a_value_goes_on_after_a_quote_that_does_not_end_it() {
    for text in [
        "password: 'it''s a secret' x",
        "password='it'\\''s a secret' x",
        "password='don't tell a secret' x",
        "password=\"say \"\"a\"\" secret\" x",
        r#"{\"password\": \"a "secret\" x"#,
    ] {
        let clean = scan(text);
        assert!(!clean.contains("secret") && clean.ends_with(" x"), "{text} became {clean}");
    }
}

#[test]
fn without_an_end_the_rest_of_the_line_is_quoted() {
    for (text, clean) in [
        ("password: \"correct horse\nbattery", "password: \"[redacted:password]\nbattery"),
        ("password: 'correct horse", "password: '[redacted:password]"),
        ("password=\"a \"'b secret' x", "password=\"[redacted:password]"),
        (r#"{\"password\": \"correct "horse" x"#, r#"{\"password\": \"[redacted:password]"#),
        ("token: 'abc12345 and so on", "token: '[redacted:token] and so on"),
    ] {
        assert_eq!(scan(text), clean, "{text}");
    }
    let long = format!("password: '{}secret' x", "é ".repeat(5_000));
    assert_eq!(scan(&long), "password: '[redacted:password]");
}

#[test]
fn encoded_quotes_are_quotes() {
    for (text, clean) in [
        ("?password=%22correct horse%22&x=1", "?password=%22[redacted:password]%22&x=1"),
        ("%22api_key%22%3A%20%22a b%22", "%22api_key%22%3A%20%22[redacted:api-key]%22"),
        (
            "&quot;api_key&quot;: &quot;a b&quot;, x",
            "&quot;api_key&quot;: &quot;[redacted:api-key]&quot;, x",
        ),
        (
            r"{\u0022api_key\u0022:\u0022a b\u0022}",
            r"{\u0022api_key\u0022:\u0022[redacted:api-key]\u0022}",
        ),
    ] {
        assert_eq!(scan(text), clean, "{text}");
    }
}

#[test]
fn passwords_of_commands_may_have_spaces() {
    for (text, clean) in [
        ("mysql -p'a b' shop", "mysql -p'[redacted:password]' shop"),
        ("mysql -u x -p\"a b\" shop", "mysql -u x -p\"[redacted:password]\" shop"),
        ("sshpass -p 'a b' ssh x", "sshpass -p '[redacted:password]' ssh x"),
        ("curl -u 'me:a b' x", "curl -u 'me:[redacted:password]' x"),
        ("curl --user me:\"a b\" x", "curl --user me:\"[redacted:password]\" x"),
        ("curl --user=\"me:a b\" x", "curl --user=\"me:[redacted:password]\" x"),
    ] {
        assert_eq!(scan(text), clean, "{text}");
    }
}

#[test]
fn credentials_in_a_header_may_have_spaces() {
    for (text, clean) in [
        (
            "curl -H 'Authorization: Basic abc def' x",
            "curl -H 'Authorization: Basic [redacted:authorization]' x",
        ),
        (
            r#"{"Authorization": "Digest username=me, response=abc", "x": "y"}"#,
            r#"{"Authorization": "Digest [redacted:authorization]", "x": "y"}"#,
        ),
    ] {
        assert_eq!(scan(text), clean, "{text}");
    }
    assert!(!scan("Authorization: Splunk abc123def").contains("abc123def"));
}
