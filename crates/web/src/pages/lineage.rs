//! Lineage: the picture, and beside it the same as a nested list: tissue or other batches, vessels by passage, harvests, fills, containers. What was
//! made together stands together; what was pooled stands under the first of what it came from and is named under
//! the others.

use super::pictures;
use super::reader::{Names, Reader, part_label};
use super::status_chip;
use crate::words::{self, Picture as Said, Ui};
use baiyo_domain::batch::{Batch, Subject};
use baiyo_domain::ids::{ContainerNo, LabelKind};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Subjects of one kind that came from the same ones at once.
struct Group {
    parents: Vec<Subject>,
    members: Vec<Subject>,
}

/// The lineage of a batch, with the path of one container lit.
pub fn section(reader: &Reader, batch: &Batch, names: &Names, dose: Option<ContainerNo>) -> Markup {
    let groups = groups(batch);
    let tree = Tree { reader, batch, names, groups: &groups };
    let mut shown = BTreeSet::new();
    html! {
        section #lineage {
            h2 { (reader.say(Ui::Lineage)) }
            @if groups.is_empty() { p.empty { (reader.say(Ui::NoEntriesYet)) } } @else {
                @let list = html! {
                    ul.lineage {
                        @for (index, group) in groups.iter().enumerate() {
                            @if group.parents.is_empty() { (tree.branch(index, &mut shown)) }
                        }
                    }
                };
                (pictures::lineage::picture(reader, batch, names, dose, list))
            }
            @if !batch.children.is_empty() {
                h3 { (reader.say(Ui::LeadsTo)) }
                ul { @for child in &batch.children { li { (tree.other_batch(*child)) } } }
            }
        }
    }
}

fn groups(batch: &Batch) -> Vec<Group> {
    let roots = batch.tissue.iter().map(|_| Subject::Tissue);
    let parents = batch.parents.keys().map(|batch| Subject::Parent { batch: *batch });
    let all = roots
        .chain(parents)
        .chain(batch.vessels.keys().copied().map(Subject::Vessel))
        .chain(batch.harvests.keys().copied().map(Subject::Harvest))
        .chain(batch.fills.keys().copied().map(Subject::Fill))
        .chain(batch.containers.keys().copied().map(Subject::Container));
    let mut groups: Vec<Group> = Vec::new();
    for subject in all {
        let parents = batch.parents_of(subject);
        let together = groups.iter_mut().find(|group| {
            let same_kind = group.members.iter().all(|member| rank(*member) == rank(subject));
            !parents.is_empty() && same_kind && group.parents == parents
        });
        match together {
            Some(group) => group.members.push(subject),
            None => groups.push(Group { parents, members: vec![subject] }),
        }
    }
    groups
}

fn rank(subject: Subject) -> u8 {
    match subject {
        Subject::Tissue => 0,
        Subject::Parent { .. } => 1,
        Subject::Vessel(_) => 2,
        Subject::Harvest(_) => 3,
        Subject::Fill(_) => 4,
        Subject::Container(_) => 5,
    }
}

struct Tree<'a> {
    reader: &'a Reader<'a>,
    batch: &'a Batch,
    names: &'a Names,
    groups: &'a [Group],
}

impl Tree<'_> {
    fn branch(&self, index: usize, shown: &mut BTreeSet<usize>) -> Markup {
        let group = &self.groups[index];
        let first_time = shown.insert(index);
        let below =
            |(_, other): &(usize, &Group)| other.parents.iter().any(|parent| group.members.contains(parent));
        let below: Vec<usize> =
            self.groups.iter().enumerate().filter(below).map(|(index, _)| index).collect();
        html! {
            li {
                @if first_time {
                    div.parts #{ "lineage-" (index) } { (self.group(group)) }
                    @if !below.is_empty() {
                        ul { @for next in below { (self.branch(next, shown)) } }
                    }
                } @else {
                    a href={ "#lineage-" (index) } { (self.names_of(&group.members)) " – " (self.reader.say(Ui::SeeAbove)) }
                }
            }
        }
    }

    fn group(&self, group: &Group) -> Markup {
        let what = group.members.first().map_or(Ui::Unknown, |first| kind(*first));
        let passage = group.members.iter().find_map(|member| match member {
            Subject::Vessel(no) => self.batch.vessels.get(no).map(|vessel| vessel.passage),
            Subject::Harvest(no) => self.batch.harvests.get(no).map(|harvest| harvest.passage),
            _ => None,
        });
        html! {
            span.what { @if let Some(passage) = passage { "P" (passage) " · " } (self.reader.say(what)) }
            @for member in &group.members { (self.member(*member)) }
            @if group.parents.len() > 1 {
                span.muted { (self.reader.say(Ui::ComesFrom)) ": " (self.names_of(&group.parents)) }
            }
        }
    }

    fn member(&self, subject: Subject) -> Markup {
        let language = self.reader.language;
        match subject {
            Subject::Tissue => html! {
                @if let Some(tissue) = &self.batch.tissue { (tissue.receipt.site) ", " (self.reader.time(tissue.at)) }
            },
            Subject::Parent { batch } => html! {
                (self.other_batch(batch))
                @if let Some(standing) = self.batch.parents.get(&batch) { span.muted { "P" (standing.passage) } }
            },
            Subject::Vessel(no) => html! {
                a href={ "#vessel-" (no) } { (part_label(self.batch, LabelKind::Vessel, no.0)) }
                @if let Some(vessel) = self.batch.vessels.get(&no) { (status_chip::vessel(language, vessel.state)) }
            },
            Subject::Harvest(no) => html! {
                (no)
                @if let Some(harvest) = self.batch.harvests.get(&no) {
                    span.muted { (self.reader.time(harvest.at)) }
                    @if let Some(viable) = harvest.viable { span { (words::cells(baiyo_domain::quantity::Number(viable))) } }
                }
            },
            Subject::Fill(no) => html! {
                (no)
                @if let Some(fill) = self.batch.fills.get(&no) { span.muted { (self.reader.time(fill.at)) } }
            },
            Subject::Container(no) => html! {
                a href={ "#container-" (no) } { (part_label(self.batch, LabelKind::Dose, no.0)) }
                a href={ "?dose=" (no) "#lineage" } { (self.reader.say(Said::PathOf)) " D" (no) }
                @if let Some(container) = self.batch.containers.get(&no) {
                    (status_chip::container(language, container.status()))
                }
            },
        }
    }

    fn other_batch(&self, batch: baiyo_domain::ids::BatchId) -> Markup {
        let (label, open) = self.names.batch(batch);
        html! { @if open { a href={ "/batches/" (batch) } { (label) } } @else { (label) } }
    }

    fn names_of(&self, subjects: &[Subject]) -> String {
        let name = |subject: &Subject| words::subject(self.reader.language, subject, &self.reader.context);
        subjects.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

fn kind(subject: Subject) -> Ui {
    match subject {
        Subject::Tissue => Ui::Tissue,
        Subject::Parent { .. } => Ui::Batch,
        Subject::Vessel(_) => Ui::Vessels,
        Subject::Harvest(_) => Ui::Harvest,
        Subject::Fill(_) => Ui::Fill,
        Subject::Container(_) => Ui::Containers,
    }
}
