//! A sweep: one way of rotating, disturbed at each of its counted system calls in turn, judged, and rotated twice more.
//!
//! Which calls count and what happens at them are the caller's; so is what it wants to know besides of each disturbed run.

use std::path::{Path, PathBuf};

use super::findings::Findings;
use super::scene::{Place, Scene, Way};
use super::tracer::{self, Call, Ending, Fate};

/// What happens at a call, and at which.
pub(super) struct Disturbance<'a> {
    /// What happens.
    pub(super) fate: Fate,
    /// The calls at which it makes a case of its own.
    pub(super) counts: &'a (dyn Fn(&Call, &Scene) -> bool + Sync),
    /// What happens at a call in every run, disturbed there or not.
    pub(super) always: &'a (dyn Fn(&Call) -> Fate + Sync),
}

/// Everything dies.
pub(super) const KILL: Disturbance<'static> = Disturbance {
    fate: Fate::KillAll,
    counts: &counts,
    always: &nothing_else,
};

/// A run that was disturbed.
pub(super) struct Struck {
    /// The call at which it was.
    pub(super) call: &'static str,
    /// The file that the call was about.
    pub(super) path: PathBuf,
    /// The place in words.
    pub(super) at: String,
    /// How the run ended.
    pub(super) ending: Ending,
}

/// A kill right before this call makes a case of its own.
pub(super) fn counts(call: &Call, scene: &Scene) -> bool {
    call.is_process() || call.changes() && call.target().is_some_and(|path| path.starts_with(&scene.dir))
}

/// Nothing happens but the disturbance.
pub(super) fn nothing_else(_: &Call) -> Fate {
    Fate::Go
}

/// Rotates and disturbs the run at its `point`th counted call; `Err` is how it ended if it has not so many.
pub(super) fn disturb(
    program: &Path,
    scene: &Scene,
    point: usize,
    disturbance: &Disturbance<'_>,
) -> Result<Struck, Ending> {
    let (mut number, mut struck) = (0, None);
    let ending = tracer::run(&mut scene.rotate(program), &mut |call| {
        let always = (disturbance.always)(call);
        if always != Fate::Go || struck.is_some() || !(disturbance.counts)(call, scene) {
            return always;
        }
        number += 1;
        if number != point + 1 {
            return Fate::Go;
        }
        struck = Some((call.name(), call.target().unwrap_or_default()));
        disturbance.fate
    });
    let (call, path) = struck.ok_or(ending)?;
    let shown = path.strip_prefix(&scene.dir).unwrap_or(&path).display();
    let at = format!("{:?} at {call}#{point} {shown}", disturbance.fate);
    Ok(Struck { call, path, at, ending })
}

/// Disturbs a way at each counted call in turn; `judge` adds what it finds wrong with a disturbed run.
pub(super) fn sweep(
    program: &Path,
    way: &Way,
    disturbance: &Disturbance<'_>,
    judge: &dyn Fn(&mut Findings, &Scene, &Struck),
) -> Findings {
    let mut findings = Findings::default();
    let place = Place::new(way.on_disk);
    let mut scene = Scene::plan(way, &place.path().join("scene"));
    for point in 0.. {
        scene.put_up();
        let mut struck = match disturb(program, &scene, point, disturbance) {
            Ok(struck) => struck,
            Err(ending) => {
                assert_eq!(ending, Ending::Exited(0), "{}: an undisturbed run", way.name);
                break;
            }
        };
        struck.at = format!("{}: {}", way.name, struck.at);
        findings.points += 1;
        findings.judge_at_once(&scene, &struck.at);
        judge(&mut findings, &scene, &struck);
        findings.run_twice_more(program, &mut scene, &struck.at);
    }
    findings
}
