//! Test files that are about what the product is built with besides, as their packages' manifests say: run last, with the
//! product's own unit tests, so that every other test meets the product as it is shipped.

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

/// The product, whose unit tests hold with every feature too.
const PRODUCT: &str = "baiyo";

/// The package whose tests keep records, on either engine.
const KEEPING: &str = "stories";

/// What cargo is told to run them, by the engine: on the embedded one all and the product's unit tests, then on PostgreSQL
/// whatever keeps records. Both are told of the same packages and features, so that all is built once.
pub fn runs(featured: &[Featured]) -> [(&'static str, Vec<String>); 2] {
    let packages: BTreeSet<&str> =
        featured.iter().map(|test| test.package.as_str()).chain([PRODUCT]).collect();
    let named = |test: &Featured| {
        let package = test.package.clone();
        test.features.iter().map(move |feature| format!("{package}/{feature}")).collect::<Vec<_>>()
    };
    let features: BTreeSet<String> = featured.iter().flat_map(named).collect();
    let features = features.into_iter().collect::<Vec<_>>().join(",");
    let mut built: Vec<String> =
        packages.iter().flat_map(|package| ["--package".to_string(), package.to_string()]).collect();
    built.extend(["--features".to_string(), features]);
    let told = |test: &Featured| ["--test".to_string(), test.test.clone()];
    let (mut all, mut keeping) = (built.clone(), built);
    all.push("--lib".to_string());
    all.extend(featured.iter().flat_map(told));
    keeping.extend(featured.iter().filter(|test| test.package == KEEPING).flat_map(told));
    [("embedded", all), ("postgres", keeping)]
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
        let stories = "[package]\nname = \"stories\"\n[[test]]\nname = \"plain\"\n\
            [[test]]\nname = \"keys\"\nrequired-features = [\"a\", \"b\"]\n\
            [[test]]\nname = \"more\"\nrequired-features = [\"a\"]";
        let shown = "[package]\nname = \"shown\"\n[[test]]\nname = \"seen\"\nrequired-features = [\"a\"]";
        let found = among(&[
            ("tests/Cargo.toml".into(), stories.into()),
            ("x.rs".into(), String::new()),
            ("shown/Cargo.toml".into(), shown.into()),
        ]);
        let files: Vec<&str> = found.iter().map(|test| test.file.as_str()).collect();
        assert_eq!(files, ["tests/tests/keys.rs", "tests/tests/more.rs", "shown/tests/seen.rs"]);
        let [(embedded, all), (postgres, keeping)] = runs(&found);
        let built =
            "--package baiyo --package shown --package stories --features shown/a,stories/a,stories/b";
        assert_eq!(embedded, "embedded");
        assert_eq!(all.join(" "), format!("{built} --lib --test keys --test more --test seen"));
        assert_eq!(postgres, "postgres");
        assert_eq!(keeping.join(" "), format!("{built} --test keys --test more"));
    }

    #[test]
    fn each_feature_of_ours_has_a_test_file() {
        let files = tree::files(&tree::root()).unwrap();
        let found = among(&files);
        let features = |manifest: &str| {
            let (_, text) = files.iter().find(|(path, _)| path == manifest).unwrap();
            let manifest: toml::Table = text.parse().unwrap();
            manifest["features"].as_table().unwrap().clone()
        };
        let of_stories = features("tests/Cargo.toml");
        for (feature, on) in &of_stories {
            assert!(found.iter().any(|test| test.features.contains(feature)), "{feature}");
            assert_eq!(*on, toml::Value::from(vec![format!("{PRODUCT}/{feature}")]), "{feature}");
        }
        for feature in features("crates/web/Cargo.toml").keys() {
            assert!(of_stories.contains_key(feature), "{feature}");
        }
        for test in &found {
            assert!(files.iter().any(|(path, _)| *path == test.file), "{test:?}");
        }
    }
}
