//! How a product's cells are expected to grow, by a source that the standard cites. Forecasts begin with it, until the
//! centre's own batches outweigh it; no rule of the gate looks at it.

use crate::quantity::{Doublings, Hours, Percent};
use crate::text::{Note, Short};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The doubling times that can be expected, in hours: nothing that is cultured doubles faster, and what takes a year does
/// not grow.
const DOUBLING_HOURS: (i64, i64) = (6, 8760);

/// How cells of one tissue grow in one medium, as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedGrowth {
    /// The tissue that the source cultured.
    pub tissue: Short,
    /// The medium; left out where the source does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<Short>,
    /// The doubling time, by the viable cells seeded.
    pub doubling_time: Hours,
    /// How far passages lie apart: the standard deviation in % of the doubling time.
    pub spread: Percent,
    /// How far centres lie apart: the standard deviation in % of the doubling time; 15 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between_centres: Option<Percent>,
    /// Doublings that a primary culture loses, as only a part of the cells seeded attaches; left out where nobody
    /// published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_loss: Option<Doublings>,
    /// Where that is published, and what of it is a house value.
    pub citation: Note,
}

impl ExpectedGrowth {
    /// Whether cells can grow like this.
    pub fn is_possible(&self) -> bool {
        let hours = Decimal::from(DOUBLING_HOURS.0)..=Decimal::from(DOUBLING_HOURS.1);
        let some = |spread: Percent| spread.value() >= Decimal::ONE;
        hours.contains(&self.doubling_time.value())
            && some(self.spread)
            && self.between_centres.is_none_or(some)
    }
}
