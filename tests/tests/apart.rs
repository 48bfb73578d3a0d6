//! What is kept apart: a demonstration from a real centre, both ways; and the keys from the records, in a place of their own.

use baiyo_domain::ids::SiteCode;
use baiyo_domain::site::Founding;
use baiyo_domain::text::Short;
use baiyo_persistence::StoreError;
use baiyo_persistence::accounts::{self, NewCredentials, Owner, Password};
use serde_json::json;
use std::os::unix::fs::symlink;
use stories::{Browser, Centre, PASSWORD_OF_SETUP, baiyo};

fn short(text: &str) -> Short {
    text.to_string().try_into().unwrap()
}

#[test]
fn a_demonstration_takes_no_real_centres_folder_and_a_real_centres_server_no_demonstration() {
    let arguments = |command, data| [command, "--data", data, "--listen", "127.0.0.1:0"];
    let mut real = Centre::open();
    let before = real.inspector().get("/people").ok();
    real.stop();
    let data = real.folder().to_str().unwrap().to_string();
    let ran = baiyo(real.location(), &arguments("demo", &data));
    assert_eq!(ran.code, 1, "{}", ran.printed);
    assert!(ran.printed.contains("holds a real centre's records"), "{}", ran.printed);
    assert!(!real.folder().join("demo-accounts.json").exists());
    real.start();
    assert_eq!(real.inspector().get("/people").ok(), before, "nothing was invented there");

    // A demonstration, as `baiyo demo` founds one.
    let (mut shown, link) = Centre::empty();
    let store = shown.store();
    let now = store.now().0;
    let invited =
        store.read(|conn| Ok::<_, StoreError>(accounts::setup_link(conn, &link, now)?)).unwrap().unwrap();
    let owner = Owner { sign_in: &invited.sign_in, name: "", centre: "" };
    let password = Password::new(PASSWORD_OF_SETUP, &owner, None).unwrap();
    store.set_password(NewCredentials::make(invited.person, &password, now).unwrap(), link, None).unwrap();
    let founding = Founding {
        name: short("Demonstration Centre"),
        code: SiteCode::try_from("DEMO".to_string()).unwrap(),
        facility_number: None,
        zone: short("Asia/Tokyo"),
        origin: short("demonstration.baiyo.local/x"),
        demonstration: true,
    };
    store.found(founding, &invited, short("KANRI Taro"), PASSWORD_OF_SETUP).unwrap();
    shown.stop();
    let data = shown.folder().to_str().unwrap().to_string();
    let ran = baiyo(shown.location(), &arguments("serve", &data));
    assert_eq!(ran.code, 1, "{}", ran.printed);
    assert!(ran.printed.contains("holds a demonstration; serve it with `baiyo demo`"), "{}", ran.printed);
}

#[test]
fn the_key_store_may_stand_in_a_place_of_its_own() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut centre = Centre::open();
    centre.stop();
    let (keys, volume) = (centre.folder().join("keys"), elsewhere.path().join("volume"));
    let done = std::process::Command::new("mv").args([&keys, &volume]).status().unwrap();
    assert!(done.success());
    // Without it the records are not opened with new keys.
    let data = centre.folder().to_str().unwrap().to_string();
    let serve = ["serve", "--data", &data, "--listen", "127.0.0.1:0"];
    let ran = baiyo(centre.location(), &serve);
    assert_eq!(ran.code, 1, "{}", ran.printed);
    std::fs::remove_dir_all(&keys).ok();
    symlink(&volume, &keys).unwrap();
    centre.start();
    // Signatures count, and a new patient's key is made there.
    let administrator = centre.administrator();
    let grant = format!("/people/{}/role_grant", centre.technician().id());
    administrator.sign(&grant, json!({ "role": "manufacturing_lead" }), "role_grant").ok();
    let own = centre.manager().account().clone();
    Browser::new(&centre).sign_in(&own.sign_in, &own.password).ok();
    assert!(centre.verify(&[]).is_sound());
    assert!(volume.join("checkpoint.seed").exists() && keys.is_symlink());
}
