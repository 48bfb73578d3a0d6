//! Chance that falls the same way each time, and the ranges it is thrown in: what was published of adipose and
//! umbilical-cord stromal cells.

use rust_decimal::Decimal;

/// A range, both ends included, in steps of a hundredth.
pub type Range = (i64, i64);

/// Growth of the primary culture, harvested ÷ seeded: 111 ÷ 95 with FBS to 546 ÷ 95 with hPL (Haack-Sørensen 2018,
/// Scand J Clin Lab Invest 78:293–300, means); the upper half of that, as the demonstration's centre uses hPL.
pub const P0_GROWTH: Range = (280, 570);
/// Doublings of an adipose passage: 1.99 with FBS to 4.33 with hPL (Haack-Sørensen 2018, by the viable cells seeded);
/// two passages stay near the 6.2 that Plastini 2016 advises (scidoc.org/IJST-2328-3548-S2-001.php).
pub const ADIPOSE_DOUBLINGS: Range = (260, 360);
/// Doublings of an adipose passage that does poorly: 0.77 ± 0.24 (Christodoulou 2013,
/// hindawi.com/journals/sci/2013/246134/tab2).
pub const POOR_DOUBLINGS: Range = (53, 101);
/// Doublings of a passage from Wharton's jelly: 2.9 ± 0.63 (Christodoulou 2013, the same table).
pub const CORD_DOUBLINGS: Range = (260, 350);
/// Viability of the fill in %: 89 to 98 over eight infusions (Nguyen 2020, doi 10.1186/s12967-020-02568-6).
pub const VIABILITY: Range = (9100, 9800);
/// Viability in % that fails: cord cells kept for 6 h had 83.0 ± 1.6 % at best
/// (doaj.org/article/3ae2074936a04b228554b54a1583ac3c); marrow cells in saline lost 17 to 37 % within a day.
pub const POOR_VIABILITY: Range = (7600, 8300);
/// Viability in % after thaw, above the 85 that the standard asks for.
pub const THAWED_VIABILITY: Range = (8600, 9200);
/// The least of CD73, CD90 and CD105 in %: CD73 was 97.9 to 99.63 (Nguyen 2020, table 2).
pub const POSITIVE_MARKERS: Range = (9790, 9963);
/// The most of the negative markers in %: 0 to 0.9 (Nguyen 2020, table 2).
pub const NEGATIVE_MARKERS: Range = (0, 90);
/// Endotoxin in EU/mL as reported, censored values included (Nguyen 2020, table 2).
pub const ENDOTOXIN: [&str; 8] = ["<0.1", "<0.05", "<0.1", "<0.1", "0.073", "<0.05", "<0.05", "<0.05"];
/// Two readings of one count lie so far from their mean, in %.
pub const COUNT_SCATTER: Range = (-600, 600);
/// Lipoaspirate in g.
pub const LIPOASPIRATE: Range = (10_000, 15_000);

/// A generator with a fixed seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Of this number.
    pub fn seeded(number: u16) -> Self {
        Self(u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Others, for a later step; whether that step comes changes nothing here.
    pub fn others(&mut self) -> Self {
        Self(self.next())
    }

    /// A whole number from `least` to `most`.
    pub fn whole(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least + 1).unwrap_or(1);
        least + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// A number in a range, to the hundredth.
    pub fn within(&mut self, range: Range) -> Decimal {
        Decimal::new(self.whole(range.0, range.1), 2)
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let index = usize::try_from(self.next()).unwrap_or(0).checked_rem(of.len())?;
        of.get(index).copied()
    }
}
