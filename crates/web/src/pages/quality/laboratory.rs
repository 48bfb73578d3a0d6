//! The forms of the laboratory: a result is entered for one test of one test sample, with whatever its standard says of
//! it shown and not typed; and it is verified, interpreted and investigated with every earlier result in sight.

use super::findings;
use crate::pages::reader::{Reader, or_dash, part_label};
use crate::pages::recording::{self, About};
use crate::pages::sheet::Sheet;
use crate::pages::status_chip;
use crate::pages::typed::{Typed, half_width};
use crate::pages::{encoded, results};
use crate::words::{self, Quality, Ui};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::testing::{Oos, TestResult, TestSample};
use baiyo_domain::ids::{LabelKind, PersonId, ResultNo, SampleNo};
use baiyo_domain::standard::{Code, Criterion, Test};
use baiyo_domain::text::Short;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// The most values of one result, as the schema has it.
const MOST_VALUES: usize = 20;
/// A value that is none of those offered, and stands in words.
const OTHER: &str = "other";

/// The form of a result.
pub fn enter(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    let Some(batch) = about.batch.as_deref() else { return sheet.fields() };
    let sample = sheet.typed.get("/sample").and_then(|no| no.parse().ok()).map(SampleNo);
    let code = sheet.typed.get("/test").and_then(|code| Code::try_from(code.to_string()).ok());
    let chosen = sample.zip(code).and_then(|(no, code)| {
        let sample = batch.samples.get(&no).filter(|sample| sample.form.tests.contains(&code))?;
        Some((no, sample, batch.standard().test(&code)?))
    });
    let Some((no, sample, test)) = chosen else {
        sheet.choosing = true;
        return choose_test(sheet, batch, sample);
    };
    sheet.typed.set("/method", &test.method);
    match &test.unit {
        Some(unit) => sheet.typed.set("/unit", unit),
        None => drop(sheet.typed.take("/unit")),
    }
    let earlier = earlier(batch, &test.code, None);
    let grows = matches!(test.criterion, Criterion::NoGrowth { .. });
    if suggested && grows {
        let begun = earlier.iter().find(|result| result.form.sample == no);
        if let Some(at) = begun.and_then(|result| result.form.inoculated_at) {
            sheet.typed.suggest("/inoculated_at", at);
        }
    }
    let shown = ["sample", "test", "values", "unit", "method", "controls", "inoculated_at", "read_at"];
    html! {
        (about_test(sheet.reader, batch, no, sample, test))
        (earlier_results(sheet.reader, batch, &earlier))
        @for pointer in ["/sample", "/test", "/method", "/unit"] { (sheet.hidden(pointer)) }
        @if grows { (sheet.field("/inoculated_at")) (sheet.field("/read_at")) }
        (values(sheet, test))
        @if test.controls {
            fieldset.group #{ "/controls" } {
                legend { (sheet.reader.say(Ui::Controls)) }
                (sheet.field("/controls/positive"))
                (sheet.field("/controls/negative"))
            }
        }
        @if grows { (sheet.all_but(&shown)) } @else { (sheet.all_but(&shown[..7])) }
    }
}

/// The values as the form asks for them, out of the fields by which they were given.
pub fn complete(typed: &mut Typed) {
    let mut values = Vec::new();
    for place in 0..MOST_VALUES {
        let number = typed.get(&number_at(place)).map(half_width);
        let chosen = match typed.get(&choice_at(place)) {
            Some(OTHER) => typed.get(&other_at(place)),
            chosen => chosen,
        };
        values.extend(number.or(chosen.map(String::from)));
    }
    if !values.is_empty() {
        typed.set("/values", values.join("\n"));
    }
}

fn number_at(place: usize) -> String {
    format!("value-{place}")
}

fn choice_at(place: usize) -> String {
    format!("reading-{place}")
}

fn other_at(place: usize) -> String {
    format!("other-{place}")
}

