//! Figures: rates measured in turns, their ratio and its spread, and tables of them.

use std::fmt::Write as _;

/// The same thing measured several times.
#[derive(Clone, Debug, Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    /// One more.
    pub fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn most(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }
}

/// Two things measured in turns.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    /// The one.
    pub product: Figures,
    /// The other, that it is compared with.
    pub raw: Figures,
    ratios: Figures,
}

impl Turns {
    /// One turn.
    pub fn add(&mut self, product: f64, raw: f64) {
        self.product.add(product);
        self.raw.add(raw);
        self.ratios.add(product / raw);
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.ratios.0.is_empty()
    }

    /// The ratio of each pair: the middle one, then the least and the most.
    pub fn ratio(&self) -> String {
        let percent = |ratio: f64| format!("{:.0} %", 100.0 * ratio);
        let Figures(all) = &self.ratios;
        assert!(!all.is_empty(), "something was measured");
        let (least, most) = (percent(self.ratios.least()), percent(self.ratios.most()));
        format!("{} ({least}–{most})", percent(self.ratios.median()))
    }
}

/// A table in Markdown.
pub struct Table(String);

impl Table {
    /// With these columns; all but the first are figures.
    pub fn of(columns: &[&str]) -> Self {
        let rule = vec!["---:"; columns.len() - 1].join(" | ");
        Self(format!("| {} |\n| --- | {rule} |\n", columns.join(" | ")))
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[String]) {
        println!("{}", cells.join("  "));
        writeln!(self.0, "| {} |", cells.join(" | ")).expect("text");
    }

    /// As text.
    pub fn text(&self) -> &str {
        &self.0
    }
}
