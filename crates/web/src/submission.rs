//! Submitting a form, whether a program sent it as JSON or a person filled it in on a page: check it against its
//! schema, prove the signer where it is a signing, execute, and say what became of it. Every form of the domain goes
//! through this one function.

use crate::api::FormRoute;
use crate::api::problem::{Kind, Problem};
use crate::api::schema_check;
use crate::pages::live::Change;
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Language};
use actix_web::web;
use baiyo_domain::authority::Meaning;
use baiyo_domain::decision::Command;
use baiyo_domain::ids::PatientId;
use baiyo_domain::journal::Hash;
use baiyo_domain::numbers::{self, Unusual};
use baiyo_domain::order::{self, Placement, Plan, Purpose, Window};
use baiyo_domain::text::Short;
use baiyo_persistence::keystore::{BirthDate, Personal};
use baiyo_persistence::{Answer, ExecuteError, PersonalRow, Request, keystore};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use uuid::Uuid;

/// A form as somebody hands it in.
pub struct Submission<'a> {
    /// Which form.
    pub route: &'a FormRoute,
    /// Who hands it in; he was admitted to the form's action.
    pub caller: &'a Caller,
    /// What it is aimed at, or what it makes.
    pub aimed: Uuid,
    /// The form, and the signature where it is a signing.
    pub form: Value,
    /// Method and address it came to: with the form, what makes it the same one.
    pub place: String,
    /// The key under which it happens once.
    pub key: Option<String>,
    /// The version of what it is aimed at, as the caller saw it.
    pub expected_version: Option<u32>,
}

/// Takes one form in.
///
/// # Errors
/// Every reason why not, as a [`Problem`].
pub async fn submit(state: &web::Data<State>, submission: Submission<'_>) -> Result<Done, Problem> {
    let Submission { route, caller, aimed, mut form, place, key, expected_version } = submission;
    let language = caller.language;
    let fingerprint = fingerprint(&place, &form, state);
    let signature = take_signature(route, &mut form, state, language)?;
    let proof = match (signature, route.meaning) {
        (Some(signature), Some(_)) => {
            Some(session::reauthenticate(state, caller, signature.password, signature.meaning).await?)
        }
        _ => None,
    };
    let once = key.map(|key| (key, fingerprint));
    let (command, personal) = command_of(route, aimed, form, caller, state).await?;
    let stream = command.stream();
    let unusual = numbers::unusual(&command).into_iter();
    let warnings = unusual.map(|(pointer, code)| Warning::of(pointer, code, language));
    let warnings = warnings.collect();
    let recorder = caller.person;
    let asked = Request {
        recorder,
        source: Some(caller.source.clone()),
        command,
        once,
        expected_version,
        proof,
        personal,
    };
    let zone = state.zone;
    let released = route.action == "batch.disposition.deciding";
    let store = Arc::clone(&state.store);
    let answer = web::block(move || {
        let answer = store.execute(asked);
        // Every release is sealed at once, so that its certificate can name a checkpoint.
        if released
            && answer.is_ok()
            && let Err(error) = store.seal()
        {
            tracing::error!(%error, "cannot seal the journal");
        }
        answer
    })
    .await
    .map_err(|_| Problem::new(Kind::Unavailable, language))?
    .inspect_err(|error| {
        if route.meaning.is_some() && matches!(error, ExecuteError::Refused(_)) {
            security_log::note(Happened::SigningRefused, Some(recorder));
        }
    })
    .map_err(|error| Problem::of_execute(error, language, zone))?;
    tell(state, &answer);
    let main = stream.map(|stream| stream.to_string());
    let first = answer.entries.first().map(|entry| entry.stream.clone());
    // A replayed creation answers with what the first one made.
    let made = if route.creates { first.clone() } else { main.or(first) };
    let version =
        answer.entries.iter().rev().find(|e| Some(&e.stream) == made.as_ref()).map_or(0, |e| e.version);
    Ok(Done {
        id: made
            .as_deref()
            .and_then(|stream| stream.split_once('/'))
            .and_then(|(_, id)| Uuid::try_parse(id).ok()),
        command: answer.command.0,
        version,
        entries: answer
            .entries
            .into_iter()
            .map(|e| DoneEntry { entry: e.entry.0, stream: e.stream, version: e.version, kind: e.kind })
            .collect(),
        warnings,
        token: answer.link.map(|link| link.as_str().to_string()),
    })
}

