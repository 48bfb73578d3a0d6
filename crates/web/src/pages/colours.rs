//! The contrast of the colours that the style sheets name, in light and in dark: of texts on their grounds, of signs beside
//! theirs; and in drawings, where the rules in a browser cannot tell what a text lies over.

use super::assets::STYLE;
use std::collections::{BTreeMap, BTreeSet};

/// WCAG 2.2, 1.4.3 and 1.4.11.
const TEXT: f64 = 4.5;
const SIGN: f64 = 3.0;

type Colour = [f64; 3];

/// What a name stands for, in light and in dark.
fn named() -> BTreeMap<&'static str, [Colour; 2]> {
    let colour = |text: &str| -> Colour {
        let digits = text.trim().strip_prefix('#').expect("a colour in six digits");
        [0, 2, 4]
            .map(|at| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits")) / 255.0)
    };
    let lines = STYLE.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(": light-dark("));
    let pairs = lines.map(|(name, values)| {
        let (light, dark) = values.split_once(',').expect("two colours");
        (name, [colour(light), colour(dark.trim_end_matches(");"))])
    });
    pairs.collect()
}

fn luminance(colour: Colour) -> f64 {
    let [red, green, blue] =
        colour.map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// A colour that lets so much of the other through.
fn over(colour: Colour, opacity: f64, ground: Colour) -> Colour {
    [0, 1, 2].map(|part| colour[part] * opacity + ground[part] * (1.0 - opacity))
}

/// Texts and their grounds on pages.
const ON_PAGES: [(&str, &str); 21] = [
    ("text", "page"),
    ("muted", "page"),
    ("primary", "page"),
    ("warning", "page"),
    ("text", "band"),
    ("muted", "band"),
    ("primary", "band"),
    ("text", "waiting-back"),
    ("muted", "waiting-back"),
    ("primary", "waiting-back"),
    ("on-primary", "primary"),
    ("focus", "focus-inner"),
    ("planned", "planned-back"),
    ("active", "active-back"),
    ("waiting", "waiting-back"),
    ("good", "good-back"),
    ("warning", "warning-back"),
    ("held", "held-back"),
    ("bad", "bad-back"),
    ("held", "page"),
    ("good", "page"),
];

/// Lines, edges and marks, each beside the page.
const SIGNS: [&str; 8] = ["border", "primary", "active", "warning", "held", "good", "bad-back", "focus"];

/// What texts in a drawing may lie over: a name and how much of it there is. Bars are apart: a text on a filled one is
/// written for it.
const GROUNDS: [(&str, f64); 4] = [("page", 1.0), ("band", 1.0), ("active", 0.14), ("good", 0.12)];

/// What in a drawing carries no text: points, vessels and marks; and the filled bars, whose texts are `on-primary`.
const MARKS: [&str; 4] = ["primary", "active", "warning", "text"];

#[test]
fn every_text_and_every_sign_stands_out_from_its_ground_in_light_and_in_dark() {
    let named = named();
    let of = |name: &str, theme: usize| {
        named.get(name).unwrap_or_else(|| panic!("no colour is called {name}"))[theme]
    };
    let mut faint = Vec::new();
    for theme in [0, 1] {
        for (text, ground) in ON_PAGES {
            let found = contrast(of(text, theme), of(ground, theme));
            if found < TEXT {
                faint.push(format!("{text} on {ground}, {theme}: {found:.2}"));
            }
        }
        for sign in SIGNS {
            let found = contrast(of(sign, theme), of("page", theme));
            if found < SIGN {
                faint.push(format!("{sign} beside the page, {theme}: {found:.2}"));
            }
        }
    }
    assert!(faint.is_empty(), "{faint:#?}");
    // The control: a line that only divides is fainter than any text may be.
    assert!(contrast(of("rule", 0), of("page", 0)) < SIGN);
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
}

#[test]
fn every_text_in_a_drawing_stands_out_from_whatever_it_may_lie_over() {
    let named = named();
    let mut faint = Vec::new();
    for theme in [0, 1] {
        let of = |name: &str| named[name][theme];
        // Tints lie on the page, one on the other; bands on the page alone.
        let mut grounds = vec![of("page")];
        for (name, opacity) in GROUNDS.into_iter().filter(|(_, opacity)| *opacity < 1.0) {
            grounds.extend(grounds.clone().into_iter().map(|ground| over(of(name), opacity, ground)));
        }
        grounds.push(of("band"));
        assert_eq!(grounds.len(), 5);
        for text in ["text", "muted"] {
            let least = grounds.iter().map(|ground| contrast(of(text), *ground)).fold(f64::MAX, f64::min);
            if least < TEXT {
                faint.push(format!("{text}, {theme}: {least:.2}"));
            }
        }
        assert!(contrast(of("on-primary"), of("primary")) >= TEXT);
    }
    assert!(faint.is_empty(), "{faint:#?}");
}

#[test]
fn whatever_fills_an_area_of_a_drawing_is_known_to_carry_texts_or_none() {
    let mut fills = BTreeSet::new();
    let mut texts = BTreeSet::new();
    let rules = STYLE.split('}').filter_map(|rule| rule.split_once('{'));
    for (selector, body) in rules {
        let declared = |property: &str| {
            let found = body.split(';').filter_map(|line| line.split_once(':'));
            found
                .filter(|(name, _)| name.trim() == property)
                .map(|(_, value)| value.trim().to_string())
                .next()
        };
        let Some(fill) = declared("fill") else { continue };
        let Some(name) = fill.strip_prefix("var(--").and_then(|rest| rest.strip_suffix(')')) else {
            continue;
        };
        if selector.contains(".drawing text") {
            texts.insert(name.to_string());
        } else if selector.contains(".picture") {
            let opacity = declared("fill-opacity").map_or(1.0, |text| text.parse().expect("a number"));
            let carries = GROUNDS.contains(&(name, opacity));
            assert!(
                carries || (opacity >= 1.0 && MARKS.contains(&name)),
                "{}: {name} at {opacity}",
                selector.trim()
            );
            fills.insert(name.to_string());
        }
    }
    assert_eq!(texts.into_iter().collect::<Vec<_>>(), ["muted", "on-primary", "text"]);
    assert!(fills.len() >= 6, "the drawings' fills were read: {fills:?}");
}
