//! The demonstration's people: the centre is founded, clinics are registered, everybody is invited, sets a
//! password, has his key registered and gets his role, as in a real centre.

use super::{Account, DemoError};
use crate::acting::{Acting, ActingError};
use baiyo_domain::authority::{Role, roles_for};
use baiyo_domain::decision::Command;
use baiyo_domain::ids::{ClinicId, PersonId, SiteCode};
use baiyo_domain::people::{IdentityConfirmation, Invitation, KeyRegistration, RoleGrant, SignIn};
use baiyo_domain::site::{self, ClinicRegistration, Founding};
use baiyo_domain::text::{Note, Short};
use baiyo_persistence::accounts::{self, NewCredentials, Owner, Password};
use baiyo_persistence::clock::SetClock;
use baiyo_persistence::founding::{FIRST_SIGN_IN, FoundingError};
use baiyo_persistence::writer::JobError;
use baiyo_persistence::{Store, StoreError, journal};
use uuid::Uuid;

/// Everybody in the demonstration.
pub struct Staff {
    /// All, with what they sign in with.
    pub everybody: Vec<Member>,
    /// The clinics.
    pub clinics: Vec<ClinicId>,
}

/// One person.
pub struct Member {
    /// Acts for him.
    pub acting: Acting,
    /// The printed name.
    pub name: &'static str,
    /// The role.
    pub role: Role,
    /// The clinic, for clinic staff.
    pub clinic: Option<ClinicId>,
    /// The sign-in name.
    pub sign_in: &'static str,
    /// The password.
    pub password: String,
}

impl Staff {
    /// The person with this sign-in name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, sign_in: &str) -> Result<&Acting, DemoError> {
        let found = self.everybody.iter().find(|member| member.sign_in == sign_in);
        found
            .map(|member| &member.acting)
            .ok_or_else(|| DemoError::Seed(format!("nobody is called {sign_in}")))
    }
}

/// Name, sign-in name, role, which clinic.
const PEOPLE: [(&str, &str, Role, Option<usize>); 13] = [
    ("山田 花子 YAMADA Hanako", "yamada", Role::Technician, None),
    ("佐々木 健 SASAKI Ken", "sasaki", Role::Technician, None),
    ("高橋 直樹 TAKAHASHI Naoki", "takahashi", Role::ManufacturingLead, None),
    ("伊藤 美咲 ITO Misaki", "ito", Role::QcAnalyst, None),
    ("渡辺 翔 WATANABE Sho", "watanabe", Role::QcAnalyst, None),
    ("中村 恵 NAKAMURA Megumi", "nakamura", Role::Releaser, None),
    ("小林 誠 KOBAYASHI Makoto", "kobayashi", Role::FacilityManager, None),
    ("加藤 由美 KATO Yumi", "kato", Role::Coordinator, Some(0)),
    ("吉田 浩 YOSHIDA Hiroshi", "yoshida", Role::Physician, Some(0)),
    ("松本 彩 MATSUMOTO Aya", "matsumoto", Role::Coordinator, Some(1)),
    ("井上 学 INOUE Manabu", "inoue", Role::Physician, Some(1)),
    ("木村 薫 KIMURA Kaoru", "kimura", Role::Inspector, None),
    ("清水 隆 SHIMIZU Takashi", "shimizu", Role::Technician, None),
];

const CLINICS: [&str; 2] = ["青葉再生クリニック", "みなと整形外科"];

/// Founds the demonstration centre and takes everybody on. The stories found theirs in the same way, but as a real
/// centre, which `baiyo serve` serves.
///
/// # Errors
/// A step is refused, or the records cannot be written.
pub fn found(store: &Store, clock: &SetClock, demonstration: bool) -> Result<Staff, DemoError> {
    let administrator_password = invented_password()?;
    let admin = first_administrator(store, &administrator_password, demonstration)?;
    clock.advance_minutes(30);
    let mut clinics = Vec::new();
    for name in CLINICS {
        let form = ClinicRegistration { name: short(name)?, number: None };
        admin.record(store, Command::Site(site::Command::from(form)))?;
        clock.advance_minutes(2);
    }
    let known = store.read(|conn| {
        let stream = journal::site_stream(conn)?;
        let world =
            stream.map(|stream| baiyo_persistence::reading::stream(conn, stream)).transpose()?.flatten();
        Ok::<_, StoreError>(world.and_then(|world| world.site))
    })?;
    for name in CLINICS {
        let site = known.iter().flat_map(|site| &site.clinics);
        clinics.extend(site.filter(|(_, clinic)| clinic.name.as_str() == name).map(|(id, _)| *id));
    }
    let mut everybody = vec![Member {
        acting: admin.clone(),
        name: "管理 太郎 KANRI Taro",
        role: Role::Administrator,
        clinic: None,
        sign_in: FIRST_SIGN_IN,
        password: administrator_password,
    }];
    for (name, sign_in, role, clinic) in PEOPLE {
        let clinic = clinic.and_then(|index| clinics.get(index).copied());
        let password = invented_password()?;
        let confirms = |member: &&Member| {
            member.sign_in != FIRST_SIGN_IN
                && roles_for("person.identity_confirmation").contains(&member.role)
        };
        let second = everybody.iter().find(confirms);
        let acting = take_on(store, clock, &admin, second, name, sign_in, role, clinic, &password)?;
        everybody.push(Member { acting, name, role, clinic, sign_in, password });
    }
    Ok(Staff { everybody, clinics })
}

