//! What a forecast expects before a site has cultures of its own: doubling times as published, and how far sites,
//! batches and passages lie apart. A forecast is never recorded, so that these are floats.
//!
//! Sources:
//! - Haack-Sørensen 2018, Scand J Clin Lab Invest 78:293–300: adipose cells, means. 95 × 10⁶ seeded gave 546 × 10⁶ in
//!   9 d with human platelet lysate (hPL), 111 × 10⁶ in 17 d with fetal bovine serum (FBS); 30 × 10⁶ of these gave
//!   605 × 10⁶ in 6 d, 119 × 10⁶ in 21 d.
//! - Christodoulou 2013, hindawi.com/journals/sci/2013/246134/tab2: Wharton's jelly, 31.9 ± 6.8 h in the first ten
//!   passages; adipose 402.3 ± 215.1 h, 0.77 ± 0.24 doublings per passage.
//! - Plastini 2016, scidoc.org/IJST-2328-3548-S2-001.php: adipose, 5.1 d while under 6.2 doublings; four donors, no
//!   significant difference among them.

use super::growth::{SHORTEST, float};
use crate::quantity::{Doublings, Percent};
use crate::standard::{DonorKind, ExpectedGrowth, Source, Standard};
use std::f64::consts::FRAC_1_SQRT_2;

/// A quantity that differs between sites, and at one site between batches: normal at both levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean over all sites.
    pub mean: f64,
    /// Standard deviation of the sites' means.
    pub sites: f64,
    /// Standard deviation of a site's batches.
    pub batches: f64,
}

/// How cells are expected to grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expectation {
    /// Natural logarithm of the doubling time in hours, by the viable cells seeded.
    pub doubling: Spread,
    /// Standard deviation of that logarithm between the passages of one batch.
    pub passages: f64,
    /// Doublings lost in a primary culture, as only a part of the cells seeded attaches.
    pub loss: Spread,
    /// Natural logarithm of the viable cells first seeded.
    pub seeded: Spread,
}

/// Doublings per passage of adipose cells vary by 0.24 ÷ 0.77 = 31 % (Christodoulou 2013), which is 0.303 of a
/// logarithm. How that divides between batches and passages is not published: half of the variance each.
const ADIPOSE_BATCHES: f64 = 0.214;

/// Adipose cells in hPL (Haack-Sørensen 2018): 6 d ÷ log₂(605 ÷ 30) = 33.2 h. At that pace 9 d are 6.5 doublings, of
/// which 2.52 were seen in the primary culture, so that 3.98 were lost. Spreads of sites and of the loss: house values.
pub const ADIPOSE_HPL: Expectation = Expectation {
    doubling: Spread { mean: 3.503, sites: 0.15, batches: ADIPOSE_BATCHES },
    passages: ADIPOSE_BATCHES,
    loss: Spread { mean: 3.98, sites: 0.5, batches: 0.5 },
    seeded: ADIPOSE_SEEDED,
};

/// Adipose cells in FBS (Haack-Sørensen 2018): 21 d ÷ log₂(119 ÷ 30) = 253.5 h; at that pace 17 d are 1.61 doublings,
/// of which 0.22 were seen in the primary culture.
pub const ADIPOSE_FBS: Expectation = Expectation {
    doubling: Spread { mean: 5.535, sites: 0.15, batches: ADIPOSE_BATCHES },
    passages: ADIPOSE_BATCHES,
    loss: Spread { mean: 1.38, sites: 0.5, batches: 0.5 },
    seeded: ADIPOSE_SEEDED,
};

/// Adipose cells of Plastini 2016: 5.1 d. Its primary culture is not described: the loss is the mean of both media of
/// Haack-Sørensen 2018.
pub const ADIPOSE_PLASTINI: Expectation = Expectation {
    doubling: Spread { mean: 4.807, sites: 0.15, batches: ADIPOSE_BATCHES },
    passages: ADIPOSE_BATCHES,
    loss: Spread { mean: 2.68, sites: 0.5, batches: 0.5 },
    seeded: ADIPOSE_SEEDED,
};

/// Adipose cells in a medium that nothing is known of: centre and spread of the four published means (33.2, 122.4,
/// 253.5 and 402.3 h), and of the two losses.
pub const ADIPOSE: Expectation = Expectation {
    doubling: Spread { mean: 4.960, sites: 1.09, batches: ADIPOSE_BATCHES },
    passages: ADIPOSE_BATCHES,
    loss: Spread { mean: 2.68, sites: 1.84, batches: 0.5 },
    seeded: ADIPOSE_SEEDED,
};

/// 95 × 10⁶ cells of a lipoaspirate (Haack-Sørensen 2018). That sites differ threefold and batches by half as much is a
/// house value.
const ADIPOSE_SEEDED: Spread = Spread { mean: 18.369, sites: 1.1, batches: 0.5 };

/// Cells of Wharton's jelly (Christodoulou 2013): 31.9 ± 6.8 h, which is 0.21 of a logarithm, half of the variance
/// between batches and half between passages. Its second ten passages took 1.2 times as long, so much may sites
/// differ. Loss and cells of the first seeding (a vial of one to ten million): house values.
pub const CORD: Expectation = Expectation {
    doubling: Spread { mean: 3.441, sites: 0.19, batches: 0.15 },
    passages: 0.15,
    loss: Spread { mean: 2.0, sites: 1.5, batches: 0.5 },
    seeded: Spread { mean: 14.914, sites: 0.6, batches: 0.3 },
};

/// How far sites lie apart where a standard names a doubling time and not that: of a logarithm. A house value.
const CENTRES: f64 = 0.15;

impl Expectation {
    /// What to expect of a standard's first batches: what it names; otherwise adipose cells where the recipient's own
    /// tissue is cultured, cells of the cord where it is another person's. A standard that names no medium is given a wide
    /// spread of sites for that reason, and a site's first batches outweigh it.
    pub fn of(standard: &Standard) -> Self {
        let general = match (standard.source, standard.donor) {
            (Source::Tissue, DonorKind::Autologous) => ADIPOSE,
            (Source::Tissue, DonorKind::Allogeneic) | (Source::Bank, _) => CORD,
        };
        standard.growth.as_ref().map_or(general, |named| general.but(named))
    }

    /// This, but for what a standard names. Spreads in % become those of a logarithm; half of the passages' variance lies
    /// between batches, as it is not published how it divides.
    fn but(self, named: &ExpectedGrowth) -> Self {
        let spread = |percent: Percent| (1.0 + (float(percent.value()) / 100.0).powi(2)).ln().sqrt();
        let apart = spread(named.spread) * FRAC_1_SQRT_2;
        let mean = float(named.doubling_time.value()).max(SHORTEST).ln();
        let sites = named.between_centres.map_or(CENTRES, spread);
        let loss = |lost: Doublings| Spread { mean: float(lost.value()), sites: 0.5, batches: 0.5 };
        Self {
            doubling: Spread { mean, sites, batches: apart },
            passages: apart,
            loss: named.primary_loss.map_or(self.loss, loss),
            seeded: self.seeded,
        }
    }
}
