//! The reader: one pass over the bytes, recursing no deeper than the limit.

use super::error::{ParseError, ParseErrorKind};
use super::object::DuplicateKey;
use super::scan::plain_len;
use super::{Json, Number, NumberError, Object, Pointer};
use crate::limits::{MAX_JSON_BYTES, MAX_JSON_DEPTH};

/// How large a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Levels of arrays and objects. A byte, because reading, writing and dropping a value use
    /// the stack once per level: 255 levels fit every thread.
    pub depth: u8,
    /// Bytes of the document.
    pub bytes: usize,
}

impl Limits {
    /// For documents that we wrote ourselves. What they hold was bounded when it came in, and they
    /// wrap it in a few levels more.
    pub const OWN: Self = Self { depth: u8::MAX, bytes: usize::MAX };
}

/// For documents from outside: [`MAX_JSON_DEPTH`] and [`MAX_JSON_BYTES`].
impl Default for Limits {
    fn default() -> Self {
        Self { depth: MAX_JSON_DEPTH, bytes: MAX_JSON_BYTES }
    }
}

pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Json, ParseError> {
    let text = decode(bytes, limits)?;
    let mut reader = Reader { text, at: 0, depth: 0, limits, keys: Vec::new() };
    reader.document().map_err(|fault| fault.locate(text))
}

