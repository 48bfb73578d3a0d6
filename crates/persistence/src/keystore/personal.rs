//! A patient's name and birth date: encrypted under the patient's own key, found by a keyed blind index, and
//! gone once key, ciphertext and index are destroyed. The journal carries only the ciphertext's hash.

use super::{Binding, CryptoFailure, KeyStore, KeyStoreError, nonce_of_form_1, seal, unseal};
use crate::engine::prelude::*;
use crate::schema::{personal_data, personal_index};
use crate::sql_types::Id;
use baiyo_domain::ids::{ClinicId, PatientId, PersonId};
use baiyo_domain::journal::Hash;
use baiyo_domain::text::Short;
use chrono::{Datelike, NaiveDate};
use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Who a patient is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Personal {
    /// The name as the clinic writes it.
    pub name: Short,
    /// Its reading in kana.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kana: Option<Short>,
    /// The birth date.
    pub birth_date: BirthDate,
}

/// Tells nothing, so that no log names a patient.
impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

/// A day of the calendar from 1900-01-01 to 2099-12-31; in JSON `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BirthDate(NaiveDate);

impl BirthDate {
    /// The day.
    pub fn date(self) -> NaiveDate {
        self.0
    }
}

impl TryFrom<String> for BirthDate {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok();
        // Written again, because parsing also takes 1970-1-2 and white space.
        day.filter(|day| day.to_string() == text && (1900..2100).contains(&day.year()))
            .map(Self)
            .ok_or_else(|| "must be a day from 1900-01-01 to 2099-12-31, written YYYY-MM-DD".into())
    }
}

impl From<BirthDate> for String {
    fn from(day: BirthDate) -> String {
        day.0.to_string()
    }
}

/// Tells nothing, as of [`Personal`].
impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

impl JsonSchema for BirthDate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BirthDate".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "format": "date", "pattern": "^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$",
            "examples": ["1970-01-31"]
        })
    }
}

/// Personal data, encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPersonal {
    /// Used for this ciphertext only.
    pub nonce: [u8; 24],
    /// XChaCha20-Poly1305 of the JSON text.
    pub ciphertext: Vec<u8>,
    /// What the journal carries: SHA-256(nonce ‖ ciphertext).
    pub digest: Hash,
}

impl SealedPersonal {
    fn new(nonce: [u8; 24], ciphertext: Vec<u8>) -> Self {
        let digest = Hash::of(&[&nonce[..], &ciphertext].concat());
        Self { nonce, ciphertext, digest }
    }
}

/// Personal data as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPersonal {
    /// The clinic it is bound to.
    pub clinic: ClinicId,
    /// Encrypted; its digest is computed anew, to be compared with the journal's.
    pub sealed: SealedPersonal,
}

impl KeyStore {
    /// Encrypts personal data under the patient's key, bound to patient and clinic.
    ///
    /// # Errors
    /// The patient has no key.
    pub fn seal_personal(
        &self,
        patient: PatientId,
        clinic: ClinicId,
        personal: &Personal,
    ) -> Result<SealedPersonal, KeyStoreError> {
        let key = self.patient_key(patient)?;
        let text = serde_json::to_vec(personal).map_err(CryptoFailure::new)?;
        let (nonce, ciphertext) = seal(&key, &text, &binding(patient, clinic))?;
        Ok(SealedPersonal::new(nonce, ciphertext))
    }

    /// Decrypts personal data: for [`crate::disclosure`] alone, which notes to whom it is shown.
    ///
    /// # Errors
    /// The patient's key was destroyed; the data is not this patient's and clinic's, or was damaged.
    pub(crate) fn open_personal(
        &self,
        patient: PatientId,
        clinic: ClinicId,
        nonce: &[u8; 24],
        ciphertext: &[u8],
    ) -> Result<Personal, KeyStoreError> {
        let key = self.patient_key(patient)?;
        let text = unseal(&key, nonce, ciphertext, &binding(patient, clinic));
        text.and_then(|text| serde_json::from_slice(&text).ok()).ok_or(KeyStoreError::Unreadable(patient))
    }

