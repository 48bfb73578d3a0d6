//! Test files that are about what the product is built with besides, as their packages' manifests say: run last, by
//! themselves, so that every other test meets the product as it is shipped.

use crate::tree::File;
use std::collections::BTreeSet;

/// A test file that needs features.
#[derive(Debug, PartialEq)]
pub struct Featured {
    /// The package that it belongs to.
    pub package: String,
    /// Its name.
    pub test: String,
    /// What it needs, as its package calls it.
    pub features: Vec<String>,
    /// Where it stands.
    pub file: String,
}

/// All of them.
pub fn among(files: &[File]) -> Vec<Featured> {
    let manifests = files.iter().filter(|(path, _)| path.ends_with("Cargo.toml"));
    manifests.flat_map(|(path, text)| of(path, text)).collect()
}

/// What cargo is told to run them.
pub fn arguments(featured: &[Featured]) -> Vec<String> {
    let named = |test: &Featured| {
        let package = test.package.clone();
        test.features.iter().map(move |feature| format!("{package}/{feature}")).collect::<Vec<_>>()
    };
    let features: BTreeSet<String> = featured.iter().flat_map(named).collect();
    let features = features.into_iter().collect::<Vec<_>>().join(",");
    let tests = featured.iter().flat_map(|test| ["--test".to_string(), test.test.clone()]);
    ["--features".to_string(), features].into_iter().chain(tests).collect()
}

fn of(path: &str, text: &str) -> Vec<Featured> {
    let Ok(manifest) = text.parse::<toml::Table>() else { return Vec::new() };
    let name = |table: Option<&toml::Value>| Some(table?.get("name")?.as_str()?.to_string());
    let Some(package) = name(manifest.get("package")) else { return Vec::new() };
    let tests = manifest.get("test").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let folder = path.trim_end_matches("Cargo.toml");
    let featured = tests.into_iter().filter_map(|test| {
        let features = test.get("required-features")?.clone().try_into().ok()?;
        let test = name(Some(&test))?;
        let file = format!("{folder}tests/{test}.rs");
        Some(Featured { package: package.clone(), test, features, file })
    });
    featured.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    #[test]
    fn every_test_file_that_needs_a_feature_is_run_with_it() {
        let manifest = "[package]\nname = \"stories\"\n[[test]]\nname = \"plain\"\n\
            [[test]]\nname = \"keys\"\nrequired-features = [\"a\", \"b\"]\n\
            [[test]]\nname = \"more\"\nrequired-features = [\"a\"]";
        let found = among(&[("tests/Cargo.toml".into(), manifest.into()), ("x.rs".into(), String::new())]);
        let files: Vec<&str> = found.iter().map(|test| test.file.as_str()).collect();
        assert_eq!(files, ["tests/tests/keys.rs", "tests/tests/more.rs"]);
        let told = ["--features", "stories/a,stories/b", "--test", "keys", "--test", "more"];
        assert_eq!(arguments(&found), told);
    }

    #[test]
    fn each_feature_of_ours_has_a_test_file() {
        let files = tree::files(&tree::root()).unwrap();
        let found = among(&files);
        let (_, manifest) = files.iter().find(|(path, _)| path == "tests/Cargo.toml").unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let features = manifest["features"].as_table().unwrap();
        // One that turns nothing on is there for what is still to come.
        let on = features.iter().filter(|(_, on)| on.as_array().is_some_and(|on| !on.is_empty()));
        for (feature, _) in on {
            assert!(found.iter().any(|test| test.features.contains(feature)), "{feature}");
        }
        for test in &found {
            assert!(files.iter().any(|(path, _)| *path == test.file), "{test:?}");
        }
    }
}
