//! Identifiers: opaque ones for the inside (UUIDv7, made outside the domain) and the labels people scan
//! (`C1-<type>-<SITE>-<yy>-<nnnnnn>[-<sub>]-<K>` with an ISO 7064 MOD 37-2 check character).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "format": "uuid"})
            }
        }
    )*};
}

ids! {
    /// The centre itself.
    SiteId;
    /// A clinic (再生医療等提供機関).
    ClinicId;
    /// A person with an account; never reused.
    PersonId;
    /// One version of a product standard (標準書).
    StandardId;
    /// One course of therapy; carries the chain of identity.
    OrderId;
    /// The person who receives cells; names live elsewhere, encrypted.
    PatientId;
    /// A batch (lot / 製造番号).
    BatchId;
    /// A deviation, defect or other quality event.
    QualityEventId;
    /// One journal entry.
    EntryId;
    /// One command; all entries it appended share it.
    CommandId;
    /// A person's signing key.
    KeyId;
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(range(min = 1))] pub u16);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

numbers! {
    /// A culture vessel's number within its batch.
    VesselNo;
    /// A harvest's number within its batch.
    HarvestNo;
    /// A fill's number within its batch.
    FillNo;
    /// A container's (dose unit's) number within its batch.
    ContainerNo;
    /// A test sample's (検体) number within its batch.
    SampleNo;
    /// A result's number within its batch.
    ResultNo;
    /// A hold's number within its batch.
    HoldNo;
}

/// What a label stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelKind {
    /// An order.
    Order,
    /// A test sample.
    Sample,
    /// A batch.
    Batch,
    /// A culture vessel.
    Vessel,
    /// A container with a dose.
    Dose,
}

impl LabelKind {
    const ALL: [(LabelKind, char); 5] = [
        (LabelKind::Order, 'O'),
        (LabelKind::Sample, 'S'),
        (LabelKind::Batch, 'B'),
        (LabelKind::Vessel, 'V'),
        (LabelKind::Dose, 'D'),
    ];

    fn letter(self) -> char {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map(|(_, letter)| *letter).unwrap_or('B')
    }
}

/// A site's short code on labels: 2–6 characters A–Z and 0–9, set once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteCode(String);

impl SiteCode {
    /// The code as printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SiteCode {
    type Error = String;
    fn try_from(code: String) -> Result<Self, String> {
        let ok = (2..=6).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if ok { Ok(Self(code)) } else { Err("a site code is 2–6 characters A–Z and 0–9".into()) }
    }
}

impl From<SiteCode> for String {
    fn from(code: SiteCode) -> String {
        code.0
    }
}

impl JsonSchema for SiteCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SiteCode".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[A-Z0-9]{2,6}$", "examples": ["TKYO"]})
    }
}

/// An identifier that people read, print and scan. Its check character is verified when it is parsed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label {
    kind: LabelKind,
    site: SiteCode,
    year: u8,
    serial: u32,
    sub: Option<u16>,
}

impl Label {
    /// A label with its own serial, or nothing where its check character would be `*` (that serial is
    /// skipped, because `*` is typed differently on US and JIS keyboards).
    pub fn new(kind: LabelKind, site: &SiteCode, year: u8, serial: u32) -> Option<Self> {
        Self { kind, site: site.clone(), year, serial, sub: None }.typeable()
    }

    /// The label of a part of this one (a vessel, container or test sample of a batch), or nothing where
    /// its check character would be `*`.
    pub fn part(&self, kind: LabelKind, sub: u16) -> Option<Self> {
        Self { kind, site: self.site.clone(), year: self.year, serial: self.serial, sub: Some(sub) }
            .typeable()
    }

    /// The first number from `from` on whose part label can be typed on every keyboard.
    pub fn next_part(&self, kind: LabelKind, from: u16) -> u16 {
        (from..).find(|sub| self.part(kind, *sub).is_some()).unwrap_or(from)
    }

    /// What it stands for.
    pub fn kind(&self) -> LabelKind {
        self.kind
    }

    /// The number within its batch, where it is a part.
    pub fn sub(&self) -> Option<u16> {
        self.sub
    }

    /// The year's last two digits.
    pub fn year(&self) -> u8 {
        self.year
    }

    /// The serial, counted anew each year.
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// The site's code.
    pub fn site(&self) -> &SiteCode {
        &self.site
    }

    /// Whether both carry the same site, year and serial, so that one is a part of the other. Orders are numbered apart
    /// from batches.
    pub fn same_serial(&self, other: &Label) -> bool {
        let is_order = |label: &Label| label.kind == LabelKind::Order;
        (&self.site, self.year, self.serial) == (&other.site, other.year, other.serial)
            && is_order(self) == is_order(other)
    }

    fn typeable(self) -> Option<Self> {
        (check_character(&self.body()) != '*').then_some(self)
    }

    fn body(&self) -> String {
        let sub = self.sub.map(|sub| format!("{sub:02}")).unwrap_or_default();
        format!("{}{}{:02}{:06}{sub}", self.kind.letter(), self.site.0, self.year, self.serial)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "C1-{}-{}-{:02}-{:06}", self.kind.letter(), self.site.0, self.year, self.serial)?;
        if let Some(sub) = self.sub {
            write!(f, "-{sub:02}")?;
        }
        write!(f, "-{}", check_character(&self.body()))
    }
}

