//! Jobs on a folder of their own, with work that goes on when the test says so.

use super::*;
use std::sync::mpsc::{Sender, channel};
use tempfile::TempDir;

/// Work of ten steps, each taken when it is told to, that writes a file.
fn ten_steps() -> (Work, Sender<()>) {
    let (step, steps) = channel::<()>();
    let work = Box::new(move |watch: &mut Watch, file: &Path| {
        fs::write(file, "half").map_err(|error| Unfinished::Failed(error.to_string()))?;
        for done in 0..10 {
            while steps.recv_timeout(Duration::from_millis(5)).is_err() {
                if watch(done, 10).is_break() {
                    return Err(Unfinished::Stopped);
                }
            }
        }
        fs::write(file, "whole").map_err(|error| Unfinished::Failed(error.to_string()))?;
        let summary = Said { en: "done".into(), ja: "完了".into() };
        Ok(Outcome { good: true, summary, findings: Vec::new(), notes: Vec::new(), file: true })
    });
    (work, step)
}

fn somebody() -> PersonId {
    PersonId(Uuid::from_u128(7))
}

/// Waits until a job's file says what is looked for.
#[track_caller]
fn until(jobs: &Jobs, id: Uuid, is: impl Fn(&Job) -> bool) -> Job {
    for _ in 0..2000 {
        match jobs.job(id) {
            Some(job) if is(&job) => return job,
            _ => thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("{:?}", jobs.job(id));
}

fn began(jobs: &Jobs, kind: Kind) -> (Uuid, Sender<()>) {
    let (work, step) = ten_steps();
    match jobs.start(kind, somebody(), clock(), work).unwrap() {
        Begun::Now(id) => (id, step),
        Begun::AtWork(id) => panic!("{id} is at work"),
    }
}

#[test]
fn how_far_a_job_is_is_found_by_every_server_on_the_folder_and_so_is_what_it_made() {
    let folder = TempDir::new().unwrap();
    let (here, elsewhere) = (Jobs::of(folder.path()), Jobs::of(folder.path()));
    let (id, step) = began(&here, Kind::Export);
    (0..4).for_each(|_| step.send(()).unwrap());
    let job = until(&elsewhere, id, |job| job.done == 4);
    assert_eq!(
        (job.kind, job.person, job.total, job.standing),
        (Kind::Export, somebody(), 10, Standing::Running)
    );
    (4..10).for_each(|_| step.send(()).unwrap());
    let job = until(&elsewhere, id, |job| job.standing != Standing::Running);
    assert!(matches!(job.standing, Standing::Finished(Outcome { good: true, .. })), "{job:?}");
    assert_eq!(fs::read_to_string(elsewhere.file(id)).unwrap(), "whole");
    assert_eq!(elsewhere.all(), [job]);
}

#[test]
fn a_job_is_stopped_from_another_server_as_well_and_leaves_no_half_a_file() {
    let folder = TempDir::new().unwrap();
    let (here, elsewhere) = (Jobs::of(folder.path()), Jobs::of(folder.path()));
    for stopped_by in [&here, &elsewhere] {
        let (id, step) = began(&here, Kind::Export);
        step.send(()).unwrap();
        until(&here, id, |job| job.done == 1);
        assert!(here.file(id).exists());
        stopped_by.stop(id).unwrap();
        until(&here, id, |job| job.standing == Standing::Stopped);
        assert!(!here.file(id).exists());
    }
}

#[test]
fn of_each_kind_one_is_at_work_and_another_is_not_started_and_not_taken_for_it() {
    let folder = TempDir::new().unwrap();
    let jobs = Jobs::of(folder.path());
    let (first, _step) = began(&jobs, Kind::Verification);
    for server in [&jobs, &Jobs::of(folder.path())] {
        let second = server.start(Kind::Verification, somebody(), clock(), ten_steps().0).unwrap();
        assert_eq!(second, Begun::AtWork(first));
    }
    let (other, _step) = began(&jobs, Kind::Rebuild);
    assert_ne!(other, first);
    assert_eq!(jobs.all().len(), 2);
    jobs.stop(first).unwrap();
    until(&jobs, first, |job| job.standing == Standing::Stopped);
    assert_ne!(began(&jobs, Kind::Verification).0, first);
}

#[test]
fn what_was_at_work_when_its_server_stopped_or_went_away_is_interrupted() {
    let folder = TempDir::new().unwrap();
    let jobs = Jobs::of(folder.path());
    let (id, _step) = began(&jobs, Kind::Export);
    jobs.close();
    assert_eq!(jobs.job(id).unwrap().standing, Standing::Interrupted);

    // One that was never heard of again: its process was killed.
    let lost = Job { id: Uuid::now_v7(), standing: Standing::Running, ..jobs.job(id).unwrap() };
    let files = Files { folder: folder.path().join("jobs"), id: lost.id };
    files.write(&Job { heard_at: clock().plus(-SILENCE + TimeDelta::seconds(5)), ..lost.clone() }).unwrap();
    assert_eq!(jobs.job(lost.id).unwrap().standing, Standing::Running);
    files.write(&Job { heard_at: clock().plus(-SILENCE - TimeDelta::seconds(1)), ..lost.clone() }).unwrap();
    assert_eq!(jobs.job(lost.id).unwrap().standing, Standing::Interrupted);
    let again = Jobs::of(folder.path());
    assert_ne!(began(&again, Kind::Export).0, lost.id, "it keeps nobody from starting another");
}

#[test]
fn what_fails_or_panics_says_so() {
    let folder = TempDir::new().unwrap();
    let jobs = Jobs::of(folder.path());
    let failing: [(Work, &str); 2] = [
        (Box::new(|_, _| Err(Unfinished::Failed("the disk is full".into()))), "the disk is full"),
        (Box::new(|_, _| panic!("on purpose")), "it ended abnormally"),
    ];
    for (work, why) in failing {
        let Begun::Now(id) = jobs.start(Kind::Rebuild, somebody(), clock(), work).unwrap() else { panic!() };
        let job = until(&jobs, id, |job| job.standing != Standing::Running);
        assert_eq!(job.standing, Standing::Failed(why.into()));
    }
}

#[test]
fn the_oldest_are_forgotten_with_their_files_and_none_that_is_at_work() {
    let folder = TempDir::new().unwrap();
    let jobs = Jobs::of(folder.path());
    let (running, _step) = began(&jobs, Kind::Export);
    let mut ended = Vec::new();
    for _ in 0..REMEMBERED + 5 {
        let (id, step) = began(&jobs, Kind::Rebuild);
        (0..10).for_each(|_| step.send(()).unwrap());
        until(&jobs, id, |job| job.standing != Standing::Running);
        ended.push(id);
    }
    let known: Vec<Uuid> = jobs.all().iter().map(|job| job.id).collect();
    assert!(
        known.len() <= REMEMBERED + 1 && known.contains(&running) && known.contains(&ended[ended.len() - 1])
    );
    assert!(!known.contains(&ended[0]) && !jobs.file(ended[0]).exists());
    jobs.close();
}

#[test]
fn of_exports_the_newest_three_are_kept() {
    let folder = TempDir::new().unwrap();
    let jobs = Jobs::of(folder.path());
    let exported: Vec<Uuid> = (0..5)
        .map(|_| {
            let (id, step) = began(&jobs, Kind::Export);
            (0..10).for_each(|_| step.send(()).unwrap());
            until(&jobs, id, |job| job.standing != Standing::Running);
            id
        })
        .collect();
    let kept: Vec<bool> = exported.iter().map(|id| jobs.file(*id).exists()).collect();
    assert_eq!(kept, [false, false, true, true, true]);
    assert_eq!(jobs.all().len(), 3);
    // Those that were stopped push none of them out.
    for _ in 0..4 {
        let (id, _step) = began(&jobs, Kind::Export);
        jobs.stop(id).unwrap();
        until(&jobs, id, |job| job.standing == Standing::Stopped);
    }
    assert!(jobs.file(exported[4]).exists() && jobs.file(exported[3]).exists());
}

#[cfg(unix)]
#[test]
fn nobody_else_on_the_machine_looks_into_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let jobs = Jobs::of(folder.path());
    let _ = began(&jobs, Kind::Export);
    let mode = fs::metadata(folder.path().join("jobs")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    jobs.close();
}
