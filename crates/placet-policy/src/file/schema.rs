//! The JSON Schema of the policy file, for editors that complete and check TOML.

use serde_json::{Map, Value, json};

use super::keys::{
    ACTION, APPROVAL, BUDGET, GRADUATION, Key, Kind, PARAM_TYPES, POLICY, Section, THRESHOLDS,
};

/// The JSON Schema (draft 2020-12) of the policy file.
///
/// It describes each key and the shape of its value. What keys mean together only
/// [`parse`](super::parse) can say.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = section(&POLICY);
    let parts = [&ACTION, &APPROVAL, &BUDGET, &GRADUATION, &THRESHOLDS];
    let parts: Map<String, Value> = parts
        .into_iter()
        .map(|part| (part.name.to_owned(), Value::Object(section(part))))
        .collect();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("Placet policy"));
    schema.insert("$defs".to_owned(), Value::Object(parts));
    Value::Object(schema)
}

fn section(section: &Section) -> Map<String, Value> {
    let required: Vec<&str> =
        section.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let properties: Map<String, Value> =
        section.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let mut object = Map::new();
    object.insert("description".to_owned(), json!(section.doc));
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), Value::Object(properties));
    object.insert("required".to_owned(), json!(required));
    object.insert("additionalProperties".to_owned(), json!(false));
    object
}

fn property(key: &Key) -> Value {
    let mut schema = kind(&key.kind);
    let doc = if key.required {
        key.doc.to_owned()
    } else {
        format!("{} Default: {}.", key.doc, key.default)
    };
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), json!(doc));
    }
    schema
}

fn kind(kind_of: &Kind) -> Value {
    match kind_of {
        Kind::Version => json!({"const": 1}),
        Kind::Word(words) => {
            let words =
                words.iter().map(|word| json!({"const": word.text, "description": word.doc}));
            json!({"oneOf": words.collect::<Vec<_>>()})
        }
        Kind::Name => json!({"type": "string", "minLength": 1}),
        Kind::Pointer => json!({"type": "string", "pattern": "^/([^~]|~[01])+$"}),
        Kind::Amount => json!({"anyOf": [
            {"type": "string", "pattern": "^(0|[1-9][0-9]{0,14})(\\.[0-9]{1,18})?$"},
            {"type": "integer", "minimum": 0},
        ]}),
        Kind::Whole(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Duration(..) => {
            json!({"type": "string", "pattern": "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"})
        }
        Kind::Share(_) => json!({"anyOf": [
            {"type": "number", "minimum": 0, "maximum": 1},
            {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$"},
        ]}),
        Kind::List(item, least, most) => json!({
            "type": "array", "items": kind(item), "minItems": least, "maxItems": most, "uniqueItems": true,
        }),
        Kind::Currency => json!({"type": "string", "pattern": "^([A-Z]{3}|[A-Za-z0-9]{4,12})$"}),
        Kind::Params => {
            let words = PARAM_TYPES
                .iter()
                .flat_map(|word| [word.text.to_owned(), format!("{}?", word.text)]);
            json!({"type": "object", "additionalProperties": {"enum": words.collect::<Vec<_>>()}})
        }
        Kind::Table(section) => json!({"$ref": format!("#/$defs/{}", section.name)}),
        Kind::Named(section) => {
            json!({"type": "object", "additionalProperties": {"$ref": format!("#/$defs/{}", section.name)}})
        }
        Kind::Tables(section) => {
            json!({"type": "array", "items": {"$ref": format!("#/$defs/{}", section.name)}})
        }
    }
}
