//! Text as people type it: visible, bounded, and free of what could hide or reorder it in a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A non-empty text of at most `MAX` characters without control characters, NUL, or marks that reorder
/// or hide text on screen (bidirectional overrides, zero-width characters). Line breaks are allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// A name, number or short phrase.
pub type Short = Text<120>;
/// A remark or a reason.
pub type Note = Text<2000>;

impl<const MAX: usize> Text<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().count() > MAX {
            return Err(TextError::Long { most: MAX });
        }
        match text.chars().find(|c| hidden(*c)) {
            Some(c) => Err(TextError::Hidden { code: c as u32 }),
            None => Ok(Self(text.to_string())),
        }
    }
}

/// Why a text cannot stand in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Longer than allowed.
    #[error("has more than {most} characters")]
    Long {
        /// How many characters are allowed.
        most: usize,
    },
    /// A character that a reader of the record would not see as it is.
    #[error("contains the invisible character U+{code:04X}")]
    Hidden {
        /// Its Unicode code point.
        code: u32,
    },
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> String {
        text.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Text{MAX}").into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "minLength": 1, "maxLength": MAX, "x-visible": true})
    }
}

fn hidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
