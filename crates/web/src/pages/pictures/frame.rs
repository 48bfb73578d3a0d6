//! What surrounds every drawing: its title and its sentence for those who do not see it, room to scroll where a
//! screen is narrow, the meaning of its signs, and a table with the same data.

use super::scale::place;
use crate::pages::reader::Reader;
use crate::words::Ui;
use maud::{Markup, html};

/// A drawing and what belongs to it.
pub struct Picture<'a> {
    /// Unique on its page.
    pub id: &'a str,
    /// What it is called.
    pub title: &'a str,
    /// What it shows, in whole sentences with figures.
    pub told: &'a str,
    /// Width and height in pixels. It is drawn at this size, so that its letters are as large as they say.
    pub size: (f64, f64),
    /// What stands at its left and does not scroll with it, row by row.
    pub beside: Option<Markup>,
    /// The drawing.
    pub drawing: Markup,
    /// What its signs mean.
    pub legend: Markup,
    /// The head and body of its table.
    pub table: Markup,
}

impl Picture<'_> {
    /// The figure.
    pub fn show(&self, reader: &Reader) -> Markup {
        let (width, height) = (place(self.size.0), place(self.size.1));
        let (title, told) = (format!("{}-title", self.id), format!("{}-told", self.id));
        html! {
            figure.picture id=(self.id) {
                p.told-so { (self.told) }
                div.canvas {
                    @if let Some(beside) = &self.beside { (beside) }
                    div.drawing role="region" aria-label=(self.title) tabindex="0" {
                        svg role="img" aria-labelledby={ (title) " " (told) } width=(width) height=(height)
                            viewBox={ "0 0 " (width) " " (height) } {
                            title id=(title) { (self.title) }
                            desc id=(told) { (self.told) }
                            (self.drawing)
                        }
                    }
                }
                (self.legend)
                details {
                    summary { (reader.say(Ui::ShowAsTable)) }
                    div.scroll role="region" aria-label=(self.title) tabindex="0" { (self.table) }
                }
            }
        }
    }
}

/// Which side of its place a text stands on.
#[derive(Clone, Copy, Debug)]
pub enum Side {
    /// It begins there.
    Right,
    /// It is centred there.
    Middle,
    /// It ends there.
    Left,
}

/// A text in a drawing, on its base line.
pub fn text(class: &str, side: Side, at: (f64, f64), words: &str) -> Markup {
    let anchor = match side {
        Side::Right => "start",
        Side::Middle => "middle",
        Side::Left => "end",
    };
    html! { text class=(class) text-anchor=(anchor) x=(place(at.0)) y=(place(at.1)) { (words) } }
}

/// A straight line.
pub fn stroke(class: &str, from: (f64, f64), to: (f64, f64)) -> Markup {
    html! { line class=(class) x1=(place(from.0)) y1=(place(from.1)) x2=(place(to.0)) y2=(place(to.1)) {} }
}

/// A rectangle.
pub fn area(class: &str, at: (f64, f64), size: (f64, f64)) -> Markup {
    html! {
        rect class=(class) x=(place(at.0)) y=(place(at.1)) width=(place(size.0.max(0.0))) height=(place(size.1.max(0.0))) {}
    }
}

/// A sign of the legend, 32 by 16, and its meaning.
pub struct Sign<'a> {
    /// The sign.
    pub sign: Markup,
    /// What it means.
    pub word: &'a str,
}

/// What signs mean.
pub fn legend(signs: &[Sign]) -> Markup {
    html! {
        ul.legend {
            @for sign in signs {
                li { svg width="32" height="16" viewBox="0 0 32 16" aria-hidden="true" { (sign.sign) } span { (sign.word) } }
            }
        }
    }
}

/// A place for a text of this width that is centred at `x` where it can be, and lies between the ends.
pub fn held(x: f64, width: f64, ends: (f64, f64)) -> f64 {
    let half = width / 2.0;
    x.min(ends.1 - half).max(ends.0 + half)
}
