//! Every state of the gate: a release is decided if and only if a specification of a few lines says so, and a
//! refusal names exactly what that specification expects, over all combinations of what six mandated tests can be.
//!
//! Fully: six tests (in process, harvest, fill; cultures, a text, numbers with an open end) in nine states each,
//! 9^6 = 531,441 combinations, each decided by the production `decide` in the one setting in which a release can be
//! legal: no hold, both confirmations, a releaser without duty. The nine: absent, pending, unverified, passed, failed,
//! unclear, invalidated, superseded, expired. Invalidated is a failure set aside that still owes its retest for every
//! other test, and failed controls for the rest. Superseded is a failure set aside and retested by a second analyst; it
//! and passed are the two that count.
//!
//! Crossed: the seventeen other settings (hold or none × both confirmations, manufacturing's only or neither × releaser,
//! releaser who entered, analyst) take turns over the combinations, so that each meets every choice of states for any
//! four of the six tests; all eighteen are decided where at most one test does not count. That is enough because each
//! refusal is compared in full: it names the union of what each test and the setting say alone, and nothing beside.
//! Together 1,085,410 decisions.
//!
//! Pairwise: all eleven tests in eleven states (both invalidations apart, and a verified value corrected since) by
//! an orthogonal array of 121 rows, each pair of states of each pair of tests once. Those rows, and each state of each
//! test beside ten that passed, run through the whole journal with its signatures. A test that answers by one
//! of two words alone (mycoplasma, Gram stain) has no unclear value; there it is pending.
//!
//! Half a million histories are not replayed. What a sequence of entries adds to a batch is taken out of a fold
//! once and put together with others; on the 121 rows the whole is equal to the fold of the same entries. Such a batch
//! has no journal behind it, so that the enumeration asks about no signatures; `signatures.rs` does.

mod centre;
mod gate_states;

use baiyo_domain::batch::Batch;
use baiyo_domain::batch::disposition::{Deciding, Decision};
use baiyo_domain::standard::Purpose;
use gate_states::enumeration::{Bench, PASSED, Plan, SIX, Signer, Spec, States, Tally, nine, turn};
use gate_states::words::{DUTY, HELD, MANUFACTURING, NOT_ALLOWED, OfTest, QUALITY, bit, names};
use gate_states::{Confirmations, Scene, Setting, State, TESTS, place_of};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;

/// The specification. Written from the design alone: what counts, and what else a release needs.
fn may_release(states: &States, setting: Setting, signer: Signer) -> bool {
    states.iter().all(|state| matches!(state, State::Passed | State::Superseded))
        && !setting.held
        && setting.confirmations == Confirmations::Both
        && signer == Signer::Releaser
}

/// The words a refusal must have: what each test and the setting say, each for itself.
fn must_name(states: &States, setting: Setting, signer: Signer) -> u128 {
    if signer == Signer::Analyst {
        return NOT_ALLOWED;
    }
    let of_tests = states.iter().enumerate().map(|(place, state)| {
        let culture = TESTS[place].starts_with("STERILITY");
        let two_words = ["MYCOPLASMA", "GRAM-STAIN"].contains(&TESTS[place]);
        match state {
            State::Passed | State::Superseded => 0,
            State::Absent => bit(place, OfTest::Absent),
            State::Pending => bit(place, OfTest::Pending),
            // No growth so far is no result.
            State::Unclear if culture || two_words => bit(place, OfTest::Pending),
            State::Unclear => bit(place, OfTest::Unclear),
            State::Unverified | State::Corrected => bit(place, OfTest::Unverified),
            State::Failed => bit(place, OfTest::Failed) | bit(place, OfTest::Held),
            State::OwesRetest => bit(place, OfTest::OwesRetest),
            State::ControlsFailed => bit(place, OfTest::ControlsFailed),
            State::Expired => bit(place, OfTest::Expired),
        }
    });
    let of_record = match setting.confirmations {
        Confirmations::Both => 0,
        Confirmations::ManufacturingOnly => QUALITY,
        Confirmations::Neither => MANUFACTURING | QUALITY,
    };
    let of_hold = if setting.held { HELD } else { 0 };
    let of_signer = if signer == Signer::ReleaserWhoEntered { DUTY } else { 0 };
    of_tests.fold(of_record | of_hold | of_signer, |all, one| all | one)
}

/// The rows of an orthogonal array: eleven tests in eleven states, each pair of states of each pair of tests in
/// exactly one row. In the field of eleven elements i + k·j takes every pair of values at any two k.
fn pairwise() -> impl Iterator<Item = States> {
    let value = |i: usize, j: usize, place: usize| State::ALL[(i + place * j) % 11];
    (0..121).map(move |row| std::array::from_fn(|place| value(row / 11, row % 11, place)))
}

