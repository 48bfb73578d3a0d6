//! From where an entry was handed in, so that whoever reads it can judge the source of its data (21 CFR 11.10(h)). It
//! stands in the payload, after the event and before the signature: so it is hashed with the entry, and signed with it.

use crate::text::Short;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// By what means, and at which device, an entry was handed in. Entries have none that no session or token brought: those
/// of the command line, of wrong passwords, codes and PINs, of a password set by a link, and all from before sources were
/// recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "means", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A session in which the recorder had signed in himself.
    Session {
        /// The shared tablet that the browser was registered as, where it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<Device>,
    },
    /// A session by badge and PIN at a shared tablet.
    Badge {
        /// The tablet.
        device: Device,
    },
    /// A program, by a token that the recorder had made for it.
    Program {
        /// The token.
        device: Device,
    },
    /// An instrument, by a token that the recorder had made for it.
    Instrument {
        /// The token, by the instrument's name.
        device: Device,
    },
}

/// A device as it was known when the entry was recorded: it may be called otherwise now, or be withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// The identifier of its registration or of its token; it tells nothing of a secret.
    pub id: Uuid,
    /// Its name.
    pub name: Short,
}

impl Source {
    /// The most bytes that one has in a payload, with the name of its member.
    pub const MOST: usize = 640;

    /// Its means, as in JSON.
    pub fn means(&self) -> &'static str {
        match self {
            Source::Session { .. } => "session",
            Source::Badge { .. } => "badge",
            Source::Program { .. } => "program",
            Source::Instrument { .. } => "instrument",
        }
    }

    /// The device, where it is a known one.
    pub fn device(&self) -> Option<&Device> {
        match self {
            Source::Session { device } => device.as_ref(),
            Source::Badge { device } | Source::Program { device } | Source::Instrument { device } => {
                Some(device)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_never_changes() {
        let name = |name: &str| Short::try_from(name.to_string()).unwrap();
        let device = Device { id: Uuid::from_u128(7), name: name("Isolator 2") };
        let stands = r#""device":{"id":"00000000-0000-0000-0000-000000000007","name":"Isolator 2"}}"#;
        let cases = [
            (Source::Session { device: None }, r#"{"means":"session"}"#.to_string()),
            (Source::Session { device: Some(device.clone()) }, format!(r#"{{"means":"session",{stands}"#)),
            (Source::Badge { device: device.clone() }, format!(r#"{{"means":"badge",{stands}"#)),
            (Source::Program { device: device.clone() }, format!(r#"{{"means":"program",{stands}"#)),
            (Source::Instrument { device: device.clone() }, format!(r#"{{"means":"instrument",{stands}"#)),
        ];
        for (source, text) in cases {
            assert_eq!(serde_json::to_string(&source).unwrap(), text);
            assert_eq!(serde_json::from_str::<Source>(&text).unwrap(), source);
            assert!(text.contains(&format!(r#""means":"{}""#, source.means())));
            assert_eq!(source.device(), text.contains("device").then_some(&device));
        }
        for wrong in [r#"{"means":"badge"}"#, r#"{"means":"robot"}"#, r#"{"means":"session","by":1}"#, "{}"] {
            assert!(serde_json::from_str::<Source>(wrong).is_err(), "{wrong}");
        }
        // Of the characters of a name none takes more bytes than this one.
        let longest = Source::Instrument { device: Device { name: name(&"𠮷".repeat(120)), ..device } };
        let bytes = serde_json::to_vec(&longest).unwrap().len() + r#","source":"#.len();
        assert!(bytes <= Source::MOST, "{bytes}");
    }
}
