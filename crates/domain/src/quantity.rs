//! What is measured: decimal digits exactly as entered, each with its unit and range in its type, and the
//! derived values of cell culture with the version of the formula that made them.

use rust_decimal::{Decimal, MathematicalOps};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// A decimal number; its digits (trailing zeros too) stay as entered. In JSON a text such as `"0.073"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(pub Decimal);

/// Why a text is not a number we can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not plain half-width digits with at most one point.
    #[error("must be half-width digits with at most one point, such as 0.073")]
    Form,
    /// More than 18 digits.
    #[error("has more than 18 digits")]
    Digits,
    /// Outside the range of its quantity.
    #[error("must be from {least} to {most} {unit}")]
    Range {
        /// The least allowed value.
        least: i64,
        /// The greatest allowed value.
        most: i64,
        /// The unit.
        unit: &'static str,
    },
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(fraction) {
            return Err(NumberError::Form);
        }
        if digits.len() > 19 {
            return Err(NumberError::Digits);
        }
        Decimal::from_str(text).map(Self).map_err(|_| NumberError::Form)
    }
}

impl TryFrom<String> for Number {
    type Error = NumberError;
    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}

impl From<Number> for String {
    fn from(number: Number) -> String {
        number.to_string()
    }
}

impl From<i64> for Number {
    fn from(whole: i64) -> Self {
        Self(Decimal::from(whole))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a decimal number looks like in JSON.
pub const NUMBER_PATTERN: &str = r"^-?[0-9]+(\.[0-9]+)?$";

impl JsonSchema for Number {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Number".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "maxLength": 20, "pattern": NUMBER_PATTERN,
            "description": "A decimal number in quotes; its digits are kept as entered.", "examples": ["0.073"]
        })
    }
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident: $unit:literal, $least:literal ..= $most:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Number", into = "Number")]
        pub struct $name(Number);

        impl $name {
            /// The unit it is recorded in.
            pub const UNIT: &'static str = $unit;
            /// The least value.
            pub const LEAST: i64 = $least;
            /// The greatest value.
            pub const MOST: i64 = $most;

            /// The value.
            pub fn value(self) -> Decimal {
                self.0.0
            }
        }

        impl TryFrom<Number> for $name {
            type Error = NumberError;
            fn try_from(number: Number) -> Result<Self, NumberError> {
                let range = Decimal::from(Self::LEAST)..=Decimal::from(Self::MOST);
                let signed = Self::LEAST >= 0 && number.0.is_sign_negative();
                if range.contains(&number.0) && !signed {
                    Ok(Self(number))
                } else {
                    Err(NumberError::Range { least: Self::LEAST, most: Self::MOST, unit: $unit })
                }
            }
        }

        impl From<$name> for Number {
            fn from(quantity: $name) -> Number {
                quantity.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {}", self.0, $unit)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string", "maxLength": 20, "pattern": NUMBER_PATTERN,
                    "description": concat!("In ", $unit, ", from ", $least, " to ", $most, "; a decimal number in quotes."),
                    "x-unit": $unit, "x-least": Self::LEAST, "x-most": Self::MOST
                })
            }
        }
    )*};
}

quantities! {
    /// A temperature in °C, −273 to 200.
    Celsius: "°C", -273..=200;
    /// A duration in hours, 0 to 100,000.
    Hours: "h", 0..=100000;
    /// A duration in minutes, 0 to 100,000.
    Minutes: "min", 0..=100000;
    /// A duration in days, 0 to 3,650.
    Days: "d", 0..=3650;
    /// A mass in grams, 0 to 100,000.
    Grams: "g", 0..=100000;
    /// A volume in millilitres, 0 to 100,000.
    Millilitres: "mL", 0..=100000;
    /// A part of a hundred, 0 to 100.
    Percent: "%", 0..=100;
    /// An area in square centimetres, 0 to 1,000,000.
    SquareCentimetres: "cm2", 0..=1000000;
    /// A density of cells on a surface, 0 to 10,000,000 per cm².
    CellsPerSquareCentimetre: "/cm2", 0..=10000000;
    /// A concentration of cells, 0 to 10,000,000,000 per mL.
    CellsPerMillilitre: "/mL", 0..=10000000000;
    /// A number of cells, 0 to 10¹⁵.
    Cells: "{cells}", 0..=1000000000000000;
    /// A number of population doublings, 0 to 1,000.
    Doublings: "{doublings}", 0..=1000;
    /// What one counted cell stands for in the whole suspension (dilution × 10⁴ × volume), 0 to 10¹².
    CountFactor: "{factor}", 0..=1000000000000;
}

/// One reading of a cell count: live and dead cells as counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replicate {
    /// Live cells as counted.
    pub live: Cells,
    /// Dead cells as counted; left out where the method or the source gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead: Option<Cells>,
}

/// A cell count with all its replicates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The method, e.g. `trypan blue` or `NucleoCounter AO/DAPI`; methods are never compared silently.
    pub method: crate::text::Short,
    /// Every reading that was made.
    #[schemars(length(min = 1, max = 20))]
    pub replicates: Vec<Replicate>,
    /// What one counted cell stands for in the whole suspension (dilution × 10⁴ × volume); 1 for totals.
    pub factor: CountFactor,
}

