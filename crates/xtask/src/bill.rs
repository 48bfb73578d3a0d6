//! `cargo xtask bill`: a bill of materials (CycloneDX 1.6, JSON) of the program as it is built for this system: every
//! library in it with its version, its licence, its hash as Cargo.lock has it, and what it stands on. What runs only while
//! it is built, in build scripts and as procedural macros, is not in it. It needs no network.

use crate::test::cargo;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

const BILL: &str = "target/baiyo.cdx.json";
const PRODUCT: &str = "baiyo";

/// Writes the bill of the program that is built with these arguments of cargo, such as `--features otlp`.
pub fn write(root: &Path, features: &[&str]) -> Result<ExitCode, String> {
    let bill = of_product(root, features)?;
    let text = serde_json::to_string_pretty(&bill).map_err(|error| error.to_string())?;
    let file = root.join(BILL);
    fs::create_dir_all(root.join("target")).map_err(|error| error.to_string())?;
    fs::write(&file, text + "\n").map_err(|error| format!("{BILL}: {error}"))?;
    println!("{BILL}: {} libraries", bill["components"].as_array().map_or(0, Vec::len));
    Ok(ExitCode::SUCCESS)
}

/// The libraries in that program, by name and version.
///
/// # Errors
/// What cargo tells cannot be read.
pub fn libraries(root: &Path, features: &[&str]) -> Result<BTreeSet<(String, String)>, String> {
    let bill = of_product(root, features)?;
    let components = bill["components"].as_array().ok_or("the bill names no libraries")?;
    let text = |component: &Value, key: &str| component[key].as_str().unwrap_or_default().to_string();
    Ok(components.iter().map(|component| (text(component, "name"), text(component, "version"))).collect())
}