/// Decides in the journal, by each signer in turn, and compares.
fn decide_in_the_journal(scene: &mut Scene, states: &States, setting: Setting) {
    scene.set(setting);
    scene.centre.now = scene.decided_at();
    let containers = scene.centre.containers(scene.batch);
    let staff = scene.centre.staff;
    let people = [
        (Signer::Analyst, staff.analyst),
        (Signer::ReleaserWhoEntered, scene.enterer),
        (Signer::Releaser, staff.releaser),
    ];
    for (signer, person) in people {
        let form = Deciding { containers: containers.clone(), decision: Decision::Release };
        let decided = scene.centre.batch(person, scene.batch, form);
        let state = scene.state();
        let legal = may_release(states, setting, signer);
        assert_eq!(state.containers[&containers[0]].released(), legal, "{states:?} {setting:?} {signer:?}");
        match decided {
            Ok(_) => assert!(legal),
            Err(refusal) => {
                let (has, must) = (names(&refusal, &state), must_name(states, setting, signer));
                assert_eq!(has, must, "{states:?} {setting:?} {signer:?}: {refusal:?}");
            }
        }
    }
}

#[test]
fn a_release_is_decided_if_and_only_if_the_specification_says_so_over_all_states_of_six_tests() {
    let bench = Bench::build();
    let plan = Plan { domain: std::array::from_fn(nine), masked: None, spec: &may_release, words: must_name };
    let tally = bench.run(&plan);
    // 64 combinations in which all count and 6 × 7 × 32 in which one does not meet all eighteen; the others the one
    // that could be legal, and one turn.
    let all_settings = 64 + 6 * 7 * 32;
    let mut visits = [[0; State::ALL.len()]; SIX];
    for (place, state) in (0..SIX).flat_map(|place| nine(place).into_iter().map(move |state| (place, state)))
    {
        visits[place][state as usize] = 9_u64.pow(5);
    }
    let expected = Tally {
        combinations: 9_u64.pow(6),
        decided: 18 * all_settings + 2 * (9_u64.pow(6) - all_settings),
        visits,
        // Two states count: each of the 2^6 combinations of them is released, in the one setting that allows it.
        released: 64,
        illegal: 0,
        missed: 0,
        misnamed: 0,
    };
    assert_eq!(tally, expected);
}

#[test]
fn each_other_setting_and_signer_meets_every_choice_of_states_for_any_four_of_the_six_tests() {
    let domain: [Vec<State>; SIX] = std::array::from_fn(nine);
    let mut left_out = vec![];
    for a in 0..SIX {
        for b in a + 1..SIX {
            // The two tests beside the four: their 81 states must bring all seventeen turns, whatever the four add.
            let mut met = BTreeSet::new();
            let mut states = PASSED;
            for one in &domain[a] {
                for other in &domain[b] {
                    (states[a], states[b]) = (*one, *other);
                    let (setting, signer) = turn(&states);
                    met.insert((setting, signer as usize));
                }
            }
            left_out.extend((met.len() < 17).then_some((a, b)));
        }
    }
    assert_eq!(left_out, []);
}

#[test]
fn pieces_put_together_are_the_batch_that_folds_from_the_same_entries() {
    let bench = Bench::build();
    for (row, states) in pairwise().enumerate() {
        let (_, setting, piece) = &bench.settings[row % 6];
        let mut composed = Batch::clone(&bench.world.batches[&bench.id]);
        let mut history = bench.begun.clone();
        for (place, state) in states.into_iter().enumerate() {
            bench.piece(place, state).put(&mut composed);
            history.extend(bench.sequences[place][state as usize].0.iter().cloned());
        }
        piece.put(&mut composed);
        history.extend(setting.0.iter().cloned());
        assert_eq!(composed, Batch::fold(bench.id, &history).unwrap(), "{states:?}");
        piece.take(&mut composed);
        for (place, state) in states.into_iter().enumerate().rev() {
            bench.piece(place, state).take(&mut composed);
        }
        assert_eq!(composed, *bench.world.batches[&bench.id], "{states:?}");
    }
}

