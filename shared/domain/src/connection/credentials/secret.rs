//! A secret in its forms: as sent, sealed in the table, masked in answers.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// What stands in answers where a secret is set. Sent back, it means "as it was".
pub const MASK: &str = "••••••••";

/// The name of a secret field, as in JSON. It is part of what a sealed secret is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretField(pub &'static str);

/// A secret as it lies in the table: sealed text that only the `secrets` crate can open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedSecret(pub String);

/// A secret as it is shown: its mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Masked;

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

/// A secret as a user sends it: a new one, or the mask to leave the old one.
#[derive(Debug, Clone)]
pub enum SecretInput {
    /// Leave it as it is.
    Keep,
    /// Set it.
    Set(SecretString),
}

/// In the API's description both are a string of format `password`.
macro_rules! password_schema {
    ($type:ty, $example:expr) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let password = SchemaFormat::KnownFormat(KnownFormat::Password);
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .format(Some(password))
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }
        impl ToSchema for $type {}
    };
}
password_schema!(Masked, MASK);
password_schema!(SecretInput, "a-secret");

impl<'de> Deserialize<'de> for SecretInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(if text == MASK { Self::Keep } else { Self::Set(text.into()) })
    }
}
