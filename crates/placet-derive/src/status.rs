//! An enum: its statuses, split into those that anyone may give and those that need a sign-off.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, DataEnum, DeriveInput, Error, Fields, Ident, Path, Result, Variant};

use crate::options::Options;
use crate::statements::Statements;

pub(crate) fn expand(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    refuse_generics(input)?;
    let options = Options::parse(&input.attrs, &["gated", "fields", "least_length", "crate"])?;
    let Some(names) = &options.gated else {
        let message = "say which statuses need a sign-off: #[signoff(gated(…))]";
        return Err(Error::new_spanned(&input.ident, message));
    };
    refuse_wrong_statuses(names, data)?;
    let (gated, ungated): (Vec<_>, Vec<_>) =
        data.variants.iter().partition(|variant| names.contains(&variant.ident));
    if ungated.is_empty() {
        let message = "every status is gated, so no record could begin; leave one out";
        return Err(Error::new_spanned(&input.ident, message));
    }
    let library = options.library();
    let statements = Statements::new(input, &options)?;
    let ungated = Half::new(input, ungated, format_ident!("Ungated{}", input.ident));
    let gated = Half::new(input, gated, format_ident!("Gated{}", input.ident));
    let status = implement(input, &library, &ungated, &gated, statements.ident());
    let ungated = ungated.expand("that anyone may give");
    let gated = gated.expand("that only a sign-off gives");
    let statements = statements.expand(&library);
    Ok(quote! { #ungated #gated #statements #status })
}

fn refuse_generics(input: &DeriveInput) -> Result<()> {
    if input.generics.params.is_empty() {
        return Ok(());
    }
    let message = "a status has no generics; put what varies into the contents of the record";
    Err(Error::new_spanned(&input.generics, message))
}

/// Every mistake is reported, not only the first.
fn refuse_wrong_statuses(names: &[Ident], data: &DataEnum) -> Result<()> {
    let mut seen = BTreeSet::new();
    let listed = names.iter().filter_map(|name| {
        if !seen.insert(name) {
            return Some(Error::new_spanned(name, "this status is listed twice; keep one"));
        }
        let is_known = data.variants.iter().any(|variant| variant.ident == *name);
        (!is_known).then(|| Error::new_spanned(name, "the enum has no such status"))
    });
    let laden = data.variants.iter().filter_map(|variant| {
        let message = "a status carries no data; put it into the contents of the record";
        let is_bare = matches!(variant.fields, Fields::Unit);
        (!is_bare).then(|| Error::new_spanned(&variant.fields, message))
    });
    let mistakes = listed.chain(laden).reduce(|mut all, mistake| {
        all.combine(mistake);
        all
    });
    mistakes.map_or(Ok(()), Err)
}

/// One of the two enums that are written.
struct Half<'a> {
    whole: &'a DeriveInput,
    variants: Vec<&'a Variant>,
    ident: Ident,
}

impl<'a> Half<'a> {
    fn new(whole: &'a DeriveInput, variants: Vec<&'a Variant>, ident: Ident) -> Self {
        Self { whole, variants, ident }
    }

    fn names(&self) -> impl Iterator<Item = &'a Ident> {
        self.variants.iter().map(|variant| &variant.ident)
    }

    fn expand(&self, which: &str) -> TokenStream {
        let Self { whole, variants, ident } = self;
        let (visibility, status) = (&whole.vis, &whole.ident);
        let doc = format!("The statuses of [`{status}`] {which}.");
        let documented = variants.iter().map(|variant| {
            let docs = variant.attrs.iter().filter(|attribute| is_doc(attribute));
            let name = &variant.ident;
            quote! { #(#docs)* #name }
        });
        let names: Vec<_> = self.names().collect();
        quote! {
            #[doc = #doc]
            #[derive(
                ::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug,
                ::core::cmp::PartialEq, ::core::cmp::Eq, ::core::hash::Hash,
            )]
            #visibility enum #ident { #(#documented),* }

            #[automatically_derived]
            impl ::core::convert::From<#ident> for #status {
                fn from(status: #ident) -> Self {
                    match status { #(#ident::#names => Self::#names),* }
                }
            }
        }
    }
}

fn is_doc(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc")
}

fn implement(
    input: &DeriveInput,
    library: &Path,
    ungated: &Half<'_>,
    gated: &Half<'_>,
    statements: &Ident,
) -> TokenStream {
    let name = &input.ident;
    let sorted_ungated = arms(ungated, &quote!(#library::Sorted::Ungated));
    let sorted_gated = arms(gated, &quote!(#library::Sorted::Gated));
    let (ungated_type, gated_type) = (&ungated.ident, &gated.ident);
    let all: Vec<_> = ungated.names().chain(gated.names()).collect();
    let texts = all.iter().map(|name| syn::ext::IdentExt::unraw(*name).to_string());
    quote! {
        #[automatically_derived]
        impl #library::Status for #name {
            type Ungated = #ungated_type;
            type Gated = #gated_type;
            type Statements = #statements;

            fn sort(self) -> #library::Sorted<Self> {
                match self { #sorted_ungated #sorted_gated }
            }

            fn name(&self) -> &'static str {
                match self { #(Self::#all => #texts),* }
            }
        }
    }
}

fn arms(half: &Half<'_>, sorted: &impl ToTokens) -> TokenStream {
    let (ident, names) = (&half.ident, half.names());
    names.map(|name| quote!(Self::#name => #sorted(#ident::#name),)).collect()
}
