//! The page of the documentation: its table and its curve, made from what was measured.

use super::chance::{DATA_SETS, DAYS, Held};
use std::fmt::Write;

/// What was measured of one data set, without and with earlier batches at its site.
pub struct Measured {
    pub first: [Held; 4],
    pub experienced: [Held; 4],
}

/// Fewer cultures than this show no coverage.
pub const ENOUGH: usize = 300;

/// The page's table, with rows of what else was measured: name, earlier batches, and how it held.
pub fn table(measured: &[Measured], beside: &[(&str, &str, &[Held; 4])]) -> String {
    let mut text = String::from("| cultures like | earlier batches | day 0 | day 7 | day 14 | day 21 |\n");
    text += "| --- | --- | --- | --- | --- | --- |\n";
    let mut row = |name: &str, earlier: &str, held: &[Held; 4]| {
        let cell = |held: &Held| match held.cultures {
            ENOUGH.. => format!("{:.0} %, {:.1} d ({})", held.coverage(), held.width(), held.cultures),
            _ => "—".into(),
        };
        let cells: Vec<String> = held.iter().map(cell).collect();
        writeln!(text, "| {name} | {earlier} | {} |", cells.join(" | ")).unwrap();
    };
    for (set, measured) in DATA_SETS.iter().zip(measured) {
        row(set.name, "none", &measured.first);
        row(set.name, "12", &measured.experienced);
    }
    for (name, earlier, held) in beside {
        row(name, earlier, held);
    }
    text
}

const COLOURS: [&str; 4] = ["#0072B2", "#D55E00", "#009E73", "#7A3E9D"];
const TALLEST: f64 = 30.0;
const HEIGHT: f64 = 270.0;
const WIDTH: f64 = 290.0;
const TOP: f64 = 70.0;

/// The page's curve: the width of the band on each day, without and with earlier batches.
pub fn curve(measured: &[Measured]) -> String {
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 430\" width=\"720\" height=\"430\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\" role=\"img\" aria-labelledby=\"title\">\n\
         <title id=\"title\">Width of the 80 % band of the dose, by day of culture</title>\n\
         <rect width=\"720\" height=\"430\" fill=\"#fff\"/>\n\
         <text x=\"60\" y=\"26\" font-size=\"16\" font-weight=\"bold\">Width of the 80 % band of the dose, in days</text>\n",
    );
    type Chosen = fn(&Measured) -> &[Held; 4];
    let panels: [(f64, &str, Chosen); 2] = [
        (60.0, "no earlier batches", |measured| &measured.first),
        (400.0, "12 earlier batches at the site", |measured| &measured.experienced),
    ];
    for (left, title, held) in panels {
        panel(&mut svg, left, title);
        for (index, measured) in measured.iter().enumerate() {
            line(&mut svg, left, COLOURS[index], index, held(measured));
        }
    }
    for (index, set) in DATA_SETS.iter().enumerate() {
        let x = 60.0 + 165.0 * f64::from(u8::try_from(index).unwrap());
        mark(&mut svg, x + 8.0, 409.0, COLOURS[index], index);
        writeln!(svg, "<text x=\"{:.1}\" y=\"413.5\">{}</text>", x + 20.0, set.name).unwrap();
    }
    svg + "</svg>\n"
}

fn height(days: f64) -> f64 {
    TOP + HEIGHT * (1.0 - days / TALLEST)
}

fn panel(svg: &mut String, left: f64, title: &str) {
    writeln!(svg, "<text x=\"{left:.1}\" y=\"{:.1}\" font-weight=\"bold\">{title}</text>", TOP - 14.0)
        .unwrap();
    for days in [0u8, 10, 20, 30] {
        let y = height(f64::from(days));
        let right = left + WIDTH;
        writeln!(svg, "<path d=\"M{left:.1} {y:.1}H{right:.1}\" stroke=\"#ccc\"/>").unwrap();
        let (x, y) = (left - 8.0, y + 4.5);
        writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{days}</text>").unwrap();
    }
    for day in DAYS {
        let (x, y) = (across(left, day), TOP + HEIGHT + 20.0);
        writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{day}</text>").unwrap();
    }
    let (x, y) = (left + WIDTH / 2.0, TOP + HEIGHT + 40.0);
    writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">day of culture</text>").unwrap();
}

fn across(left: f64, day: u16) -> f64 {
    left + 10.0 + (WIDTH - 20.0) * f64::from(day) / 21.0
}

fn line(svg: &mut String, left: f64, colour: &str, index: usize, held: &[Held; 4]) {
    let points: Vec<(f64, f64)> = DAYS
        .iter()
        .zip(held)
        .filter(|(_, held)| held.cultures >= ENOUGH)
        .map(|(day, held)| (across(left, *day), height(held.width())))
        .collect();
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let path = path.join("L");
    writeln!(svg, "<path d=\"M{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>").unwrap();
    for (x, y) in points {
        mark(svg, x, y, colour, index);
    }
}

/// A mark of its own shape, as not everybody tells colours apart.
fn mark(svg: &mut String, x: f64, y: f64, colour: &str, index: usize) {
    let shape = match index {
        0 => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{colour}\"/>"),
        1 => format!("<path d=\"M{:.1} {:.1}h8v8h-8z\" fill=\"{colour}\"/>", x - 4.0, y - 4.0),
        2 => format!("<path d=\"M{x:.1} {:.1}l5 9h-10z\" fill=\"{colour}\"/>", y - 5.5),
        _ => format!("<path d=\"M{x:.1} {:.1}l5.5 5.5l-5.5 5.5l-5.5-5.5z\" fill=\"{colour}\"/>", y - 5.5),
    };
    writeln!(svg, "{shape}").unwrap();
}
