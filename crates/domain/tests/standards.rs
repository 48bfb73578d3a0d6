//! The standards that come with the product and those of the replays: each loads, each could be approved, and
//! each rule of approval finds the one fault put into a good file.

use baiyo_domain::quantity::Number;
use baiyo_domain::refusal::Reason;
use baiyo_domain::standard::{
    Attribute, Criterion, Form, Pooling, Purpose, REQUIRED, Replicates, Stage, Standard, StandardFault, Test,
};
use std::path::{Path, PathBuf};

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> Standard {
    let text = std::fs::read_to_string(path).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn product(name: &str) -> Standard {
    read(&folder("../../config/standards").join(format!("{name}.toml")))
}

fn fresh() -> Standard {
    product("adipose-msc-autologous-fresh")
}

fn number(text: &str) -> Number {
    text.parse().unwrap()
}

fn test<'a>(standard: &'a mut Standard, code: &str) -> &'a mut Test {
    standard.tests.iter_mut().find(|test| test.code.as_str() == code).unwrap()
}

fn faults(standard: &Standard) -> Vec<StandardFault> {
    let fault = |reason| match reason {
        Reason::StandardFault { fault, .. } => Some(fault),
        _ => None,
    };
    standard.faults().into_iter().filter_map(fault).collect()
}

#[test]
fn every_standard_in_the_folders_loads_and_could_be_approved() {
    let mut found = 0;
    for place in ["../../config/standards", "tests/fixtures/standards"] {
        for file in std::fs::read_dir(folder(place)).unwrap() {
            let path = file.unwrap().path();
            let standard = read(&path);
            assert_eq!(standard.faults(), [], "{}", path.display());
            found += 1;
        }
    }
    assert_eq!(found, 8);
}

#[test]
fn each_required_attribute_must_be_mandated_not_only_watched() {
    for attribute in REQUIRED {
        let mut standard = fresh();
        standard.tests.retain(|test| !matches!(test.purpose, Purpose::Surveillance { .. }));
        for test in standard.tests.iter_mut().filter(|test| test.attribute == attribute) {
            test.purpose = Purpose::Information;
        }
        let missing = |reason: &Reason| *reason == Reason::AttributeNotMandated { attribute };
        assert!(standard.faults().iter().any(missing), "{attribute:?}");
        let only_it = |reason: &Reason| {
            missing(reason)
                || *reason == Reason::StandardFault { fault: StandardFault::NoSterilityOnFill, test: None }
        };
        assert!(standard.faults().iter().all(only_it), "{attribute:?}: {:?}", standard.faults());
    }
}

