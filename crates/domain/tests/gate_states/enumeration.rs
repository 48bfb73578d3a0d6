//! The enumeration: batches put together from pieces, the production's decision on the release of each, and a tally
//! of what it decided against a specification.

use super::words::names;
use super::{Piece, Scene, Sequence, Setting, State, TESTS};
use baiyo_domain::authority::{Actor, Meaning, Reauthenticated};
use baiyo_domain::batch::disposition::{Deciding, Decision};
use baiyo_domain::batch::{Batch, Event, Stamp};
use baiyo_domain::decision::{Appends, Command, Context, FreshLabels, decide};
use baiyo_domain::ids::*;
use baiyo_domain::refusal::Refusal;
use baiyo_domain::time::Time;
use baiyo_domain::world::World;
use std::sync::Arc;
use std::thread;
use uuid::Uuid;

/// The tests enumerated fully; the others have passed meanwhile.
pub const SIX: usize = 6;

pub type States = [State; TESTS.len()];

/// Who asks for the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    Releaser,
    ReleaserWhoEntered,
    Analyst,
}

pub const SIGNERS: [Signer; 3] = [Signer::Releaser, Signer::ReleaserWhoEntered, Signer::Analyst];

/// The nine states of one of the six.
pub fn nine(place: usize) -> Vec<State> {
    let invalidated = if place.is_multiple_of(2) { State::OwesRetest } else { State::ControlsFailed };
    use State::*;
    vec![Absent, Pending, Unverified, Passed, Failed, Unclear, invalidated, Superseded, Expired]
}

/// Everything made once: the batch before its tests, what each state and each setting adds, who may ask.
pub struct Bench {
    pub world: World,
    pub id: BatchId,
    now: Time,
    command: Command,
    decided: Event,
    askers: Vec<(Actor, Reauthenticated)>,
    pub begun: Vec<(Stamp, Event)>,
    pub sequences: Vec<Vec<Sequence>>,
    pieces: Vec<Vec<Piece>>,
    pub settings: Vec<(Setting, Sequence, Piece)>,
}

impl Bench {
    pub fn build() -> Self {
        let scene = Scene::open();
        let (id, now) = (scene.batch, scene.decided_at());
        let begun: Vec<_> = scene.state().history().collect();
        let places = 0..TESTS.len();
        let of_place = |place: usize| {
            let number = u32::try_from(place).unwrap();
            let of_state = |state| Sequence::of(&scene, number, |scene| scene.bring(place, state));
            State::ALL.map(of_state).to_vec()
        };
        let sequences: Vec<Vec<Sequence>> = places.map(of_place).collect();
        let piece = |sequence: &Sequence| Piece::of(&begun, sequence, id);
        let settings = Setting::all().map(|setting| {
            let sequence = Sequence::of(&scene, 20, |scene| scene.set(setting));
            let piece = piece(&sequence);
            (setting, sequence, piece)
        });
        let pieces = sequences.iter().map(|states| states.iter().map(piece).collect()).collect();
        let form = Deciding { containers: scene.centre.containers(id), decision: Decision::Release };
        let (command, decided) = (Command::Batch(id, form.clone().into()), form.into());
        let mut world = World::default();
        let people = [scene.centre.staff.releaser, scene.enterer, scene.centre.staff.analyst];
        let askers = people.map(|person| {
            let known = scene.centre.world_for(person, &command);
            let actor = known.actor(person, now).unwrap();
            world.people.extend(known.people);
            (world.site, world.standards, world.orders) = (known.site, known.standards, known.orders);
            let (key, secret) = scene.centre.key_of(person);
            (actor, Reauthenticated::proven(person, key, secret, Meaning::Disposition))
        });
        world.batches.insert(id, Batch::fold(id, &begun).unwrap().into());
        let (askers, settings) = (askers.into(), settings.into());
        Self { world, id, now, command, decided, askers, begun, sequences, pieces, settings }
    }

    pub fn piece(&self, place: usize, state: State) -> &Piece {
        &self.pieces[place][state as usize]
    }

    /// The production's decision on the release.
    fn ask(&self, world: &World, signer: Signer) -> Result<Appends, Refusal> {
        let (actor, proof) = &self.askers[signer as usize];
        let ids = || Uuid::from_u128(u128::MAX);
        let context = Context {
            world,
            now: self.now,
            clock_behind: false,
            actor,
            expected_version: None,
            labels: FreshLabels::default(),
            ids: &ids,
        };
        decide(&self.command, &context, Some(proof))
    }

    /// Decides every combination of a plan, on two threads.
    pub fn run(&self, plan: &Plan) -> Tally {
        let walk = |half: usize| {
            let mut walk = Walk {
                bench: self,
                plan,
                world: self.world.clone(),
                half,
                states: PASSED,
                tally: Tally::default(),
            };
            for place in SIX..TESTS.len() {
                walk.put(place, State::Passed);
            }
            walk.descend(0);
            walk.tally
        };
        thread::scope(|scope| {
            let other = scope.spawn(|| walk(1));
            walk(0).and(other.join().unwrap())
        })
    }
}

pub const PASSED: States = [State::Passed; TESTS.len()];

