//! Canonical text straight from a value, without the tree in between.
//!
//! Every entry of the log is written this way, and once more when it is verified. It knows the
//! plain cases: text, whole numbers, lists, and objects whose keys need no escapes. At anything else
//! it gives up, and the way over the tree says what the text is or why there is none.

use std::fmt;

use serde::Serialize;
use serde::ser::{
    self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::Number;
use super::canonical::write_string;
use super::object::utf16_order_of_bytes;

/// How deep it goes. Our own types are not nested half as deeply.
const MAX_LEVELS: u8 = 100;

/// The canonical text; nothing when that takes a closer look.
pub(super) fn write<T: Serialize + ?Sized>(value: &T) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(1024);
    value.serialize(Writer { out: &mut out, levels: MAX_LEVELS }).ok()?;
    Some(out)
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
    out: &'a mut Vec<u8>,
    levels: u8,
}

impl<'a> Writer<'a> {
    fn number<N: TryInto<Number>>(self, value: N) -> Written {
        let number: Number = value.try_into().map_err(|_| GiveUp)?;
        number.write_canonical(self.out);
        Ok(())
    }

    /// Begins a list, and says what ends it.
    fn list(self, close: &'static [u8]) -> Result<List<'a>, GiveUp> {
        let levels = self.levels.checked_sub(1).ok_or(GiveUp)?;
        self.out.push(b'[');
        Ok(List { out: self.out, levels, is_empty: true, close })
    }

    fn object(self, close: &'static [u8]) -> Result<Members<'a>, GiveUp> {
        let levels = self.levels.checked_sub(1).ok_or(GiveUp)?;
        self.out.push(b'{');
        let start = self.out.len();
        Ok(Members { out: self.out, levels, start, members: Vec::with_capacity(12), close })
    }

    /// Begins the object around a variant with content.
    fn variant(self, variant: &str) -> Result<Self, GiveUp> {
        let levels = self.levels.checked_sub(1).ok_or(GiveUp)?;
        self.out.push(b'{');
        write_string(variant, self.out);
        self.out.push(b':');
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
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
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
        number.write_canonical(self.out);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Written {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Written {
        write_string(value, self.out);
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
        self.out.extend_from_slice(b"null");
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
        out.push(b'}');
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

/// A list while it is written.
struct List<'a> {
    out: &'a mut Vec<u8>,
    levels: u8,
    is_empty: bool,
    close: &'static [u8],
}

impl List<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        value.serialize(Writer { out: self.out, levels: self.levels })
    }

    fn finish(self) {
        self.out.extend_from_slice(self.close);
    }
}

/// An object while it is written. Its members stand in the order in which they came, until the
/// end brings them into theirs.
struct Members<'a> {
    out: &'a mut Vec<u8>,
    levels: u8,
    /// Where the first one begins.
    start: usize,
    members: Vec<Member>,
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
        if !self.members.is_empty() {
            self.out.push(b',');
        }
        let start = self.out.len();
        key.serialize(Writer { out: self.out, levels: 0 })?;
        let written = self.out.get(start..).unwrap_or_default();
        // Without escapes the text of a key sorts as the key itself does.
        if written.first() != Some(&b'"') || written.contains(&b'\\') {
            return Err(GiveUp);
        }
        let (start, key_end) = (start - self.start, self.out.len() - self.start);
        self.members.push(Member { start, key_end, end: key_end });
        self.out.push(b':');
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(Writer { out: self.out, levels: self.levels })?;
        let end = self.out.len() - self.start;
        self.members.last_mut().ok_or(GiveUp)?.end = end;
        Ok(())
    }

    fn finish(mut self) -> Written {
        let text = self.out.get(self.start..).unwrap_or_default();
        let order = |a: &Member, b: &Member| {
            utf16_order_of_bytes(unquoted(a.key(text)), unquoted(b.key(text)))
        };
        if !self.members.is_sorted_by(|a, b| order(a, b).is_lt()) {
            self.members.sort_unstable_by(order);
            // Two members with one key have no order.
            if !self.members.is_sorted_by(|a, b| order(a, b).is_lt()) {
                return Err(GiveUp);
            }
            let end = self.out.len();
            for (nth, member) in self.members.iter().enumerate() {
                if nth > 0 {
                    self.out.push(b',');
                }
                self.out.extend_from_within(self.start + member.start..self.start + member.end);
            }
            self.out.drain(self.start..end);
        }
        self.out.extend_from_slice(self.close);
        Ok(())
    }
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
    }

    #[derive(Clone, Debug, Serialize)]
    struct Wrapped(String);

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
