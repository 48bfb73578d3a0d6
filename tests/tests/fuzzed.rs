//! The API fuzzed against its own document, by a program that knows nothing of it but that: every operation as each role.
//! No answer may be a failure of the server, or other than the document says, or given to whoever shows no valid token;
//! and when it is over the record must be sound.
//!
//! With `BAIYO_PROOF=full` each operation is tried 500 times as each role, otherwise a few times.

use baiyo::api::form_routes;
use baiyo_domain::authority::{Role, roles_for};
use std::collections::BTreeMap;
use std::process::Command;
use stories::{Centre, api, engine, tour, workspace};

/// What the document breaks is looked for in.
enum Looking {
    /// Invented requests, so many for each operation.
    Inventing(usize),
    /// Every field of these operations at, on and beyond the limits that the document gives.
    Everywhere(Vec<String>),
}

struct Fuzzed {
    /// How many requests were made.
    requests: usize,
    /// What was found; empty where nothing was.
    found: String,
}

/// Tries the operations as somebody.
fn fuzz(centre: &Centre, token: &str, looking: &Looking) -> Fuzzed {
    let program = xtask::packages::python_tools(workspace()).join("bin/st");
    assert!(program.exists(), "run `cargo xtask test` once, which installs it");
    let mut command = Command::new(program);
    command.arg("--config-file").arg(workspace().join("tests/fuzzing/schemathesis.toml"));
    command.arg("run").arg(format!("{}/api/v1/openapi.json", centre.address()));
    command.args(["--no-color", "--warnings", "off"]);
    match looking {
        Looking::Inventing(times) => {
            command.args(["--phases", "fuzzing", "--max-examples", &times.to_string()]);
        }
        Looking::Everywhere(operations) => {
            command.args(["--phases", "coverage"]);
            for operation in operations {
                command.args(["--include-operation-id", operation]);
            }
        }
    }
    // What it keeps of its runs goes where the rest of what is built does.
    let output = command.env("BAIYO_TOKEN", token).current_dir(workspace().join("target")).output();
    let output = output.expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let generated = printed.lines().find(|line| line.contains(" generated,"));
    let requests = generated.and_then(|line| line.split_whitespace().next()?.parse().ok());
    let requests = requests.unwrap_or_else(|| panic!("it said nothing of what it did: {printed}"));
    Fuzzed { requests, found: if output.status.success() { String::new() } else { printed } }
}

/// Whose each operation is first, by its identifier in the document.
fn operations_by_role() -> BTreeMap<Role, Vec<String>> {
    let actions: BTreeMap<String, Role> = form_routes()
        .iter()
        .filter_map(|route| Some((route.path.clone(), *roles_for(&route.action).first()?)))
        .collect();
    let mut mine: BTreeMap<Role, Vec<String>> = BTreeMap::new();
    for (path, item) in api()["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let role = actions.get(path).filter(|_| method == "post").copied().unwrap_or(Role::Inspector);
            // A correction holds any form of a batch: each of those is tried as itself.
            if path != "/batches/{id}/correction" {
                let id = operation["operationId"].as_str().expect("an identifier").to_string();
                mine.entry(role).or_default().push(id);
            }
        }
    }
    mine
}

#[test]
fn whatever_is_sent_to_any_operation_by_anybody_is_answered_as_documented() {
    let mut centre = Centre::open();
    tour::take(&mut centre);
    centre.stop();
    // The product itself, whose clock goes on: how much is refused within a minute is limited.
    centre.start_apart();
    let full = std::env::var("BAIYO_PROOF").is_ok_and(|proof| proof == "full");
    let mine = operations_by_role();
    let mut wrong = Vec::new();
    let mut requests = 0;
    for role in Role::ALL {
        let token = centre.role(role).account().token.clone();
        let everywhere = mine.get(&role).cloned().unwrap_or_default();
        let mut lookings = vec![Looking::Inventing(if full { 500 } else { 2 })];
        // Where the limits of fields are does not depend on the engine below.
        if !everywhere.is_empty() && !engine::is_postgres() {
            lookings.push(Looking::Everywhere(everywhere));
        }
        for looking in lookings {
            let fuzzed = fuzz(&centre, &token, &looking);
            requests += fuzzed.requests;
            if !fuzzed.found.is_empty() {
                wrong.push(format!("as {role:?}:\n{}", fuzzed.found));
            }
        }
    }
    assert!(wrong.is_empty(), "{} runs found something:\n{}", wrong.len(), wrong.join("\n"));
    assert!(requests >= if engine::is_postgres() { 2_000 } else { 8_000 }, "{requests} requests");
    println!("{requests} requests");
}
