//! One table of the file while it is read: its keys are checked when it is opened, its values when
//! they are asked for.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::quote;
use super::keys::{Key, Kind, Section};
use super::report::{At, Fault, Report, Span};
use super::{suggest, values};

/// A table of the file, with the keys that it may hold.
pub(crate) struct Reader<'t> {
    section: &'static Section,
    table: &'t DeTable<'t>,
    /// The keys that lead to it, as a header would have them; empty for the file as a whole.
    path: String,
    /// What the table is called in messages.
    pub(crate) title: String,
    /// Where it begins.
    pub(crate) span: Span,
}

impl<'t> Reader<'t> {
    /// Opens a table and reports the keys that do not belong there, and those that are missing.
    pub(crate) fn open(
        section: &'static Section,
        path: String,
        table: &'t DeTable<'t>,
        span: Span,
        report: &mut Report<'_>,
    ) -> Self {
        let title = if path.is_empty() { "the policy".to_owned() } else { format!("[{path}]") };
        for key in table.keys().filter(|key| section.key(key.get_ref()).is_none()) {
            let message = format!("unknown key {} in {title}", quote(key.get_ref()));
            let remedy = suggest::remedy(key.get_ref(), section.names());
            report.error(key.span().into(), message, remedy);
        }
        for key in section.keys.iter().filter(|key| key.required && !table.contains_key(key.name)) {
            let message = format!("{title} does not say {}", key.name);
            report.error(span, message, format!("write {}", advice(key)));
        }
        Self { section, table, path, title, span }
    }

