//! The stored form of a record: reading it makes the same checks as signing.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::record::Record;
use super::refused::Refused;
use super::sign_off::Signature;
use super::status::{SignoffGated, Sorted, Statements, Status};
use crate::name::PersonId;
use crate::quote::quote;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form<T, S, O> {
    contents: T,
    status: S,
    sign_off: Option<O>,
}

#[derive(Serialize)]
struct Written<'a, S: Statements> {
    person: &'a PersonId,
    #[serde(serialize_with = "write_statements")]
    statements: &'a S,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    person: PersonId,
    statements: BTreeMap<String, String>,
}

impl<T> Serialize for Record<T>
where
    T: SignoffGated<Status: Serialize> + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sign_off = self
            .signed()
            .map(|signed| Written { person: signed.person(), statements: signed.statements() });
        Form { contents: self.contents(), status: self.status(), sign_off }.serialize(serializer)
    }
}

fn write_statements<S: Statements, W: Serializer>(
    statements: &&S,
    serializer: W,
) -> Result<W::Ok, W::Error> {
    let mut map = serializer.serialize_map(Some(S::FIELDS.len()))?;
    for (field, text) in S::FIELDS.iter().zip(statements.texts()) {
        map.serialize_entry(field.name, text)?;
    }
    map.end()
}

impl<'de, T> Deserialize<'de> for Record<T>
where
    T: SignoffGated<Status: Deserialize<'de>> + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Form { contents, status, sign_off } =
            Form::<T, T::Status, Read>::deserialize(deserializer)?;
        let name = status.name();
        match (status.sort(), sign_off) {
            (Sorted::Ungated(status), None) => Ok(Self::new(contents, status)),
            (Sorted::Gated(to), Some(sign_off)) => {
                Ok(Self::signed_before(contents, sign_off.check(to)?))
            }
            (Sorted::Ungated(_), Some(_)) => {
                Err(D::Error::custom(Refused::Unneeded { status: name }))
            }
            (Sorted::Gated(_), None) => Err(D::Error::custom(Refused::Unsigned { status: name })),
        }
    }
}

impl Read {
    fn check<S: Status, E: serde::de::Error>(mut self, to: S::Gated) -> Result<Signature<S>, E> {
        let statements =
            S::Statements::from_texts(|name| self.statements.remove(name).unwrap_or_default());
        if let Some(unknown) = self.statements.keys().next() {
            let message = format!("the sign-off has no statement {}; remove it", quote(unknown));
            return Err(E::custom(message));
        }
        Signature::new(self.person, to, statements).map_err(E::custom)
    }
}
