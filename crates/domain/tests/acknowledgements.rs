//! A date that moved is acknowledged: what was seen is kept, for what was booked then; it is due again once cells are
//! foretold for later than was seen.

mod centre;

use baiyo_domain::decision::Command;
use baiyo_domain::ids::*;
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::order::{Cancellation, ForecastAcknowledgement, Foretold, Order, Window, WindowChange};
use baiyo_domain::refusal::Reason;
use baiyo_domain::time::Time;
use baiyo_domain::world::World;
use centre::{Centre, Course, Until, of};
use std::sync::Arc;

struct Booked {
    centre: Centre,
    order: OrderId,
    batch: BatchId,
    window: Window,
}

impl Booked {
    fn open() -> Self {
        let mut centre = Centre::open();
        let batch = centre.make(&Course::default().until(Until::Isolated));
        let order = centre.state(batch).opened.order;
        let window = Window { from: centre.now.plus_hours(24 * 20), until: centre.now.plus_hours(24 * 22) };
        let mut booked = Self { centre, order, batch, window };
        booked.book(window);
        booked
    }

    fn book(&mut self, window: Window) {
        let form = WindowChange { window, reason: of("as the patient asked") };
        self.centre.order(self.centre.staff.coordinator, self.order, form).unwrap();
        self.window = window;
    }

    /// Days after the last day that is booked.
    fn late(&self, days: i64) -> Time {
        self.window.until.plus_hours(24 * days)
    }

    fn seen(&self, at: Time) -> ForecastAcknowledgement {
        ForecastAcknowledgement {
            batch: self.batch,
            version: 1,
            booked: self.window,
            before: None,
            foretold: Foretold { at, from: at.plus_hours(-48), until: Some(at.plus_hours(96)) },
            remark: None,
        }
    }

    fn acknowledge(&mut self, form: ForecastAcknowledgement) -> Result<(), Vec<Reason>> {
        let who = self.centre.staff.physician;
        self.centre.order(who, self.order, form).map(drop).map_err(|refusal| refusal.reasons)
    }

    /// The order and its batch as they stand.
    fn world(&self) -> World {
        let any = Cancellation { reason: of("any") };
        self.centre.world_for(self.centre.staff.coordinator, &Command::Order(self.order, any.into()))
    }

    fn version(&self) -> u32 {
        self.world().version(StreamId { kind: StreamKind::Batch, id: self.batch.0 })
    }

    fn order(&self) -> Arc<Order> {
        self.world().orders[&self.order].clone()
    }

    fn acknowledged(&self, ready: Time) -> bool {
        self.order().has_acknowledged(self.batch, ready)
    }
}

#[test]
fn what_was_seen_is_acknowledged_until_cells_are_foretold_for_a_day_later() {
    let mut booked = Booked::open();
    let ready = booked.late(3);
    assert!(!booked.acknowledged(ready));
    let before = booked.version();
    booked.acknowledge(booked.seen(ready)).unwrap();
    assert_eq!(booked.version(), before, "the batch need not know");
    assert!(booked.acknowledged(ready) && booked.acknowledged(ready.plus_hours(23)));
    assert!(booked.acknowledged(booked.late(1)), "sooner than was seen is no news to acknowledge");
    assert!(!booked.acknowledged(ready.plus_hours(24)), "it moved by more than was acknowledged");

    let later = ForecastAcknowledgement {
        before: Some(booked.seen(ready).foretold),
        ..booked.seen(ready.plus_hours(72))
    };
    booked.acknowledge(later.clone()).unwrap();
    assert!(booked.acknowledged(ready.plus_hours(80)));
    let order = booked.order();
    assert_eq!(order.acknowledged(booked.batch), Some(&later));
    // Another batch's acknowledgement does not take its place.
    let other = BatchId(uuid::Uuid::from_u128(8));
    let of_other = ForecastAcknowledgement { batch: other, ..booked.seen(ready) };
    let both = Order::evolve(Some((*order).clone()), order.id, &of_other.into()).unwrap();
    assert!(both.has_acknowledged(booked.batch, ready.plus_hours(80)) && both.has_acknowledged(other, ready));
    assert!(
        !order.has_acknowledged(BatchId(uuid::Uuid::from_u128(7)), ready),
        "nor for another batch's cells"
    );
}

#[test]
fn another_booking_needs_its_own_acknowledgement() {
    let mut booked = Booked::open();
    let ready = booked.late(9);
    let stale = booked.seen(ready);
    booked.acknowledge(stale.clone()).unwrap();
    let next = Window { from: booked.late(2), until: booked.late(4) };
    booked.book(next);
    assert!(!booked.acknowledged(ready));
    assert_eq!(
        booked.acknowledge(stale),
        Err(vec![Reason::BookedOtherwise]),
        "he looked before it was booked anew"
    );
    booked.acknowledge(booked.seen(ready)).unwrap();
    assert!(booked.acknowledged(ready));
    assert_eq!(booked.acknowledge(booked.seen(ready)), Err(vec![Reason::AlreadyDone]));
    // Booked for the first date once more, what was seen of it long ago does not count again.
    let first =
        Window { from: booked.centre.now.plus_hours(24 * 20), until: booked.centre.now.plus_hours(24 * 22) };
    booked.book(first);
    assert!(!booked.acknowledged(ready));
}

#[test]
fn what_nobody_can_have_seen_is_refused() {
    let mut booked = Booked::open();
    let ready = booked.late(3);
    let seen = booked.seen(ready);
    let version = booked.version();
    for impossible in [0, version + 1] {
        let form = ForecastAcknowledgement { version: impossible, ..seen.clone() };
        assert_eq!(booked.acknowledge(form), Err(vec![Reason::NotFound]));
    }
    let stranger = ForecastAcknowledgement { batch: BatchId(uuid::Uuid::from_u128(7)), ..seen.clone() };
    assert_eq!(booked.acknowledge(stranger), Err(vec![Reason::NotFound]));
    let never = booked.centre.now.plus_hours(24 * 400);
    assert_eq!(
        booked.acknowledge(booked.seen(never)),
        Err(vec![Reason::InTheFuture { field: "/foretold/at" }]),
        "it would silence whatever comes"
    );
    let backwards = Foretold { at: ready, from: ready.plus_hours(1), until: None };
    let form = ForecastAcknowledgement { foretold: backwards, ..seen.clone() };
    assert_eq!(booked.acknowledge(form), Err(vec![Reason::SpanEndsBeforeItBegins]));
    let technician = booked.centre.staff.technician;
    let refused = booked.centre.order(technician, booked.order, seen.clone()).unwrap_err();
    assert_eq!(refused.reasons, [Reason::NotAllowed { action: "order.forecast_acknowledgement".into() }]);
    let over = Cancellation { reason: of("the patient moved") };
    booked.centre.order(booked.centre.staff.coordinator, booked.order, over).unwrap();
    assert_eq!(booked.acknowledge(seen), Err(vec![Reason::OrderInactive]));
}
