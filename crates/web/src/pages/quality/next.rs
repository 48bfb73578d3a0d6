//! What somebody can do next for a batch, as links to where it is done.

use crate::pages::encoded;
use crate::pages::reader::Reader;
use crate::pages::recording;
use crate::words;
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::awaited::Awaited;
use maud::{Markup, html};

/// Where one reviews a batch.
pub fn review(batch: &Batch) -> String {
    format!("/batches/{}/review", batch.id)
}

/// Where something awaited is done; from there one goes back to the review.
pub fn address(batch: &Batch, one: &Awaited) -> String {
    let review = review(batch);
    let form = |form: &str, pairs: &[(&str, String)]| {
        let mut address =
            format!("{}?to={}", recording::address("batches", batch.id, form), encoded(&review));
        for (pointer, value) in pairs {
            address.push_str(&format!("&{pointer}={}", encoded(value)));
        }
        address
    };
    match one {
        Awaited::Decision { .. } | Awaited::QualityConfirmation | Awaited::ManufacturingConfirmation => {
            format!("{review}#sign")
        }
        Awaited::Investigation { result } => form("investigation", &[("/result", result.to_string())]),
        Awaited::Interpretation { result } => form("interpretation", &[("/result", result.to_string())]),
        Awaited::Verification { result } => form("verification", &[("/result", result.to_string())]),
        Awaited::MismatchClearance { entry } => {
            form("mismatch_clearance", &[("/mismatch", entry.to_string())])
        }
        Awaited::Lifting { hold } => form("lifting", &[("/hold", hold.to_string())]),
        Awaited::PartConfirmation { entry } => form("part_confirmation", &[("/entry", entry.to_string())]),
        Awaited::Result { sample, test } => {
            form("result", &[("/sample", sample.to_string()), ("/test", test.to_string())])
        }
        Awaited::Assessment { event } => format!(
            "{}?to={}&/batch={}",
            recording::address("quality_events", event, "assessment"),
            encoded(&review),
            batch.id
        ),
    }
}

/// Where containers are rejected, chosen one by one.
pub fn rejecting(batch: &Batch) -> String {
    let form = recording::address("batches", batch.id, "deciding");
    format!("{form}?choose=yes&to={}", encoded(&review(batch)))
}

/// A link to where it is done.
pub fn link(reader: &Reader, batch: &Batch, one: &Awaited) -> Markup {
    html! { a href=(address(batch, one)) { (words::awaited(reader.language, one, &reader.context)) } }
}
