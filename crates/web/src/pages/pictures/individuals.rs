//! The statistics of a chart of individuals and moving ranges (I-MR), after the NIST/SEMATECH e-Handbook of Statistical
//! Methods, 6.3.2.2, and Montgomery, Introduction to Statistical Quality Control. They inform and decide nothing.

/// 3 ÷ d₂, with d₂ = 1.128 for the range of two: a control limit lies so many mean moving ranges from the mean.
const LIMIT: f64 = 2.66;
/// D₄ for the range of two: the upper limit of moving ranges lies at so many mean moving ranges.
const RANGE_LIMIT: f64 = 3.267;
/// So many points in a row on one side of the mean are a signal.
const RUN: usize = 8;

/// What a point signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Nothing.
    None,
    /// It lies beyond a control limit.
    Beyond,
    /// It is the eighth or a later one in a row on one side of the mean.
    Run,
}

/// The chart of some values in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Individuals {
    /// The mean.
    pub mean: f64,
    /// The lower control limit.
    pub lower: f64,
    /// The upper control limit.
    pub upper: f64,
    /// The moving ranges: how far each value lies from the one before; one fewer than there are values.
    pub ranges: Vec<f64>,
    /// Their mean.
    pub mean_range: f64,
    /// Their upper control limit; the lower one is 0.
    pub upper_range: f64,
    /// What each value signals.
    pub signals: Vec<Signal>,
}

/// The chart of these values; nothing of fewer than two, or where one is no number.
pub fn individuals(values: &[f64]) -> Option<Individuals> {
    if values.len() < 2 || values.iter().any(|value| !value.is_finite() || value.abs() > 1e15) {
        return None;
    }
    let mean = mean(values);
    let ranges: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let mean_range = self::mean(&ranges);
    let (lower, upper) = (mean - LIMIT * mean_range, mean + LIMIT * mean_range);
    let mut run: (f64, usize) = (0.0, 0);
    let signals = values.iter().map(|value| {
        let side = if *value > mean {
            1.0
        } else if *value < mean {
            -1.0
        } else {
            0.0
        };
        let length = if side != 0.0 && side == run.0 { run.1 + 1 } else { usize::from(side != 0.0) };
        run = (side, length);
        match () {
            () if *value < lower || *value > upper => Signal::Beyond,
            () if length >= RUN => Signal::Run,
            () => Signal::None,
        }
    });
    let signals = signals.collect();
    Some(Individuals {
        mean,
        lower,
        upper,
        mean_range,
        upper_range: RANGE_LIMIT * mean_range,
        ranges,
        signals,
    })
}

fn mean(values: &[f64]) -> f64 {
    let number = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
    values.iter().sum::<f64>() / number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn limits_are_those_of_the_handbooks_example() {
        // NIST/SEMATECH e-Handbook 6.3.2.2: flow rates, mean 50.81, mean moving range 1.8778, limits 45.816 and 55.804.
        let flow = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1];
        let chart = individuals(&flow).unwrap();
        assert!(near(chart.mean, 50.81));
        assert!((chart.mean_range - 1.8778).abs() < 1e-4);
        assert!((chart.upper - 55.804).abs() < 2e-3 && (chart.lower - 45.816).abs() < 2e-3);
        assert!(chart.signals.iter().all(|signal| *signal == Signal::None));
    }

    #[test]
    fn limits_are_reckoned_by_hand_alike() {
        // Ranges 2, 4 and 0: mean 2. Mean of the values 9.5. Limits 9.5 ± 5.32; of the ranges 6.534.
        let chart = individuals(&[10.0, 12.0, 8.0, 8.0]).unwrap();
        assert_eq!(chart.ranges, [2.0, 4.0, 0.0]);
        assert!(near(chart.mean, 9.5) && near(chart.lower, 9.5 - 5.32) && near(chart.upper, 9.5 + 5.32));
        assert!(near(chart.upper_range, 6.534));
    }

    #[test]
    fn a_point_beyond_a_limit_is_a_signal() {
        let mut values = vec![10.0, 10.2, 9.9, 10.1, 10.0, 9.8, 10.1, 9.9, 10.2, 10.0, 9.9];
        values.push(14.0);
        let chart = individuals(&values).unwrap();
        assert_eq!(chart.signals.iter().filter(|signal| **signal == Signal::Beyond).count(), 1);
        assert_eq!(chart.signals.last(), Some(&Signal::Beyond));
    }

    #[test]
    fn a_run_ends_on_the_mean_and_begins_anew_on_the_other_side() {
        // Mean 10; ranges of 4 keep all within the limits.
        let low = [8.0, 9.0, 8.0, 9.0, 8.0, 9.0, 8.0, 9.0, 8.0];
        let high = [12.0, 11.0, 12.0, 11.0, 12.0, 11.0, 12.0, 11.0, 12.0];
        let values: Vec<f64> = low.into_iter().chain(high).collect();
        let chart = individuals(&values).unwrap();
        let runs: Vec<usize> = (0..18).filter(|at| chart.signals[*at] == Signal::Run).collect();
        assert!(chart.signals.iter().all(|signal| *signal != Signal::Beyond));
        assert_eq!(runs, [7, 8, 16, 17]);
    }

    #[test]
    fn nothing_comes_of_one_value_or_of_what_is_no_number() {
        assert_eq!(individuals(&[]), None);
        assert_eq!(individuals(&[1.0]), None);
        assert_eq!(individuals(&[1.0, f64::NAN]), None);
        let alike = individuals(&[3.0, 3.0, 3.0]).unwrap();
        assert_eq!((alike.lower, alike.upper, alike.mean_range), (3.0, 3.0, 0.0));
        assert!(alike.signals.iter().all(|signal| *signal == Signal::None));
    }
}
