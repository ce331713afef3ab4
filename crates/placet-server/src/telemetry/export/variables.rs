//! The variables of the OpenTelemetry standard, read strictly.
//!
//! The standard lets a program go on with a default where a value makes no sense. Whoever mistypes
//! the name of a sampler would then learn of it when they look for a trace that nobody kept. Here it
//! is an error at the start, which names the variable.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use placet_client::ClientError;

/// Why telemetry cannot be sent as the variables ask.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A variable has a value that makes no sense here.
    #[error("{variable} is {value:?}; {remedy}")]
    Value {
        /// Its name.
        variable: String,
        /// Its value.
        value: String,
        /// What to write instead.
        remedy: String,
    },
    /// A variable whose value may be a secret makes no sense.
    #[error("{variable} cannot be read; {remedy}")]
    Hidden {
        /// Its name.
        variable: String,
        /// What to write instead.
        remedy: String,
    },
    /// The certificates to trust cannot be read.
    #[error("{variable}: {source}")]
    Certificates {
        /// The variable that names them.
        variable: String,
        /// Why.
        source: ClientError,
    },
    /// What sends them does not accept how it is set up.
    #[error("telemetry cannot be set up: {0}")]
    SetUp(String),
}

/// Where variables are looked up.
pub(super) struct Variables<'a>(pub(super) &'a dyn Fn(&str) -> Option<OsString>);

/// A value with the name of the variable that it came from.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) variable: String,
    pub(super) value: String,
}

impl Found {
    /// It makes no sense.
    pub(super) fn wrong(self, remedy: impl Into<String>) -> ExportError {
        ExportError::Value { variable: self.variable, value: self.value, remedy: remedy.into() }
    }

    /// It makes no sense, and must not be shown.
    pub(super) fn wrong_secret(self, remedy: &str) -> ExportError {
        ExportError::Hidden { variable: self.variable, remedy: remedy.to_owned() }
    }

    /// The one of some words that it is.
    pub(super) fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Result<T, ExportError> {
        match words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&self.value)) {
            Some((_, meaning)) => Ok(*meaning),
            None => {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                Err(self.wrong(format!("write {}", words.join(" or "))))
            }
        }
    }

    /// The number that it is.
    pub(super) fn number(self, range: RangeInclusive<u64>) -> Result<u64, ExportError> {
        match self.value.parse().ok().filter(|number| range.contains(number)) {
            Some(number) => Ok(number),
            None => {
                let (least, most) = range.into_inner();
                Err(self.wrong(format!("write a whole number from {least} to {most}")))
            }
        }
    }

    /// The pairs that it is a list of: `name=value,name=value`, percent-encoded.
    pub(super) fn pairs(self) -> Result<Vec<(String, String)>, ExportError> {
        let pairs = self.value.split(',').filter(|pair| !pair.trim().is_empty());
        let read: Option<Vec<_>> = pairs.map(pair).collect();
        read.ok_or_else(|| {
            self.wrong_secret("write name=value,name=value, percent-encoded where it must be")
        })
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let decoded = |text: &str| percent_decode_str(text.trim()).decode_utf8().map(String::from);
    let (name, value) = (decoded(name).ok()?, decoded(value).ok()?);
    (!name.is_empty()).then_some((name, value))
}

impl Variables<'_> {
    /// A variable, if it is set: an empty one is not.
    pub(super) fn find(&self, name: &str) -> Result<Option<Found>, ExportError> {
        let Some(value) = (self.0)(name) else { return Ok(None) };
        let variable = name.to_owned();
        let value = value.into_string().map_err(|_| ExportError::Hidden {
            variable: variable.clone(),
            remedy: "write it in UTF-8".to_owned(),
        })?;
        let value = value.trim().to_owned();
        Ok((!value.is_empty()).then_some(Found { variable, value }))
    }

    /// What a variable says for one signal, or else for all of them.
    pub(super) fn otlp(&self, signal: &str, what: &str) -> Result<Option<Found>, ExportError> {
        match self.find(&format!("OTEL_EXPORTER_OTLP_{signal}_{what}"))? {
            Some(found) => Ok(Some(found)),
            None => self.find(&format!("OTEL_EXPORTER_OTLP_{what}")),
        }
    }

    /// A time in milliseconds, if it is set.
    pub(super) fn millis(&self, name: &str) -> Result<Option<Duration>, ExportError> {
        self.find(name)?.map(time).transpose()
    }
}

/// The time that a number of milliseconds is. An hour is longer than anything here should take.
pub(super) fn time(found: Found) -> Result<Duration, ExportError> {
    found.number(1..=3_600_000).map(Duration::from_millis)
}
