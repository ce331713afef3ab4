//! Canonical text straight from a value, without the tree in between.
//!
//! Every entry of the log is written this way, and once more when it is verified. It knows the
//! plain cases: text, whole numbers, lists, and objects whose keys need no escapes. At anything else
//! it gives up, and the way over the tree says what the text is or why there is none.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;
use serde::ser::{
    self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::Number;
use super::canonical::{write_string, write_text};
use super::object::utf16_order_of_bytes;

/// How deep it goes. Our own types are not nested half as deeply.
const MAX_LEVELS: u8 = 100;

/// The canonical text; nothing when that takes a closer look.
pub(super) fn write<T: Serialize + ?Sized>(value: &T) -> Option<Vec<u8>> {
    let mut out = Out { text: Vec::with_capacity(1024), members: Vec::with_capacity(64) };
    value.serialize(Writer { out: &mut out, levels: MAX_LEVELS }).ok()?;
    Some(out.text)
}

/// What is being written.
struct Out {
    text: Vec<u8>,
    /// The members of the objects that are open, those of the innermost last.
    members: Vec<Member>,
}

/// It takes a closer look.
#[derive(Debug)]
pub(super) struct GiveUp;

impl fmt::Display for GiveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value has no plain text")
    }
}

impl std::error::Error for GiveUp {}

impl ser::Error for GiveUp {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Written = Result<(), GiveUp>;

struct Writer<'a> {
    out: &'a mut Out,
    levels: u8,
}

impl<'a> Writer<'a> {
    fn number<N: TryInto<Number>>(self, value: N) -> Written {
        let number: Number = value.try_into().map_err(|_| GiveUp)?;
        number.write_canonical(&mut self.out.text);
        Ok(())
    }

