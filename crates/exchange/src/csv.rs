//! Tables for spreadsheets: CSV as RFC 4180 has it, in UTF-8 with a byte order mark, so that Japanese is read rightly.

/// A table in the making.
#[derive(Debug)]
pub struct Csv(String);

impl Csv {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        let mut csv = Self("\u{feff}".into());
        csv.row(columns);
        csv
    }

    /// Rows that go on where a part of the table was given away before.
    pub fn going_on() -> Self {
        Self(String::new())
    }

    /// Adds a row. What a spreadsheet would take for a formula stands behind an apostrophe, so that nobody's name or
    /// remark is ever executed where the file is opened.
    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            self.cell(cell.as_ref());
        }
        self.0.push_str("\r\n");
    }

    /// The table as text.
    pub fn into_text(self) -> String {
        self.0
    }

    fn cell(&mut self, text: &str) {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        let text = if formula { format!("'{text}") } else { text.into() };
        if text.contains(['"', ',', '\r', '\n']) {
            self.0.push_str(&format!("\"{}\"", text.replace('"', "\"\"")));
        } else {
            self.0.push_str(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_execute_is_only_text_and_everything_else_is_as_it_was() {
        let mut csv = Csv::new(&["name", "remark"]);
        for formula in ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "＝1"] {
            csv.row(&[formula, "a"]);
        }
        csv.row(&["山田, 太郎", "say \"no\"\nnever"]);
        let text = csv.into_text();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(
            lines,
            [
                "\u{feff}name,remark",
                "'=1+1,a",
                "'+cmd,a",
                "'-2,a",
                "'@SUM(A1),a",
                "'\t=1,a",
                "'＝1,a",
                "\"山田, 太郎\",\"say \"\"no\"\"\nnever\"",
                ""
            ]
        );
    }
}
