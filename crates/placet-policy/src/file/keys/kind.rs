//! What a key is, and what its value may be.

use std::time::Duration;

use placet_core::time::human_duration;

/// A table of the file, with the keys that it may hold.
#[derive(Debug)]
pub struct Section {
    /// Its name in the JSON Schema.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys, in the order in which they are best explained.
    pub keys: &'static [Key],
}

impl Section {
    /// The key of this name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The names of the keys.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.keys.iter().map(|key| key.name)
    }
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// Whether its table makes no sense without it.
    pub required: bool,
    /// What holds without it, in words or as it would be written.
    pub default: &'static str,
    /// A value as it would be written.
    pub example: &'static str,
    /// What it says.
    pub doc: &'static str,
}

/// What a value may be.
#[derive(Debug)]
pub enum Kind {
    /// The version of the format.
    Version,
    /// One of a few words.
    Word(&'static [Word]),
    /// A name.
    Name,
    /// A JSON Pointer into the params.
    Pointer,
    /// An amount of money, not negative.
    Amount,
    /// A whole number between two bounds, both included.
    Whole(u64, u64),
    /// A duration between two bounds, both included.
    Duration(Duration, Duration),
    /// A share of a whole, to so many decimal places.
    Share(u32),
    /// A list of different things, of such a kind and between so many and so many.
    List(&'static Kind, usize, usize),
    /// The code of a currency.
    Currency,
    /// A table of params and their types.
    Params,
    /// A table.
    Table(&'static Section),
    /// A table of tables, each with a name of its own.
    Named(&'static Section),
    /// A list of tables.
    Tables(&'static Section),
}

/// One of the words that a key may have as its value.
#[derive(Debug)]
pub struct Word {
    /// As it is written.
    pub text: &'static str,
    /// What it means.
    pub doc: &'static str,
}

impl Kind {
    /// What a value should be, for a message.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Version => "the version of the format, 1".to_owned(),
            Self::Word(words) => {
                let words: Vec<String> =
                    words.iter().map(|word| format!("{:?}", word.text)).collect();
                words.join(" or ")
            }
            Self::Name => "a name in quotes".to_owned(),
            Self::Pointer => "a JSON pointer such as \"/amount\"".to_owned(),
            Self::Amount => "an amount such as \"100.50\"".to_owned(),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Duration(Duration::ZERO, most) => {
                format!("a duration up to \"{}\"", human_duration(*most))
            }
            Self::Duration(least, most) => {
                format!(
                    "a duration from \"{}\" to \"{}\"",
                    human_duration(*least),
                    human_duration(*most)
                )
            }
            Self::Share(_) => "a share from 0 to 1, such as 0.95".to_owned(),
            Self::List(item, _, _) => format!("a list, each item {}", item.expected()),
            Self::Currency => "a currency such as \"USD\"".to_owned(),
            Self::Params => "a table of params and their types".to_owned(),
            Self::Table(_) => "a table".to_owned(),
            Self::Named(_) => "a table of tables, each under its name".to_owned(),
            Self::Tables(_) => "a list of tables".to_owned(),
        }
    }
}