fn of_product(root: &Path, features: &[&str]) -> Result<Value, String> {
    let mut asked = cargo(root);
    asked.args(["metadata", "--format-version", "1", "--locked", "--manifest-path", "crates/web/Cargo.toml"]);
    let ran = asked
        .args(["--filter-platform", &this_system()?])
        .args(features)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if !ran.status.success() {
        return Err("`cargo metadata` failed".into());
    }
    let told = serde_json::from_slice(&ran.stdout).map_err(|error| format!("`cargo metadata`: {error}"))?;
    let lock = fs::read_to_string(root.join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    bill(&told, &hashes(&lock)?)
}

/// The system for which the compiler builds here, as it calls it.
fn this_system() -> Result<String, String> {
    let ran = Command::new("rustc").arg("-vV").output().map_err(|error| format!("rustc -vV: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("`rustc -vV` names no host")?.to_string())
}

/// The hash of each library's package, by name and version.
fn hashes(lock: &str) -> Result<BTreeMap<(String, String), String>, String> {
    let lock: toml::Table = lock.parse().map_err(|error| format!("Cargo.lock: {error}"))?;
    let packages = lock.get("package").and_then(toml::Value::as_array).ok_or("Cargo.lock: no packages")?;
    let text = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_string());
    let hash =
        |package| Some(((text(package, "name")?, text(package, "version")?), text(package, "checksum")?));
    Ok(packages.iter().filter_map(hash).collect())
}

/// The bill, from what `cargo metadata` tells: what the product stands on, and not what its tests and its building do.
fn bill(told: &Value, hashes: &BTreeMap<(String, String), String>) -> Result<Value, String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let packages: BTreeMap<String, Value> =
        list(&told["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    // The compiler runs a procedural macro; what it writes is in the program, and it is not.
    let writes_code = |id: &Value| {
        let targets = packages.get(&text(id)).map(|package| list(&package["targets"])).unwrap_or_default();
        targets.iter().any(|target| list(&target["kind"]).iter().any(|kind| kind == "proc-macro"))
    };
    // The other kinds are `dev` and `build`.
    let is_inside = |dependency: &Value| {
        let kinds = list(&dependency["dep_kinds"]);
        kinds.iter().any(|kind| kind["kind"].is_null()) && !writes_code(&dependency["pkg"])
    };
    let stands_on: BTreeMap<String, BTreeSet<String>> = list(&told["resolve"]["nodes"])
        .into_iter()
        .map(|node| {
            let on = list(&node["deps"]).into_iter().filter(is_inside);
            (text(&node["id"]), on.map(|dependency| text(&dependency["pkg"])).collect())
        })
        .collect();
    let product = packages.values().find(|package| package["name"] == PRODUCT && package["source"].is_null());
    let product = product.ok_or(format!("there is no {PRODUCT}"))?;
    let (mut inside, mut ahead) = (BTreeSet::new(), vec![text(&product["id"])]);
    while let Some(next) = ahead.pop() {
        if inside.insert(next.clone()) {
            ahead.extend(stands_on.get(&next).into_iter().flatten().cloned());
        }
    }
    let named = |id: &String| {
        let package = &packages[id];
        format!("pkg:cargo/{}@{}", text(&package["name"]), text(&package["version"]))
    };
    let mut components = Vec::new();
    for id in &inside {
        let package = &packages[id];
        let (name, version) = (text(&package["name"]), text(&package["version"]));
        let licence = package["license"].as_str().ok_or(format!("{name} {version} names no licence"))?;
        let mut component = json!({
            "type": if name == PRODUCT { "application" } else { "library" },
            "bom-ref": named(id),
            "name": name,
            "version": version,
            "purl": named(id),
            "licenses": [{ "expression": licence.replace('/', " OR ") }],
        });
        // What is of this workspace comes from no registry.
        if !package["source"].is_null() {
            let hash = hashes
                .get(&(name.clone(), version.clone()))
                .ok_or(format!("{name} {version} has no hash"))?;
            component["hashes"] = json!([{ "alg": "SHA-256", "content": hash }]);
        }
        components.push(component);
    }
    let (own, libraries): (Vec<Value>, Vec<Value>) =
        components.into_iter().partition(|component| component["type"] == "application");
    let dependencies = inside.iter().map(|id| {
        let on: Vec<String> = stands_on.get(id).into_iter().flatten().map(named).collect();
        json!({ "ref": named(id), "dependsOn": on })
    });
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": own.first() },
        "components": libraries,
        "dependencies": dependencies.collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bill_names_every_library_of_the_program_with_licence_and_hash() {
        let root = crate::tree::root();
        let bill = of_product(&root, &[]).unwrap();
        assert_eq!(bill["metadata"]["component"]["name"], PRODUCT);
        let names: BTreeSet<&str> =
            bill["components"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
        for library in ["actix-web", "diesel", "rustls", "ring", "libsqlite3-sys", "baiyo-domain"] {
            assert!(names.contains(library), "{library}");
        }
        // What only tests, benches or a feature that is off bring is not in the program, nor what only builds it.
        for other in ["proptest", "rcgen", "stories", "opentelemetry", "ureq", "cc", "serde_derive", "syn"] {
            assert!(!names.contains(other), "{other}");
        }
        // tokio and others stand on it, on that system alone.
        assert_eq!(names.contains("windows-sys"), cfg!(windows));
        for one in bill["components"].as_array().unwrap() {
            let ours = one["name"].as_str().unwrap().starts_with("baiyo-");
            let hash = one["hashes"][0]["content"].as_str().unwrap_or_default();
            assert!(ours || hash.len() == 64, "{one}");
            assert!(!one["licenses"][0]["expression"].as_str().unwrap().is_empty(), "{one}");
        }
        let with = of_product(&root, &["--features", "otlp"]).unwrap();
        let with = with["components"].as_array().unwrap();
        assert!(with.iter().any(|one| one["name"] == "opentelemetry-otlp"));
    }

    #[test]
    fn what_only_tests_or_builds_the_program_is_not_in_it() {
        let package = |name: &str, kind: &str| {
            let targets = json!([{ "kind": [kind] }]);
            json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT", "targets": targets })
        };
        let on = |name: &str, kinds: &[Option<&str>]| {
            let kinds: Vec<Value> = kinds.iter().map(|kind| json!({ "kind": kind })).collect();
            json!({ "pkg": name, "dep_kinds": kinds })
        };
        let told = json!({
            "packages": [
                package("baiyo", "bin"), package("both", "lib"), package("tests", "lib"), package("builds", "lib"),
                package("writes", "proc-macro"), package("parses", "lib"), package("below", "lib"),
            ],
            "resolve": { "nodes": [
                { "id": "baiyo", "deps": [
                    on("both", &[Some("dev"), None]), on("tests", &[Some("dev")]),
                    on("builds", &[Some("build")]), on("writes", &[None]),
                ] },
                { "id": "writes", "deps": [on("parses", &[None])] },
                { "id": "both", "deps": [on("below", &[None])] },
            ] },
        });
        let made = bill(&told, &BTreeMap::new()).unwrap();
        let names = made["components"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), ["below", "both"]);
        let named: Vec<&Value> = made["dependencies"].as_array().unwrap().iter().collect();
        assert_eq!(named[0]["dependsOn"], json!(["pkg:cargo/both@1.0.0"]));
        assert_eq!(named.len(), 3);
    }

    #[test]
    fn what_names_no_licence_or_has_no_hash_is_no_bill() {
        let told = |licence: Value| {
            json!({
                "packages": [
                    { "id": "p", "name": "baiyo", "version": "1.0.0", "license": "MIT", "source": null },
                    { "id": "a", "name": "a", "version": "2.0.0", "license": licence, "source": "registry" },
                ],
                "resolve": { "nodes": [
                    { "id": "p", "deps": [{ "pkg": "a", "dep_kinds": [{ "kind": null }] }] },
                    { "id": "a", "deps": [] },
                ]},
            })
        };
        let hashes = BTreeMap::from([(("a".to_string(), "2.0.0".to_string()), "00".to_string())]);
        let made = bill(&told(json!("MIT/Apache-2.0")), &hashes).unwrap();
        assert_eq!(made["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(made["dependencies"][1]["dependsOn"], json!(["pkg:cargo/a@2.0.0"]));
        assert_eq!(bill(&told(json!(null)), &hashes), Err("a 2.0.0 names no licence".into()));
        assert_eq!(bill(&told(json!("MIT")), &BTreeMap::new()), Err("a 2.0.0 has no hash".into()));
    }
}