    /// By what a patient is found without storing who he is: HMAC-SHA-256 over name (or kana) and birth date.
    /// Full-width and half-width Latin letters, capitals and small letters, and any white space make no
    /// difference; half-width kana and variants of a kanji do.
    pub fn blind_index(&self, name: &Short, birth_date: &BirthDate) -> [u8; 32] {
        self.mac(format!("{}\0{}", folded(name.as_str()), birth_date.0).as_bytes())
    }

    /// By what a request is known again: HMAC-SHA-256, since a body may carry a name and a birth date, which a plain
    /// hash would give away to whoever tries all of them.
    pub fn fingerprint(&self, request: &[u8]) -> [u8; 32] {
        // No name begins so: a text holds no such byte.
        self.mac(&[b"\xffrequest\0", request].concat())
    }

    /// By what a browser seals what a person typed and has not recorded, within a period of time. Whoever has it learns no
    /// other person's, nor that of another period.
    pub fn draft_key(&self, person: PersonId, period: i64) -> [u8; 32] {
        self.mac(&[&b"\xffdraft\0"[..], person.0.as_bytes(), &period.to_be_bytes()].concat())
    }

    /// What stands for a name that is no account, where tries are counted: it does not tell the name.
    pub(crate) fn stand_in(&self, sign_in: &str) -> Uuid {
        let mac = self.mac(&[b"\xffsign-in\0", sign_in.as_bytes()].concat());
        let mut half = [0; 16];
        half.copy_from_slice(&mac[..16]);
        Uuid::from_bytes(half)
    }

    fn mac(&self, message: &[u8]) -> [u8; 32] {
        // HMAC pads a key with zeros to the hash's block; so padded it cannot be of a wrong length.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&*self.index);
        Hmac::<Sha256>::new((&*block).into()).chain_update(message).finalize().into_bytes().into()
    }
}

/// Stores a patient's personal data and what it is found by.
///
/// # Errors
/// The database, also where the patient has personal data already.
pub fn store_personal(
    conn: &mut Conn,
    patient: PatientId,
    clinic: ClinicId,
    sealed: &SealedPersonal,
    indexes: &[[u8; 32]],
) -> QueryResult<()> {
    conn.transaction(|conn| {
        diesel::insert_into(personal_data::table)
            .values((
                personal_data::patient.eq(Id(patient.0)),
                personal_data::clinic.eq(Id(clinic.0)),
                personal_data::nonce.eq(&sealed.nonce[..]),
                personal_data::ciphertext.eq(&sealed.ciphertext),
            ))
            .execute(conn)?;
        for index in indexes {
            diesel::insert_into(personal_index::table)
                .values((personal_index::digest.eq(&index[..]), personal_index::patient.eq(Id(patient.0))))
                .on_conflict_do_nothing()
                .execute(conn)?;
        }
        Ok(())
    })
}

/// A patient's personal data; nothing where there is none or it was erased.
///
/// # Errors
/// The database, also where a stored nonce has not 24 bytes.
pub fn load_personal(conn: &mut Conn, patient: PatientId) -> QueryResult<Option<StoredPersonal>> {
    let row = personal_data::table
        .find(Id(patient.0))
        .select((personal_data::clinic, personal_data::nonce, personal_data::ciphertext))
        .first::<(Id, Vec<u8>, Vec<u8>)>(conn)
        .optional()?;
    row.map(|(clinic, nonce, ciphertext)| {
        let nonce = nonce_of_form_1(&nonce).map_err(crate::accounts::damaged)?;
        Ok(StoredPersonal { clinic: ClinicId(clinic.0), sealed: SealedPersonal::new(nonce, ciphertext) })
    })
    .transpose()
}