#[test]
fn every_pair_of_states_of_every_pair_of_tests_is_decided_so_in_the_journal_with_its_signatures() {
    let scene = Scene::open();
    let rows: Vec<(usize, States)> = pairwise().enumerate().collect();
    let run = |scene: Scene, half: usize| {
        for (row, states) in rows.iter().filter(|(row, _)| row % 2 == half) {
            let mut scene = scene.clone();
            for (place, state) in states.iter().enumerate() {
                scene.bring(place, *state);
            }
            decide_in_the_journal(&mut scene, states, Setting::all()[row % 6]);
        }
    };
    let mut pairs = BTreeSet::new();
    for (_, states) in &rows {
        for a in 0..TESTS.len() {
            pairs.extend((a + 1..TESTS.len()).map(|b| (a, b, states[a], states[b])));
        }
    }
    assert_eq!(pairs.len(), 55 * 121);
    let (one, other) = (scene.clone(), scene);
    thread::scope(|scope| {
        scope.spawn(|| run(one, 0));
        run(other, 1);
    });
}

#[test]
fn each_state_of_each_test_decides_alone_where_all_others_passed() {
    let scene = Scene::open();
    let run = |scene: Scene, half: usize| {
        for place in (0..TESTS.len()).filter(|place| place % 2 == half) {
            let mut base = scene.clone();
            (0..TESTS.len())
                .filter(|other| *other != place)
                .for_each(|other| base.bring(other, State::Passed));
            for state in State::ALL {
                let mut scene = base.clone();
                scene.bring(place, state);
                let mut states = PASSED;
                states[place] = state;
                decide_in_the_journal(&mut scene, &states, Setting::all()[0]);
            }
        }
    };
    let (one, other) = (scene.clone(), scene);
    thread::scope(|scope| {
        scope.spawn(|| run(one, 0));
        run(other, 1);
    });
}

/// The states in which a test does not count.
fn not_counting(place: usize) -> impl Iterator<Item = State> {
    nine(place).into_iter().filter(|state| !matches!(state, State::Passed | State::Superseded))
}

#[test]
fn control_a_batch_that_hides_one_state_of_one_test_is_released_illegally_and_found() {
    let bench = Bench::build();
    for (place, state) in (0..SIX).flat_map(|place| not_counting(place).map(move |state| (place, state))) {
        let mut plan = Plan::over(&[State::Passed, State::Superseded], &may_release, must_name);
        plan.domain[place].push(state);
        plan.masked = Some((place, state));
        let tally = bench.run(&plan);
        assert_eq!((tally.combinations, tally.illegal, tally.missed), (96, 32, 0), "{place} {state:?}");
    }
}

#[test]
fn control_a_standard_that_forgets_one_test_is_found_and_a_failure_is_still_held() {
    let mut bench = Bench::build();
    let id = bench.id;
    for place in 0..SIX {
        let kept = bench.world.clone();
        let batch = Arc::make_mut(bench.world.batches.get_mut(&id).unwrap());
        let filed = Arc::make_mut(bench.world.standards.get_mut(&batch.opened.standard_id).unwrap());
        for standard in [&mut Arc::make_mut(&mut batch.opened).standard, &mut filed.standard] {
            let test = standard.tests.iter_mut().find(|test| place_of(&test.code) == Some(place)).unwrap();
            test.purpose = Purpose::Information;
        }
        for state in not_counting(place) {
            let mut plan = Plan::over(&[State::Passed], &may_release, must_name);
            plan.domain[place].push(state);
            let illegal = u64::from(state != State::Failed);
            assert_eq!(bench.run(&plan).illegal, illegal, "{place} {state:?}");
        }
        bench.world = kept;
    }
}

#[test]
fn control_a_specification_that_lacks_one_rule_is_found() {
    let bench = Bench::build();
    let missed = |states: &[State], spec: Spec| bench.run(&Plan::over(states, spec, must_name)).missed;
    for state in not_counting(0).chain([State::ControlsFailed]) {
        let forgiving = |states: &States, setting, signer| {
            may_release(&states.map(|s| if s == state { State::Passed } else { s }), setting, signer)
        };
        assert!(missed(&[State::Passed, state], &forgiving) > 0, "{state:?}");
    }
    let whatever_is_held =
        |states: &States, setting, signer| may_release(states, Setting { held: false, ..setting }, signer);
    let confirmed = Confirmations::Both;
    let whatever_is_confirmed = |states: &States, setting: Setting, signer| {
        may_release(states, Setting { confirmations: confirmed, ..setting }, signer)
    };
    let whoever_signs = |states: &States, setting, _| may_release(states, setting, Signer::Releaser);
    assert_eq!(missed(&[State::Passed], &may_release), 0);
    assert_eq!(missed(&[State::Passed], &whatever_is_held), 1);
    assert_eq!(missed(&[State::Passed], &whatever_is_confirmed), 2);
    assert_eq!(missed(&[State::Passed], &whoever_signs), 2);
}
