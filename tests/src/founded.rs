//! A founded centre to begin a story from: made once for each test program, then only copied.

use crate::engine;
use baiyo::demo::people;
use baiyo_domain::authority::Role;
use baiyo_domain::time::Time;
use baiyo_persistence::Store;
use baiyo_persistence::accounts;
use baiyo_persistence::clock::SetClock;
use baiyo_persistence::store::Location;
use baiyo_persistence::writer::JobError;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// A password for people that a story sets up itself.
pub const PASSWORD_OF_SETUP: &str = "three quiet herons";

/// A person of the centre or of a clinic, with what he signs in with.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub id: Uuid,
    /// The role.
    pub role: Role,
    /// Which clinic, for clinic staff.
    pub clinic: Option<Uuid>,
    /// The sign-in name.
    pub sign_in: String,
    /// The password.
    pub password: String,
    /// A token for the API.
    pub token: String,
}

/// The centre as founded: its files, its people, its clinics and the time then.
pub(crate) struct Founded {
    location: Location,
    files: Vec<(PathBuf, Vec<u8>)>,
    pub(crate) people: Vec<Member>,
    pub(crate) clinics: Vec<Uuid>,
    pub(crate) at: Time,
}

/// Monday, 2026-01-05, 09:00 in Tokyo.
pub(crate) fn beginning() -> Time {
    Time::from_micros(1_767_571_200_000_000).expect("a time")
}

/// The founded centre; never changed.
pub(crate) fn founded() -> &'static Founded {
    static FOUNDED: OnceLock<Founded> = OnceLock::new();
    FOUNDED.get_or_init(found)
}

impl Founded {
    /// Copies its records to a folder.
    pub(crate) fn copy_to(&self, folder: &Path) -> Location {
        for (name, bytes) in &self.files {
            let target = folder.join(name);
            std::fs::create_dir_all(target.parent().expect("a file stands in a folder")).expect("a folder");
            std::fs::write(target, bytes).expect("a copied file");
        }
        engine::copied(folder, &self.location)
    }
}

fn found() -> Founded {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(SetClock::at(beginning()));
    let location = engine::fresh(folder.path());
    let store = Store::open_at(&location, clock.clone()).expect("an empty store");
    let staff = people::found(&store, &clock, false).expect("a founded centre");
    let (at, _) = store.now();
    let mut members = Vec::new();
    for member in &staff.everybody {
        let person = member.acting.person;
        let token = store.write(move |conn| {
            const DAYS: u16 = 3650;
            accounts::make_api_token(conn, person, "stories", at, DAYS).map_err(JobError::<()>::Database)
        });
        members.push(Member {
            id: person.0,
            role: member.role,
            clinic: member.clinic.map(|clinic| clinic.0),
            sign_in: member.sign_in.to_string(),
            password: member.password.clone(),
            token: token.map_err(|_| "no token").expect("a token").as_str().to_string(),
        });
    }
    drop(store);
    let mut files = Vec::new();
    collect(folder.path(), folder.path(), &mut files);
    Founded {
        location,
        files,
        people: members,
        clinics: staff.clinics.iter().map(|clinic| clinic.0).collect(),
        at,
    }
}

pub(crate) fn collect(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for item in std::fs::read_dir(folder).expect("a folder") {
        let path = item.expect("an item").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("below the folder").to_path_buf();
            files.push((name, std::fs::read(&path).expect("a file")));
        }
    }
}