fn first_administrator(store: &Store, password: &str, demonstration: bool) -> Result<Acting, DemoError> {
    let link = store.first_link(1)?;
    let (now, _) = store.now();
    let token = link.as_str().to_string();
    let invited = store.read(|conn| Ok::<_, StoreError>(accounts::setup_link(conn, link.as_str(), now)?))?;
    let invited = invited.ok_or(FoundingError::Link(accounts::LinkEnded))?;
    let accepted = Password::new(password, &Owner { sign_in: &invited.sign_in, name: "", centre: "" }, None)
        .map_err(|problems| DemoError::Seed(format!("an invented password {problems:?}")))?;
    let credentials = NewCredentials::make(invited.person, &accepted, now).map_err(FoundingError::from)?;
    store.set_password(credentials, token, None)?;
    let founding = Founding {
        name: short("培養デモセンター Baiyo Demonstration Centre")?,
        code: SiteCode::try_from("DEMO".to_string()).map_err(DemoError::Seed)?,
        facility_number: Some(short("FA0000000")?),
        zone: short("Asia/Tokyo")?,
        origin: short(&format!("demonstration.baiyo.local/{}", Uuid::now_v7().simple()))?,
        demonstration,
    };
    store.found(founding, &invited, short("管理 太郎 KANRI Taro")?, password)?;
    Ok(Acting::known(invited.person, password.to_string()))
}

#[allow(clippy::too_many_arguments)]
fn take_on(
    store: &Store,
    clock: &SetClock,
    admin: &Acting,
    second: Option<&Member>,
    name: &str,
    sign_in: &str,
    role: Role,
    clinic: Option<ClinicId>,
    password: &str,
) -> Result<Acting, DemoError> {
    let person = PersonId(Uuid::now_v7());
    let sign_in = SignIn::try_from(sign_in.to_string()).map_err(DemoError::Seed)?;
    let invitation = Invitation { name: short(name)?, sign_in: sign_in.clone(), clinic };
    admin.record(store, Command::Person(person, invitation.into()))?;
    clock.advance_minutes(3);
    let (acting, key) = admin.set_up(store, person, &sign_in, password)?;
    let second_checker = second.map(|second| second.acting.person);
    if let Some(second) = second {
        let identity_check = note("面識あり / known in person")?;
        second
            .acting
            .sign(store, Command::Person(person, IdentityConfirmation { key, identity_check }.into()))?;
    }
    let registration = KeyRegistration {
        key,
        identity_check: note("運転免許証を確認 / driving licence seen")?,
        second_checker,
    };
    admin.sign(store, Command::Person(person, registration.into()))?;
    admin.sign(store, Command::Person(person, RoleGrant { role }.into()))?;
    clock.advance_minutes(2);
    Ok(acting)
}

/// The accounts as they are written beside the database, each with a token for the API.
///
/// # Errors
/// The records cannot be written.
pub fn accounts(store: &Store, staff: &Staff) -> Result<Vec<Account>, ActingError> {
    const DAYS: u16 = 365;
    let real = baiyo_persistence::clock::Clock::now(&baiyo_persistence::clock::SystemClock);
    staff
        .everybody
        .iter()
        .map(|member| {
            let person = member.acting.person;
            let token = store.write(move |conn| {
                accounts::make_api_token(conn, person, "demonstration", real, DAYS)
                    .map_err(JobError::<StoreError>::Database)
            });
            let token = token.map_err(|error| StoreError::Database(error.to_string()))?;
            let role =
                serde_json::to_value(member.role).ok().and_then(|role| role.as_str().map(String::from));
            Ok(Account {
                name: member.name.into(),
                role: role.unwrap_or_default(),
                clinic: member.clinic,
                sign_in: member.sign_in.into(),
                password: member.password.clone(),
                api_token: token.as_str().to_string(),
            })
        })
        .collect()
}

/// A password that nobody chose: 4 groups of 4 from an alphabet without look-alikes.
fn invented_password() -> Result<String, DemoError> {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| DemoError::Seed(error.to_string()))?;
    let letters: Vec<char> = bytes.iter().map(|byte| ALPHABET[usize::from(byte % 32)] as char).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

pub(super) fn short(text: &str) -> Result<Short, DemoError> {
    Short::try_from(text.to_string()).map_err(|error| DemoError::Seed(error.to_string()))
}

pub(super) fn note(text: &str) -> Result<Note, DemoError> {
    Note::try_from(text.to_string()).map_err(|error| DemoError::Seed(error.to_string()))
}
