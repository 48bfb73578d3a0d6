//! The one way to list what a stream's stage accepts or records: an enum whose variants are the form's own
//! types, with the names they have in the journal and in the API.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

/// One form of a stage: its name, what it is for, its schema, and how it is read.
pub struct Form<T: 'static> {
    /// Its name in the journal and the API.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Its JSON schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Reads it from JSON.
    pub read: fn(serde_json::Value) -> Result<T, FormError>,
}

/// Why a JSON value is not the form it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// The field, as a JSON pointer.
    pub pointer: String,
    /// What is wrong, in English.
    pub message: String,
}

/// Reads one form, naming the field that is wrong.
///
/// # Errors
/// The first field that is missing, unknown, of another type or out of range.
pub fn read_form<F: DeserializeOwned + JsonSchema>(value: serde_json::Value) -> Result<F, FormError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = String::new();
        for segment in error.path() {
            match segment {
                serde_path_to_error::Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
                serde_path_to_error::Segment::Map { key }
                | serde_path_to_error::Segment::Enum { variant: key } => {
                    pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")));
                }
                serde_path_to_error::Segment::Unknown => {}
            }
        }
        FormError { pointer, message: error.into_inner().to_string() }
    })
}

/// Declares an enum of newtype variants named after their types, its stable names, and `From` each type.
#[macro_export]
macro_rules! variants {
    ($(#[$doc:meta])* pub enum $name:ident in $outer:ident::$wrapper:ident {
        $($(#[doc = $variant_doc:literal])* $variant:ident => $tag:literal,)*
    }) => {
        $crate::variants! {
            $(#[$doc])* pub enum $name { $($(#[doc = $variant_doc])* $variant => $tag,)* }
        }

        impl From<$name> for $outer {
            fn from(form: $name) -> Self {
                Self::$wrapper(form)
            }
        }

        $(impl From<$variant> for $outer {
            fn from(form: $variant) -> Self {
                Self::$wrapper(form.into())
            }
        })*
    };
    ($(#[$doc:meta])* pub enum $name:ident {
        $($(#[doc = $variant_doc:literal])* $variant:ident => $tag:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[doc = $variant_doc])* #[serde(rename = $tag)] $variant(Box<$variant>),)*
        }

        impl $name {
            /// All variants: names as in the journal and the API, schemas, and how each is read.
            pub const FORMS: &'static [$crate::variants::Form<$name>] = &[$($crate::variants::Form {
                name: $tag,
                purpose: concat!($($variant_doc),*),
                schema: |generator| generator.subschema_for::<$variant>(),
                read: |value| $crate::variants::read_form::<$variant>(value).map($name::from),
            }),*];

            /// This variant's name.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $tag,)* }
            }
        }

        $(impl From<$variant> for $name {
            fn from(form: $variant) -> Self {
                Self::$variant(Box::new(form))
            }
        })*
    };
}
