//! Test samples and results: values as entered with their unit, the verdict, who verified it, what failed and
//! what was corrected.

use super::reader::{Names, Reader, dash, or_dash, part_label};
use super::status_chip::{self, Look, chip};
use crate::words::{self, Ui};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::results::ControlOutcome;
use baiyo_domain::batch::testing::{Oos, TestResult, TestSample};
use baiyo_domain::ids::{LabelKind, SampleNo};
use baiyo_domain::standard::Code;
use maud::{Markup, html};

/// Test samples and results.
pub fn section(reader: &Reader, batch: &Batch, names: &Names) -> Markup {
    html! {
        section #results {
            h2 { (reader.say(Ui::Results)) }
            @if batch.results.is_empty() { p.empty { (reader.say(Ui::NoResultsYet)) } } @else {
                (result_table(reader, batch, names))
            }
            h3 #samples { (reader.say(Ui::TestSamples)) }
            @if batch.samples.is_empty() { p.empty { (reader.say(Ui::NoTestSamplesYet)) } } @else {
                (sample_table(reader, batch))
            }
        }
    }
}

fn sample_table(reader: &Reader, batch: &Batch) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Ui::TestSamples)) tabindex="0" {
            table {
                thead {
                    tr {
                        @for column in [Ui::TestSample, Ui::SampledAt, Ui::SampledFrom, Ui::Tests, Ui::Laboratory] {
                            th scope="col" { (reader.say(column)) }
                        }
                    }
                }
                tbody { @for (no, sample) in &batch.samples { (sample_row(reader, batch, *no, sample)) } }
            }
        }
    }
}

fn sample_row(reader: &Reader, batch: &Batch, no: SampleNo, sample: &TestSample) -> Markup {
    let subjects = sample.form.subjects.iter();
    let subjects: Vec<String> =
        subjects.map(|subject| words::subject(reader.language, subject, &reader.context)).collect();
    let tests: Vec<String> = sample.form.tests.iter().map(|code| test_title(reader, batch, code)).collect();
    html! {
        tr id={ "sample-" (no) } {
            th.wide scope="row" { (part_label(batch, LabelKind::Sample, no.0)) }
            td { (reader.time(sample.at)) }
            td { (subjects.join(", ")) }
            td { (tests.join(", ")) }
            td { (or_dash(sample.sent_to.as_ref())) }
        }
    }
}

fn result_table(reader: &Reader, batch: &Batch, names: &Names) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Ui::Results)) tabindex="0" {
            table.dense {
                thead {
                    tr {
                        th.number scope="col" { (reader.say(Ui::Number)) }
                        @for column in [
                            Ui::Test, Ui::Values, Ui::Criterion, Ui::Verdict, Ui::VerifiedBy, Ui::ReportedAt, Ui::Details,
                        ] {
                            th scope="col" { (reader.say(column)) }
                        }
                    }
                }
                tbody { @for result in batch.results.values() { (result_row(reader, batch, names, result)) } }
            }
        }
    }
}

fn result_row(reader: &Reader, batch: &Batch, names: &Names, result: &TestResult) -> Markup {
    let test = batch.standard().test(&result.form.test);
    let unit = result.form.unit.as_ref().map(|unit| unit.as_str());
    let values: Vec<&str> = result.form.values.iter().map(|value| value.as_str()).collect();
    html! {
        tr id={ "result-" (result.no) } {
            td.number { (result.no) }
            th scope="row" {
                (test_title(reader, batch, &result.form.test))
                @if let Some(test) = test { small { (words::purpose(reader.language, &test.purpose)) } }
            }
            td {
                (values.join("; ")) @if let Some(unit) = unit { " " (unit) }
                @if let Some(mean) = result.judgement.mean { small { (reader.say(Ui::Mean)) " " (mean.0.round_dp(4).normalize()) } }
                @if let Some(variation) = result.judgement.variation {
                    small { (reader.say(Ui::Variation)) " " (variation) " %" }
                }
            }
            td { (or_dash(test.map(|test| words::criterion(reader.language, &test.criterion, unit)))) }
            td { (status_chip::verdict(reader.language, result.effective())) (failure(reader, result)) }
            td {
                @match result.verified_by {
                    Some(person) => { (names.person(person)) }
                    None => { span.muted { (reader.say(Ui::NotVerified)) } }
                }
            }
            td { (reader.time(result.reported_at)) }
            td.details { (details(reader, batch, names, result)) }
        }
    }
}

/// Whether a result failed, and what became of that.
pub fn failure(reader: &Reader, result: &TestResult) -> Markup {
    let (look, word) = match &result.oos {
        None => return html! {},
        Some(Oos::Open) => (Look::Bad, Ui::FailureOpen),
        Some(Oos::SetAside { .. }) => (Look::Warning, Ui::FailureSetAside),
        Some(Oos::Confirmed) => (Look::Bad, Ui::FailureConfirmed),
    };
    html! { " " (chip(look, reader.say(word))) }
}

fn details(reader: &Reader, batch: &Batch, names: &Names, result: &TestResult) -> Markup {
    let form = &result.form;
    let enterers: Vec<String> = result.enterers.iter().map(|person| names.person(*person)).collect();
    let corrections =
        batch.logged(result.entry).map(|logged| logged.corrected_by.as_slice()).unwrap_or_default();
    let fact = |word: Ui, shown: Markup| html! { div { dt { (reader.say(word)) } dd { (shown) } } };
    let sample = part_label(batch, LabelKind::Sample, form.sample.0);
    html! {
        dl.run {
            (fact(Ui::TestSample, html! { a href={ "#sample-" (form.sample) } { (sample) } }))
            (fact(Ui::Method, html! { (form.method) }))
            @if let Some(instrument) = &form.instrument { (fact(Ui::Instrument, html! { (instrument) })) }
            @if let Some(lot) = &form.kit_lot { (fact(Ui::KitLot, html! { (lot) })) }
            @if let Some(controls) = form.controls {
                (fact(Ui::PositiveControl, html! { (control(reader, controls.positive)) }))
                (fact(Ui::NegativeControl, html! { (control(reader, controls.negative)) }))
            }
            (fact(Ui::EnteredBy, html! { (enterers.join(", ")) }))
            @if let Some(analyst) = form.analyst { (fact(Ui::Analyst, html! { (names.person(analyst)) })) }
            @if let Some(remark) = &form.remark { (fact(Ui::Remark, html! { (remark) })) }
            @for correction in corrections { (fact(Ui::CorrectedIn, entry_link(batch, *correction))) }
            (fact(Ui::Formula, html! { (result.judgement.formula) }))
        }
    }
}

/// How a control came out.
pub fn control(reader: &Reader, outcome: ControlOutcome) -> &'static str {
    reader.say(match outcome {
        ControlOutcome::AsExpected => Ui::AsExpected,
        ControlOutcome::Failed => Ui::ControlFailed,
    })
}

/// A link to an entry of the history, by its number.
pub fn entry_link(batch: &Batch, entry: baiyo_domain::ids::EntryId) -> Markup {
    batch.logged(entry).map_or_else(dash, |logged| {
        html! { a href={ "#entry-" (logged.stamp.version) } { "#" (logged.stamp.version) } }
    })
}

/// What a test is called.
pub fn test_title(reader: &Reader, batch: &Batch, code: &Code) -> String {
    let test = batch.standard().test(code);
    test.map_or_else(|| code.to_string(), |test| words::title(reader.language, &test.title).to_string())
}
