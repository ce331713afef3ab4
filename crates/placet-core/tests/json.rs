//! Reading, writing and addressing JSON.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use placet_core::Json;
use placet_core::json::{Limits, Number, Object, Pointer, canonical_json};

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: impl AsRef<[u8]>) -> String {
    Json::parse(text.as_ref()).expect_err("must be refused").to_string()
}

mod refusals {
    use super::*;

    #[test]
    fn say_where_and_what_to_do() {
        let cases: [(&str, &str); 29] = [
            ("", "line 1, column 1: the document ends where a value should be"),
            ("[1,\n 2", "line 2, column 3: the document ends where a comma or ] should be"),
            ("[1 2]", "line 1, column 4: found '2' where a comma or ] should be"),
            ("[1,]", "line 1, column 4, at \"/1\": found ']' where a value should be"),
            ("{\"a\" 1}", "line 1, column 6: found '1' where a colon should be"),
            ("{a: 1}", "line 1, column 2: found 'a' where a key in double quotes should be"),
            ("{\"a\":1,}", "line 1, column 8: found '}' where a key in double quotes should be"),
            ("{\"a\":1 \"b\"}", "line 1, column 8: found '\"' where a comma or } should be"),
            ("truth", "line 1, column 1: found 't' where a value should be"),
            ("'a'", "line 1, column 1: found '\\'' where a value should be"),
            (
                "1 // one",
                "line 1, column 3: found '/' after the end of the value; send one value per document",
            ),
            (
                "\"ab",
                "line 1, column 4: the document ends where the closing quote of a string should be",
            ),
            (
                "{\"a\":{\"b\":[0,\"x\\q\"]}}",
                "line 1, column 16, at \"/a/b/1\": a backslash is followed by 'q', which is no escape; write \\\\ for a backslash itself",
            ),
            ("\"\\u12G4\"", "line 1, column 2: \\u must be followed by four hexadecimal digits"),
            (
                "\"é\\ud800x\"",
                "line 1, column 3: \\ud800 is half of a surrogate pair and no character by itself; write both halves or neither",
            ),
            (
                "\"\\udc00\"",
                "line 1, column 2: \\udc00 is half of a surrogate pair and no character by itself; write both halves or neither",
            ),
            (
                "\"a\tb\"",
                "line 1, column 3: a control character in a string must be escaped; write \\u0009",
            ),
            (
                "\u{feff}{}",
                "line 1, column 1: the document begins with a byte order mark; leave it out",
            ),
            (
                "{\"k\":1,\n\"j\":2,\n  \"k\":3}",
                "line 3, column 3: the key \"k\" appears twice in one object; readers differ on which one counts",
            ),
            (
                "[{\"a\":1,\"\\u0061\":1}]",
                "line 1, column 9, at \"/0\": the key \"a\" appears twice in one object; readers differ on which one counts",
            ),
            (
                "{\"a\u{202e}\":1,\"a\u{202e}\":1}",
                "line 1, column 9: the key \"a\\u{202e}\" appears twice in one object; readers differ on which one counts",
            ),
            (
                "[NaN]",
                "line 1, column 2, at \"/0\": NaN is not a number that JSON can express; leave the field out or write null",
            ),
            (
                "-Infinity",
                "line 1, column 1: -Infinity is not a number that JSON can express; leave the field out or write null",
            ),
            (
                "{\"n\": 012}",
                "line 1, column 7, at \"/n\": \"012\" is not a JSON number; write digits as in -12.5 or 1e9",
            ),
            (
                "1e400",
                "line 1, column 1: 1e400 is too large for a double; write \"1e400\", a string",
            ),
            (
                "1e-400",
                "line 1, column 1: 1e-400 would be changed by a double; write \"1e-400\", a string",
            ),
            (
                "0.1000000000000000055",
                "line 1, column 1: 0.1000000000000000055 would be changed by a double; write \"0.1000000000000000055\", a string",
            ),
            (
                "-9007199254740992",
                "line 1, column 1: -9007199254740992 is beyond 9007199254740991, where readers of JSON begin to confuse whole numbers; write \"-9007199254740992\", a string",
            ),
            (
                "1e20",
                "line 1, column 1: 1e20 is beyond 9007199254740991, where readers of JSON begin to confuse whole numbers; write \"1e20\", a string",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(refusal(text), message, "{text}");
        }
    }

    #[test]
    fn of_twins_point_at_the_second() {
        let error = Json::parse(br#"{"o":{"k":1},"k":2,"k":3,"k":4}"#).unwrap_err();
        assert_eq!((error.line, error.column), (1, 20));
    }

    #[test]
    fn columns_count_characters() {
        let bytes = b"[\"\xc3\xa9\xc3\xa9\", \"\xff\"]";
        assert_eq!(
            refusal(bytes),
            "line 1, column 9: the bytes are not UTF-8; encode the document as UTF-8"
        );
    }

    #[test]
    fn hold_at_the_limits() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(nested(64).as_bytes()).is_ok());
        let error = refusal(nested(65));
        assert!(error.contains("nested more than 64 levels deep; send a flatter value"), "{error}");

        let neighbours = format!("[{}[]]", "[],{\"a\":0},".repeat(100));
        assert!(Json::parse(neighbours.as_bytes()).is_ok(), "only what is open counts");

        let limits = Limits { bytes: 4, ..Limits::default() };
        assert!(Json::parse_with(b"[11]", &limits).is_ok());
        let error = Json::parse_with(b"[111]", &limits).unwrap_err().to_string();
        assert_eq!(error, "line 1, column 1: the document has 5 bytes and at most 4 are accepted");
    }

