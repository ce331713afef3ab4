//! What stands in `#[signoff(…)]`.

use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitInt, Path, Result, Token, parenthesized, parse_quote};

/// Every option that there is. Which of them an enum or a struct takes is said by the caller.
#[derive(Default)]
pub(crate) struct Options {
    /// The statuses that need a sign-off.
    pub(crate) gated: Option<Vec<Ident>>,
    /// What a person has to write.
    pub(crate) fields: Option<Vec<Field>>,
    /// The least length of the first field, when it has none of its own.
    pub(crate) least_length: Option<u16>,
    /// The enum of a struct's statuses.
    pub(crate) status: Option<Path>,
    /// Where the library is.
    pub(crate) library: Option<Path>,
}

/// A required field, perhaps with a least length of its own.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) least_length: Option<u16>,
}

impl Field {
    pub(crate) fn new(name: Ident) -> Self {
        Self { name, least_length: None }
    }
}

impl Options {
    /// Reads the attributes; `known` are the options that make sense here.
    pub(crate) fn parse(attributes: &[Attribute], known: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("signoff"))
        {
            attribute.parse_nested_meta(|meta| options.take(&meta, known))?;
        }
        Ok(options)
    }

    /// Where the library is: below `placet`, unless it is said to be elsewhere.
    pub(crate) fn library(&self) -> Path {
        self.library.clone().unwrap_or_else(|| parse_quote!(::placet::signoff))
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>, known: &[&str]) -> Result<()> {
        let name = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        if !known.contains(&name.as_str()) {
            let known = known.join("`, `");
            return Err(meta.error(format!("this is no option here; there are `{known}`")));
        }
        match name.as_str() {
            "gated" => set(&mut self.gated, meta, list),
            "fields" => set(&mut self.fields, meta, list),
            "least_length" => set(&mut self.least_length, meta, |meta| length(meta.value()?)),
            "status" => set(&mut self.status, meta, |meta| meta.value()?.parse()),
            _ => set(&mut self.library, meta, |meta| meta.value()?.call(Path::parse_mod_style)),
        }
    }
}

fn set<T>(
    option: &mut Option<T>,
    meta: &ParseNestedMeta<'_>,
    parse: impl Fn(&ParseNestedMeta<'_>) -> Result<T>,
) -> Result<()> {
    if option.is_some() {
        return Err(meta.error("this option is there twice; keep one"));
    }
    *option = Some(parse(meta)?);
    Ok(())
}

/// `(a, b, c)`, with at least one of them.
fn list<T: Parse>(meta: &ParseNestedMeta<'_>) -> Result<Vec<T>> {
    let content;
    parenthesized!(content in meta.input);
    let items = Punctuated::<T, Token![,]>::parse_terminated(&content)?;
    if items.is_empty() {
        return Err(meta.error("nothing stands in the parentheses; name at least one"));
    }
    Ok(items.into_iter().collect())
}

/// A least length: at 0 a person could say nothing at all.
fn length(input: ParseStream<'_>) -> Result<u16> {
    let literal: LitInt = input.parse()?;
    match literal.base10_parse() {
        Ok(0) | Err(_) => Err(syn::Error::new_spanned(
            &literal,
            format!("a least length is a number of characters from 1 to {}", u16::MAX),
        )),
        Ok(length) => Ok(length),
    }
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let field = Self::new(input.parse()?);
        if input.parse::<Option<Token![=]>>()?.is_none() {
            return Ok(field);
        }
        Ok(Self { least_length: Some(length(input)?), ..field })
    }
}