/// One way to put each fault into a good standard; the list is complete because the match is.
fn spoil(fault: StandardFault) -> Vec<Standard> {
    let mut one = fresh();
    let mut more = Vec::new();
    match fault {
        StandardFault::NoSterilityOnFill => {
            one.tests.retain(|test| !matches!(test.purpose, Purpose::Surveillance { .. }));
            test(&mut one, "STERILITY-RAPID").stage = Stage::Harvest;
        }
        StandardFault::CodeTwice => {
            let again = test(&mut one, "VIABILITY").clone();
            one.tests.push(again);
        }
        StandardFault::SurveillanceAlone => {
            for partner in ["VIABILITY", "STERILITY-14D", "NO-SUCH-TEST"] {
                let mut standard = fresh();
                let late_positive = "stop".to_string().try_into().unwrap();
                test(&mut standard, "STERILITY-14D").purpose =
                    Purpose::Surveillance { beside: partner.to_string().try_into().unwrap(), late_positive };
                more.push(standard);
            }
            let late_positive = "stop".to_string().try_into().unwrap();
            let beside = "DOUBLING-TIME".to_string().try_into().unwrap();
            test(&mut one, "GRAM-STAIN").purpose = Purpose::Surveillance { beside, late_positive };
        }
        StandardFault::ReportsTooLate => {
            // 48 h less 12 h of transport and 1 h of preparation leave 35 h.
            test(&mut one, "STERILITY-RAPID").turnaround = number("35.5").try_into().unwrap();
            let mut on_thaw = fresh();
            test(&mut on_thaw, "APPEARANCE").stage = Stage::Thaw;
            let mut late_thaw = product("adipose-msc-autologous-frozen");
            test(&mut late_thaw, "VIABILITY-THAW").turnaround = number("4").try_into().unwrap();
            let mut mandated = fresh();
            test(&mut mandated, "STERILITY-14D").purpose = Purpose::Mandated;
            more.extend([on_thaw, late_thaw, mandated]);
        }
        StandardFault::NoBank => test(&mut one, "MYCOPLASMA").stage = Stage::Bank,
        StandardFault::DonorStage => {
            test(&mut one, "GRAM-STAIN").stage = Stage::Donor;
            let mut elsewhere = fresh();
            test(&mut elsewhere, "DONOR-PANEL").stage = Stage::Fill;
            test(&mut elsewhere, "DONOR-PANEL").turnaround = number("1").try_into().unwrap();
            more.push(elsewhere);
        }
        StandardFault::LimitsUpsideDown => {
            test(&mut one, "COUNT").criterion = Criterion::Between { least: number("2"), most: number("1") };
            let changes: [fn(&mut Standard); 6] = [
                |s| std::mem::swap(&mut s.process.seeding_density.least, &mut s.process.seeding_density.most),
                |s| {
                    let days = s.process.culture_days.as_mut().unwrap();
                    std::mem::swap(&mut days.least, &mut days.most);
                },
                |s| std::mem::swap(&mut s.dose.least_cells, &mut s.dose.most_cells),
                |s| std::mem::swap(&mut s.keeping.storage.least, &mut s.keeping.storage.most),
                |s| {
                    let range = &mut s.keeping.transport.temperature;
                    std::mem::swap(&mut range.least, &mut range.most);
                },
                |s| {
                    let range = &mut s.keeping.tissue.as_mut().unwrap().temperature;
                    std::mem::swap(&mut range.least, &mut range.most);
                },
            ];
            more.extend(changes.map(|change| {
                let mut standard = fresh();
                change(&mut standard);
                standard
            }));
        }
        StandardFault::IncubationBeyondTurnaround => {
            test(&mut one, "STERILITY-RAPID").criterion =
                Criterion::NoGrowth { incubation: number("25").try_into().unwrap() };
        }
        StandardFault::NoReplicate => {
            test(&mut one, "COUNT").replicates = Replicates { number: 0, ..Replicates::default() };
        }
        StandardFault::NoViabilityAfterThaw => {
            one = product("adipose-msc-autologous-frozen");
            test(&mut one, "VIABILITY-THAW").attribute = Attribute::Other;
        }
        StandardFault::NoTissueTransport => one.keeping.tissue = None,
        StandardFault::GrowthImpossible => {
            let growth = one.growth.as_mut().unwrap();
            growth.doubling_time = Number::from(5).try_into().unwrap();
            let mut certain = fresh();
            certain.growth.as_mut().unwrap().spread = number("0.9").try_into().unwrap();
            more.push(certain);
        }
        StandardFault::Retention => {
            one.retention_years = 20;
            let mut several = fresh();
            several.pooling = Pooling::SeveralDonors;
            let mut others = product("umbilical-cord-msc-product");
            others.retention_years = 10;
            more.extend([several, others]);
        }
    }
    more.push(one);
    more
}

#[test]
fn each_rule_of_approval_finds_the_one_fault_put_into_a_good_standard() {
    for fault in [
        StandardFault::NoSterilityOnFill,
        StandardFault::CodeTwice,
        StandardFault::SurveillanceAlone,
        StandardFault::ReportsTooLate,
        StandardFault::NoBank,
        StandardFault::DonorStage,
        StandardFault::LimitsUpsideDown,
        StandardFault::IncubationBeyondTurnaround,
        StandardFault::NoReplicate,
        StandardFault::NoViabilityAfterThaw,
        StandardFault::NoTissueTransport,
        StandardFault::GrowthImpossible,
        StandardFault::Retention,
    ] {
        for (index, standard) in spoil(fault).iter().enumerate() {
            assert_eq!(faults(standard), [fault], "way {index} of {fault:?}");
        }
    }
}

#[test]
fn a_frozen_standard_may_leave_thaw_tests_out_but_a_fresh_one_must_not_have_them() {
    assert!(matches!(product("umbilical-cord-msc-bank").keeping.form, Form::Frozen { .. }));
    let mut standard = fresh();
    test(&mut standard, "VIABILITY").stage = Stage::Thaw;
    assert!(faults(&standard).contains(&StandardFault::ReportsTooLate));
}

#[test]
fn the_product_asks_for_the_banks_results_by_the_banks_own_codes_methods_and_criteria() {
    let bank = product("umbilical-cord-msc-bank");
    let product = product("umbilical-cord-msc-product");
    for test in product.tests.iter().filter(|test| test.stage == Stage::Bank) {
        let theirs = bank.test(&test.code).unwrap();
        assert_eq!(theirs.purpose, Purpose::Mandated, "{}", test.code);
        assert_eq!((&theirs.method, &theirs.criterion), (&test.method, &test.criterion), "{}", test.code);
    }
}