/// The bytes as text, if they are not too many.
fn decode<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, ParseError> {
    if bytes.len() > limits.bytes {
        let kind = ParseErrorKind::TooLarge { bytes: bytes.len(), limit: limits.bytes };
        return Err(Fault::new(0, kind).locate(""));
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return Err(Fault::new(0, ParseErrorKind::ByteOrderMark).locate(""));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let (valid, _) = bytes.split_at_checked(error.valid_up_to()).unwrap_or_default();
        let valid = std::str::from_utf8(valid).unwrap_or_default();
        Fault::new(valid.len(), ParseErrorKind::InvalidUtf8).locate(valid)
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u8,
    limits: &'a Limits,
    /// Where the keys of the objects being read begin, to point at the second of two twins.
    keys: Vec<usize>,
}

/// Boxed, so that the way of success returns little.
type Step<T> = Result<T, Box<Fault>>;

/// An error on its way out, gathering the names of the containers that it leaves.
struct Fault {
    at: usize,
    kind: ParseErrorKind,
    path: Vec<String>,
}

impl Fault {
    fn new(at: usize, kind: ParseErrorKind) -> Box<Self> {
        Box::new(Self { at, kind, path: Vec::new() })
    }

    fn inside(mut self: Box<Self>, token: String) -> Box<Self> {
        self.path.push(token);
        self
    }

    fn locate(&self, text: &str) -> ParseError {
        let before = text.get(..self.at).unwrap_or(text);
        let mut pointer = Pointer::root();
        self.path.iter().rev().for_each(|token| pointer.push(token));
        ParseError {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
            pointer,
            kind: self.kind.clone(),
        }
    }
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Step<Json> {
        self.skip_space();
        let value = self.value()?;
        self.skip_space();
        match self.next_char() {
            None => Ok(value),
            Some(found) => Err(self.fault(ParseErrorKind::Trailing { found })),
        }
    }

    fn value(&mut self) -> Step<Json> {
        match self.peek() {
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z') => self.word(),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Step<Json>) -> Step<Json> {
        if self.depth == self.limits.depth {
            return Err(self.fault(ParseErrorKind::TooDeep { limit: self.limits.depth }));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Step<Json> {
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            let item = self.value().map_err(|fault| fault.inside(items.len().to_string()))?;
            items.push(item);
            if !self.has_another(b']', "a comma or ]")? {
                return Ok(Json::Array(items));
            }
        }
    }

    fn object(&mut self) -> Step<Json> {
        let mut entries = Vec::new();
        if self.eat(b'}') {
            return Ok(Json::Object(Object::new()));
        }
        let first = self.keys.len();
        loop {
            self.keys.push(self.at);
            let key = self.key()?;
            match self.value() {
                Ok(value) => entries.push((key, value)),
                Err(fault) => return Err(fault.inside(key)),
            }
            if !self.has_another(b'}', "a comma or }")? {
                break;
            }
        }
        let object = Object::from_entries(entries).map_err(|twin| self.duplicate(first, twin))?;
        self.keys.truncate(first);
        Ok(Json::Object(object))
    }

    fn key(&mut self) -> Step<String> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let key = self.string()?;
        self.skip_space();
        if !self.eat(b':') {
            return Err(self.unexpected("a colon"));
        }
        self.skip_space();
        Ok(key)
    }

    /// Points at the second place where the key stands, by reading the keys of this object again.
    fn duplicate(&mut self, first: usize, DuplicateKey { key }: DuplicateKey) -> Box<Fault> {
        let places = self.keys.split_off(first);
        let mut same = places.into_iter().filter(|place| {
            self.at = *place;
            self.string().is_ok_and(|text| text == key)
        });
        let place = same.nth(1).unwrap_or_default();
        Fault::new(place, ParseErrorKind::DuplicateKey { key })
    }

    /// After an item: whether a comma announces another one.
    fn has_another(&mut self, close: u8, expected: &'static str) -> Step<bool> {
        self.skip_space();
        if self.eat(b',') {
            self.skip_space();
            return Ok(true);
        }
        if self.eat(close) { Ok(false) } else { Err(self.unexpected(expected)) }
    }

    /// A number or one of the three literals: whatever has no delimiters of its own. The whole
    /// word is taken, so that a message can quote it.
    fn word(&mut self) -> Step<Json> {
        let rest = self.rest();
        let is_inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        let len = rest.bytes().position(|byte| !is_inner(byte)).unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or_default();
        let value = match word {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "null" => Json::Null,
            _ => Json::Number(self.number(word)?),
        };
        self.at += len;
        Ok(value)
    }

    fn number(&self, word: &str) -> Step<Number> {
        word.parse().map_err(|error| match error {
            NumberError::Malformed { .. }
                if word.starts_with(|c: char| c.is_ascii_alphabetic()) =>
            {
                self.unexpected("a value")
            }
            error => self.fault(ParseErrorKind::Number(error)),
        })
    }

    fn string(&mut self) -> Step<String> {
        self.at += 1;
        let mut text = self.plain().to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                // What is plain was taken, and what is left of the special bytes is control.
                Some(code) => return Err(self.fault(ParseErrorKind::ControlCharacter { code })),
                None => return Err(self.unexpected("the closing quote of a string")),
            }
            text.push_str(self.plain());
        }
    }

    /// Takes the characters that stand for themselves.
    fn plain(&mut self) -> &'a str {
        let rest = self.rest();
        let plain = rest.get(..plain_len(rest.as_bytes())).unwrap_or_default();
        self.at += plain.len();
        plain
    }

    fn escape(&mut self) -> Step<char> {
        let start = self.at;
        self.at += 1;
        let Some(found) = self.next_char() else { return Err(self.unexpected("an escape")) };
        self.at += found.len_utf8();
        match found {
            '"' | '\\' | '/' => Ok(found),
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'u' => self.unicode_escape(start),
            _ => Err(Fault::new(start, ParseErrorKind::BadEscape { found })),
        }
    }

    /// One `\uXXXX`, or two where the first is a high surrogate.
    fn unicode_escape(&mut self, start: usize) -> Step<char> {
        let code = self.hex(start)?;
        if let Some(character) = char::from_u32(code.into()) {
            return Ok(character);
        }
        let next = self.at;
        if matches!(code, 0xd800..0xdc00) && self.rest().starts_with("\\u") {
            self.at += 2;
            let low = self.hex(next)?;
            if let Some(Ok(character)) = char::decode_utf16([code, low]).next() {
                return Ok(character);
            }
        }
        Err(Fault::new(start, ParseErrorKind::LoneSurrogate { code }))
    }

    fn hex(&mut self, start: usize) -> Step<u16> {
        let digits = self.rest().get(..4).filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        self.at += 4;
        code.ok_or_else(|| Fault::new(start, ParseErrorKind::BadUnicodeEscape))
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next_char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn unexpected(&self, expected: &'static str) -> Box<Fault> {
        self.fault(match self.next_char() {
            Some(found) => ParseErrorKind::Unexpected { found, expected },
            None => ParseErrorKind::UnexpectedEnd { expected },
        })
    }

    fn fault(&self, kind: ParseErrorKind) -> Box<Fault> {
        Fault::new(self.at, kind)
    }
}
