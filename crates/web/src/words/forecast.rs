//! What a forecast rests on, as one sentence; and numbers of cells that are reckoned, not counted.

use super::{Language, cells, en, ja};
use baiyo_domain::forecast::Because;
use baiyo_domain::quantity::Number;
use rust_decimal::Decimal;

/// What a forecast of the dose rests on, as a sentence.
pub fn because(lang: Language, because: &Because) -> String {
    match lang {
        Language::En => en::forecast::because(because),
        Language::Ja => ja::forecast::because(because),
    }
}

/// A reckoned number of cells, to three digits.
pub fn about(count: f64) -> String {
    if !count.is_finite() || count < 1.0 {
        return "0".into();
    }
    let count = count.min(1e18);
    let digits = 10f64.powf(count.log10().floor() - 2.0);
    let rounded = (count / digits).round() * digits;
    cells(Number(Decimal::from_f64_retain(rounded).unwrap_or_default().round_dp(0)))
}

/// Reckoned hours, to whole ones.
pub(super) fn whole(hours: f64) -> String {
    format!("{:.0}", if hours.is_finite() { hours } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reckoned_number_has_three_digits() {
        for (count, expected) in [
            (76_824_123.0, "76.8 × 10⁶"),
            (50e6, "50 × 10⁶"),
            (1_234.0, "1230"),
            (0.3, "0"),
            (f64::NAN, "0"),
            (f64::INFINITY, "0"),
            (1e300, "1000000000000 × 10⁶"),
        ] {
            assert_eq!(about(count), expected);
        }
    }

    #[test]
    fn every_reason_is_one_sentence_in_its_language() {
        let reasons = [
            Because::PublishedMeans { hours: 38.2 },
            Because::StandardNames { hours: 33.2 },
            Because::EarlierBatches { batches: 12, hours: 38.2 },
            Because::OwnCounts { counts: 1, hours: 38.2, batches: 0 },
            Because::OwnCounts { counts: 2, hours: 38.2, batches: 1 },
            Because::MinimumDays { days: 14.0, hours: 38.2 },
            Because::NotGrowing { doublings: -0.2 },
            Because::BeyondHorizon { days: 365, hours: 400.0 },
            Because::Harvested { cells: 76.8e6 },
            Because::TooFewCells { cells: 20e6, needed: 50e6 },
            Because::NothingInCulture,
            Because::TissueRefused,
            Because::Ended,
        ];
        for reason in &reasons {
            let [english, japanese] = Language::ALL.map(|lang| because(lang, reason));
            assert!(english.ends_with('.') && english.matches(". ").count() == 0, "{english}");
            assert!(japanese.ends_with('。') && japanese.matches('。').count() == 1, "{japanese}");
        }
        assert_eq!(
            because(Language::En, &reasons[4]),
            "Reckoned from 2 counts of this batch and 1 earlier batch of this centre (doubling time 38 h)."
        );
        assert_eq!(
            because(Language::Ja, &reasons[3]),
            "このロットの計数1回（倍加時間38 h）による見込みです。"
        );
    }
}