/// A clinic's patients that a [`KeyStore::blind_index`] stands for, oldest first.
///
/// # Errors
/// The database.
pub fn find_patients(conn: &mut Conn, clinic: ClinicId, index: &[u8; 32]) -> QueryResult<Vec<PatientId>> {
    let found = personal_index::table
        .inner_join(personal_data::table.on(personal_data::patient.eq(personal_index::patient)))
        .filter(personal_index::digest.eq(&index[..]))
        .filter(personal_data::clinic.eq(Id(clinic.0)))
        .order(personal_data::patient)
        .select(personal_data::patient)
        .load::<Id>(conn)?;
    Ok(found.into_iter().map(|id| PatientId(id.0)).collect())
}

/// Removes a patient's ciphertext and index. With [`KeyStore::destroy_patient_key`] this erases the person and
/// leaves the record verifiable.
///
/// # Errors
/// The database.
pub fn erase_personal(conn: &mut Conn, patient: PatientId) -> QueryResult<()> {
    conn.transaction(|conn| {
        diesel::delete(personal_index::table.filter(personal_index::patient.eq(Id(patient.0))))
            .execute(conn)?;
        diesel::delete(personal_data::table.find(Id(patient.0))).execute(conn)?;
        Ok(())
    })
}

fn binding(patient: PatientId, clinic: ClinicId) -> Binding {
    Binding { purpose: "baiyo personal data 1", owners: [patient.0, clinic.0] }
}

