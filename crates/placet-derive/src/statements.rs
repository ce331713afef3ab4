//! What a person has to write: a struct with a field for each statement.
//!
//! A struct, so that leaving one out does not compile. As in a policy, the first field is the
//! statement proper and has to be long; the others have to say something.

use std::collections::BTreeSet;
use std::iter;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{DeriveInput, Error, Ident, Path, Result};

use crate::options::{Field, Options};

/// The fields of a sign-off whose enum names none.
const DEFAULT_FIELDS: [&str; 2] = ["verbatim_response", "responsible_owner"];

pub(crate) struct Statements<'a> {
    status: &'a DeriveInput,
    ident: Ident,
    fields: Vec<Field>,
    least_length: Option<u16>,
}

impl<'a> Statements<'a> {
    pub(crate) fn new(status: &'a DeriveInput, options: &Options) -> Result<Self> {
        let silent = || DEFAULT_FIELDS.map(|name| Field::new(format_ident!("{name}"))).into();
        let fields: Vec<Field> = options.fields.clone().unwrap_or_else(silent);
        let mut seen = BTreeSet::new();
        if let Some(twice) = fields.iter().find(|field| !seen.insert(&field.name)) {
            return Err(Error::new_spanned(&twice.name, "this field is listed twice; keep one"));
        }
        refuse_two_lengths(&fields, options)?;
        let ident = format_ident!("{}Statements", status.ident);
        Ok(Self { status, ident, fields, least_length: options.least_length })
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.ident
    }

    pub(crate) fn expand(&self, library: &Path) -> TokenStream {
        let Self { status, ident, fields, .. } = self;
        let visibility = &status.vis;
        let doc = format!("What a person says to take a record to a [`Gated{}`].", status.ident);
        let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
        let texts: Vec<_> = names.iter().map(|name| name.unraw().to_string()).collect();
        let docs = texts.iter().map(|text| format!("The statement `{text}`, word for word."));
        let lengths = self.least_lengths(library);
        quote! {
            #[doc = #doc]
            #[derive(
                ::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, ::core::cmp::Eq,
            )]
            #visibility struct #ident {
                #(#[doc = #docs] #visibility #names: ::std::string::String,)*
            }

            #[automatically_derived]
            impl #library::Statements for #ident {
                const FIELDS: &'static [#library::Field] =
                    &[#(#library::Field { name: #texts, least_length: #lengths }),*];

                fn texts(&self) -> impl ::core::iter::Iterator<Item = &str> {
                    ::core::iter::IntoIterator::into_iter([#(self.#names.as_str()),*])
                }

                fn from_texts(
                    mut text: impl ::core::ops::FnMut(&'static str) -> ::std::string::String,
                ) -> Self {
                    Self { #(#names: text(#texts)),* }
                }
            }
        }
    }

    /// Each field's own length, else the length of a statement for the first and 1 for the others.
    fn least_lengths(&self, library: &Path) -> impl Iterator<Item = TokenStream> {
        let silent = quote!(#library::DEFAULT_STATEMENT_LENGTH);
        let first = self.least_length.map_or(silent, |length| quote!(#length));
        let others = iter::repeat(quote!(1));
        let defaults = iter::once(first).chain(others);
        self.fields
            .iter()
            .zip(defaults)
            .map(|(field, default)| field.least_length.map_or(default, |length| quote!(#length)))
    }
}

fn refuse_two_lengths(fields: &[Field], options: &Options) -> Result<()> {
    match fields.first() {
        Some(Field { name, least_length: Some(_) }) if options.least_length.is_some() => {
            let message =
                "`least_length` is about this field, which has a length of its own; keep one";
            Err(Error::new_spanned(name, message))
        }
        _ => Ok(()),
    }
}
