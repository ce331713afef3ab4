//! What a secret is.

use std::fmt;

/// What a secret is. The word for it stands in the placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A field that the policy marks.
    Marked,
    /// A private key.
    PrivateKey,
    /// A key of a cloud or of an API.
    ApiKey,
    /// A token that stands for a session or an account.
    Token,
    /// A JSON Web Token, or one of its relatives.
    Jwt,
    /// Credentials in an authorization header.
    Authorization,
    /// A password, also one in a URL.
    Password,
    /// Something that is called a secret or a credential.
    Secret,
    /// The number of a payment card.
    CardNumber,
    /// The check digits of a payment card.
    CardCode,
    /// A personal identification number.
    Pin,
    /// A code that is good for one use.
    OneTimeCode,
    /// A number that a state gave to a person.
    NationalId,
    /// Something nested so deeply that nobody looked at it.
    TooDeep,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Marked,
        Self::PrivateKey,
        Self::ApiKey,
        Self::Token,
        Self::Jwt,
        Self::Authorization,
        Self::Password,
        Self::Secret,
        Self::CardNumber,
        Self::CardCode,
        Self::Pin,
        Self::OneTimeCode,
        Self::NationalId,
        Self::TooDeep,
    ];

    /// The word in the placeholder.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Marked => "marked",
            Self::PrivateKey => "private-key",
            Self::ApiKey => "api-key",
            Self::Token => "token",
            Self::Jwt => "jwt",
            Self::Authorization => "authorization",
            Self::Password => "password",
            Self::Secret => "secret",
            Self::CardNumber => "card-number",
            Self::CardCode => "card-code",
            Self::Pin => "pin",
            Self::OneTimeCode => "one-time-code",
            Self::NationalId => "national-id",
            Self::TooDeep => "too-deep",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
