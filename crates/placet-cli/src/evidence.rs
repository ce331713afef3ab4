//! Reading reports of evidence, one JSON object a line.

use std::path::Path;

use placet_core::autonomy::Evidence;
use placet_core::json::Object;
use placet_core::limits::MAX_SAFE_INTEGER;
use placet_core::name::NameError;
use placet_core::{BuildId, ClassName, Json, SourceName, TenantId};

use crate::failure::Failure;
use crate::jsonl;

/// The fields of a report.
const FIELDS: &str = "tenant, class, build, source, adversarial, passed and failed";

/// All reports of a file with the numbers of their lines.
pub(crate) fn read(path: &Path) -> Result<Vec<(u64, Evidence)>, Failure> {
    let mut lines = jsonl::open(path)?;
    let mut reports = Vec::new();
    while let Some(line) = lines.next().map_err(|error| Failure::file("read", path, error))? {
        let report = line.json().and_then(report).map_err(|reason| {
            Failure::unusable_because(format!("{}, line {}: {reason}", path.display(), line.number))
        })?;
        reports.push((line.number, report));
    }
    Ok(reports)
}

fn report(json: Json) -> Result<Evidence, String> {
    let kind = json.kind();
    let Json::Object(mut fields) = json else {
        return Err(format!("a report is an object, not {kind}"));
    };
    let evidence = Evidence {
        tenant: name(&mut fields, "tenant", TenantId::new)?.unwrap_or_default(),
        class: name(&mut fields, "class", ClassName::new)?.ok_or("/class: is missing")?,
        build: name(&mut fields, "build", BuildId::new)?,
        source: name(&mut fields, "source", SourceName::new)?.ok_or("/source: is missing")?,
        adversarial: boolean(&mut fields, "adversarial")?,
        passed: count(&mut fields, "passed")?,
        failed: count(&mut fields, "failed")?,
    };
    match fields.iter().next() {
        None => Ok(evidence),
        Some((unknown, _)) => {
            Err(format!("{unknown:?} is not a field of a report; the fields are {FIELDS}"))
        }
    }
}

fn name<N>(
    fields: &mut Object,
    field: &str,
    make: impl FnOnce(String) -> Result<N, NameError>,
) -> Result<Option<N>, String> {
    match fields.remove(field) {
        None => Ok(None),
        Some(Json::String(text)) => {
            make(text).map(Some).map_err(|error| format!("/{field}: {error}"))
        }
        Some(other) => Err(format!("/{field}: should be a string, but is {}", other.kind())),
    }
}

fn boolean(fields: &mut Object, field: &str) -> Result<bool, String> {
    match fields.remove(field) {
        None => Ok(false),
        Some(Json::Bool(flag)) => Ok(flag),
        Some(other) => Err(format!("/{field}: should be true or false, but is {}", other.kind())),
    }
}

fn count(fields: &mut Object, field: &str) -> Result<u64, String> {
    let value = fields.remove(field).ok_or_else(|| format!("/{field}: is missing"))?;
    let whole = value.as_number().and_then(|number| number.as_i64());
    whole
        .and_then(|whole| u64::try_from(whole).ok())
        .ok_or_else(|| format!("/{field}: should be a whole number from 0 to {MAX_SAFE_INTEGER}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Evidence, String> {
        report(Json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_report_needs_a_class_a_source_and_counts() {
        let evidence =
            parse(r#"{"class": "refund", "source": "evals", "passed": 96, "failed": 4}"#).unwrap();
        assert_eq!((evidence.passed, evidence.failed, evidence.adversarial), (96, 4, false));
        assert_eq!(evidence.tenant.as_str(), "default");
    }

    #[test]
    fn anything_else_is_an_error_that_names_the_field() {
        for (text, part) in [
            ("[]", "an object, not an array"),
            (r#"{"source": "e", "passed": 1, "failed": 0}"#, "/class"),
            (r#"{"class": "", "source": "e", "passed": 1, "failed": 0}"#, "/class"),
            (r#"{"class": "c", "source": "e", "passed": 1.5, "failed": 0}"#, "/passed"),
            (r#"{"class": "c", "source": "e", "passed": -1, "failed": 0}"#, "/passed"),
            (r#"{"class": "c", "source": "e", "passed": 1}"#, "/failed"),
            (r#"{"class": "c", "source": "e", "passed": 1, "failed": 0, "rate": 1}"#, "rate"),
            (
                r#"{"class": "c", "source": "e", "passed": 1, "failed": 0, "adversarial": 1}"#,
                "/adversarial",
            ),
        ] {
            assert!(parse(text).unwrap_err().contains(part), "{text}");
        }
    }
}
