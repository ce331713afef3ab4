//! Lists that may be long: a part of one at a time, and a search by name.

use serde::Deserialize;

use super::form::Fields;

/// Rows on one page. Browsers take their time over thousands of forms.
const ON_A_PAGE: usize = 50;

/// Which part of a list is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Only what comes after this one.
    after: Option<String>,
    /// Only what has this in its name.
    find: Option<String>,
}

/// What a page says of the part that it shows.
#[derive(Debug)]
pub(crate) struct Part {
    /// The address of the list.
    pub(crate) path: &'static str,
    /// What was searched for, where something was.
    pub(crate) find: String,
    /// What the rows shown come after.
    pub(crate) after: String,
    /// How many there are that fit the search.
    pub(crate) total: usize,
    /// Where the next ones are, if there are any.
    pub(crate) next: Option<String>,
}

impl Asked {
    /// The part that the page showed from which a form was sent.
    pub(crate) fn of(fields: &Fields) -> Self {
        let text = |name| fields.text(name).map(str::to_owned);
        Self { after: text("after"), find: text("find") }
    }

    /// The address of the part.
    pub(crate) fn address(&self, path: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let given = [("after", &self.after), ("find", &self.find)];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let query = query.extend_pairs(given).finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Takes the part out of a whole list. `is_after` says whether a row comes after the one of
    /// which a page gave the name.
    pub(crate) fn part<T>(
        &self,
        path: &'static str,
        all: impl Iterator<Item = T>,
        name: impl Fn(&T) -> String,
        is_after: impl Fn(&T, &str) -> bool,
        mark: impl Fn(&T) -> String,
    ) -> (Vec<T>, Part) {
        let find = self.find.as_deref().unwrap_or_default().trim();
        let wanted = find.to_lowercase();
        let after = self.after.as_deref().unwrap_or_default();
        let (mut rows, mut total, mut has_more) = (Vec::new(), 0, false);
        for row in all.filter(|row| wanted.is_empty() || name(row).to_lowercase().contains(&wanted))
        {
            total += 1;
            if !after.is_empty() && !is_after(&row, after) {
                continue;
            }
            if rows.len() < ON_A_PAGE {
                rows.push(row);
            } else {
                has_more = true;
            }
        }
        let next = rows
            .last()
            .filter(|_| has_more)
            .map(|last| Self { after: Some(mark(last)), find: self.find.clone() }.address(path));
        let part = Part { path, find: find.to_owned(), after: after.to_owned(), total, next };
        (rows, part)
    }
}

impl Part {
    /// Whether all there is stands on the page, so that there is nothing to look for.
    pub(crate) fn is_whole(&self) -> bool {
        self.next.is_none() && self.after.is_empty() && self.find.is_empty()
    }
}
