//! The clinic's forms about an order: placing it, choosing when the infusion is wanted, and the donor's panel.

use super::super::recording::About;
use super::super::sheet::Sheet;
use super::super::status_chip::{Look, chip};
use super::super::typed::Typed;
use super::calendar::{self, Chance, Day, Ground, Span, WEEKS, backwards, shortest, way};
use super::layouts::{self, Known};
use crate::words::{self, Clinic, Language, Telling, Ui};
use baiyo_domain::order::{Analyte, Finding, Window};
use baiyo_domain::time::Time;
use chrono::{Datelike, Days, NaiveDate, TimeZone};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Serialize;

/// A patient known or new.
const WHO: &str = "/who";
// What begins with `/personal` is never kept as a draft on anybody's device.
/// A known patient with the pseudonym, as one choice.
const KNOWN: &str = "/personal/known";
/// A new patient's pseudonym.
const NEW_PSEUDONYM: &str = "/personal/pseudonym";
/// A birth date, as it is chosen: year, month, day.
const BIRTH: [&str; 3] = ["/personal/birth/year", "/personal/birth/month", "/personal/birth/day"];
/// The first day on which the infusion is wanted.
const DAY: &str = "/window/day";
/// How many days it may be.
const DAYS: &str = "/window/days";
/// The product by which days are reckoned.
const PRODUCT: &str = "/product";

/// The clinic's hours of infusion: what a day of the calendar stands for.
const HOURS: (&str, &str) = ("09:00", "18:00");

/// Lays an order out.
pub fn placement(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    let Some(known) = &about.clinic else { return sheet.fields() };
    if suggested {
        sheet.typed.suggest("/purpose", "therapy");
        if let Some(plan) = &known.plan {
            sheet.typed.suggest("/plan/number", &plan.number);
            sheet.typed.suggest("/plan/class", word_of(&plan.class));
        }
        let first = if known.patients.is_empty() { "new" } else { "known" };
        sheet.typed.suggest(WHO, first);
    }
    html! {
        section.part {
            h2 { (sheet.reader.say(Ui::Patient)) }
            (patient(sheet, known, about))
        }
        section.part {
            h2 { (sheet.reader.say(Clinic::WhatIsOrdered)) }
            (sheet.field("/purpose"))
            (sheet.field("/plan"))
        }
        section.part { (window(sheet, about, known)) }
        (sheet.all_but(&["purpose", "patient", "personal", "pseudonym", "plan", "window"]))
    }
}

/// Lays another window out.
pub fn window_change(sheet: &mut Sheet, about: &About) -> Markup {
    let Some(known) = &about.clinic else { return sheet.fields() };
    html! {
        (layouts::identity(sheet, about))
        section.part { (window(sheet, about, known)) }
        (sheet.all_but(&["window"]))
    }
}

fn patient(sheet: &Sheet, known: &Known, about: &About) -> Markup {
    let reader = sheet.reader;
    let who = [("known", Clinic::KnownPatient), ("new", Clinic::NewPatient)];
    let who = who.map(|(value, word)| (value.to_string(), reader.say(word).to_string()));
    let chosen = sheet.typed.get(KNOWN);
    let year = about.now.utc().with_timezone(&reader.zone).year();
    html! {
        div.patient-choice {
            (sheet.radios(WHO, reader.say(Clinic::WhichPatient), true, &who, |_| html! {}))
            div.known {
                (sheet.around("/patient", reader.say(Clinic::KnownPatient), None, html! {
                    select id="/patient" name=(KNOWN) {
                        option value="" { (reader.say(crate::words::Sheet::ChooseOne)) }
                        @for (patient, pseudonym, told) in &known.patients {
                            @let value = format!("{patient} {pseudonym}");
                            option value=(value) selected[chosen == Some(&value)] {
                                @if let Some(personal) = told.name() { (super::board::named(reader, personal)) " " }
                                (pseudonym)
                            }
                        }
                    }
                }))
            }
            div.new {
                (text(sheet, "/personal/name", "/personal/name", Clinic::PatientName, 200))
                (text(sheet, "/personal/kana", "/personal/kana", Clinic::PatientKana, 200))
                (sheet.around("/personal/birth_date", reader.say(Clinic::BirthDate), None, html! {
                    div.birth #{"/personal/birth_date"} {
                        (select(sheet, BIRTH[0], Clinic::Year, (year - 110..=year).rev().map(|y| (y.to_string(), year_name(reader.language, y)))))
                        (select(sheet, BIRTH[1], Clinic::Month, (1..=12).map(|m| (format!("{m:02}"), m.to_string()))))
                        (select(sheet, BIRTH[2], Clinic::DayOfMonth, (1..=31).map(|d| (format!("{d:02}"), d.to_string()))))
                    }
                }))
                (text(sheet, "/pseudonym", NEW_PSEUDONYM, Clinic::NewPseudonym, 60))
                p.hint { (reader.say(Clinic::PseudonymHint)) }
            }
        }
    }
}