pub type Spec<'a> = &'a (dyn Fn(&States, Setting, Signer) -> bool + Sync);

/// What a refusal must name.
pub type Words = fn(&States, Setting, Signer) -> u128;

/// What is enumerated, and what it is held against.
pub struct Plan<'a> {
    pub domain: [Vec<State>; SIX],
    pub words: Words,
    /// A state that is shown to the product as passed.
    pub masked: Option<(usize, State)>,
    pub spec: Spec<'a>,
}

impl<'a> Plan<'a> {
    pub fn over(states: &[State], spec: Spec<'a>, words: Words) -> Self {
        Self { domain: std::array::from_fn(|_| states.to_vec()), masked: None, spec, words }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub combinations: u64,
    pub decided: u64,
    pub visits: [[u64; State::ALL.len()]; SIX],
    pub released: u64,
    /// Released against the specification.
    pub illegal: u64,
    /// Refused against the specification.
    pub missed: u64,
    /// Refused in other words than expected, or leaving something on the batch.
    pub misnamed: u64,
}

impl Tally {
    fn and(mut self, other: Tally) -> Tally {
        for (mine, theirs) in self.visits.iter_mut().flatten().zip(other.visits.iter().flatten()) {
            *mine += theirs;
        }
        Tally {
            combinations: self.combinations + other.combinations,
            decided: self.decided + other.decided,
            visits: self.visits,
            released: self.released + other.released,
            illegal: self.illegal + other.illegal,
            missed: self.missed + other.missed,
            misnamed: self.misnamed + other.misnamed,
        }
    }
}

/// One thread's way through the combinations.
struct Walk<'a> {
    bench: &'a Bench,
    plan: &'a Plan<'a>,
    world: World,
    half: usize,
    states: States,
    tally: Tally,
}

impl<'a> Walk<'a> {
    fn shown(&self, place: usize, state: State) -> &'a Piece {
        let masked = self.plan.masked == Some((place, state));
        self.bench.piece(place, if masked { State::Passed } else { state })
    }

    fn batch(&mut self) -> &mut Batch {
        Arc::make_mut(self.world.batches.get_mut(&self.bench.id).unwrap())
    }

    fn put(&mut self, place: usize, state: State) {
        self.states[place] = state;
        let piece = self.shown(place, state);
        piece.put(self.batch());
    }

    fn descend(&mut self, place: usize) {
        if place == SIX {
            return self.decide();
        }
        for (index, state) in self.plan.domain[place].iter().enumerate() {
            // The threads share the second test's states by turns.
            if place == 1 && index % 2 != self.half {
                continue;
            }
            self.put(place, *state);
            self.descend(place + 1);
            let piece = self.shown(place, *state);
            piece.take(self.batch());
        }
    }

    fn decide(&mut self) {
        self.tally.combinations += 1;
        for place in 0..SIX {
            self.tally.visits[place][self.states[place] as usize] += 1;
        }
        let counts = |state: &&State| matches!(state, State::Passed | State::Superseded);
        let all = self.states.iter().filter(counts).count() + 1 >= TESTS.len();
        let turn = turn(&self.states);
        for (place, (setting, _, piece)) in self.bench.settings.iter().enumerate() {
            let due = |signer| all || (place, signer) == (0, Signer::Releaser) || (place, signer) == turn;
            let signers: Vec<Signer> = SIGNERS.into_iter().filter(|signer| due(*signer)).collect();
            if signers.is_empty() {
                continue;
            }
            piece.put(self.batch());
            signers.into_iter().for_each(|signer| self.compare(*setting, signer));
            piece.take(self.batch());
        }
    }

    fn compare(&mut self, setting: Setting, signer: Signer) {
        self.tally.decided += 1;
        let legal = (self.plan.spec)(&self.states, setting, signer);
        let batch = &self.world.batches[&self.bench.id];
        match self.bench.ask(&self.world, signer) {
            Ok(appends) => {
                self.tally.released += 1;
                self.tally.illegal += u64::from(!legal);
                let sound = appends.of_batch(batch.id) == [self.bench.decided.clone()];
                self.tally.misnamed += u64::from(!sound);
            }
            Err(refusal) => {
                self.tally.missed += u64::from(legal);
                let sound = names(&refusal, batch) == (self.plan.words)(&self.states, setting, signer)
                    && refusal.record.of_batch(batch.id).is_empty();
                self.tally.misnamed += u64::from(!sound);
            }
        }
    }
}

/// Which of the seventeen other settings and signers has its turn at a combination: the sum of the states' numbers,
/// weighed so that each of the seventeen meets every choice of states for any four tests.
pub fn turn(states: &States) -> (usize, Signer) {
    let weighed = (1..=SIX).zip(states).map(|(weight, state)| weight * ordinal(*state));
    let turn = 1 + weighed.sum::<usize>() % 17;
    (turn / 3, SIGNERS[turn % 3])
}

/// A state's number among the nine.
fn ordinal(state: State) -> usize {
    match state {
        State::ControlsFailed => State::OwesRetest as usize,
        State::Corrected | State::Superseded | State::Expired => state as usize - 2,
        _ => state as usize,
    }
}
