//! A struct: what a record holds beside its status.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataStruct, DeriveInput, Error, Result};

use crate::options::Options;

pub(crate) fn expand(input: &DeriveInput, data: &DataStruct) -> Result<TokenStream> {
    let options = Options::parse(&input.attrs, &["status", "crate"])?;
    let library = options.library();
    let Some(status) = options.status else {
        return Err(Error::new_spanned(
            &input.ident,
            "name the enum of the statuses: #[signoff(status = …)]",
        ));
    };
    refuse_status_field(data)?;
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics #library::SignoffGated for #name #arguments #bounds {
            type Status = #status;
        }
    })
}

/// A second status beside the guarded one would be assigned by whoever mistakes it for that.
fn refuse_status_field(data: &DataStruct) -> Result<()> {
    let mut names = data.fields.iter().filter_map(|field| field.ident.as_ref());
    match names.find(|name| *name == "status") {
        None => Ok(()),
        Some(name) => Err(Error::new_spanned(
            name,
            "the status is kept by the record around this, where only a sign-off reaches it; \
             remove the field or give it another name",
        )),
    }
}