fn text(sheet: &Sheet, field: &str, own: &str, name: Clinic, most: u16) -> Markup {
    sheet.around(field, sheet.reader.say(name), None, html! {
        input type="text" id=(field) name=(own) value=[sheet.typed.get(own)] maxlength=(most) autocomplete="off"
            aria-invalid=[(!sheet.own(field).is_empty()).then_some("true")];
    })
}

fn select(sheet: &Sheet, own: &str, name: Clinic, options: impl Iterator<Item = (String, String)>) -> Markup {
    let chosen = sheet.typed.get(own);
    html! {
        label { span { (sheet.reader.say(name)) }
            select name=(own) {
                option value="" { "–" }
                @for (value, word) in options { option value=(value) selected[chosen == Some(&value)] { (word) } }
            }
        }
    }
}

/// A year as forms have it: in Japanese with its eras.
fn year_name(language: Language, year: i32) -> String {
    if language == Language::En {
        return year.to_string();
    }
    let era = |month, day| {
        let date = NaiveDate::from_ymd_opt(year, month, day)?;
        words::wareki(date).split_once('年').map(|(year, _)| format!("{year}年"))
    };
    match (era(1, 1), era(12, 31)) {
        (Some(first), Some(last)) if first == last => format!("{year}年（{first}）"),
        (Some(first), Some(last)) => format!("{year}年（{first}・{last}）"),
        _ => year.to_string(),
    }
}