/// Why a scanned text is not one of our labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Not of the form `C1-…`.
    #[error("not a label of the form C1-…")]
    Form,
    /// The check character does not fit: mistyped or misread.
    #[error("the check character does not fit: mistyped or misread")]
    Check,
}

impl FromStr for Label {
    type Err = LabelError;

    /// Reads a scanned or typed label; full-width characters and lower case are accepted.
    fn from_str(text: &str) -> Result<Self, LabelError> {
        let text: String = text.trim().chars().map(half_width).collect();
        let parts: Vec<&str> = text.split('-').collect();
        let (kind, site, year, serial, sub, check) = match parts.as_slice() {
            ["C1", kind, site, year, serial, check] => (kind, site, year, serial, None, check),
            ["C1", kind, site, year, serial, sub, check] => (kind, site, year, serial, Some(sub), check),
            _ => return Err(LabelError::Form),
        };
        let digits = |text: &str, len: std::ops::RangeInclusive<usize>| {
            if len.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
                text.parse::<u32>().map_err(|_| LabelError::Form)
            } else {
                Err(LabelError::Form)
            }
        };
        let kind = LabelKind::ALL.iter().find(|(_, letter)| kind.parse() == Ok(*letter));
        let sub = match sub {
            Some(sub) => Some(u16::try_from(digits(sub, 2..=4)?).map_err(|_| LabelError::Form)?),
            None => None,
        };
        let label = Label {
            kind: kind.ok_or(LabelError::Form)?.0,
            site: SiteCode::try_from(site.to_string()).map_err(|_| LabelError::Form)?,
            year: u8::try_from(digits(year, 2..=2)?).map_err(|_| LabelError::Form)?,
            serial: digits(serial, 6..=6)?,
            sub,
        };
        if check.chars().eq([check_character(&label.body())]) { Ok(label) } else { Err(LabelError::Check) }
    }
}

impl TryFrom<String> for Label {
    type Error = LabelError;
    fn try_from(text: String) -> Result<Self, LabelError> {
        text.parse()
    }
}

impl From<Label> for String {
    fn from(label: Label) -> String {
        label.to_string()
    }
}

impl JsonSchema for Label {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Label".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "maxLength": 40,
            "x-label": true,
            "description": "A printed label, C1-<type>-<SITE>-<yy>-<nnnnnn>[-<sub>]-<K>; K is the ISO 7064 MOD 37-2 check character.",
            "examples": ["C1-B-TKYO-26-000123-X"]
        })
    }
}

/// The half-width upper-case form of a character typed with a Japanese input method.
fn half_width(c: char) -> char {
    let c = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        'ー' | '−' | '‐' => '-',
        other => other,
    };
    c.to_ascii_uppercase()
}

/// ISO 7064 MOD 37-2 over 0–9 and A–Z: the character that makes the whole congruent to 1 modulo 37.
fn check_character(body: &str) -> char {
    const ALPHABET: &[u8; 37] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";
    let sum = body.chars().fold(0, |sum, c| (sum + c.to_digit(36).unwrap_or(36)) * 2 % 37);
    ALPHABET[((38 - sum) % 37) as usize] as char
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_match_the_published_and_computed_examples() {
        for (body, expected) in [
            ("G123498654321", 'H'),
            ("G123417654321", 'A'),
            ("W000022000687", 'S'),
            ("P000206019063", 'X'),
            ("W000025000001", 'W'),
            ("Z999926000123", 'K'),
            ("A999926000088", '*'),
            ("0794", 'C'),
            ("DTKYO2600012302", '5'),
            ("BTKYO26000123", 'X'),
        ] {
            assert_eq!(check_character(body), expected, "{body}");
        }
    }

    #[test]
    fn a_label_reads_back_what_was_printed_and_refuses_every_single_slip() {
        let site = SiteCode::try_from("TKYO".to_string()).unwrap();
        let batch = Label::new(LabelKind::Batch, &site, 26, 123).unwrap();
        assert_eq!(batch.to_string(), "C1-B-TKYO-26-000123-X");
        assert_eq!("ｃ１－Ｂ－ＴＫＹＯ－２６－０００１２３－Ｘ".parse(), Ok(batch.clone()));
        let dose = batch.part(LabelKind::Dose, 2).unwrap();
        assert_eq!(dose.to_string(), "C1-D-TKYO-26-000123-02-5");
        assert!(dose.same_serial(&batch));
        let printed: Vec<char> = dose.to_string().chars().collect();
        for place in 0..printed.len() {
            for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars() {
                if printed[place] == c || printed[place] == '-' {
                    continue;
                }
                let mut slipped = printed.clone();
                slipped[place] = c;
                let slipped: String = slipped.into_iter().collect();
                assert!(slipped.parse::<Label>().is_err(), "{slipped} was taken for {dose}");
            }
        }
    }
}
