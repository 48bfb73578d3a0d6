//! What a refusal names, as a set that can be compared half a million times: one bit for each thing that a test, the
//! record or the signer can be blamed for.

use super::place_of;
use baiyo_domain::batch::disposition::HoldCause;
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::batch::{Batch, Duty};
use baiyo_domain::refusal::{Reason, Refusal};
use baiyo_domain::standard::Code;

/// What a test can be blamed for.
#[derive(Clone, Copy)]
pub enum OfTest {
    Absent,
    Pending,
    Unverified,
    Failed,
    Unclear,
    OwesRetest,
    ControlsFailed,
    Expired,
    Held,
}

pub const HELD: u128 = 1 << 100;
pub const MANUFACTURING: u128 = 1 << 101;
pub const QUALITY: u128 = 1 << 102;
pub const DUTY: u128 = 1 << 103;
pub const NOT_ALLOWED: u128 = 1 << 104;
pub const ANYTHING_ELSE: u128 = 1 << 127;

/// The bit of one thing about one test.
pub fn bit(place: usize, what: OfTest) -> u128 {
    1 << (9 * place + what as usize)
}

/// The words a refusal has.
pub fn names(refusal: &Refusal, batch: &Batch) -> u128 {
    let of = |test: &Code, what| place_of(test).map_or(ANYTHING_ELSE, |place| bit(place, what));
    let word = |reason: &Reason| match reason {
        Reason::NotAllowed { .. } => NOT_ALLOWED,
        Reason::ReleaserHasDuty { duty: Duty::Enterer } => DUTY,
        Reason::Blocked { blocker, .. } => match blocker {
            Blocker::TestAbsent { test, .. } => of(test, OfTest::Absent),
            Blocker::TestPending { test, .. } => of(test, OfTest::Pending),
            Blocker::TestUnverified { test, .. } => of(test, OfTest::Unverified),
            Blocker::TestFailed { test, .. } => of(test, OfTest::Failed),
            Blocker::TestUndecidable { test, .. } => of(test, OfTest::Unclear),
            Blocker::TestUninterpreted { test, .. } => of(test, OfTest::Unclear),
            Blocker::RetestPending { test, missing: 1, .. } => of(test, OfTest::OwesRetest),
            Blocker::TestControlsFailed { test, .. } => of(test, OfTest::ControlsFailed),
            Blocker::TestExpired { test, .. } => of(test, OfTest::Expired),
            Blocker::Held { cause: HoldCause::Oos { result }, .. } => {
                of(&batch.results[result].form.test, OfTest::Held)
            }
            Blocker::Held { cause: HoldCause::Request { .. }, .. } => HELD,
            Blocker::ManufacturingUnconfirmed => MANUFACTURING,
            Blocker::QualityUnconfirmed => QUALITY,
            _ => ANYTHING_ELSE,
        },
        _ => ANYTHING_ELSE,
    };
    refusal.reasons.iter().fold(0, |all, reason| all | word(reason))
}