fn window(sheet: &mut Sheet, about: &About, known: &Known) -> Markup {
    // What follows from the day chosen is not to be left behind when another is chosen.
    if sheet.typed.get(DAY).is_some() {
        sheet.typed.take("/window/from");
        sheet.typed.take("/window/until");
    }
    let reader = sheet.reader;
    let (zone, language) = (reader.zone, reader.language);
    let day_of = |at: Time| at.utc().with_timezone(&zone).date_naive();
    let standard = known.standard(sheet.typed.get(PRODUCT));
    let span = |window: &Window| Span { from: day_of(window.from), until: day_of(window.until) };
    let ready = known.ready.as_ref();
    let expected = standard.and_then(|(_, expected)| expected.as_ref());
    let standard = standard.map(|(standard, _)| standard);
    let way = standard.map(way).unwrap_or_default();
    let at_clinic = ready
        .or(expected)
        .map(|estimate| (estimate.from.plus(way), estimate.until.map(|until| until.plus(way))));
    let soonest = standard.map_or(about.now, |standard| about.now.plus(shortest(standard)));
    let ground = Ground {
        today: day_of(about.now),
        earliest: day_of(at_clinic.map_or(soonest, |(from, _)| from)),
        likely: at_clinic.and_then(|(from, until)| Some(Span { from: day_of(from), until: day_of(until?) })),
        latest: known.last_use.map(day_of),
        wanted: known.wanted.iter().map(span).collect(),
    };
    let days = calendar::days(&ground);
    let chosen = sheet.typed.get(DAY).and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    let long = sheet.typed.get(DAYS).unwrap_or("3").to_string();
    let faults = sheet.own("/window");
    let own_dates = sheet.typed.any("/window/from") || sheet.typed.any("/window/until");
    let short = |at: Time| words::short_date(language, day_of(at));
    html! {
        fieldset.group.wrong[!faults.is_empty()] id="/window" tabindex="-1" {
            legend { (reader.say(Clinic::WhenWanted)) }
            (sheet.fault_line("/window", &faults))
            @if let Some(ready) = ready {
                p { (words::told(language, &Telling::ReadyBetween(short(ready.at), short(ready.from), ready.until.map(short)))) }
            } @else if known.standards.len() > 1 {
                (sheet.around(PRODUCT, reader.say(Ui::Product), None, html! {
                    select id=(PRODUCT) name=(PRODUCT) {
                        @for (standard, _) in &known.standards {
                            @let code = standard.code.as_str();
                            option value=(code) selected[sheet.typed.get(PRODUCT) == Some(code)] { (words::title(language, &standard.title)) }
                        }
                    }
                    p.hint { (reader.say(Clinic::ProductHint)) }
                }))
            }
            (legend(sheet))
            table.calendar {
                thead { tr { @for weekday in &days[..7.min(days.len())] { th scope="col" { (weekday_name(language, weekday.date)) } } } }
                tbody { @for week in days.chunks(7) { tr { @for day in week { (cell(sheet, day, chosen)) } } } }
            }
            div.days {
                label for=(DAYS) { (reader.say(Clinic::HowManyDays)) }
                select id=(DAYS) name=(DAYS) {
                    @for number in ["1", "3", "5", "7"] {
                        option value=(number) selected[long == number] { (words::told(language, &Telling::Days(number.parse().unwrap_or(1)))) }
                    }
                }
                @if ready.is_none() {
                    button.quiet type="submit" name="more" value="/window" { (reader.say(Clinic::ShowPlan)) }
                }
            }
            @if let (Some(day), Some(standard), None) = (chosen, standard, ready) {
                (plan(language, zone, standard, day, about.now))
            }
            details.entry-head open[own_dates] {
                summary { (reader.say(Clinic::AnotherTime)) }
                label.tick { input type="radio" name=(DAY) value="" checked[own_dates]; span { (reader.say(Clinic::NotFromCalendar)) } }
                div.pair { (sheet.field("/window/from")) (sheet.field("/window/until")) }
            }
        }
    }
}

fn legend(sheet: &Sheet) -> Markup {
    let reader = sheet.reader;
    html! {
        p.hint { (words::told(reader.language, &Telling::CalendarHint(WEEKS))) }
        p.calendar-key {
            span.key.likely { (reader.say(Clinic::DayLikely)) }
            span.key.possible { (reader.say(Clinic::DayPossible)) }
            span.key.closed { (reader.say(Clinic::DayClosed)) }
            span { span.count { "2" } " " (reader.say(Clinic::DayWanted)) }
        }
    }
}

fn cell(sheet: &Sheet, day: &Day, chosen: Option<NaiveDate>) -> Markup {
    let reader = sheet.reader;
    let (class, word) = match day.chance {
        Chance::TooSoon => ("closed", Clinic::DayTooSoon),
        Chance::TooLate => ("closed", Clinic::DayTooLate),
        Chance::Likely => ("likely", Clinic::DayLikely),
        Chance::Possible => ("possible", Clinic::DayPossible),
    };
    let open = matches!(day.chance, Chance::Likely | Chance::Possible);
    let mut said = vec![words::date(reader.language, day.date), reader.say(word).to_string()];
    if day.wanted > 0 {
        said.push(words::told(reader.language, &Telling::OthersWanted(day.wanted)));
    }
    let number = match day.date.day() {
        1 => match reader.language {
            Language::En => day.date.format("%-d %b").to_string(),
            Language::Ja => day.date.format("%-m/%-d").to_string(),
        },
        number => number.to_string(),
    };
    html! {
        td.(class).weekend[day.weekend] {
            @if open {
                label {
                    input type="radio" name=(DAY) value=(day.date) checked[chosen == Some(day.date)] aria-label=(said.join(" · "));
                    span.number aria-hidden="true" { (number) }
                    @if day.wanted > 0 { span.count aria-hidden="true" { (day.wanted) } }
                }
            } @else {
                span.number title=(reader.say(word)) { (number) }
            }
        }
    }
}

