//! The types of params, for the rules that read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::de::DeValue;

use super::diagnostic::quote;
use super::keys::PARAM_TYPES;
use super::reader::Reader;
use super::report::{Fault, Report};
use super::{suggest, values};

/// The type of a param.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParamType {
    /// What it holds.
    pub kind: ParamKind,
    /// Whether it may be missing.
    pub optional: bool,
}

/// What a param holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// A text.
    String,
    /// A whole number.
    Long,
    /// True or false.
    Boolean,
    /// A number with a decimal point, as a number or a text.
    Decimal,
    /// A list of texts, taken as a set.
    Strings,
}

/// Reads the params that a class declares.
pub(crate) fn read(class: &Reader<'_>, report: &mut Report<'_>) -> BTreeMap<String, ParamType> {
    let mut params = BTreeMap::new();
    for (name, value) in class.entries("params", report) {
        match param_type(name.value, value.get_ref()) {
            Ok(param) => drop(params.insert(name.value.to_owned(), param)),
            Err(fault) => report.fault(value.span().into(), fault),
        }
    }
    params
}

fn param_type(name: &str, value: &DeValue<'_>) -> Result<ParamType, Fault> {
    let Some(text) = value.as_str() else {
        let found = values::described(value);
        let message = format!("the type of the param {} is {found}", quote(name));
        return Err(Fault::new(message, "write a type in quotes, such as \"string\""));
    };
    let (word, optional) = text.strip_suffix('?').map_or((text, false), |word| (word, true));
    let kind = match word {
        "string" => ParamKind::String,
        "long" => ParamKind::Long,
        "boolean" => ParamKind::Boolean,
        "decimal" => ParamKind::Decimal,
        "strings" => ParamKind::Strings,
        _ => {
            let message = format!("{} is no type of a param", quote(text));
            return Err(Fault::new(
                message,
                suggest::remedy(word, PARAM_TYPES.iter().map(|word| word.text)),
            ));
        }
    };
    Ok(ParamType { kind, optional })
}