/// As many fields as the standard asks for readings.
fn values(sheet: &Sheet, test: &Test) -> Markup {
    let reader = sheet.reader;
    let number = usize::from(test.replicates.number);
    let offered: Option<Vec<(String, String)>> = match &test.criterion {
        Criterion::NoGrowth { .. } => Some(
            [("no growth", Quality::NoGrowth), ("growth", Quality::Growth)]
                .map(|(value, word)| (value.to_string(), reader.say(word).to_string()))
                .to_vec(),
        ),
        Criterion::Negative => Some(
            [("negative", Quality::Negative), ("positive", Quality::Positive)]
                .map(|(value, word)| (value.to_string(), reader.say(word).to_string()))
                .to_vec(),
        ),
        Criterion::Text { accepted } => {
            let mut offered: Vec<(String, String)> =
                accepted.iter().map(|text| (text.to_string(), text.to_string())).collect();
            offered.push((OTHER.into(), reader.say(Quality::OtherText).into()));
            Some(offered)
        }
        Criterion::AtLeast(_) | Criterion::AtMost(_) | Criterion::Below(_) | Criterion::Between { .. } => {
            None
        }
    };
    let unit = test.unit.as_ref().map(|unit| unit.as_str());
    let name = |place: usize| match number {
        1 => reader.say(Quality::Value).to_string(),
        _ => format!("{} {}", reader.say(Quality::Value), place + 1),
    };
    sheet.group("/values", reader.say(Ui::Values), true, html! {
        p.hint { (reader.say(Quality::Criterion)) ": " (words::criterion(reader.language, &test.criterion, unit)) }
        @for place in 0..number {
            @match &offered {
                Some(offered) => { (choice(sheet, &name(place), place, offered)) }
                None => {
                    @let at = number_at(place);
                    (sheet.around(&at, &name(place), None, html! {
                        span.measure {
                            input.short type="text" id=(at) name=(at) value=[sheet.typed.get(&at)] required
                                inputmode="decimal" autocomplete="off" spellcheck="false" maxlength="120";
                            @if let Some(unit) = unit { span.unit { (unit) } }
                        }
                    }))
                }
            }
        }
    })
}

fn choice(sheet: &Sheet, name: &str, place: usize, offered: &[(String, String)]) -> Markup {
    let (at, other) = (choice_at(place), other_at(place));
    let chosen = sheet.typed.get(&at);
    html! {
        fieldset.reading {
            legend { (name) }
            div.choices {
                @for (value, word) in offered {
                    label.tick {
                        input type="radio" name=(at) value=(value) checked[chosen == Some(value)] required;
                        span { (word) }
                    }
                    @if value == OTHER {
                        div.then {
                            (sheet.around(&other, word, None, html! {
                                input type="text" id=(other) name=(other) value=[sheet.typed.get(&other)]
                                    autocomplete="off" spellcheck="false" maxlength="120";
                            }))
                        }
                    }
                }
            }
        }
    }
}