fn weekday_name(language: Language, day: NaiveDate) -> &'static str {
    let at = day.weekday().num_days_from_monday() as usize;
    match language {
        Language::En => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][at],
        Language::Ja => ["月", "火", "水", "木", "金", "土", "日"][at],
    }
}

/// What follows backwards from the day chosen, as a sentence.
fn plan(
    language: Language,
    zone: Tz,
    standard: &baiyo_domain::standard::Standard,
    day: NaiveDate,
    now: Time,
) -> Markup {
    let infusion = day.and_hms_opt(9, 0, 0).and_then(|local| zone.from_local_datetime(&local).earliest());
    let Some(infusion) = infusion.map(|at| Time::from(at.to_utc())) else { return html! {} };
    let back = backwards(standard, infusion);
    let short = |at: Time| words::short_date(language, at.utc().with_timezone(&zone).date_naive());
    let telling = Telling::Backwards {
        infusion: words::short_date(language, day),
        harvest: short(back.harvest),
        tissue: short(back.tissue),
    };
    html! {
        p.plan role="status" {
            @if back.tissue < now { (chip(Look::Warning, words::text(language, Clinic::TightPlan))) " " }
            (words::told(language, &telling))
        }
    }
}

/// Completes what was typed about a patient, a window and a panel.
pub fn complete(action: &str, typed: &mut Typed) {
    match action {
        "order.placement" => {
            complete_patient(typed);
            complete_window(typed);
        }
        "order.window_change" => complete_window(typed),
        "order.donor_screening" => {
            // What need not be tested and was not is no result; of the others the answer is missed.
            for row in (0..PANEL.len()).filter(|row| PANEL[*row] == NOT_OF_EVERYBODY) {
                if typed.get(&format!("/results/{row}/finding")).is_none() {
                    typed.take(&format!("/results/{row}/analyte"));
                }
            }
        }
        _ => {}
    }
}

fn complete_patient(typed: &mut Typed) {
    if typed.get(WHO).is_none() {
        return;
    }
    for field in ["/patient", "/pseudonym", "/personal/birth_date"] {
        typed.take(field);
    }
    match typed.get(WHO) {
        Some("known") => {
            for field in ["/personal/name", "/personal/kana"] {
                typed.take(field);
            }
            let known = typed.get(KNOWN).and_then(|known| known.split_once(' '));
            if let Some((patient, pseudonym)) = known.map(|(id, name)| (id.to_string(), name.to_string())) {
                typed.set("/patient", patient);
                typed.set("/pseudonym", pseudonym);
            }
        }
        _ => {
            let parts: Vec<&str> = BIRTH.iter().filter_map(|field| typed.get(field)).collect();
            let birth = (!parts.is_empty()).then(|| parts.join("-"));
            let pseudonym = typed.get(NEW_PSEUDONYM).map(String::from);
            if let Some(birth) = birth {
                typed.set("/personal/birth_date", birth);
            }
            if let Some(pseudonym) = pseudonym {
                typed.set("/pseudonym", pseudonym);
            }
        }
    }
}

fn complete_window(typed: &mut Typed) {
    // Times that somebody typed are never replaced by a day of the calendar.
    if typed.any("/window/from") || typed.any("/window/until") {
        return;
    }
    let Some(day) = typed.get(DAY).and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()) else {
        return;
    };
    let days = typed.get(DAYS).and_then(|days| days.parse().ok()).filter(|days| (1..=56).contains(days));
    let last = day.checked_add_days(Days::new(days.unwrap_or(1) - 1)).unwrap_or(day);
    typed.set("/window/from", format!("{day}T{}", HOURS.0));
    typed.set("/window/until", format!("{last}T{}", HOURS.1));
}

/// What a donor is screened for, in the order of the form.
const PANEL: [Analyte; 6] =
    [Analyte::Hbv, Analyte::Hcv, Analyte::Hiv, Analyte::Htlv1, Analyte::Syphilis, Analyte::ParvovirusB19];

/// What only a donor for others is tested for.
const NOT_OF_EVERYBODY: Analyte = Analyte::ParvovirusB19;

