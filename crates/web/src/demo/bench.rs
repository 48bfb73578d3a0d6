//! What people of the demonstration do to one batch, one line each. Every line goes through the one write path,
//! is refused where a real one would be, and moves the clock on by a minute.

use super::DemoError;
use super::course::Case;
use super::dice::{self, Dice};
use super::people::{Staff, note, short};
use crate::acting::{Acting, ActingError};
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::disposition::{Deciding, Decision, Lifting, PartConfirmation};
use baiyo_domain::batch::distribution::Custody;
use baiyo_domain::batch::performed::LotUse;
use baiyo_domain::batch::{self, Batch, Performed};
use baiyo_domain::decision::Command;
use baiyo_domain::ids::{ContainerNo, Label, LabelKind, PersonId, QualityEventId, StandardId, VesselNo};
use baiyo_domain::order;
use baiyo_domain::quality_event::{self, Assessment, Closing, Impact};
use baiyo_domain::quantity::{Count, Number, Replicate};
use baiyo_persistence::clock::SetClock;
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::{Answer, Store, StoreError};
use rust_decimal::Decimal;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a step ends.
pub type Done = Result<(), DemoError>;

/// The centre that is seeded.
pub struct Centre<'a> {
    /// Its records.
    pub store: &'a Store,
    /// Its clock.
    pub clock: &'a SetClock,
    /// Its people.
    pub staff: &'a Staff,
    /// Its approved standards, by the names the demonstration has for them.
    pub standards: RefCell<BTreeMap<&'static str, StandardId>>,
}

impl Centre<'_> {
    /// The person with this sign-in name.
    ///
    /// # Errors
    /// There is none.
    pub fn acting(&self, who: &str) -> Result<&Acting, DemoError> {
        self.staff.named(who)
    }

    /// A standard by the demonstration's name for it.
    ///
    /// # Errors
    /// It is not approved yet.
    pub fn standard(&self, name: &str) -> Result<StandardId, DemoError> {
        let known = self.standards.borrow().get(name).copied();
        known.ok_or_else(|| DemoError::Seed(format!("no standard {name} yet")))
    }

    /// A batch's place to work on it.
    pub fn bench(&self, case: Case) -> Bench<'_> {
        Bench { centre: self, case }
    }
}

/// One batch, with the people who work on it.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// The centre.
    pub centre: &'a Centre<'a>,
    /// The batch and its people.
    pub case: Case,
}

/// A quantity from its digits.
///
/// # Errors
/// It is out of its range.
pub fn quantity<T: TryFrom<Number>>(digits: impl ToString) -> Result<T, DemoError> {
    let digits = digits.to_string();
    let number: Number = digits.parse().map_err(|error| DemoError::Seed(format!("{digits}: {error}")))?;
    T::try_from(number).map_err(|_| DemoError::Seed(format!("{digits} is out of range")))
}

/// A cell count of about so many viable cells, read twice.
///
/// # Errors
/// It is out of range.
pub fn count(viable: Decimal, dice: &mut Dice) -> Result<Count, DemoError> {
    const READ: i64 = 200;
    let factor = (viable / Decimal::from(READ * 1000)).round().max(Decimal::ONE) * Decimal::from(1000);
    let mut reading = || {
        let live =
            Decimal::from(READ) * (Decimal::ONE + dice.within(dice::COUNT_SCATTER) / Decimal::ONE_HUNDRED);
        let viability = dice.within(dice::VIABILITY) / Decimal::ONE_HUNDRED;
        let dead = live / viability - live;
        Ok::<_, DemoError>(Replicate { live: quantity(live.round())?, dead: Some(quantity(dead.round())?) })
    };
    Ok(Count {
        method: short("NucleoCounter AO/DAPI")?,
        replicates: vec![reading()?, reading()?],
        factor: quantity(factor)?,
    })
}

/// There is none.
pub fn missing(what: &str) -> DemoError {
    DemoError::Seed(format!("there is no {what}"))
}