/// Tells those who listen what changed.
fn tell(state: &State, answer: &Answer) {
    let mut told = Vec::new();
    for entry in &answer.entries {
        let batch = entry.stream.strip_prefix("batch/").and_then(|id| Uuid::try_parse(id).ok());
        let change = batch.map_or(Change::Other, Change::Batch);
        if !told.contains(&change) {
            told.push(change);
            // Nobody listens: nobody is told.
            let _ = state.changes.send(change.here());
        }
    }
}

/// What a signing carries beside its form: the password again, and what the signature means.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureForm {
    /// The password of the person signed in.
    #[schemars(length(min = 1, max = 256))]
    pub password: String,
    /// What the signature means; it must be the meaning of this form.
    pub meaning: Meaning,
}

/// What became of a form.
#[derive(Serialize, JsonSchema)]
pub struct Done {
    /// What it was aimed at, or what it made.
    pub id: Option<Uuid>,
    /// The command; all its entries share it.
    pub command: Uuid,
    /// The version of what it was aimed at, as in `ETag`.
    pub version: u32,
    /// The entries, in order.
    pub entries: Vec<DoneEntry>,
    /// Numbers that are not of the usual form; they are recorded as given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The one-time link's token, where one was asked for: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A field to look at again, though it was recorded.
#[derive(Serialize, JsonSchema)]
pub struct Warning {
    /// The field, as a JSON pointer into the body.
    pub pointer: &'static str,
    /// What about it.
    pub code: Unusual,
    /// A sentence in the caller's language.
    pub sentence: &'static str,
}

impl Warning {
    /// In words.
    pub fn of(pointer: &'static str, code: Unusual, language: Language) -> Self {
        Self { pointer, code, sentence: words::unusual(language, code) }
    }
}

/// One appended entry.
#[derive(Serialize, JsonSchema)]
pub struct DoneEntry {
    /// Its identifier.
    pub entry: Uuid,
    /// Its stream, `kind/uuid`.
    pub stream: String,
    /// Its version there.
    pub version: u32,
    /// What was recorded.
    pub kind: String,
}

/// An order as a clinic places it. Name and birth date are encrypted before anything is stored.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderForm {
    /// Therapy of a recipient, or tissue for a cell bank.
    pub purpose: Purpose,
    /// A patient the clinic ordered for before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// Name and birth date of a new patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<PersonalForm>,
    /// What staff call the patient.
    pub pseudonym: Short,
    /// The plan the cells are provided under.
    pub plan: Plan,
    /// When the infusion is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// A new patient's name and birth date.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonalForm {
    /// The name.
    pub name: Short,
    /// The name in kana.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kana: Option<Short>,
    /// The birth date, `YYYY-MM-DD`.
    pub birth_date: BirthDate,
}

/// The schema of what is sent: the form, and the signature where it is a signing.
pub fn body_schema(route: &FormRoute, generator: &mut SchemaGenerator) -> Schema {
    let form = match route.action.as_str() {
        "order.placement" => generator.subschema_for::<OrderForm>(),
        _ => (route.schema)(generator),
    };
    if route.meaning.is_none() {
        return form;
    }
    let signature = Value::from(generator.subschema_for::<SignatureForm>());
    let name = form.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next());
    let mut whole = name.and_then(|name| generator.definitions().get(name)).cloned().unwrap_or_default();
    if let Some(fields) = whole.as_object_mut() {
        let properties = fields.entry("properties").or_insert_with(|| Value::Object(Map::new()));
        if let Some(properties) = properties.as_object_mut() {
            properties.insert("signature".into(), signature);
        }
        let required = fields.entry("required").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(required) = required.as_array_mut() {
            required.push("signature".into());
        }
    }
    Schema::try_from(whole).unwrap_or_default()
}

/// What makes a request the same one: method, path and body without secrets.
fn fingerprint(place: &str, value: &Value, state: &State) -> Hash {
    let mut open = value.clone();
    if let Some(signature) = open.get_mut("signature").and_then(Value::as_object_mut) {
        signature.remove("password");
    }
    let same = format!("{place}\n{open}");
    Hash(state.store.keys().fingerprint(same.as_bytes()))
}

