//! Warrants as texts: one form, one algorithm, our own keys, and nothing that looks like it.
//!
//! The ways to forge are those that tests of JWT libraries and of Ed25519 collect, such as Project
//! Wycheproof's, each made here of a warrant of our own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use common::build::digest;
use common::{ms, seconds};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use placet_core::warrant::{Claims, PublicKey, WarrantError, WarrantKey, audience, open, verify};
use placet_core::{ActionId, Pepper, TenantId};
use sha2::Sha256;
use uuid::Uuid;

use WarrantError::{Algorithm, Audience, Expired, Form, Issuer, Signature};

const ISSUER: &str = "example.com/log";

fn pepper() -> Pepper {
    Pepper::from_bytes([5; 32])
}

fn key() -> WarrantKey {
    WarrantKey::of(&pepper(), 0)
}

fn keys() -> [PublicKey; 1] {
    [key().public().clone()]
}

fn claims() -> Claims {
    let action = ActionId::new(Uuid::from_u128(1));
    Claims {
        iss: ISSUER.to_owned(),
        aud: audience(&"acme".parse().unwrap()),
        sub: Some("ada".parse().unwrap()),
        jti: action.warrant(),
        iat: 100,
        exp: 400,
        action,
        tool: "refund".parse().unwrap(),
        digest: digest(7),
        approval: Some(action.approval()),
        log_index: 3,
    }
}

fn token() -> String {
    key().sign(&claims()).unwrap()
}

/// Header, claims and signature of the token.
fn parts() -> [String; 3] {
    let token = token();
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of any header and claims, truly signed with our key.
fn signed(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", encoded(header), encoded(claims));
    let key = SigningKey::from_bytes(&pepper().warrant_seed(0));
    format!("{signed}.{}", encoded(key.sign(signed.as_bytes()).to_bytes()))
}

fn header() -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"warrant+jwt"}}"#, key().public().id())
}

fn written() -> String {
    serde_json::to_string(&claims()).unwrap()
}

#[test]
fn what_was_signed_is_read() {
    assert_eq!(open(&token(), &keys()), Ok(claims()));
    let found = verify(&token(), &keys(), ISSUER, "placet:acme", seconds(399));
    assert_eq!(found, Ok(claims()));
    assert_eq!(signed(&header(), &written()), token(), "there is one text for it");
    let nobody = Claims { sub: None, approval: None, ..claims() };
    assert_eq!(open(&key().sign(&nobody).unwrap(), &keys()), Ok(nobody));
}

#[test]
fn it_is_for_one_issuer_one_audience_and_a_time() {
    let check = |issuer, audience, now| verify(&token(), &keys(), issuer, audience, now).map(drop);
    for issuer in ["", "example.com", "example.com/log2", "EXAMPLE.com/log"] {
        assert_eq!(check(issuer, "placet:acme", seconds(200)), Err(Issuer));
    }
    for audience in ["", "acme", "placet:", "placet:acm", "placet:acme2", "placet:umbrella"] {
        assert_eq!(check(ISSUER, audience, seconds(200)), Err(Audience));
    }
    for (now, found) in [
        (ms(399_999), Ok(())),
        (ms(400_000), Err(Expired)),
        (ms(400_001), Err(Expired)),
        (ms(i64::MAX), Err(Expired)),
    ] {
        assert_eq!(check(ISSUER, "placet:acme", now), found, "{now}");
    }
}