impl Bench<'_> {
    /// The same people at another batch.
    pub fn of(&self, case: Case) -> Self {
        Self { case, ..*self }
    }

    /// The batch as recorded.
    ///
    /// # Errors
    /// It was not opened yet.
    pub fn state(&self) -> Result<Batch, DemoError> {
        let found =
            self.centre.store.read(|conn| reading::batch(conn, ClinicScope::Centre, self.case.batch))?;
        found.map(Arc::unwrap_or_clone).ok_or_else(|| missing("such batch"))
    }

    /// The label of the batch's order.
    ///
    /// # Errors
    /// It was not placed yet.
    pub fn order_label(&self) -> Result<Label, DemoError> {
        let read =
            |conn: &mut baiyo_persistence::Conn| reading::order(conn, ClinicScope::Centre, self.case.order);
        let found = self.centre.store.read(read)?;
        found.map(|(order, _)| order.placed.label.clone()).ok_or_else(|| missing("such order"))
    }

    /// Somebody's identifier.
    ///
    /// # Errors
    /// Nobody is called so.
    pub fn person(&self, who: &str) -> Result<PersonId, DemoError> {
        Ok(self.centre.acting(who)?.person)
    }

    fn done(&self, answer: Result<Answer, ActingError>) -> Result<Answer, DemoError> {
        let answer = answer?;
        self.centre.clock.advance_minutes(1);
        Ok(answer)
    }

    /// Somebody records a form of the batch.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn record(&self, who: &str, form: impl Into<batch::Command>) -> Done {
        let command = Command::Batch(self.case.batch, form.into());
        self.done(self.centre.acting(who)?.record(self.centre.store, command)).map(drop)
    }

    /// Somebody signs a form of the batch.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn sign(&self, who: &str, form: impl Into<batch::Command>) -> Done {
        let command = Command::Batch(self.case.batch, form.into());
        self.done(self.centre.acting(who)?.sign(self.centre.store, command)).map(drop)
    }

    /// Somebody tries what must be refused.
    ///
    /// # Errors
    /// It was not refused.
    pub fn refused(&self, who: &str, form: impl Into<batch::Command>) -> Done {
        let (form, acting) = (form.into(), self.centre.acting(who)?);
        let action = form.name();
        let command = Command::Batch(self.case.batch, form);
        let signing = baiyo_domain::authority::meaning_of(&command.action()).is_some();
        let answer = if signing {
            acting.sign(self.centre.store, command)
        } else {
            acting.record(self.centre.store, command)
        };
        self.centre.clock.advance_minutes(1);
        match answer {
            Err(ActingError::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => Err(DemoError::Seed(format!("{action} was not refused"))),
        }
    }

    /// Somebody records a form of the order.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn order(&self, who: &str, form: impl Into<order::Command>) -> Done {
        let command = Command::Order(self.case.order, form.into());
        self.done(self.centre.acting(who)?.record(self.centre.store, command)).map(drop)
    }

    /// Quality signs a form of a quality event.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn quality(&self, event: QualityEventId, form: impl Into<quality_event::Command>) -> Done {
        let command = Command::QualityEvent(event, form.into());
        self.done(self.centre.acting("nakamura")?.sign(self.centre.store, command)).map(drop)
    }

    /// The head of a step at the bench, checked by the second person.
    ///
    /// # Errors
    /// Nobody is called so.
    pub fn checked(&self) -> Result<Performed, DemoError> {
        Ok(Performed { checked_by: Some(self.person(self.case.checker)?), ..self.alone()? })
    }

    /// The head of a step at the bench.
    ///
    /// # Errors
    /// None that can come about.
    pub fn alone(&self) -> Result<Performed, DemoError> {
        let lot = |material: &str, lot: String| {
            Ok::<_, DemoError>(LotUse { material: short(material)?, lot: short(&lot)?, quantity: None })
        };
        let number = self.case.number;
        Ok(Performed {
            lots: vec![lot("medium", format!("MED-{:03}", 100 + number / 6))?],
            cabinet: Some(short(&format!("BSC-{}", 1 + number % 3))?),
            room: Some(short(&format!("CPR-{}", 1 + number % 2))?),
            ..Performed::default()
        })
    }

    /// The maker records a step; whoever is named in it confirms his part by his own sign-in.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn make(&self, form: impl Into<batch::Command>) -> Done {
        self.record(self.case.maker, form)?;
        self.confirm_parts()
    }

    /// Everybody named confirms his part.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn confirm_parts(&self) -> Done {
        for (entry, person, _) in self.state()?.unconfirmed_parts() {
            let member = self.centre.staff.everybody.iter().find(|member| member.acting.person == person);
            let member = member.ok_or_else(|| missing("person with that part"))?;
            self.record(member.sign_in, PartConfirmation { entry })?;
        }
        Ok(())
    }

    /// The vessels in culture.
    ///
    /// # Errors
    /// The batch was not opened yet.
    pub fn vessels(&self) -> Result<Vec<(VesselNo, Label)>, DemoError> {
        let state = self.state()?;
        let vessels = state.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture);
        let label = |no: VesselNo| state.opened.label.part(LabelKind::Vessel, no.0).map(|label| (no, label));
        Ok(vessels.filter_map(|vessel| label(vessel.no)).collect())
    }

    /// The labels of the vessels in culture.
    ///
    /// # Errors
    /// The batch was not opened yet.
    pub fn flasks(&self) -> Result<Vec<Label>, DemoError> {
        Ok(self.vessels()?.into_iter().map(|(_, label)| label).collect())
    }

    /// Viable cells that were seeded into the vessels in culture.
    ///
    /// # Errors
    /// The batch was not opened yet.
    pub fn seeded(&self) -> Result<Decimal, DemoError> {
        let state = self.state()?;
        let vessels = state.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture);
        Ok(vessels.map(|vessel| vessel.seeded.viable_cells.value()).sum())
    }

    /// Containers in that custody, with their labels.
    ///
    /// # Errors
    /// The batch was not opened yet.
    pub fn containers(&self, custody: Custody) -> Result<Vec<(ContainerNo, Label)>, DemoError> {
        let state = self.state()?;
        let there = state.containers.values().filter(|container| container.custody == custody);
        let label = |no: ContainerNo| state.opened.label.part(LabelKind::Dose, no.0).map(|label| (no, label));
        Ok(there.filter_map(|container| label(container.no)).collect())
    }

    /// Quality assesses every open quality event of the batch.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn assess(&self, impact: Impact, reasoning: &str) -> Done {
        let batch = self.case.batch;
        let open = self.state()?.quality_events.into_iter().filter(|(_, assessed)| assessed.is_none());
        for (event, _) in open {
            self.quality(event, Assessment { batch, impact, reasoning: note(reasoning)? })?;
        }
        Ok(())
    }

    /// Quality lifts every hold.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn lift(&self, reason: &str) -> Done {
        let held = self.state()?.holds.into_iter().filter(|(_, hold)| hold.lifted.is_none());
        for (hold, _) in held {
            self.sign("nakamura", Lifting { hold, reason: note(reason)? })?;
        }
        Ok(())
    }

    /// Quality closes every quality event of the batch.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn close_events(&self, conclusion: &str) -> Done {
        for event in self.state()?.quality_events.into_keys() {
            self.quality(event, Closing { conclusion: note(conclusion)? })?;
        }
        Ok(())
    }

    /// Quality releases these containers; what was sealed then stands on the certificate.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn release(&self, containers: Vec<ContainerNo>) -> Done {
        self.sign("nakamura", Deciding { containers, decision: Decision::Release })?;
        self.centre.store.seal().map(drop).map_err(|error: StoreError| error.into())
    }

    /// Quality tries to release these containers, which the gate refuses.
    ///
    /// # Errors
    /// It was not refused.
    pub fn release_refused(&self, containers: Vec<ContainerNo>) -> Done {
        self.refused("nakamura", Deciding { containers, decision: Decision::Release })
    }

    /// Quality rejects what is here, for ever.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn reject(&self, reason: &str) -> Done {
        let containers = self.containers(Custody::InHouse)?.into_iter().map(|(no, _)| no).collect();
        self.sign("nakamura", Deciding { containers, decision: Decision::Reject { reason: note(reason)? } })
    }
}
