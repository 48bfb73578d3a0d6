//! The one way to list what a stream's stage accepts or records: an enum whose variants are the form's own
//! types, with the names they have in the journal and in the API.

/// Declares an enum of newtype variants named after their types, its stable names, and `From` each type.
#[macro_export]
macro_rules! variants {
    ($(#[$doc:meta])* pub enum $name:ident in $outer:ident::$wrapper:ident {
        $($(#[$variant_doc:meta])* $variant:ident => $tag:literal,)*
    }) => {
        $crate::variants! {
            $(#[$doc])* pub enum $name { $($(#[$variant_doc])* $variant => $tag,)* }
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
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $tag:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $tag)] $variant(Box<$variant>),)*
        }

        impl $name {
            /// The names of all variants, as in the journal and the API.
            pub const NAMES: &'static [&'static str] = &[$($tag),*];

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