fn folded(name: &str) -> String {
    let half_width = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    };
    name.chars().filter(|c| !c.is_whitespace()).map(half_width).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::tests::database;

    fn text(text: &str) -> Short {
        text.to_string().try_into().unwrap()
    }

    fn day(text: &str) -> BirthDate {
        text.to_string().try_into().unwrap()
    }

    fn yamada() -> Personal {
        Personal {
            name: text("山田 太郎"), kana: Some(text("ヤマダ タロウ")), birth_date: day("1970-01-31")
        }
    }

    fn patient(n: u128) -> PatientId {
        PatientId(Uuid::from_u128(n))
    }

    fn clinic(n: u128) -> ClinicId {
        ClinicId(Uuid::from_u128(n))
    }

    #[test]
    fn a_birth_date_is_a_real_day_in_one_form() {
        for bad in ["1899-12-31", "2100-01-01", "1970-02-30", "1970-1-31", " 1970-01-31", "1970-01-31Z", ""] {
            assert!(BirthDate::try_from(bad.to_string()).is_err(), "{bad}");
        }
        assert_eq!(String::from(day("2000-02-29")), "2000-02-29");
        assert_eq!(serde_json::from_str::<BirthDate>("\"1900-01-01\"").unwrap(), day("1900-01-01"));
        assert!(!format!("{:?}", yamada()).contains("山田"));
    }

    #[test]
    fn a_key_for_drafts_is_one_persons_in_one_period_and_tells_nothing_else() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (keys, others) = (KeyStore::open(home.path()).unwrap(), KeyStore::open(other.path()).unwrap());
        let person = |n| PersonId(Uuid::from_u128(n));
        let key = keys.draft_key(person(1), 7);
        assert_eq!(key, KeyStore::open(home.path()).unwrap().draft_key(person(1), 7), "after a new start");
        let message = [b"\xffdraft\0".to_vec(), person(1).0.as_bytes().to_vec(), 7i64.to_be_bytes().to_vec()];
        let all = [
            keys.draft_key(person(2), 7),
            keys.draft_key(person(1), 8),
            others.draft_key(person(1), 7),
            keys.fingerprint(&message.concat()),
        ];
        assert!(!all.contains(&key));
    }

    #[test]
    fn personal_data_opens_for_its_patient_and_clinic_until_the_key_is_destroyed() {
        let home = tempfile::tempdir().unwrap();
        let keys = KeyStore::open(home.path()).unwrap();
        for n in [1, 2] {
            keys.new_patient_key(patient(n)).unwrap();
        }
        let mut sealed = keys.seal_personal(patient(1), clinic(1), &yamada()).unwrap();
        assert_eq!(
            keys.open_personal(patient(1), clinic(1), &sealed.nonce, &sealed.ciphertext).unwrap(),
            yamada()
        );
        assert!(!String::from_utf8_lossy(&sealed.ciphertext).contains("1970"));

        let refused = |patient, clinic, sealed: &SealedPersonal| {
            matches!(
                keys.open_personal(patient, clinic, &sealed.nonce, &sealed.ciphertext),
                Err(KeyStoreError::Unreadable(_))
            )
        };
        assert!(refused(patient(2), clinic(1), &sealed));
        assert!(refused(patient(1), clinic(2), &sealed));
        sealed.ciphertext[3] ^= 1;
        assert!(refused(patient(1), clinic(1), &sealed));
        sealed.ciphertext[3] ^= 1;

        keys.destroy_patient_key(patient(1)).unwrap();
        let opened = keys.open_personal(patient(1), clinic(1), &sealed.nonce, &sealed.ciphertext);
        assert!(matches!(opened, Err(KeyStoreError::NoKey(_))));
        assert!(matches!(keys.seal_personal(patient(1), clinic(1), &yamada()), Err(KeyStoreError::NoKey(_))));
    }

    #[test]
    fn the_blind_index_folds_width_case_and_white_space_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let keys = KeyStore::open(home.path()).unwrap();
        let index = |name: &str, born: &str| keys.blind_index(&text(name), &day(born));
        let anna = index("Anna Smith", "1970-01-31");
        for same in ["ＡＮＮＡ　ＳＭＩＴＨ", " anna  smith ", "annasmith", "Ａnna\u{3000}Smith"] {
            assert_eq!(index(same, "1970-01-31"), anna, "{same}");
        }
        assert_eq!(index("山田太郎", "1970-01-31"), index("山田\u{3000}太郎", "1970-01-31"));
        assert_ne!(index("Anne Smith", "1970-01-31"), anna);
        assert_ne!(index("Anna Smith", "1970-02-01"), anna);

        let elsewhere = tempfile::tempdir().unwrap();
        let other = KeyStore::open(elsewhere.path()).unwrap();
        assert_ne!(other.blind_index(&text("Anna Smith"), &day("1970-01-31")), anna);
    }

    #[test]
    fn a_patient_is_found_in_his_clinic_by_name_or_kana_until_erased() {
        let home = tempfile::tempdir().unwrap();
        let keys = KeyStore::open(home.path()).unwrap();
        let conn = &mut database();
        keys.new_patient_key(patient(1)).unwrap();
        let sealed = keys.seal_personal(patient(1), clinic(1), &yamada()).unwrap();
        let name = keys.blind_index(&text("山田太郎"), &day("1970-01-31"));
        let kana = keys.blind_index(&text("ヤマダタロウ"), &day("1970-01-31"));
        store_personal(conn, patient(1), clinic(1), &sealed, &[name, kana, kana]).unwrap();
        assert!(store_personal(conn, patient(1), clinic(1), &sealed, &[]).is_err());

        for index in [name, kana] {
            assert_eq!(find_patients(conn, clinic(1), &index).unwrap(), [patient(1)]);
            assert_eq!(find_patients(conn, clinic(2), &index).unwrap(), []);
        }
        let stored = load_personal(conn, patient(1)).unwrap().unwrap();
        assert_eq!(stored, StoredPersonal { clinic: clinic(1), sealed });
        diesel::update(personal_data::table)
            .set(personal_data::ciphertext.eq(vec![0]))
            .execute(conn)
            .unwrap();
        let changed = load_personal(conn, patient(1)).unwrap().unwrap();
        assert_ne!(changed.sealed.digest, stored.sealed.digest, "a digest is never taken on trust");

        erase_personal(conn, patient(1)).unwrap();
        assert_eq!(load_personal(conn, patient(1)).unwrap(), None);
        assert_eq!(find_patients(conn, clinic(1), &name).unwrap(), []);
    }
}
