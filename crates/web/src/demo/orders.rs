//! Orders of invented patients. Names and birth dates go where a clinic's would: encrypted, outside the journal.

use super::DemoError;
use super::bench::{Bench, Done};
use super::people::short;
use baiyo_domain::decision::Command;
use baiyo_domain::order::{
    Analyte, AnalyteResult, Consent, DonorScreening, Finding, Placement, Plan, PlanClass, Purpose, Window,
};
use baiyo_persistence::PersonalRow;
use baiyo_persistence::keystore::{BirthDate, KeyStoreError, Personal};

const FAMILIES: [(&str, &str); 6] = [
    ("見本", "ミホン"),
    ("試験", "シケン"),
    ("仮名", "カメイ"),
    ("例題", "レイダイ"),
    ("架空", "カクウ"),
    ("模擬", "モギ"),
];
const GIVEN: [(&str, &str); 11] = [
    ("一郎", "イチロウ"),
    ("二郎", "ジロウ"),
    ("三郎", "サブロウ"),
    ("花", "ハナ"),
    ("月子", "ツキコ"),
    ("星子", "ホシコ"),
    ("四郎", "シロウ"),
    ("五月", "サツキ"),
    ("六花", "リッカ"),
    ("七海", "ナナミ"),
    ("八重", "ヤエ"),
];

fn invented(number: u16) -> Result<Personal, DemoError> {
    let number = usize::from(number);
    let (family, family_kana) = FAMILIES[number % FAMILIES.len()];
    let (given, given_kana) = GIVEN[number % GIVEN.len()];
    let day = format!("{}-{:02}-{:02}", 1948 + number % 47, 1 + number % 12, 1 + number % 28);
    Ok(Personal {
        name: short(&format!("{family} {given}"))?,
        kana: Some(short(&format!("{family_kana} {given_kana}"))?),
        birth_date: BirthDate::try_from(day).map_err(DemoError::Seed)?,
    })
}

/// The coordinator places the order of a new patient.
pub fn place(b: &Bench, purpose: Purpose) -> Done {
    let keys = b.centre.store.keys();
    let (patient, personal) = (b.case.patient, invented(b.case.number)?);
    let clinic = b.centre.staff.clinics.get(b.case.clinic).copied();
    let clinic = clinic.ok_or_else(|| DemoError::Seed("there is no such clinic".into()))?;
    let sealed = || -> Result<PersonalRow, KeyStoreError> {
        keys.new_patient_key(patient)?;
        let sealed = keys.seal_personal(patient, clinic, &personal)?;
        Ok(PersonalRow {
            patient,
            clinic,
            sealed,
            index: keys.blind_index(&personal.name, &personal.birth_date),
        })
    };
    let row = sealed().map_err(|error| DemoError::Seed(error.to_string()))?;
    let letter = if purpose == Purpose::Banking { 'D' } else { 'P' };
    let now = b.centre.store.now().0;
    let window = (purpose == Purpose::Therapy)
        .then(|| Window { from: now.plus_hours(24 * 33), until: now.plus_hours(24 * 40) });
    let placement = Placement {
        purpose,
        patient,
        personal_data: row.sealed.digest,
        pseudonym: short(&format!("{letter}-{:04}", 1000 + b.case.number))?,
        plan: Plan { number: short("PB0000000")?, class: PlanClass::Two },
        window,
    };
    let command = Command::Order(b.case.order, placement.into());
    b.centre.acting(b.case.coordinator)?.record_with(b.centre.store, command, Some(row))?;
    b.centre.clock.advance_minutes(1);
    Ok(())
}

/// Consent, signed on paper an hour ago.
pub fn consent(b: &Bench) -> Done {
    let signed_at = b.centre.store.now().0.plus_hours(-1);
    b.order(b.case.coordinator, Consent { version: short("2.1")?, signed_at })
}

/// A negative panel.
pub fn screened(b: &Bench) -> Done {
    screened_with(b, None)
}

/// A panel with one positive analyte.
pub fn screened_with(b: &Bench, positive: Option<Analyte>) -> Done {
    let panel =
        [Analyte::Hbv, Analyte::Hcv, Analyte::Hiv, Analyte::Htlv1, Analyte::Syphilis, Analyte::ParvovirusB19];
    let finding = |analyte| if Some(analyte) == positive { Finding::Positive } else { Finding::Negative };
    let results = panel.map(|analyte| AnalyteResult { analyte, finding: finding(analyte) }).to_vec();
    let sampled_at = b.centre.store.now().0.plus_hours(-60);
    b.order(
        b.case.coordinator,
        DonorScreening { sampled_at, laboratory: short("見本検査センター")?, results },
    )
}
