//! What lists and single things look like as JSON: the rows of each list, an order, a standard, a quality event, the
//! entries of a record.

use baiyo_domain::event::Event;
use baiyo_domain::ids::{BatchId, ClinicId, OrderId, PersonId, QualityEventId, StandardId};
use baiyo_domain::journal::source::Source;
use baiyo_domain::time::Time;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// One page of a list.
#[derive(Serialize, JsonSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins (`?after=`), if there is one.
    pub next: Option<String>,
}

/// A batch on the board.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct BatchItem {
    pub id: Uuid,
    pub label: String,
    pub clinic: Uuid,
    pub order: Uuid,
    pub pseudonym: String,
    pub standard: String,
    pub purpose: String,
    pub status: String,
    pub blockers: i32,
    pub containers: i32,
    pub released: i32,
    pub opened_at: Time,
    pub changed_at: Time,
    pub version: i32,
}

/// An order on the list.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct OrderItem {
    pub id: Uuid,
    pub label: String,
    pub clinic: Uuid,
    pub patient: Uuid,
    pub pseudonym: String,
    pub purpose: String,
    pub status: String,
    pub placed_at: Time,
    pub version: i32,
}

/// An order.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct OrderView {
    pub id: OrderId,
    pub label: String,
    pub clinic: ClinicId,
    pub placed: baiyo_domain::order::Placement,
    pub plan: baiyo_domain::order::Plan,
    pub standing: baiyo_domain::order::OrderStanding,
    pub batches: Vec<BatchId>,
    pub version: u32,
}

/// A person.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct PersonItem {
    pub id: Uuid,
    pub sign_in: String,
    pub name: String,
    pub clinic: Option<Uuid>,
    pub roles: Vec<String>,
    pub status: String,
    pub version: i32,
}

/// A standard's version.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct StandardItem {
    pub id: Uuid,
    pub code: String,
    pub edition: i32,
    pub title_en: String,
    pub title_ja: String,
    pub status: String,
    pub version: i32,
}

/// A standard's version with its content.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct StandardView {
    pub id: StandardId,
    pub standing: baiyo_domain::standard::Standing,
    pub standard: baiyo_domain::standard::Standard,
    pub version: u32,
}

/// A quality event on the list.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct QualityEventItem {
    pub id: Uuid,
    pub title: String,
    pub status: String,
    pub opened_at: Time,
    pub batches: i32,
    pub version: i32,
}

/// A quality event.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct QualityEventView {
    pub id: QualityEventId,
    /// What opened it: a person's report, or a fact out of bounds.
    pub opening: Value,
    pub batches: Vec<(BatchId, Option<baiyo_domain::quality_event::Impact>)>,
    pub closed: bool,
    pub version: u32,
}

/// A clinic.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct ClinicItem {
    pub id: ClinicId,
    pub name: String,
    pub number: Option<String>,
    pub closed: bool,
}

/// An incubator.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct IncubatorItem {
    pub name: String,
    pub shelves: u16,
    pub vessels_per_shelf: u16,
    /// The vessels that fit in; 0 where it is no longer used.
    pub capacity: usize,
    /// Whether it is no longer used.
    pub retired: bool,
}

/// A stop message that is not acknowledged.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct StopItem {
    /// Its entry, as the acknowledgement names it.
    pub entry: Uuid,
    pub batch: Uuid,
    pub container: i32,
    pub clinic: Uuid,
    pub issued_at: Time,
}

/// One entry of a record.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct EntryView {
    pub entry: Uuid,
    pub version: u32,
    pub kind: String,
    pub occurred_at: Time,
    pub recorded_at: Time,
    pub performer: PersonId,
    pub performer_name: String,
    pub recorder: PersonId,
    pub recorder_name: String,
    pub hash: baiyo_domain::journal::Hash,
    /// From where it was handed in: nothing where no session or token brought it, or before that was recorded.
    pub source: Option<Source>,
    /// The fact as recorded.
    pub event: Event,
    /// The signature, where it is a signing.
    pub signature: Option<SignatureView>,
    /// The corrections of it, oldest first.
    pub corrected_by: Vec<Uuid>,
}