/// Which test of which test sample, told and linked; those without a result first.
fn choose_test(sheet: &Sheet, batch: &Batch, only: Option<SampleNo>) -> Markup {
    let reader = sheet.reader;
    let samples = batch.samples.iter().filter(|(no, _)| only.is_none_or(|only| only == **no));
    let pairs: Vec<(SampleNo, &Code)> =
        samples.flat_map(|(no, sample)| sample.form.tests.iter().map(move |test| (*no, test))).collect();
    let has_result = |(no, test): &(SampleNo, &Code)| {
        batch.results.values().any(|result| {
            result.form.sample == *no
                && result.form.test == **test
                && result.effective() != Verdict::Incubating
        })
    };
    let (again, without): (Vec<_>, Vec<_>) = pairs.into_iter().partition(has_result);
    html! {
        h2 { (reader.say(Quality::ChooseSample)) }
        @if without.is_empty() && again.is_empty() { p.empty { (reader.say(Ui::NoTestSamplesYet)) } }
        @for (word, pairs) in [(Quality::WithoutResult, without), (Quality::AgainResult, again)] {
            @if !pairs.is_empty() {
                section {
                    h3 { (reader.say(word)) }
                    ul.choose {
                        @for (no, code) in pairs {
                            @let test = batch.standard().test(code);
                            li {
                                a href=(chosen(sheet, batch, "result", &[("/sample", no.to_string()), ("/test", code.to_string())])) {
                                    (test.map_or(code.as_str(), |test| words::title(reader.language, &test.title)))
                                }
                                small.muted {
                                    (part_label(batch, LabelKind::Sample, no.0)) " · "
                                    @if let Some(sample) = batch.samples.get(&no) { (subjects(reader, sample)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The address of the same form with something chosen, and the way back kept.
fn chosen(sheet: &Sheet, batch: &Batch, form: &str, pairs: &[(&str, String)]) -> String {
    let mut address = format!("{}?", recording::address("batches", batch.id, form));
    let pairs = pairs.iter().map(|(pointer, value)| format!("{pointer}={}", encoded(value)));
    let back = sheet.typed.get("to").map(|to| format!("to={}", encoded(to)));
    address.push_str(&pairs.chain(back).collect::<Vec<_>>().join("&"));
    address
}

fn subjects(reader: &Reader, sample: &TestSample) -> String {
    let subjects = sample.form.subjects.iter();
    let subjects = subjects.map(|subject| words::subject(reader.language, subject, &reader.context));
    subjects.collect::<Vec<_>>().join(", ")
}

fn about_test(reader: &Reader, batch: &Batch, no: SampleNo, sample: &TestSample, test: &Test) -> Markup {
    let unit = test.unit.as_ref().map(|unit| unit.as_str());
    html! {
        dl.facts {
            div { dt { (reader.say(Ui::Test)) } dd { strong { (words::title(reader.language, &test.title)) } } }
            div {
                dt { (reader.say(Ui::TestSample)) }
                dd { (part_label(batch, LabelKind::Sample, no.0)) br; small.muted { (subjects(reader, sample)) ", " (reader.time(sample.at)) } }
            }
            div { dt { (reader.say(Quality::MethodAndUnit)) } dd { (test.method) @if let Some(unit) = unit { " · " (unit) } } }
            div { dt { (reader.say(Quality::Criterion)) } dd { (words::criterion(reader.language, &test.criterion, unit)) } }
        }
    }
}

/// Every other result of a test, failures first.
fn earlier<'b>(batch: &'b Batch, test: &Code, but: Option<ResultNo>) -> Vec<&'b TestResult> {
    let of_test = |result: &&TestResult| result.form.test == *test && Some(result.no) != but;
    let mut found: Vec<&TestResult> = batch.results.values().filter(of_test).collect();
    let failed = |result: &TestResult| result.oos.is_some() || result.effective() == Verdict::Fail;
    found.sort_by_key(|result| (!failed(result), std::cmp::Reverse(result.no)));
    found
}

fn earlier_results(reader: &Reader, batch: &Batch, found: &[&TestResult]) -> Markup {
    html! {
        section.earlier {
            h2 { (reader.say(Quality::Earlier)) }
            @if found.is_empty() { p.muted { (reader.say(Quality::NoEarlier)) } }
            @for result in found { (findings::one_result(reader, batch, result.no)) }
        }
    }
}

/// The forms about one result: verification, interpretation, investigation.
pub fn judge(sheet: &mut Sheet, about: &About) -> Markup {
    let Some(batch) = about.batch.as_deref() else { return sheet.fields() };
    let no = sheet.typed.get("/result").and_then(|no| no.parse().ok()).map(ResultNo);
    let Some(result) = no.and_then(|no| batch.results.get(&no)) else {
        sheet.choosing = true;
        return choose_result(sheet, batch);
    };
    let most = batch.standard().test(&result.form.test).map(|test| test.most_retests);
    let investigated = sheet.route.action == "batch.testing.investigation";
    html! {
        (whole_result(sheet.reader, batch, about, result))
        (earlier_results(sheet.reader, batch, &earlier(batch, &result.form.test, Some(result.no))))
        (sheet.hidden("/result"))
        div.deciding { (sheet.all_but(&["result"])) }
        @if let (true, Some(most)) = (investigated, most) {
            p.hint { (sheet.reader.say(Quality::MostRetests)) ": " (most) }
        }
    }
}

fn choose_result(sheet: &Sheet, batch: &Batch) -> Markup {
    let action = sheet.route.action.as_str();
    let form = action.rsplit('.').next().unwrap_or_default();
    let awaited = |result: &&TestResult| match form {
        "investigation" => result.oos == Some(Oos::Open),
        "interpretation" => {
            result.judgement.verdict == Verdict::AwaitsInterpretation && result.interpreted.is_none()
        }
        _ => result.verified_by.is_none() && result.judgement.verdict != Verdict::Incubating,
    };
    let found: Vec<&TestResult> = batch.results.values().filter(awaited).collect();
    html! {
        h2 { (sheet.reader.say(Quality::ChooseResult)) }
        @if found.is_empty() { p.empty { (sheet.reader.say(Quality::NoneToChoose)) } }
        ul.choose {
            @for result in found {
                li {
                    a href=(chosen(sheet, batch, form, &[("/result", result.no.to_string())])) {
                        (sheet.reader.say(Quality::Result)) " " (result.no)
                    }
                    (findings::one_result(sheet.reader, batch, result.no))
                }
            }
        }
    }
}

/// One result with everything that was entered with it, and what it replaced.
fn whole_result(reader: &Reader, batch: &Batch, about: &About, result: &TestResult) -> Markup {
    let form = &result.form;
    let test = batch.standard().test(&form.test);
    let unit = form.unit.as_ref().map(|unit| unit.as_str());
    let values: Vec<&str> = form.values.iter().map(|value| value.as_str()).collect();
    // Who entered and corrected it is one enterer.
    let enterers: BTreeSet<PersonId> = result.enterers.iter().copied().collect();
    let enterers: Vec<String> = enterers.into_iter().map(|person| about.names.person(person)).collect();
    let corrections =
        batch.logged(result.entry).map(|logged| logged.corrected_by.as_slice()).unwrap_or_default();
    let fact = |word: Ui, shown: Markup| html! { div { dt { (reader.say(word)) } dd { (shown) } } };
    let stated = |value: &Option<Short>, reason: &Option<Short>| {
        let reason = reason.as_ref().map(|reason| words::not_applicable(reader.language, reason.as_str()));
        or_dash(value.as_ref().map(ToString::to_string).or(reason))
    };
    html! {
        p.values {
            strong { (values.join("; ")) @if let Some(unit) = unit { " " (unit) } } " "
            (status_chip::verdict(reader.language, result.effective()))
        }
        dl.facts {
            (fact(Ui::Test, html! { (test.map_or(form.test.as_str(), |test| words::title(reader.language, &test.title))) }))
            (fact(Ui::Criterion, or_dash(test.map(|test| words::criterion(reader.language, &test.criterion, unit)))))
            @if let Some(sample) = batch.samples.get(&form.sample) {
                (fact(Ui::TestSample, html! {
                    (part_label(batch, LabelKind::Sample, form.sample.0)) br;
                    small.muted { (subjects(reader, sample)) ", " (reader.time(sample.at)) }
                }))
            }
            (fact(Ui::Method, html! { (form.method) }))
            (fact(Ui::Instrument, stated(&form.instrument, &form.not_applicable.instrument)))
            (fact(Ui::KitLot, stated(&form.kit_lot, &form.not_applicable.kit_lot)))
            @match form.controls {
                Some(controls) => {
                    (fact(Ui::PositiveControl, html! { (results::control(reader, controls.positive)) }))
                    (fact(Ui::NegativeControl, html! { (results::control(reader, controls.negative)) }))
                }
                None => { (fact(Ui::Controls, stated(&None, &form.not_applicable.controls))) }
            }
            @if let Some(mean) = result.judgement.mean { (fact(Ui::Mean, html! { (mean.0.round_dp(4).normalize()) })) }
            @if let Some(variation) = result.judgement.variation { (fact(Ui::Variation, html! { (variation) " %" })) }
            (fact(Ui::EnteredBy, html! { (enterers.join(", ")) }))
            (fact(Ui::ReportedAt, reader.time(result.reported_at)))
            @if form.report.is_some() || form.not_applicable.report.is_some() {
                (fact(Ui::Laboratory, stated(&form.report, &form.not_applicable.report)))
            }
            @if let Some(remark) = &form.remark { (fact(Ui::Remark, html! { (remark) })) }
        }
        @for correction in corrections { (findings::correction(reader, batch, result.entry, *correction)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Vec<String> {
        let mut typed = Typed::of(pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())));
        complete(&mut typed);
        typed.all("/values").into_iter().map(String::from).collect()
    }

    #[test]
    fn readings_are_handed_in_in_their_order_with_full_width_digits_as_ascii() {
        assert_eq!(values(&[("value-1", "＜０．０５"), ("value-0", "91")]), ["91", "<0.05"]);
        assert_eq!(values(&[("reading-0", "no growth"), ("reading-1", "growth")]), ["no growth", "growth"]);
        assert_eq!(values(&[("reading-0", "other"), ("other-0", "46,XY,16qh+")]), ["46,XY,16qh+"]);
        assert_eq!(values(&[("reading-0", "other")]), [""; 0]);
        assert_eq!(values(&[("/values", "91")]), ["91"], "what a program fills in stays");
    }
}
