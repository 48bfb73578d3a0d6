//! `cargo xtask bill`: a bill of materials (CycloneDX 1.6, JSON) of the program as it is built: every library in it with its
//! version, its licence, its hash as Cargo.lock has it, and what it stands on. It needs no network.

use crate::test::cargo;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{ExitCode, Stdio};

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

fn of_product(root: &Path, features: &[&str]) -> Result<Value, String> {
    let mut asked = cargo(root);
    asked.args(["metadata", "--format-version", "1", "--locked", "--manifest-path", "crates/web/Cargo.toml"]);
    let ran = asked
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

/// The hash of each library's package, by name and version.
fn hashes(lock: &str) -> Result<BTreeMap<(String, String), String>, String> {
    let lock: toml::Table = lock.parse().map_err(|error| format!("Cargo.lock: {error}"))?;
    let packages = lock.get("package").and_then(toml::Value::as_array).ok_or("Cargo.lock: no packages")?;
    let text = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_string());
    let hash =
        |package| Some(((text(package, "name")?, text(package, "version")?), text(package, "checksum")?));
    Ok(packages.iter().filter_map(hash).collect())
}

/// The bill, from what `cargo metadata` tells: what the product stands on, and not what its tests do.
fn bill(told: &Value, hashes: &BTreeMap<(String, String), String>) -> Result<Value, String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let packages: BTreeMap<String, Value> =
        list(&told["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let for_tests_alone =
        |dependency: &Value| list(&dependency["dep_kinds"]).iter().all(|kind| kind["kind"] == "dev");
    let stands_on: BTreeMap<String, BTreeSet<String>> = list(&told["resolve"]["nodes"])
        .into_iter()
        .map(|node| {
            let on = list(&node["deps"]).into_iter().filter(|dependency| !for_tests_alone(dependency));
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
        // What only tests, benches or a feature that is off bring is not in the program.
        for other in ["proptest", "rcgen", "stories", "opentelemetry", "ureq"] {
            assert!(!names.contains(other), "{other}");
        }
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