impl Count {
    /// Viable cells in the whole suspension: the mean of the replicates times the factor, rounded to whole
    /// cells. Nothing without replicates.
    pub fn viable(&self) -> Option<Decimal> {
        let live: Vec<Decimal> = self.replicates.iter().map(|r| r.live.value()).collect();
        Some((mean(&live)?.checked_mul(self.factor.value())?).round())
    }

    /// Live ÷ (live + dead) × 100 over all replicates, to two decimals; nothing where dead cells were not
    /// counted or nothing was seen.
    pub fn viability(&self) -> Option<Decimal> {
        let live: Decimal = self.replicates.iter().map(|r| r.live.value()).sum();
        let dead: Decimal =
            self.replicates.iter().map(|r| r.dead.map(Cells::value)).sum::<Option<Decimal>>()?;
        Some((live.checked_div(live + dead)? * Decimal::ONE_HUNDRED).round_dp(2))
    }

    /// Coefficient of variation of the live counts in % (sample standard deviation ÷ mean × 100), to one
    /// decimal; nothing with fewer than two replicates or a mean of 0.
    pub fn variation(&self) -> Option<Decimal> {
        variation(&self.replicates.iter().map(|r| r.live.value()).collect::<Vec<_>>())
    }
}

/// The arithmetic mean; nothing of nothing.
pub fn mean(values: &[Decimal]) -> Option<Decimal> {
    values.iter().sum::<Decimal>().checked_div(Decimal::from(values.len()))
}

/// Coefficient of variation in %, to one decimal (n − 1 in the denominator).
pub fn variation(values: &[Decimal]) -> Option<Decimal> {
    let mean = mean(values)?;
    let squares = values.iter().try_fold(Decimal::ZERO, |sum, value| {
        let distance = value.checked_sub(mean)?;
        sum.checked_add(distance.checked_mul(distance)?)
    })?;
    let variance = squares.checked_div(Decimal::from(values.len().checked_sub(1)?))?;
    Some(variance.sqrt()?.checked_div(mean)?.checked_mul(Decimal::ONE_HUNDRED)?.round_dp(1))
}

/// Population doublings, log₂(viable harvested ÷ denominator), to two decimals: formula `pd/1`. Nothing
/// where either count is not positive.
pub fn doublings(harvested: Decimal, denominator: Decimal) -> Option<Decimal> {
    let ratio = harvested.checked_div(denominator)?;
    let log2 = ratio.checked_ln()?.checked_div(*LN_2)?;
    Some(log2.round_dp(2))
}

/// Exact logarithms of decimals are slow, and every fold of a culture asks for this one.
static LN_2: LazyLock<Decimal> = LazyLock::new(|| Decimal::TWO.ln());

/// Doubling time in hours, t·ln 2 ÷ ln(harvested ÷ seeded), to one decimal: formula `pdt/1`. Undefined
/// (nothing) where the cells did not grow.
pub fn doubling_time(hours: Decimal, harvested: Decimal, seeded: Decimal) -> Option<Decimal> {
    if harvested <= seeded {
        return None;
    }
    let growth = harvested.checked_div(seeded)?.checked_ln()?;
    Some((hours.checked_mul(*LN_2)?).checked_div(growth)?.round_dp(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse::<Number>().unwrap().0
    }

    #[test]
    fn published_doublings_follow_from_the_denominator_that_was_used() {
        for (harvested, denominator, expected) in [
            ("605000000", "30000000", "4.33"),
            ("119000000", "30000000", "1.99"),
            ("605000000", "24100000", "4.65"),
            ("119000000", "21800000", "2.45"),
        ] {
            assert_eq!(doublings(decimal(harvested), decimal(denominator)), Some(decimal(expected)));
        }
    }

    #[test]
    fn doubling_time_is_undefined_where_cells_did_not_grow() {
        assert_eq!(doubling_time(decimal("144"), decimal("30"), decimal("30")), None);
        assert_eq!(doubling_time(decimal("144"), decimal("20"), decimal("30")), None);
        assert_eq!(doubling_time(decimal("144"), decimal("60"), decimal("30")), Some(decimal("144.0")));
        assert_eq!(doublings(decimal("0"), decimal("30")), None);
        assert_eq!(doublings(decimal("30"), decimal("0")), None);
    }

    #[test]
    fn digits_stay_as_entered_and_other_scripts_or_forms_are_refused() {
        assert_eq!("0.0730".parse::<Number>().unwrap().to_string(), "0.0730");
        for bad in ["", "１２", "1e9", "1e999", "+1", ".5", "5.", "1,000", "0x1", "NaN", "--1", "1.2.3", " 1"]
        {
            assert_eq!(bad.parse::<Number>(), Err(NumberError::Form), "{bad:?}");
        }
        assert_eq!("12345678901234567890".parse::<Number>(), Err(NumberError::Digits));
    }

    #[test]
    fn viability_mean_and_variation_use_every_replicate() {
        let reading = |live: i64, dead: i64| Replicate {
            live: Cells::try_from(Number::from(live)).unwrap(),
            dead: Some(Cells::try_from(Number::from(dead)).unwrap()),
        };
        let count = Count {
            method: "trypan blue".to_string().try_into().unwrap(),
            replicates: vec![reading(90, 10), reading(110, 10)],
            factor: CountFactor::try_from(Number::from(10_000)).unwrap(),
        };
        assert_eq!(count.viable(), Some(decimal("1000000")));
        assert_eq!(count.viability(), Some(decimal("90.91")));
        assert_eq!(count.variation(), Some(decimal("14.1")));
    }
}