/// A signature as it is shown: name, time, meaning.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct SignatureView {
    pub person: PersonId,
    pub name: String,
    pub key: Uuid,
    pub meaning: String,
    pub at: Time,
    /// How many entries it covers.
    pub covers: usize,
    /// The entry since which it no longer counts.
    pub voided_by: Option<Uuid>,
}

/// The person signed in.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Me {
    pub person: PersonId,
    pub name: String,
    pub sign_in: String,
    pub roles: Vec<baiyo_domain::authority::Role>,
    pub clinic: Option<ClinicId>,
    /// Whether a registered key lets this person sign.
    pub can_sign: bool,
}

/// A patient's name and birth date, for the clinic that ordered.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct RecipientView {
    pub patient: Uuid,
    pub name: String,
    pub kana: Option<String>,
    pub birth_date: String,
}

/// That a person was shown a patient's name, first on that day.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct DisclosureItem {
    pub patient: Uuid,
    /// What staff call the patient.
    pub pseudonym: Option<String>,
    pub person: PersonId,
    pub person_name: String,
    /// The page or operation, as a pattern without identifiers.
    pub route: String,
    /// When first on a day of the UTC calendar.
    pub shown_at: Time,
}

/// Everybody's access, for reviewing it.
#[derive(Serialize, JsonSchema)]
pub struct AccessView {
    /// The newest review that was recorded.
    pub last_review: Option<ReviewItem>,
    /// Whether none was recorded within the last 365 days.
    pub review_due: bool,
    /// Everybody who ever had an account, by sign-in name.
    pub items: Vec<AccessItem>,
}

/// A review of access as it was recorded.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct ReviewItem {
    pub recorded_at: Time,
    pub reviewed_by: String,
    pub from: Time,
    pub until: Time,
    pub findings: String,
}

/// One person's access.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct AccessItem {
    pub person: PersonId,
    pub name: String,
    pub sign_in: String,
    pub clinic: Option<ClinicId>,
    /// When he left, if he did.
    pub left_at: Option<Time>,
    /// The roles held now.
    pub roles: Vec<HeldRole>,
    /// Deputyships now and to come.
    pub deputyships: Vec<HeldDeputyship>,
    pub key: KeyState,
    pub signed_in_last: Option<Time>,
    /// Whether nobody signed in with this account for 90 days; an account that was never used, since its invitation.
    pub unused: bool,
    /// Tokens for programs that are in force.
    pub tokens: Vec<TokenItem>,
}

/// A role held now.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct HeldRole {
    pub role: baiyo_domain::authority::Role,
    pub since: Time,
    pub granted_by: String,
}

/// A deputyship now or to come.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct HeldDeputyship {
    pub role: baiyo_domain::authority::Role,
    pub from: Time,
    pub until: Time,
    pub named_by: String,
}

/// How a person's key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// He made none.
    None,
    /// A new one waits for its registration: nothing is done in his name.
    Waiting,
    /// One is registered.
    Registered,
}

impl KeyState {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            KeyState::None => "none",
            KeyState::Waiting => "waiting",
            KeyState::Registered => "registered",
        }
    }
}

/// A token for programs, in force.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct TokenItem {
    pub name: String,
    /// The instrument it was given to, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    pub until: Time,
}

/// What a scanned label stands for.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct LabelView {
    pub label: String,
    pub batch: BatchId,
    /// The number of the part within its batch.
    pub part: Option<u16>,
}

/// The newest checkpoint.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct CheckpointView {
    /// The signed note (C2SP).
    pub note: Option<String>,
    /// The key it is verified with (C2SP).
    pub vkey: Option<String>,
}