    /// A single value.
    pub(crate) fn value<T>(
        &self,
        name: &str,
        report: &mut Report<'_>,
        read: impl FnOnce(&Key, &DeValue<'t>) -> Result<T, Fault>,
    ) -> Option<At<T>> {
        let (key, value) = self.entry(name)?;
        located(value, report, |value| read(key, value))
    }

    /// A list of different values.
    pub(crate) fn list<T: Ord + Clone>(
        &self,
        name: &str,
        report: &mut Report<'_>,
        read: impl Fn(&Key, &Kind, &DeValue<'t>) -> Result<T, Fault>,
    ) -> Option<At<Vec<At<T>>>> {
        let (key, value) = self.entry(name)?;
        let span = value.span().into();
        let (DeValue::Array(array), Kind::List(kind, least, most)) = (value.get_ref(), &key.kind)
        else {
            report.fault(span, values::wrong_type(key, &key.kind, value.get_ref()));
            return None;
        };
        if array.len() < *least {
            report.error(
                span,
                format!("{name} is an empty list"),
                "leave it out or name something",
            );
        } else if array.len() > *most {
            let message = format!("{name} is a list of {}", array.len());
            report.error(span, message, format!("write at most {most}"));
        }
        let items =
            array.iter().filter_map(|item| located(item, report, |item| read(key, kind, item)));
        let items: Vec<At<T>> = items.collect();
        refuse_repeats(name, &items, report);
        Some(At { value: items, span })
    }

    /// A table in this one.
    pub(crate) fn table(&self, name: &str, report: &mut Report<'_>) -> Option<Reader<'t>> {
        let (key, value) = self.entry(name)?;
        let (DeValue::Table(table), Kind::Table(section)) = (value.get_ref(), &key.kind) else {
            report.fault(value.span().into(), values::wrong_type(key, &key.kind, value.get_ref()));
            return None;
        };
        let span = self.key_span(name).unwrap_or(self.span);
        let path =
            if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Some(Reader::open(section, path, table, span, report))
    }

    /// The tables in a table of tables, each with its name, in the order of the file.
    pub(crate) fn named(
        &self,
        name: &str,
        report: &mut Report<'_>,
    ) -> Vec<(At<&'t str>, Reader<'t>)> {
        let Some((key, value)) = self.entry(name) else { return Vec::new() };
        let (DeValue::Table(tables), Kind::Named(section)) = (value.get_ref(), &key.kind) else {
            report.fault(value.span().into(), values::wrong_type(key, &key.kind, value.get_ref()));
            return Vec::new();
        };
        let mut named = Vec::new();
        for (name, value) in tables {
            let (text, span) = (&**name.get_ref(), name.span().into());
            if let DeValue::Table(table) = value.get_ref() {
                let path = format!("{}.{}", key.name, as_key(text));
                let reader = Reader::open(section, path, table, span, report);
                named.push((At { value: text, span }, reader));
            } else {
                let found = values::described(value.get_ref());
                let message = format!("{} should be a table, but is {found}", quote(text));
                report.error(
                    value.span().into(),
                    message,
                    format!("write {text:?} = {}", section_advice(section)),
                );
            }
        }
        named.sort_by_key(|(name, _)| name.span);
        named
    }

    /// The tables in a list of tables.
    pub(crate) fn tables(&self, name: &str, report: &mut Report<'_>) -> Vec<Reader<'t>> {
        let Some((key, value)) = self.entry(name) else { return Vec::new() };
        let (DeValue::Array(array), Kind::Tables(section)) = (value.get_ref(), &key.kind) else {
            report.fault(value.span().into(), values::wrong_type(key, &key.kind, value.get_ref()));
            return Vec::new();
        };
        let mut readers = Vec::new();
        for (index, item) in array.iter().enumerate() {
            let (path, span) = (format!("[{name}]"), item.span().into());
            match item.get_ref() {
                DeValue::Table(table) => {
                    readers.push(Reader::open(section, path, table, span, report));
                }
                other => {
                    let message = format!(
                        "item {} of {name} should be a table, but is {}",
                        index + 1,
                        values::described(other)
                    );
                    report.error(span, message, format!("write [[{name}]] above its keys"));
                }
            }
        }
        readers
    }

    /// The values of a table whose keys are free.
    pub(crate) fn entries(
        &self,
        name: &str,
        report: &mut Report<'_>,
    ) -> Vec<(At<&'t str>, &'t Spanned<DeValue<'t>>)> {
        let Some((key, value)) = self.entry(name) else { return Vec::new() };
        let DeValue::Table(table) = value.get_ref() else {
            report.fault(value.span().into(), values::wrong_type(key, &key.kind, value.get_ref()));
            return Vec::new();
        };
        let entries = table.iter();
        entries
            .map(|(name, value)| (At { value: &**name.get_ref(), span: name.span().into() }, value))
            .collect()
    }

    /// Where a key of the table stands.
    pub(crate) fn key_span(&self, name: &str) -> Option<Span> {
        self.table.get_key_value(name).map(|(key, _)| key.span().into())
    }

    /// Whether a key is there, whatever its value.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    fn entry(&self, name: &str) -> Option<(&'static Key, &'t Spanned<DeValue<'t>>)> {
        Some((self.section.key(name)?, self.table.get(name)?))
    }
}

fn located<'t, T>(
    value: &'t Spanned<DeValue<'t>>,
    report: &mut Report<'_>,
    read: impl FnOnce(&'t DeValue<'t>) -> Result<T, Fault>,
) -> Option<At<T>> {
    let span = value.span().into();
    match read(value.get_ref()) {
        Ok(value) => Some(At { value, span }),
        Err(fault) => {
            report.fault(span, fault);
            None
        }
    }
}

fn refuse_repeats<T: Ord + Clone>(name: &str, items: &[At<T>], report: &mut Report<'_>) {
    let mut seen: BTreeMap<T, Span> = BTreeMap::new();
    for item in items {
        if let Some(first) = seen.insert(item.value.clone(), item.span) {
            let place = report.place(first);
            let message = format!("{name} lists the same item twice, first on {place}");
            report.error(item.span, message, "remove one of the two");
        }
    }
}

/// A key as it would be written.
fn advice(key: &Key) -> String {
    match &key.kind {
        Kind::Word(_) => format!("{} = {}", key.name, key.kind.expected()),
        _ => format!("{} = {}", key.name, key.example),
    }
}

/// A name as TOML has it in a header: in quotes where it must be.
fn as_key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quote(name) }
}

fn section_advice(section: &Section) -> String {
    let required: Vec<String> =
        section.keys.iter().filter(|key| key.required).map(advice).collect();
    format!("{{ {} }}", required.join(", "))
}