    /// Begins a list, and says what ends it.
    fn list(self, close: &'static [u8]) -> Result<List<'a>, GiveUp> {
        let levels = self.levels.checked_sub(1).ok_or(GiveUp)?;
        self.out.text.push(b'[');
        Ok(List { out: self.out, levels, is_empty: true, close })
    }

    fn object(self, close: &'static [u8]) -> Result<Members<'a>, GiveUp> {
        let levels = self.levels.checked_sub(1).ok_or(GiveUp)?;
        self.out.text.push(b'{');
        let (start, first) = (self.out.text.len(), self.out.members.len());
        Ok(Members { out: self.out, levels, start, first, close })
    }

    /// Begins the object around a variant with content.
    fn variant(self, variant: &str) -> Result<Self, GiveUp> {
        let levels = self.levels.checked_sub(1).ok_or(GiveUp)?;
        self.out.text.push(b'{');
        write_string(variant, &mut self.out.text);
        self.out.text.push(b':');
        Ok(Self { out: self.out, levels })
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = GiveUp;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Members<'a>;

    fn serialize_bool(self, value: bool) -> Written {
        self.out.text.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Written {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Written {
        self.number(value)
    }

    fn serialize_u8(self, value: u8) -> Written {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Written {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Written {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Written {
        self.number(value)
    }

    fn serialize_f32(self, _: f32) -> Written {
        Err(GiveUp)
    }

    fn serialize_f64(self, value: f64) -> Written {
        if value == 0.0 {
            return Err(GiveUp);
        }
        let number = Number::new(value).map_err(|_| GiveUp)?;
        number.write_canonical(&mut self.out.text);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Written {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Written {
        write_string(value, &mut self.out.text);
        Ok(())
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Written {
        let text = &mut self.out.text;
        text.push(b'"');
        fmt::write(&mut Quoted(text), format_args!("{value}")).map_err(|_| GiveUp)?;
        text.push(b'"');
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Written {
        Err(GiveUp)
    }

    fn serialize_none(self) -> Written {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        self.out.text.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        let Writer { out, levels } = self.variant(variant)?;
        value.serialize(Writer { out: &mut *out, levels })?;
        out.text.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, GiveUp> {
        self.list(b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a>, GiveUp> {
        self.list(b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'a>, GiveUp> {
        self.list(b"]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'a>, GiveUp> {
        self.variant(variant)?.list(b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a>, GiveUp> {
        self.object(b"}")
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members<'a>, GiveUp> {
        // serde_json means something of its own by such names.
        if name.starts_with('$') { Err(GiveUp) } else { self.object(b"}") }
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'a>, GiveUp> {
        self.variant(variant)?.object(b"}}")
    }
}

/// Text between its quotes, piece by piece.
struct Quoted<'a>(&'a mut Vec<u8>);

impl fmt::Write for Quoted<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        write_text(piece, self.0);
        Ok(())
    }
}

/// A list while it is written.
struct List<'a> {
    out: &'a mut Out,
    levels: u8,
    is_empty: bool,
    close: &'static [u8],
}

impl List<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        if !std::mem::take(&mut self.is_empty) {
            self.out.text.push(b',');
        }
        value.serialize(Writer { out: self.out, levels: self.levels })
    }

    fn finish(self) {
        self.out.text.extend_from_slice(self.close);
    }
}

/// An object while it is written. Its members stand in the order in which they came, until the
/// end brings them into theirs.
struct Members<'a> {
    out: &'a mut Out,
    levels: u8,
    /// Where the first one begins.
    start: usize,
    /// Its place among the members of all objects.
    first: usize,
    close: &'static [u8],
}

/// The places of a member, of the end of its key, and of its end, from the first member's on.
#[derive(Clone, Copy)]
struct Member {
    start: usize,
    key_end: usize,
    end: usize,
}

impl Member {
    fn key<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.start..self.key_end).unwrap_or_default()
    }
}

impl Members<'_> {
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        if self.out.members.len() > self.first {
            self.out.text.push(b',');
        }
        let start = self.out.text.len();
        key.serialize(Writer { out: self.out, levels: 0 })?;
        let written = self.out.text.get(start..).unwrap_or_default();
        // Without escapes the text of a key sorts as the key itself does.
        if written.first() != Some(&b'"') || written.contains(&b'\\') {
            return Err(GiveUp);
        }
        let (start, key_end) = (start - self.start, self.out.text.len() - self.start);
        self.out.members.push(Member { start, key_end, end: key_end });
        self.out.text.push(b':');
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(Writer { out: self.out, levels: self.levels })?;
        let end = self.out.text.len() - self.start;
        self.out.members.last_mut().ok_or(GiveUp)?.end = end;
        Ok(())
    }

    fn finish(self) -> Written {
        let Out { text, members } = self.out;
        let own = members.get_mut(self.first..).unwrap_or_default();
        if !is_sorted(own, text, self.start) {
            sort(own, text, self.start)?;
        }
        members.truncate(self.first);
        text.extend_from_slice(self.close);
        Ok(())
    }
}

/// Whether members stand in their order, no two with one key. The first begins at `start`.
fn is_sorted(members: &[Member], text: &[u8], start: usize) -> bool {
    let text = text.get(start..).unwrap_or_default();
    members.is_sorted_by(|a, b| order(a, b, text).is_lt())
}

/// Brings members, which are all that `text` has from `start` on, into their order.
fn sort(members: &mut [Member], text: &mut Vec<u8>, start: usize) -> Written {
    let as_they_came = text.get(start..).unwrap_or_default();
    members.sort_unstable_by(|a, b| order(a, b, as_they_came));
    // Two members with one key have no order.
    if !is_sorted(members, text, start) {
        return Err(GiveUp);
    }
    let end = text.len();
    for (nth, member) in members.iter().enumerate() {
        if nth > 0 {
            text.push(b',');
        }
        text.extend_from_within(start + member.start..start + member.end);
    }
    text.drain(start..end);
    Ok(())
}

fn order(a: &Member, b: &Member, text: &[u8]) -> Ordering {
    utf16_order_of_bytes(unquoted(a.key(text)), unquoted(b.key(text)))
}

/// A key without its quotes, of which the last would count in the order.
fn unquoted(key: &[u8]) -> &[u8] {
    key.strip_suffix(b"\"").unwrap_or(key)
}

impl SerializeSeq for List<'_> {
    type Ok = ();
    type Error = GiveUp;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }

    fn end(self) -> Written {
        self.finish();
        Ok(())
    }
}

impl SerializeTuple for List<'_> {
    type Ok = ();
    type Error = GiveUp;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }

    fn end(self) -> Written {
        self.finish();
        Ok(())
    }
}

impl SerializeTupleStruct for List<'_> {
    type Ok = ();
    type Error = GiveUp;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }

    fn end(self) -> Written {
        self.finish();
        Ok(())
    }
}

impl SerializeTupleVariant for List<'_> {
    type Ok = ();
    type Error = GiveUp;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }

    fn end(self) -> Written {
        self.finish();
        Ok(())
    }
}

