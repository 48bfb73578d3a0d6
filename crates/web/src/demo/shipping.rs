//! The way of a batch from the store to the bedside and to its closing, and the ways that turn back.

use super::bench::{Bench, Done, quantity};
use super::course::{Course, D, H};
use super::people::{note, short};
use baiyo_domain::batch::distribution::{
    AdministrationDecision, Allocation, BedsideCheck, Closing, Custody, Destruction, Infusion, Outcome,
    Packing, Receipt, ReceivingCheck, ReturnReport, Shipment, ShippingCheck, StopAcknowledgement,
};
use baiyo_domain::ids::Label;

const GOOD: Custody = Custody::Received { good: true };

fn labels(b: &Bench, custody: Custody) -> Result<Vec<Label>, super::DemoError> {
    Ok(b.containers(custody)?.into_iter().map(|(_, label)| label).collect())
}

impl Course<'_> {
    /// Allocated, packed, checked and handed to the carrier.
    pub fn shipped(&mut self, at: i64) -> &mut Self {
        self.at(at, |b| {
            let released = b.state()?.containers.into_values();
            let here = released.filter(|c| c.released() && c.custody == Custody::InHouse).map(|c| c.no);
            b.record("takahashi", Allocation { containers: here.collect(), order: b.case.order })
        })
        .at(at + 20, pack)
        .at(at + 50, ship)
    }

    /// Received at the clinic in good condition.
    pub fn arrived(&mut self, at: i64) -> &mut Self {
        self.at(at, |b| {
            b.record(b.case.coordinator, ReceivingCheck { containers: labels(b, Custody::Shipped)? })?;
            receive(b, "7.1", true)
        })
    }

    /// Decided on by the physician, checked at the bedside, infused, and heard of again after a day.
    pub fn given(&mut self, at: i64) -> &mut Self {
        self.at(at, allow).at(at + 45, infuse).at(at + D, report)
    }

    /// The culture of the fill that was still running is over, what is left is destroyed, and the batch is closed.
    pub fn closed(&mut self, surveillance: &'static str) -> &mut Self {
        self.at(3 * D, |b| destroy(b, Custody::InHouse, "期限切れ / out of date"))
            .result(surveillance, 14 * D + 4 * H)
            .at(15 * D, close)
    }
}

/// Packs what was allocated.
pub fn pack(b: &Bench) -> Done {
    let allocated = b.state()?.containers.into_values().filter(|c| c.allocated.is_some());
    let allocated: Vec<_> = allocated.map(|container| container.no).collect();
    let here = b.containers(Custody::InHouse)?.into_iter().filter(|(no, _)| allocated.contains(no));
    let containers = here.map(|(_, label)| label).collect();
    let package = short(&format!("BOX-{:02}", b.case.number))?;
    b.make(Packing {
        performed: b.checked()?,
        containers,
        package,
        logger: Some(short("LOG-3")?),
        not_applicable: Default::default(),
    })
}

/// Checks what is packed and hands it to the carrier.
pub fn ship(b: &Bench) -> Done {
    let containers = labels(b, Custody::Packed)?;
    let clinic = b.state()?.opened.clinic;
    b.record(b.case.maker, ShippingCheck { containers: containers.clone(), clinic })?;
    let carrier = short(&format!("見本運送 {:06}", 410_000 + u32::from(b.case.number)))?;
    b.make(Shipment { performed: Default::default(), containers, carrier })
}

/// The clinic reports what arrived.
pub fn receive(b: &Bench, warmest: &str, accepted: bool) -> Done {
    let appearance = if accepted {
        "表示どおり / as on the label"
    } else {
        "保冷剤が融解 / the coolant had melted"
    };
    let form = Receipt {
        performed: Default::default(),
        containers: labels(b, Custody::Shipped)?,
        seal_intact: true,
        least_temperature: quantity("3.4")?,
        most_temperature: quantity(warmest)?,
        transport: quantity("2.5")?,
        appearance: note(appearance)?,
        accepted,
    };
    b.record(b.case.coordinator, form)
}

/// The physician decides on every container received.
pub fn allow(b: &Bench) -> Done {
    let order_label = b.order_label()?;
    for container in labels(b, GOOD)? {
        let order_label = order_label.clone();
        b.sign(b.case.physician, AdministrationDecision { container, order_label, may: true, reason: None })?;
    }
    Ok(())
}

/// Two people check at the bedside; the infusion is reported when it is over.
pub fn infuse(b: &Bench) -> Done {
    let (wristband, second_person) = (b.order_label()?, b.person(b.case.coordinator)?);
    let containers = b.state()?.containers;
    for (no, container) in b.containers(GOOD)? {
        let volume = containers.get(&no).map(|container| container.new.volume);
        let (wristband, spoken_identity_fits) = (wristband.clone(), true);
        let check =
            BedsideCheck { container: container.clone(), wristband, spoken_identity_fits, second_person };
        b.record(b.case.physician, check)?;
        b.confirm_parts()?;
        let started_at = b.centre.store.now().0;
        b.centre.clock.advance_minutes(25);
        let form = Infusion {
            performed: Default::default(),
            container,
            started_at,
            ended_at: b.centre.store.now().0,
            volume: volume.map_or_else(|| quantity(20), Ok)?,
            reactions: note("なし / none")?,
        };
        b.record(b.case.physician, form)?;
    }
    Ok(())
}

fn report(b: &Bench) -> Done {
    let report = note("翌日に電話で確認、発熱なし / asked by telephone the next day, no fever")?;
    match labels(b, Custody::Infused)?.into_iter().next() {
        Some(container) => b.record(
            b.case.physician,
            Outcome { performed: Default::default(), container, report, adverse: false },
        ),
        None => Ok(()),
    }
}

/// The clinic sends back what it received.
pub fn give_back(b: &Bench, reason: &str) -> Done {
    let mut containers = labels(b, GOOD)?;
    containers.extend(labels(b, Custody::Received { good: false })?);
    b.record(
        b.case.coordinator,
        ReturnReport { performed: Default::default(), containers, reason: note(reason)? },
    )
}

/// Destroys before a witness what is in that custody, if anything.
pub fn destroy(b: &Bench, custody: Custody, reason: &str) -> Done {
    let containers = labels(b, custody)?;
    if containers.is_empty() {
        return Ok(());
    }
    let state = b.state()?;
    let there = state.containers.values().filter(|container| container.custody == custody);
    let quantity = quantity(there.map(|c| c.new.volume.value()).sum::<rust_decimal::Decimal>())?;
    let method = short("高圧蒸気滅菌 121 °C, 20 min")?;
    b.make(Destruction { performed: b.checked()?, containers, method, quantity, reason: note(reason)? })
}

/// The clinic acknowledges every stop message it has not yet.
pub fn acknowledge(b: &Bench) -> Done {
    let stops = b.state()?.containers.into_values().flat_map(|container| container.stops);
    for stop in stops.filter(|stop| stop.acknowledged.is_none()) {
        b.record(b.case.coordinator, StopAcknowledgement { stop: stop.entry })?;
    }
    Ok(())
}

/// Quality closes the batch.
pub fn close(b: &Bench) -> Done {
    b.record("nakamura", Closing { remark: None })
}
