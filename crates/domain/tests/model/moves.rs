//! Random steps: half of them what a centre would do next, the others anything, by those whose work it is or by
//! anybody.

use super::steps::KINDS;
use super::*;
use proptest::prelude::{Strategy, any, prop};

/// What a sequence turns on. A fault that takes five steps in their order is not met by steps from everywhere.
#[derive(Clone, Copy, Debug)]
pub enum Focus {
    Everything,
    Findings,
    TheWay,
}

impl Focus {
    /// The steps it draws from, by their numbers in [`Move::any_step`], the likelier ones more often.
    fn steps(self) -> &'static [u8] {
        match self {
            Focus::Everything => &[
                0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 5, 6, 7, 7, 8, 9, 9, 10, 11, 12, 13, 14, 14, 15, 16, 17, 18,
                19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
            ],
            Focus::Findings => &[0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 7, 9, 13],
            Focus::TheWay => {
                &[4, 5, 6, 7, 9, 10, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28]
            }
        }
    }
}

/// One step of a sequence, before it is known what there is to aim at.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// What would be done next about a bag, or anything at all.
    onward: bool,
    /// Somebody whose work it is, or anybody.
    fit: bool,
    what: u8,
    who: u8,
    picks: [u8; 3],
}

pub fn moves() -> impl Strategy<Value = Move> {
    let what = (prop::bool::weighted(0.5), prop::bool::weighted(0.85), any::<u8>());
    (what, any::<u8>(), any::<[u8; 3]>()).prop_map(|((onward, fit, what), who, picks)| Move {
        onward,
        fit,
        what,
        who,
        picks,
    })
}

impl Move {
    /// The step it comes to now, and who takes it.
    pub fn aim(&self, model: &Model, stops: &dyn Fn() -> Vec<Entry>, focus: Focus) -> (Who, Step) {
        let anybody = ALL[usize::from(self.who) % ALL.len()];
        // Where a fault takes several values in their order, the centre's own next step would always come between.
        let onward =
            self.onward && (matches!(focus, Focus::TheWay | Focus::Everything) || self.who.is_multiple_of(2));
        let (who, step) = if onward {
            model.onward(usize::from(self.picks[0] % 2))
        } else {
            let step = self.any_step(model, stops, focus);
            let named =
                |(entry, who)| matches!(step, Step::ConfirmPart { entry: of } if of == entry).then_some(who);
            let fitting: Vec<Who> = ALL.into_iter().filter(|who| who.may(&step)).collect();
            let who = fitting[usize::from(self.who) % fitting.len()];
            (model.pending_parts().into_iter().find_map(named).unwrap_or(who), step)
        };
        (if self.fit { who } else { anybody }, step)
    }

    fn any_step(&self, model: &Model, stops: &dyn Fn() -> Vec<Entry>, focus: Focus) -> Step {
        let [first, second, third] = self.picks.map(usize::from);
        // Half the time the newest, as people do; where there is none yet, one is named that does not exist.
        let among = |len: usize| if first < 128 { first % len.max(1) } else { len.saturating_sub(1) };
        let bag = first % 2;
        let bags = [[true, false], [false, true], [true, true]][first % 3];
        let yes = second % 4 != 0;
        let value = [Value::Good, Value::AlsoGood, Value::Bad, Value::Unclear][second % 4];
        let anybody = ALL[second % ALL.len()];
        let checker = [None, Some(Who::Lead), Some(Who::Technician), Some(anybody)][third % 4];
        match focus.steps()[usize::from(self.what) % focus.steps().len()] {
            0 => Step::Enter { kind: KINDS[first % 5], value },
            1 => Step::Verify { result: among(model.results.len()) },
            2 => {
                let retests = [None, Some(0), Some(1), Some(2)][second % 4];
                Step::Investigate { result: among(model.results.len()), retests }
            }
            3 => Step::Correct { result: among(model.results.len()), value },
            4 => Step::CorrectPacking { packing: among(model.packings.len()), checker },
            5 => Step::CorrectReceipt { receipt: among(model.receipts.len()), good: !yes },
            6 => Step::Hold { bags },
            7 => Step::Lift { hold: among(model.holds.len()) },
            8 => Step::Report,
            9 => {
                let impact = if yes { Impact::Acceptable } else { Impact::Unacceptable };
                Step::Assess { event: among(model.events.len()), impact }
            }
            10 => Step::Clear { mismatch: among(model.mismatches.len()) },
            11 => Step::ConfirmMade,
            12 => Step::ConfirmSound,
            13 => Step::Decide { bags, release: yes },
            14 => Step::Allocate { bags },
            15 => Step::Pack { bags, checker },
            16 => {
                let pending = model.pending_parts();
                Step::ConfirmPart { entry: pending.get(among(pending.len())).map_or(0, |(entry, _)| *entry) }
            }
            17 => Step::ShippingCheck { bags },
            18 => Step::Ship { bags },
            19 => Step::ReceivingCheck { bags },
            20 => Step::Receive { bags, good: yes },
            21 => Step::MayGive { bag, may: yes },
            22 => Step::Bedside { bag, second: if yes { Who::Coordinator } else { anybody } },
            23 => Step::Infuse { bag },
            24 => Step::Return { bags },
            25 => Step::Destroy { bags, witness: checker },
            26 => Step::Withdraw { bags },
            27 => Step::Acknowledge { stop: stops().get(among(stops().len())).copied().unwrap_or(0) },
            _ => Step::Wait { hours: (first % 6) as u8 },
        }
    }
}