impl SerializeMap for Members<'_> {
    type Ok = ();
    type Error = GiveUp;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.value(value)
    }

    fn end(self) -> Written {
        self.finish()
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = GiveUp;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        self.key(key)?;
        self.value(value)
    }

    fn end(self) -> Written {
        self.finish()
    }
}

impl SerializeStructVariant for Members<'_> {
    type Ok = ();
    type Error = GiveUp;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        self.key(key)?;
        self.value(value)
    }

    fn end(self) -> Written {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;

    use super::super::canonical::over_the_tree;
    use super::*;

    /// One of each shape that serialises, with members in no order.
    #[derive(Clone, Debug, Serialize)]
    enum Shape {
        Unit,
        New(Box<Shape>),
        Tuple(i64, u64, f64),
        Struct { zeta: Option<String>, alpha: Vec<Shape>, z: char, beta: BTreeMap<String, Shape> },
        Pair((bool, Wrapped)),
        Nothing(()),
        Numbered(BTreeMap<i8, u8>),
        Shown(Shown),
    }

    #[derive(Clone, Debug, Serialize)]
    struct Wrapped(String);

    /// Something that serialises as what it displays, in two pieces.
    #[derive(Clone, Debug)]
    struct Shown(String, String);

    impl Serialize for Shown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("{}{}", self.0, self.1))
        }
    }

    fn shapes() -> impl Strategy<Value = Shape> {
        let text =
            || prop_oneof!["[a-c\"\\\\]{0,3}", "\\PC{0,4}", "[\u{d7ff}\u{e000}\u{10000}]{0,2}"];
        let leaf = prop_oneof![
            Just(Shape::Unit),
            Just(Shape::Nothing(())),
            (any::<i64>(), any::<u64>(), any::<f64>()).prop_map(|(a, b, c)| Shape::Tuple(a, b, c)),
            (any::<i32>(), any::<u32>(), -9.0..9.0_f64).prop_map(|(a, b, c)| Shape::Tuple(
                a.into(),
                b.into(),
                c
            )),
            (text(), text()).prop_map(|(a, b)| Shape::Shown(Shown(a, b))),
            (any::<bool>(), text()).prop_map(|(a, b)| Shape::Pair((a, Wrapped(b)))),
            prop::collection::btree_map(any::<i8>(), any::<u8>(), 0..3).prop_map(Shape::Numbered),
        ];
        leaf.prop_recursive(4, 40, 4, move |inner| {
            let list = prop::collection::vec(inner.clone(), 0..4);
            let map = prop::collection::btree_map(text(), inner.clone(), 0..4);
            prop_oneof![
                inner.prop_map(|shape| Shape::New(Box::new(shape))),
                (proptest::option::of(text()), list, any::<char>(), map)
                    .prop_map(|(zeta, alpha, z, beta)| Shape::Struct { zeta, alpha, z, beta }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_it_writes_is_what_the_way_over_the_tree_writes(shape in shapes()) {
            if let Some(text) = write(&shape) {
                prop_assert_eq!(Some(text), over_the_tree(&shape).ok());
            }
        }
    }

    #[test]
    fn it_does_not_give_up_at_plain_things() {
        let beta =
            BTreeMap::from([("b".to_owned(), Shape::Unit), ("\u{10000}".to_owned(), Shape::Unit)]);
        let plain =
            Shape::Struct { zeta: None, alpha: vec![Shape::Tuple(-1, 2, 0.5)], z: 'z', beta };
        let text = write(&plain).map(String::from_utf8);
        let expected = "{\"Struct\":{\"alpha\":[{\"Tuple\":[-1,2,0.5]}],\
                        \"beta\":{\"b\":\"Unit\",\"\u{10000}\":\"Unit\"},\"z\":\"z\",\"zeta\":null}}";
        assert_eq!(text, Some(Ok(expected.to_owned())));
    }

    #[test]
    fn it_gives_up_where_one_text_may_not_be_all() {
        struct Twice;
        impl Serialize for Twice {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([("b", 1), ("a", 2), ("b", 3)])
            }
        }
        assert!(write(&Twice).is_none());
        assert!(write(&u64::MAX).is_none());
        assert!(write(&f64::NAN).is_none());
        let deep = (0..=MAX_LEVELS).fold(Shape::Unit, |inner, _| Shape::New(Box::new(inner)));
        assert!(write(&deep).is_none() && over_the_tree(&deep).is_ok());
    }
}
