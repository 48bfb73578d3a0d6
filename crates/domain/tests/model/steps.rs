//! What can happen to a filled batch, in the model's own words.

use super::{Entry, Who};

/// Which of the two bags.
pub type Bags = [bool; 2];

/// The numbers of the bags chosen.
pub fn chosen(bags: &Bags) -> Vec<usize> {
    (0..2).filter(|bag| bags[*bag]).collect()
}

/// Where a bag is; one received is in good condition or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Custody {
    InHouse,
    Packed,
    Shipped,
    Received(bool),
    Infused,
    Returned,
    Destroyed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impact {
    Acceptable,
    Unacceptable,
}

/// Five tests that stand for all: three mandated on the fill, of which one allows a retest and one reads growth; one of
/// surveillance, whose fourteen days are never over here; and one for information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Viability,
    Endotoxin,
    Rapid,
    Fortnight,
    Doubling,
}

pub const KINDS: [Kind; 5] = [Kind::Viability, Kind::Endotoxin, Kind::Rapid, Kind::Fortnight, Kind::Doubling];

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Good,
    AlsoGood,
    Bad,
    Unclear,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Fail,
    Undecided,
    Incubating,
}

impl Kind {
    pub fn is_mandated(self) -> bool {
        matches!(self, Kind::Viability | Kind::Endotoxin | Kind::Rapid)
    }

    /// Whether a failure of it holds anything.
    pub fn holds(self) -> bool {
        self != Kind::Doubling
    }

    pub fn most_retests(self) -> u8 {
        u8::from(self == Kind::Endotoxin)
    }

    /// The value as this test reads it: growth or none has fewer of them.
    pub fn plain(self, value: Value) -> Value {
        match (self, value) {
            (Kind::Rapid, Value::AlsoGood) => Value::Good,
            (Kind::Fortnight, Value::AlsoGood | Value::Unclear) => Value::Good,
            (_, value) => value,
        }
    }

    pub fn verdict(self, value: Value) -> Verdict {
        match value {
            Value::Bad => Verdict::Fail,
            _ if self == Kind::Fortnight => Verdict::Incubating,
            Value::Good | Value::AlsoGood => Verdict::Pass,
            Value::Unclear => Verdict::Undecided,
        }
    }
}

/// One step. Results, holds, events and the like are named by their place in the order in which they came.
#[derive(Clone, Debug)]
pub enum Step {
    Enter {
        kind: Kind,
        value: Value,
    },
    Verify {
        result: usize,
    },
    /// With so many retests for a cause in the laboratory, or confirmed.
    Investigate {
        result: usize,
        retests: Option<u8>,
    },
    Correct {
        result: usize,
        value: Value,
    },
    CorrectPacking {
        packing: usize,
        checker: Option<Who>,
    },
    CorrectReceipt {
        receipt: usize,
        good: bool,
    },
    Hold {
        bags: Bags,
    },
    Lift {
        hold: usize,
    },
    Report,
    Assess {
        event: usize,
        impact: Impact,
    },
    /// Clear identifiers that differed.
    Clear {
        mismatch: usize,
    },
    ConfirmMade,
    ConfirmSound,
    Decide {
        bags: Bags,
        release: bool,
    },
    Allocate {
        bags: Bags,
    },
    Pack {
        bags: Bags,
        checker: Option<Who>,
    },
    ConfirmPart {
        entry: Entry,
    },
    ShippingCheck {
        bags: Bags,
    },
    Ship {
        bags: Bags,
    },
    ReceivingCheck {
        bags: Bags,
    },
    Receive {
        bags: Bags,
        good: bool,
    },
    MayGive {
        bag: usize,
        may: bool,
    },
    Bedside {
        bag: usize,
        second: Who,
    },
    Infuse {
        bag: usize,
    },
    Return {
        bags: Bags,
    },
    Destroy {
        bags: Bags,
        witness: Option<Who>,
    },
    Withdraw {
        bags: Bags,
    },
    Acknowledge {
        stop: Entry,
    },
    Wait {
        hours: u8,
    },
}