    #[test]
    fn of_a_million_levels_come_at_once() {
        let limits = Limits { depth: u8::MAX, bytes: usize::MAX };
        for opening in ["[", "{\"a\":", "[{\"\":"] {
            let deep = opening.repeat(1_000_000);
            let error = Json::parse_with(deep.as_bytes(), &limits).unwrap_err().to_string();
            assert!(error.contains("nested more than 255 levels deep"), "{opening}");
        }
    }

    #[test]
    fn never_quote_a_string_value() {
        for text in
            ["[\"hunter2\\q\"]", "[\"hunter2", "[\"hunter2\" 1]", "{\"p\":\"hunter2\",\"p\":1}"]
        {
            assert!(!refusal(text).contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn shorten_what_they_quote() {
        let key = "k".repeat(5000);
        assert!(refusal(format!("{{\"{key}\":1,\"{key}\":2}}")).len() < 200);
        assert!(refusal("9".repeat(5000)).len() < 300);
    }
}

mod numbers {
    use super::*;

    #[test]
    fn are_accepted_when_their_decimal_survives() {
        let cases = [
            ("0.1", "0.1"),
            ("1e3", "1000"),
            ("1.50", "1.5"),
            ("100", "100"),
            ("-0", "0"),
            ("-0.0e9", "0"),
            ("0e999999999999999999999", "0"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("9007199254740991", "9007199254740991"),
            ("-9007199254740991.000", "-9007199254740991"),
            ("900719925474099.1e1", "9007199254740991"),
            ("1E22", "1e+22"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("5e-324", "5e-324"),
            ("0.30000000000000004", "0.30000000000000004"),
        ];
        for (literal, canonical) in cases {
            assert_eq!(json(literal).canonical(), canonical, "{literal}");
        }
    }

    #[test]
    fn are_refused_when_it_does_not() {
        let cases = [
            "9007199254740992",
            "9007199254740993",
            "9007199254740992.0",
            "1e16",
            "123456789012345678e3",
            "1000000000000000000000",
            "0.1000000000000000055",
            "333333333.33333329",
            "1e309",
            "-1e309",
            "1e-400",
            "4e-324",
            "2.2250738585072011e-308",
        ];
        for literal in cases {
            assert!(Json::parse(literal.as_bytes()).is_err(), "{literal}");
        }
        assert!(Json::parse(b"0.300000000000000040").is_ok(), "a trailing zero changes nothing");
    }

    #[test]
    fn come_from_machine_numbers_under_the_same_rule() {
        assert_eq!(Number::new(-0.0).unwrap().to_string(), "0");
        assert_eq!(Number::new(1e21).unwrap().to_string(), "1e+21");
        assert!(Number::new(1e20).is_err());
        assert!(Number::new(f64::NAN).is_err());
        assert!(Number::new(f64::NEG_INFINITY).is_err());
        assert_eq!(
            Number::try_from(9_007_199_254_740_991_u64).unwrap().as_i64(),
            Some(9_007_199_254_740_991)
        );
        assert_eq!(
            Number::try_from(-9_007_199_254_740_991_i64).unwrap().to_string(),
            "-9007199254740991"
        );
        assert!(Number::try_from(9_007_199_254_740_992_u64).is_err());
        assert!(Number::try_from(i64::MIN).is_err());
        assert_eq!(Number::new(0.5).unwrap().as_i64(), None);
    }

    #[test]
    fn have_one_zero() {
        let machine = Json::Number(Number::try_from(0_i64).unwrap());
        let zeros = [json("0"), json("-0"), json("0e5"), json("-0.0"), machine];
        for zero in &zeros {
            assert_eq!((zero.canonical().as_str(), zero), ("0", &zeros[0]));
            assert!(zero.as_f64().unwrap().is_sign_positive());
            assert_eq!(hash(zero), hash(&zeros[0]));
        }
        assert_ne!(hash(&zeros[0]), hash(&json("1")));
    }

    fn hash(value: &Json) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
    }
}

mod canonical {
    use super::*;

    /// The example of RFC 8785, section 3.2.2, but for its first number: 333333333.33333329 is not
    /// the decimal that its double is written as, and so is refused here.
    #[test]
    fn matches_the_sample_of_the_rfc() {
        let input = r#"{
            "numbers": [333333333.3333333, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#;
        let expected = concat!(
            r#"{"literals":[null,true,false],"#,
            r#""numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
            r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#,
        );
        assert_eq!(json(input).canonical(), expected);
    }

    /// RFC 8785, section 3.2.3.
    #[test]
    fn sorts_keys_by_utf16() {
        let input = r#"{
            "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
        }"#;
        let json = json(input);
        let names: Vec<_> =
            json.as_object().unwrap().iter().map(|(_, name)| name.as_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "Carriage Return",
                "One",
                "Control",
                "Latin Small Letter O With Diaeresis",
                "Euro Sign",
                "Emoji: Grinning Face",
                "Hebrew Letter Dalet With Dagesh",
            ]
        );
    }

    /// RFC 8785, appendix B: the bits of a double and its text.
    #[test]
    fn writes_numbers_as_ecmascript_does() {
        let cases = [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        ];
        for (bits, text) in cases {
            let number = Number::new(f64::from_bits(bits)).unwrap();
            assert_eq!(number.to_string(), text);
            assert_eq!(text.parse::<Number>().unwrap(), number);
        }
    }

    /// The rest of the same table: whole numbers that other readers of JSON cannot tell apart.
    #[test]
    fn has_no_text_for_unsafe_integers() {
        for bits in [
            0x4340_0000_0000_0000,
            0xc340_0000_0000_0000,
            0x4430_0000_0000_0000,
            0x444b_1ae4_d6e2_ef4e,
            0x444b_1ae4_d6e2_ef4f,
            0x7fff_ffff_ffff_ffff,
            0x7ff0_0000_0000_0000,
        ] {
            assert!(Number::new(f64::from_bits(bits)).is_err(), "{bits:x}");
        }
    }

    #[test]
    fn escapes_only_what_it_must() {
        let controls: String = (0..0x20_u8).chain([0x7f]).map(char::from).collect();
        let expected = concat!(
            r#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#,
            r#"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"#,
            "\u{7f}\"",
        );
        assert_eq!(Json::from(controls).canonical(), expected);
        assert_eq!(Json::from("/<\u{2028}é😀").canonical(), "\"/<\u{2028}é😀\"");
    }

    #[test]
    fn serves_any_type_that_serializes() {
        #[derive(serde::Serialize)]
        struct Price {
            of: &'static str,
            eur: f64,
        }
        let value = Price { of: "a book", eur: 20.0 };
        assert_eq!(canonical_json(&value).unwrap(), br#"{"eur":20,"of":"a book"}"#);
        assert!(canonical_json(&u64::MAX).is_err());
        assert!(canonical_json(&BTreeMap::from([((1, 2), 3)])).is_err());
    }
}

#[test]
fn a_value_is_of_one_kind_and_nothing_else_passes_for_it() {
    let values = ["null", "true", "false", "0", "1", "\"true\"", "[]", "{}"].map(json);
    let only = |places: &[usize], is: fn(&Json) -> bool| {
        let found: Vec<_> = (0..values.len()).filter(|place| is(&values[*place])).collect();
        assert_eq!(found, places);
    };
    only(&[0], Json::is_null);
    only(&[1, 2], |value| value.as_bool().is_some());
    only(&[1], |value| value.as_bool() == Some(true));
    only(&[3, 4], |value| value.as_number().is_some());
    only(&[3], |value| value.as_f64() == Some(0.0));
    only(&[4], |value| value.as_f64() == Some(1.0));
    only(&[5], |value| value.as_str().is_some());
    only(&[6], |value| value.as_array().is_some());
    only(&[7], |value| value.as_object().is_some());
}

mod objects {
    use super::*;

    fn object(text: &str) -> Object {
        json(text).as_object().unwrap().clone()
    }

    #[test]
    fn find_and_keep_their_entries() {
        let mut object = object(r#"{"b":2,"a":1,"":0}"#);
        assert_eq!(object.len(), 3);
        assert_eq!(object.get("b"), Some(&json("2")));
        assert!(object.contains_key("") && !object.contains_key("c"));

        assert_eq!(object.insert("aa".to_owned(), Json::Null), None);
        assert_eq!(object.insert("a".to_owned(), Json::from(true)), Some(json("1")));
        assert_eq!(object.remove("b"), Some(json("2")));
        assert_eq!(object.remove("b"), None);
        assert_eq!(Json::from(object).canonical(), r#"{"":0,"a":true,"aa":null}"#);
    }

    #[test]
    fn are_as_deep_as_their_deepest_entry() {
        for (text, depth) in [("{}", 1), (r#"{"a":1}"#, 1), (r#"{"a":1,"b":[{}]}"#, 3)] {
            for limit in 0..5 {
                assert_eq!(object(text).is_within_depth(limit), limit >= depth, "{text} {limit}");
                assert_eq!(json(text).is_within_depth(limit), limit >= depth, "{text} {limit}");
            }
        }
    }

    #[test]
    fn are_no_deeper_than_arrays_and_scalars_have_no_depth() {
        for (text, depth) in [("1", 0), ("\"[[\"", 0), ("[]", 1), ("[1,[2]]", 2), ("[{},[[]]]", 3)]
        {
            for limit in 0..5 {
                assert_eq!(json(text).is_within_depth(limit), limit >= depth, "{text} {limit}");
            }
        }
    }

    #[test]
    fn write_and_give_up_their_entries_in_order() {
        let object = object(r#"{"b":2,"a":[1]}"#);
        let mut text = b"text: ".to_vec();
        object.write_canonical(&mut text);
        assert_eq!(text, br#"text: {"a":[1],"b":2}"#);
        assert!(!object.is_empty() && Object::new().is_empty());
        let entries = [("a".to_owned(), json("[1]")), ("b".to_owned(), json("2"))];
        assert_eq!(object.into_entries(), entries);
    }

    #[test]
    fn refuse_twins() {
        let entries = ["x", "y", "x"].map(|key| (key.to_owned(), Json::Null)).to_vec();
        let error = Object::from_entries(entries).unwrap_err();
        assert_eq!(error.to_string(), "the key \"x\" appears twice in one object");
    }

    #[test]
    fn hide_their_content() {
        let secret = json(r#"{"password":"hunter2","pin":[1234]}"#);
        assert_eq!(format!("{secret:?}"), "Json(object, 2 entries)");
        assert_eq!(format!("{:?}", secret.as_object().unwrap()), "Object(2 entries)");
        assert_eq!(format!("{:?}", json("[1234]")), "Json(array, 1 items)");
        assert_eq!(
            format!("{:?} {:?}", json("1234"), json("1234").as_number()),
            "Json(number) Some(Number(..))"
        );
        assert_eq!(format!("{:?}", json("\"hunter2\"")), "Json(string)");
    }
}

mod pointers {
    use super::*;

    fn pointer(text: &str) -> Pointer {
        text.parse().unwrap()
    }

    /// RFC 6901, section 5.
    #[test]
    fn lead_to_their_values() {
        let document = json(
            r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#,
        );
        let cases = [
            ("/foo", r#"["bar","baz"]"#),
            ("/foo/0", "\"bar\""),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ];
        for (path, value) in cases {
            assert_eq!(document.pointer(&pointer(path)), Some(&json(value)), "{path}");
        }
        assert_eq!(document.pointer(&Pointer::root()), Some(&document));
        for path in [
            "/foo/2",
            "/foo/-",
            "/foo/00",
            "/foo/+0",
            "/foo/",
            "/foo/18446744073709551616",
            "/foo/0/0",
            "/x",
        ] {
            assert_eq!(document.pointer(&pointer(path)), None, "{path}");
        }
        assert_eq!(json(r#"{"~1":1}"#).pointer(&pointer("/~01")), Some(&json("1")));
    }

    #[test]
    fn are_refused_with_the_remedy() {
        let refusal = |text: &str| text.parse::<Pointer>().unwrap_err().to_string();
        assert_eq!(
            refusal("amount"),
            "the pointer \"amount\" must begin with a slash; write \"/amount\""
        );
        for text in ["/a~", "/a~2", "/~/~0"] {
            assert!(
                refusal(text).ends_with("write ~0 for a tilde and ~1 for a slash in a key"),
                "{text}"
            );
        }
    }

    #[test]
    fn lead_from_an_object_to_what_is_in_it() {
        let document = json(r#"{"a":[{"b":1}]}"#);
        let object = document.as_object().unwrap();
        assert_eq!(object.pointer(&pointer("/a/0/b")), Some(&json("1")));
        assert_eq!(object.pointer(&pointer("/a/1")), None);
        assert_eq!(object.pointer(&Pointer::root()), None);
    }

    #[test]
    fn contain_what_is_inside() {
        assert!(pointer("/a").contains(&pointer("/a")));
        assert!(pointer("/a").contains(&pointer("/a/b")));
        assert!(Pointer::root().contains(&pointer("/a")));
        assert!(!pointer("/a").contains(&pointer("/ab")));
        assert!(!pointer("/a/b").contains(&pointer("/a")));
    }

    #[test]
    fn replace_values() {
        let mut document = json(r#"{"a":[{"token":"s3cret"}]}"#);
        assert!(document.replace(&pointer("/a/0/token"), Json::from("***")));
        assert!(!document.replace(&pointer("/a/1"), Json::Null));
        assert!(!document.replace(&pointer("/b"), Json::Null));
        assert_eq!(document.canonical(), r#"{"a":[{"token":"***"}]}"#);
        assert!(document.replace(&Pointer::root(), Json::Null));
        assert!(document.is_null());
    }

    #[test]
    fn name_every_string() {
        let mut document = json(r#"{"a/b":["x",{"~":"y"}],"n":1,"z":"z"}"#);
        let mut seen = Vec::new();
        document.visit_strings(|at, text| seen.push(format!("{at}={text}")));
        assert_eq!(seen, ["/a~1b/0=x", "/a~1b/1/~0=y", "/z=z"]);

        document.map_strings(|at, text| (text != "x").then(|| Json::from(at.as_str())));
        assert_eq!(document.canonical(), r#"{"a/b":["x",{"~":"/a~1b/1/~0"}],"n":1,"z":"/z"}"#);
    }
}

mod serde_bridge {
    use serde::Deserialize;
    use serde::de::value::BytesDeserializer;

    use super::*;

    #[test]
    fn keeps_values_and_order() {
        let text = r#"{"a":[1,-2.5,1e+21,null,true],"b":{"c":"é"}}"#;
        let value = json(text);
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
        assert_eq!(serde_json::from_str::<Json>(text).unwrap(), value);
        assert_eq!(serde_json::from_str::<Object>(text).unwrap(), *value.as_object().unwrap());
    }

    #[test]
    fn applies_the_same_rules() {
        let refused = [
            "9007199254740992",
            "-9007199254740992",
            "1e20",
            r#"{"a":1,"a":1}"#,
            r#"[{"a":1,"\u0061":2}]"#,
        ];
        for text in refused {
            assert!(serde_json::from_str::<Json>(text).is_err(), "{text}");
        }
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(serde_json::from_str::<Json>(&nested(64)).is_ok());
        assert!(serde_json::from_str::<Json>(&nested(65)).is_err());
        assert!(serde_json::from_str::<Object>("[]").is_err());
        let bytes = BytesDeserializer::<serde::de::value::Error>::new(b"raw");
        let error = Json::deserialize(bytes).unwrap_err().to_string();
        assert!(error.ends_with("expected a JSON value"), "{error}");
    }

    #[test]
    fn writes_pointers_as_strings() {
        let pointer: Pointer = serde_json::from_str("\"/a~1b\"").unwrap();
        assert_eq!(serde_json::to_string(&pointer).unwrap(), "\"/a~1b\"");
        let error = serde_json::from_str::<Pointer>("\"a\"").unwrap_err().to_string();
        assert!(error.contains("must begin with a slash"), "{error}");
        assert!(serde_json::from_str::<Pointer>("1").is_err());
    }
}