/// Lays the donor's panel out: every analyte at once, none of them answered before.
pub fn screening(sheet: &mut Sheet, about: &About) -> Markup {
    for (row, analyte) in PANEL.iter().enumerate() {
        sheet.typed.set(&format!("/results/{row}/analyte"), word_of(analyte));
    }
    let reader = sheet.reader;
    let finding =
        |finding: Finding| (word_of(&finding), words::finding(reader.language, finding).to_string());
    let found = [finding(Finding::Negative), finding(Finding::Positive)];
    let not_done = (String::new(), reader.say(Clinic::NotTested).to_string());
    let with_not_done = [found[0].clone(), found[1].clone(), not_done];
    html! {
        (layouts::identity(sheet, about))
        (sheet.field("/sampled_at"))
        (sheet.field("/laboratory"))
        section.part.panel-of-donor {
            h2 { (reader.say(Clinic::Panel)) }
            @for (row, analyte) in PANEL.iter().enumerate() {
                @let needed = *analyte != NOT_OF_EVERYBODY;
                (sheet.hidden(&format!("/results/{row}/analyte")))
                (sheet.radios(&format!("/results/{row}/finding"), words::analyte(reader.language, *analyte), needed,
                    if needed { &found } else { &with_not_done }, |_| html! {}))
            }
        }
        (sheet.all_but(&["sampled_at", "laboratory", "results"]))
    }
}

/// A word as forms have it.
fn word_of(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(String::from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(action: &str, pairs: &[(&str, &str)]) -> Typed {
        let mut typed = Typed::of(pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())));
        complete(action, &mut typed);
        typed
    }

    #[test]
    fn a_day_and_a_number_of_days_are_a_window() {
        let typed = completed("order.window_change", &[(DAY, "2026-12-30"), (DAYS, "3")]);
        assert_eq!(typed.get("/window/from"), Some("2026-12-30T09:00"));
        assert_eq!(typed.get("/window/until"), Some("2027-01-01T18:00"));
        let own = [(DAY, ""), ("/window/from", "2026-12-30T10:00"), ("/window/until", "2026-12-30T11:00")];
        assert_eq!(completed("order.window_change", &own).get("/window/from"), Some("2026-12-30T10:00"));
    }

    #[test]
    fn a_known_patient_is_never_mixed_with_a_new_ones_data() {
        let id = "01a225f1-55d2-7395-9df5-394ae36c4406";
        let known = format!("{id} P-1010 b");
        let mut pairs = vec![
            (WHO, "known"),
            (KNOWN, known.as_str()),
            ("/personal/name", "佐藤 花子"),
            (NEW_PSEUDONYM, "P-9"),
            (BIRTH[0], "1961"),
            (BIRTH[1], "04"),
            (BIRTH[2], "12"),
        ];
        let typed = completed("order.placement", &pairs);
        assert_eq!((typed.get("/patient"), typed.get("/pseudonym")), (Some(id), Some("P-1010 b")));
        assert!(!typed.any("/personal/name") && !typed.any("/personal/birth_date"));
        pairs[0] = (WHO, "new");
        let typed = completed("order.placement", &pairs);
        assert_eq!((typed.get("/patient"), typed.get("/pseudonym")), (None, Some("P-9")));
        assert_eq!(typed.get("/personal/birth_date"), Some("1961-04-12"));
    }

    #[test]
    fn what_need_not_be_tested_is_no_result_and_what_must_be_is_missed() {
        let pairs = [
            ("/results/0/analyte", "hbv"),
            ("/results/0/finding", "negative"),
            ("/results/1/analyte", "hcv"),
            ("/results/5/analyte", "parvovirus_b19"),
            ("/results/5/finding", ""),
        ];
        let typed = completed("order.donor_screening", &pairs);
        assert!(typed.any("/results/0") && typed.any("/results/1") && !typed.any("/results/5"));
    }

    #[test]
    fn a_birth_year_is_shown_with_every_era_it_lies_in() {
        assert_eq!(year_name(Language::Ja, 1961), "1961年（昭和36年）");
        assert_eq!(year_name(Language::Ja, 1989), "1989年（昭和64年・平成元年）");
        assert_eq!(year_name(Language::Ja, 2019), "2019年（平成31年・令和元年）");
        assert_eq!(year_name(Language::En, 1989), "1989");
    }
}