fn take_signature(
    route: &FormRoute,
    value: &mut Value,
    state: &State,
    language: Language,
) -> Result<Option<SignatureForm>, Problem> {
    let (schema, definitions) = state.schemas.of(&route.action);
    let faults = schema_check::check(value, schema, definitions);
    if !faults.is_empty() {
        return Err(Problem::faults(faults, language));
    }
    let signature = match route.meaning {
        Some(_) => value.as_object_mut().and_then(|fields| fields.remove("signature")),
        None => None,
    };
    signature
        .map(|signature| {
            baiyo_domain::variants::read_form(signature).map_err(|mut error| {
                error.pointer.insert_str(0, "/signature");
                Problem::form(error, language)
            })
        })
        .transpose()
}

async fn command_of(
    route: &FormRoute,
    aimed: Uuid,
    value: Value,
    caller: &Caller,
    state: &web::Data<State>,
) -> Result<(Command, Option<PersonalRow>), Problem> {
    let language = caller.language;
    if route.action != "order.placement" {
        let command = (route.read)(aimed, value).map_err(|error| Problem::form(error, language))?;
        return Ok((command, None));
    }
    let form: OrderForm =
        baiyo_domain::variants::read_form(value).map_err(|error| Problem::form(error, language))?;
    let (patient, digest, row) = patient_of(&form, caller, state).await?;
    let placement = Placement {
        purpose: form.purpose,
        patient,
        personal_data: digest,
        pseudonym: form.pseudonym,
        plan: form.plan,
        window: form.window,
    };
    Ok((Command::Order(baiyo_domain::ids::OrderId(aimed), order::Command::from(placement)), row))
}

/// The patient of an order: one the clinic knows, or a new one whose key is durable before anything else.
async fn patient_of(
    form: &OrderForm,
    caller: &Caller,
    state: &web::Data<State>,
) -> Result<(PatientId, Hash, Option<PersonalRow>), Problem> {
    let language = caller.language;
    let one_of = || {
        let sentence = match language {
            Language::En => "Give either `patient` (known) or `personal` (new).",
            Language::Ja => "patient（既知）か personal（新規）のどちらか一方を入力してください。",
        };
        Problem::because(Kind::Form, language, "one_of", Some("/personal"), sentence.into())
    };
    let Some(clinic) = caller.clinic else { return Err(Problem::new(Kind::Forbidden, language)) };
    let store = Arc::clone(&state.store);
    match (&form.patient, &form.personal) {
        (Some(patient), None) => {
            let patient = *patient;
            let known = web::block(move || {
                store.read(|conn| {
                    Ok::<_, baiyo_persistence::StoreError>(keystore::load_personal(conn, patient)?)
                })
            });
            let known = known.await.map_err(|_| Problem::new(Kind::Unavailable, language))?;
            match known.map_err(|error| Problem::of_store(&error, language))? {
                Some(known) if known.clinic == clinic => Ok((patient, known.sealed.digest, None)),
                _ => Err(Problem::because(
                    Kind::NotFound,
                    language,
                    "not_found",
                    Some("/patient"),
                    Kind::NotFound.title(language).into(),
                )),
            }
        }
        (None, Some(personal)) => {
            let patient = PatientId(Uuid::now_v7());
            let personal = Personal {
                name: personal.name.clone(),
                kana: personal.kana.clone(),
                birth_date: personal.birth_date,
            };
            let sealed = web::block(move || {
                let keys = store.keys();
                keys.new_patient_key(patient)?;
                let sealed = keys.seal_personal(patient, clinic, &personal)?;
                let index = keys.blind_index(&personal.name, &personal.birth_date);
                Ok::<_, keystore::KeyStoreError>(PersonalRow { patient, clinic, sealed, index })
            });
            let row = sealed.await.map_err(|_| Problem::new(Kind::Unavailable, language))?;
            let row = row.map_err(|error| {
                tracing::error!(%error, "the key store cannot be written");
                Problem::new(Kind::Unavailable, language)
            })?;
            Ok((patient, row.sealed.digest, Some(row)))
        }
        _ => Err(one_of()),
    }
}
