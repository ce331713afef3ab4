//! The types of params, for the rules that read them.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::diagnostic::quote;
use super::keys::PARAM_TYPES;
use super::reader::Reader;
use super::report::{Fault, Report};
use super::{suggest, values};
use crate::params::ParamType;

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
    ParamType::parse(text).map_err(|_| {
        let message = format!("{} is no type of a param", quote(text));
        let word = text.strip_suffix('?').unwrap_or(text);
        Fault::new(message, suggest::remedy(word, PARAM_TYPES.iter().map(|word| word.text)))
    })
}