#[test]
fn another_header_is_refused_also_when_it_is_signed() {
    let kid = key().public().id().to_owned();
    let of = |alg: &str, typ: &str| format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"{typ}"}}"#);
    let with =
        |more: &str| format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"warrant+jwt",{more}}}"#);
    let jwk = serde_json::to_string(&key().public().jwk()).unwrap();
    let refused = [
        of("none", "warrant+jwt"),
        of("None", "warrant+jwt"),
        of("", "warrant+jwt"),
        of("HS256", "warrant+jwt"),
        of("RS256", "warrant+jwt"),
        of("ES256", "warrant+jwt"),
        of("Ed25519", "warrant+jwt"),
        of("Ed448", "warrant+jwt"),
        of("eddsa", "warrant+jwt"),
        of("EdDSA ", "warrant+jwt"),
        of("EdDSA", "JWT"),
        of("EdDSA", "Warrant+JWT"),
        of("EdDSA", "application/warrant+jwt"),
        of("EdDSA", ""),
        with(&format!(r#""jwk":{jwk}"#)),
        with(r#""jku":"https://example.com/keys""#),
        with(r#""x5u":"https://example.com/chain""#),
        with(r#""x5c":[]"#),
        with(r#""x5t":"AAAA""#),
        with(r#""crit":["exp"]"#),
        with(r#""crit":[],"b64":false"#),
        with(r#""b64":true"#),
        with(r#""zip":"DEF""#),
        with(r#""cty":"JWT""#),
        with(r#""alg":"EdDSA""#),
        with(r#""alg":"none""#),
        with(r#""typ":"warrant+jwt""#),
        with(&format!(r#""kid":"{kid}""#)),
        with(r#""\u0061lg":"EdDSA""#),
        format!(r#"{{"alg":"none","alg":"EdDSA","kid":"{kid}","typ":"warrant+jwt"}}"#),
        format!(r#"{{"alg":["EdDSA"],"kid":"{kid}","typ":"warrant+jwt"}}"#),
        format!(r#"{{"alg":null,"kid":"{kid}","typ":"warrant+jwt"}}"#),
        format!(r#"{{"kid":"{kid}","typ":"warrant+jwt"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#),
        r#"{"alg":"EdDSA","typ":"warrant+jwt"}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":null,"typ":"warrant+jwt"}"#.to_owned(),
        format!("{}{{}}", header()),
        format!("\u{feff}{}", header()),
        "null".to_owned(),
        "{}".to_owned(),
        String::new(),
    ];
    for header in refused {
        assert_eq!(open(&signed(&header, &written()), &keys()), Err(Algorithm), "{header}");
    }
}

#[test]
fn only_a_key_in_use_counts_whatever_the_header_says_of_it() {
    let unknown = |kid: &str| {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"warrant+jwt"}}"#);
        open(&signed(&header, &written()), &keys()).unwrap_err()
    };
    let next = WarrantKey::of(&pepper(), 1);
    let padded = format!("{} ", key().public().id());
    for kid in ["", "0", next.public().id(), padded.as_str(), "../key", "' OR 1=1 --"] {
        assert_eq!(unknown(kid), Signature, "{kid}");
    }
    assert_eq!(open(&token(), &[]), Err(Signature));
    // Both keys in use, and a token of one under the name of the other.
    let both = [next.public().clone(), key().public().clone()];
    assert_eq!(open(&token(), &both), Ok(claims()));
    assert_eq!(open(&next.sign(&claims()).unwrap(), &both), Ok(claims()));
    let [_, body, signature] = parts();
    let header = format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"warrant+jwt"}}"#, next.public().id());
    let other = format!("{}.{body}.{signature}", encoded(header));
    assert_eq!(open(&other, &both), Err(Signature));
    // Another log has other keys.
    let theirs = WarrantKey::of(&Pepper::from_bytes([6; 32]), 0);
    assert_eq!(open(&theirs.sign(&claims()).unwrap(), &keys()), Err(Signature));
}

#[test]
fn nothing_unsigned_or_signed_by_what_is_public_counts() {
    let [_, body, signature] = parts();
    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = encoded(format!(r#"{{"alg":"{alg}","typ":"warrant+jwt"}}"#));
        for token in [format!("{header}.{body}."), format!("{header}.{body}.{signature}")] {
            assert_eq!(open(&token, &keys()), Err(Algorithm), "{token}");
        }
        assert!(open(&format!("{header}.{body}"), &keys()).is_err());
    }
    let jwk = key().public().jwk();
    let raw = URL_SAFE_NO_PAD.decode(&jwk.x).unwrap();
    let text = serde_json::to_vec(&jwk).unwrap();
    for secret in [raw.as_slice(), jwk.x.as_bytes(), &text, b""] {
        for header in [header(), header().replace("EdDSA", "HS256")] {
            let signed = format!("{}.{body}", encoded(header));
            let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            let mac = mac.chain_update(signed.as_bytes()).finalize().into_bytes();
            for signature in [mac.to_vec(), [mac, mac].concat()] {
                let found = open(&format!("{signed}.{}", encoded(signature)), &keys());
                assert!(found.is_err(), "{found:?}");
            }
        }
    }
}

#[test]
fn a_changed_claim_is_not_what_was_signed() {
    let [header, _, signature] = parts();
    let changed: [fn(&mut Claims); 11] = [
        |it| it.iss.push('x'),
        |it| it.aud = "placet:umbrella".to_owned(),
        |it| it.sub = None,
        |it| it.jti = ActionId::new(Uuid::from_u128(2)).warrant(),
        |it| it.iat += 1,
        |it| it.exp += 1,
        |it| it.action = ActionId::new(Uuid::from_u128(2)),
        |it| it.tool = "mail".parse().unwrap(),
        |it| it.digest = digest(8),
        |it| it.approval = None,
        |it| it.log_index += 1,
    ];
    for (place, change) in changed.into_iter().enumerate() {
        let mut claims = claims();
        change(&mut claims);
        let body = encoded(serde_json::to_vec(&claims).unwrap());
        let found = open(&format!("{header}.{body}.{signature}"), &keys());
        assert_eq!(found, Err(Signature), "change {place}");
        // The signature of one is not that of the other.
        let other = key().sign(&claims).unwrap();
        let swapped = other.rsplit_once('.').unwrap().1;
        let [_, body, _] = parts();
        assert_eq!(open(&format!("{header}.{body}.{swapped}"), &keys()), Err(Signature));
    }
}

#[test]
fn claims_that_are_none_of_ours_are_refused_also_when_they_are_signed() {
    let whole = written();
    let more = |text: &str| format!("{{{text},{}", &whole[1..]);
    let mut refused = vec![
        more(r#""nbf":0"#),
        more(r#""admin":true"#),
        more(r#""exp":9999999999"#),
        more(r#""aud":["placet:acme"]"#),
        whole.replace("\"exp\":400", "\"exp\":400.5"),
        whole.replace("\"exp\":400", "\"exp\":\"400\""),
        whole.replace("\"exp\":400", "\"exp\":null"),
        whole.replace("\"exp\":400", "\"exp\":1e400"),
        whole.replace("\"placet:acme\"", "[\"placet:acme\"]"),
        format!("{whole} {{}}"),
        "null".to_owned(),
        "[]".to_owned(),
        String::new(),
    ];
    for field in ["iss", "aud", "jti", "iat", "exp", "action", "tool", "digest", "log_index"] {
        let mut value = serde_json::to_value(claims()).unwrap();
        value.as_object_mut().unwrap().remove(field);
        refused.push(value.to_string());
    }
    for claims in refused {
        assert_eq!(open(&signed(&header(), &claims), &keys()), Err(Form), "{claims}");
    }
}

#[test]
fn no_character_of_it_can_be_changed_left_out_or_added() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let token = token();
    for (place, byte) in token.bytes().enumerate() {
        let (before, after) = (&token[..place], &token[place + 1..]);
        let number = ALPHABET.iter().position(|it| *it == byte);
        // The neighbours differ in the lowest bits, which are to spare in a last character.
        let near = number.map(|number| [ALPHABET[number ^ 1], ALPHABET[number ^ 2]]);
        let others = near.into_iter().flatten().chain(*b"=+.").filter(|it| *it != byte);
        for other in others.map(char::from) {
            let changed = format!("{before}{other}{after}");
            assert!(open(&changed, &keys()).is_err(), "{place}: {other}");
        }
        assert!(open(&format!("{before}{after}"), &keys()).is_err(), "without {place}");
    }
    for added in ["=", "==", " ", "\n", "\0", ".", "A", "\u{200b}"] {
        for changed in [format!("{token}{added}"), format!("{added}{token}")] {
            assert!(open(&changed, &keys()).is_err(), "{added:?}");
        }
    }
}

#[test]
fn it_has_three_parts_in_one_alphabet() {
    let [header, body, signature] = parts();
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        header.clone(),
        format!("{header}.{body}"),
        format!("{header}.{signature}"),
        format!("{header}..{signature}"),
        format!("{header}.{body}."),
        format!(".{body}.{signature}"),
        format!("{header}.{body}.{signature}.{signature}"),
        format!("{header}.{body}.{body}.{body}.{signature}"),
        format!("Bearer {header}.{body}.{signature}"),
        format!("{}.{body}.{signature}", URL_SAFE.encode(bytes(&header)) + "="),
        format!("{header}.{body}.{}", URL_SAFE.encode(bytes(&signature))),
        format!("{header}.{body}.{}", STANDARD.encode(bytes(&signature))),
        "{\"payload\":\"\",\"signatures\":[]}".to_owned(),
    ] {
        assert!(open(&token, &keys()).is_err(), "{token}");
    }
}

/// The order of the group, as 32 bytes with the lowest first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn a_signature_has_one_text_and_no_other_length() {
    let [header, body, signature] = parts();
    let true_one: [u8; 64] = URL_SAFE_NO_PAD.decode(&signature).unwrap().try_into().unwrap();
    // The same number modulo the order of the group, which lax readers accept as well.
    let mut malleable = true_one;
    let mut carry = 0;
    for (byte, of_order) in malleable[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(of_order) + carry;
        (*byte, carry) = (u8::try_from(sum & 0xff).unwrap(), sum >> 8);
    }
    assert_eq!(carry, 0);
    let [mut other_r, mut high_bits] = [true_one; 2];
    other_r[0] ^= 1;
    high_bits[63] |= 0xe0;
    let mut identity = [0_u8; 64];
    identity[0] = 1;
    let forged: [&[u8]; 10] = [
        &malleable,
        &other_r,
        &high_bits,
        &[0; 64],
        &[0xff; 64],
        &identity,
        &true_one[..63],
        &true_one[..32],
        &[],
        &[&true_one[..], &[0]].concat(),
    ];
    for signature in forged {
        let found = open(&format!("{header}.{body}.{}", encoded(signature)), &keys());
        assert!(matches!(found, Err(Signature | Form)), "{signature:02x?}");
    }
    let whole = format!("{header}.{body}.{}", encoded(true_one));
    assert_eq!(open(&whole, &keys()), Ok(claims()));
}

/// Points of small order, under which one signature fits many texts, each as it may be written.
#[test]
fn a_key_under_which_signatures_prove_nothing_is_none() {
    let hex = |text: &str| -> [u8; 32] {
        let byte = |place: usize| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap();
        std::array::from_fn(byte)
    };
    for text in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        // No point at all.
        "0200000000000000000000000000000000000000000000000000000000000000",
    ] {
        assert_eq!(PublicKey::from_bytes(&hex(text)), None, "{text}");
    }
    let true_one: [u8; 32] =
        URL_SAFE_NO_PAD.decode(key().public().jwk().x).unwrap().try_into().unwrap();
    assert_eq!(PublicKey::from_bytes(&true_one).as_ref(), Some(key().public()));
}

#[test]
fn the_longest_names_fit_and_nothing_much_longer_is_looked_at() {
    let longest = "\"".repeat(placet_core::limits::MAX_NAME_BYTES);
    let tenant: Result<TenantId, _> = longest.parse();
    let tenant = tenant.unwrap_or_else(|_| "t".repeat(longest.len()).parse().unwrap());
    let name = tenant.as_str();
    let claims = Claims {
        aud: audience(&tenant),
        sub: Some(name.parse().unwrap()),
        tool: name.parse().unwrap(),
        iss: "l".repeat(255),
        ..claims()
    };
    assert_eq!(open(&key().sign(&claims).unwrap(), &keys()), Ok(claims));
    assert_eq!(open(&"A".repeat(1 << 20), &keys()), Err(Form));
    let long = format!("{}.{}", token(), "A".repeat(8 * 1024));
    assert_eq!(open(&long, &keys()), Err(Form));
}

#[test]
fn the_public_key_is_a_jwk_under_its_thumbprint() {
    let jwk = serde_json::to_value(key().public().jwk()).unwrap();
    let mut fields: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["alg", "crv", "kid", "kty", "use", "x"], "and nothing secret");
    let known = [("alg", "EdDSA"), ("crv", "Ed25519"), ("kty", "OKP"), ("use", "sig")];
    assert!(known.into_iter().all(|(field, value)| jwk[field] == value));
    // The key and its thumbprint in RFC 8037, appendix A.
    let bytes = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    let example = PublicKey::from_bytes(&bytes.try_into().unwrap()).unwrap();
    assert_eq!(example.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_key_does_not_show_itself() {
    let shown = format!("{:?}", key());
    let seed = encoded(*pepper().warrant_seed(0));
    assert!(shown.contains("hidden") && !shown.contains(&seed), "{shown}");
    let ids: std::collections::BTreeSet<_> =
        (0..20).map(|number| WarrantKey::of(&pepper(), number).public().id().to_owned()).collect();
    assert_eq!(ids.len(), 20, "each generation has its own");
}
