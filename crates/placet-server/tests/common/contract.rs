//! Holds answers against the description of the API: a status, a type of content or a field that
//! is not described there fails the test that received it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Answer;

/// Errors that every request can get, also where there is no endpoint.
const ANYWHERE: [u16; 9] = [400, 401, 403, 404, 405, 411, 421, 429, 503];

/// The description, with its schemas closed: what they do not name must not be there.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document: Value = serde_json::from_str(&placet_server::openapi()).expect("JSON");
    let schemas = document["components"]["schemas"].as_object_mut().expect("schemas");
    for schema in schemas.values_mut() {
        if schema["type"] == "object" || schema.get("allOf").is_some() {
            schema["unevaluatedProperties"] = json!(false);
        }
    }
    document
});

/// Fails unless the answer is one that is described.
pub(crate) fn check(method: &str, target: &str, answer: &Answer) {
    let described = operation(method, target).and_then(|operation| {
        let answer = &operation["responses"][answer.status.to_string()];
        match answer["$ref"].as_str() {
            Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')),
            None => Some(answer),
        }
    });
    let what = format!("{method} {target} answers {}: {}", answer.status, answer.text);
    let anywhere = json!({
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    });
    let described = match described {
        Some(described) => described,
        None if ANYWHERE.contains(&answer.status) => &anywhere,
        None => panic!("there is no such endpoint, but {what}"),
    };
    assert!(!described.is_null(), "this status is not described: {what}");
    let kind = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default();
    let content = &described["content"][kind];
    assert!(content.is_object(), "this type of content, {kind:?}, is not described: {what}");
    if kind.ends_with("json") && method != "HEAD" {
        fits(&content["schema"], &answer.json(), &what);
    }
}

/// Every endpoint that is described, as `GET /path`.
pub(crate) fn endpoints() -> Vec<String> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().expect("methods").keys();
        let endpoints = methods.map(|method| format!("{} {path}", method.to_uppercase()));
        endpoints.collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn fits(schema: &Value, value: &Value, what: &str) {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": DOCUMENT["components"],
        "allOf": [schema],
    });
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&whole).expect("a schema");
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}\nis not what is described: {errors:#?}");
}

/// What is described for a request; a fixed path goes before one with parameters.
fn operation(method: &str, target: &str) -> Option<&'static Value> {
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    let path = target.split('?').next().unwrap_or_default();
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let mut matching: Vec<_> =
        paths.iter().filter(|(template, _)| matches(template, path)).collect();
    matching.sort_by_key(|(template, _)| template.matches('{').count());
    matching.iter().find_map(|(_, item)| item.get(&method))
}

fn matches(template: &str, path: &str) -> bool {
    let (steps, given): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    // The index of a tile is a path of its own.
    let fits = if template.starts_with("/tile/") {
        given.len() >= steps.len()
    } else {
        given.len() == steps.len()
    };
    fits && steps.iter().zip(given).all(|(step, given)| step.starts_with('{') || *step == given)
}
