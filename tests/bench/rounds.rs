//! The rounds: every command in turn on a workload of its own, which is put back before each run.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::control::Control;
use crate::measure::{self, Sample};
use crate::options::{Options, Size};
use crate::tree;
use crate::workload::{self, Case, Place, Workload, mount};

/// What was measured of one command on one workload.
pub(crate) struct Entrant {
    /// `reference`, or `ours` and how.
    pub(crate) label: String,
    command: Vec<OsString>,
    extra: Vec<OsString>,
    place: Place,
    /// One sample a round.
    pub(crate) samples: Vec<Sample>,
    /// Bytes written, where the workload tells.
    pub(crate) written: Option<u64>,
}

/// A case and what was measured of it.
pub(crate) struct Row {
    /// The case.
    pub(crate) case: Case,
    /// The reference, if there is one.
    pub(crate) peer: Option<Entrant>,
    /// Ours, one for each variant.
    pub(crate) ours: Vec<Entrant>,
    /// The control of each round.
    pub(crate) control: Vec<f64>,
}

/// Runs all cases that were asked for.
pub(crate) fn run(options: &Options) -> Result<Vec<Row>> {
    let control = Control::new(&options.dir)?;
    let mut rows = Vec::new();
    for case in workload::wanted(options) {
        let name = case.name;
        if let Some(row) = guarded(options, case, &control).with_context(|| format!("{name} failed"))? {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Mounts what the case needs, or skips it loudly.
fn guarded(options: &Options, case: Case, control: &Control) -> Result<Option<Row>> {
    let Some(kind) = case.filesystem else {
        return one(options, case, &options.dir, control).map(Some);
    };
    match mount::mount(kind, &options.dir) {
        Ok(mounted) => one(options, case, &mounted.dir, control).map(Some),
        Err(reason) => {
            ensure!(
                std::env::var_os("LOGROTATE_TESTS_NEED_ALL").is_none(),
                "{}: {reason:#}",
                case.name
            );
            eprintln!("bench: SKIPPED {}: {reason:#}", case.name);
            Ok(None)
        }
    }
}

/// Runs one case in all its rounds and removes its files.
pub(crate) fn one(options: &Options, case: Case, dir: &Path, control: &Control) -> Result<Row> {
    eprintln!("bench: {} {}: building", case.name, case.what);
    let shared = dir.join(case.name.to_lowercase());
    tree::fresh(&shared)?;
    let first = options.peer.as_ref().unwrap_or(&options.ours).clone();
    let entrant = |label: &str, command: &[OsString], extra: &[&str]| -> Result<Entrant> {
        let dir = shared.join(label.replace(|letter: char| !letter.is_ascii_alphanumeric(), ""));
        let place = Place {
            shared: shared.clone(),
            dir,
        };
        tree::fresh(&place.dir)?;
        case.work.build(&place, &first)?;
        let own = place.dir.display().to_string();
        let extra = extra.iter().map(|word| word.replace('@', &own).into()).collect();
        Ok(Entrant {
            label: label.to_owned(),
            command: command.to_vec(),
            extra,
            place,
            samples: Vec::new(),
            written: None,
        })
    };
    let mut peer = options
        .peer
        .as_ref()
        .map(|command| entrant("reference", command, &[]))
        .transpose()?;
    // The reference against itself knows nothing of our options.
    let same = options.peer.as_ref() == Some(&options.ours);
    let mut ours = Vec::new();
    for variant in &case.variants {
        ours.push(entrant(
            &format!("ours{}", variant.label),
            &options.ours,
            if same { &[] } else { variant.arguments },
        )?);
    }
    let mut controls = Vec::new();
    for round in 0..options.rounds {
        eprintln!("bench: {} round {} of {}", case.name, round + 1, options.rounds);
        if options.size != Size::Smoke {
            controls.push(control.measure()?);
        }
        let mut all: Vec<&mut Entrant> = peer.iter_mut().chain(&mut ours).collect();
        let count = all.len();
        all.rotate_left(round % count);
        for entrant in all {
            turn(&*case.work, entrant, case.times)?;
        }
    }
    std::fs::remove_dir_all(&shared)?;
    Ok(Row {
        case,
        peer,
        ours,
        control: controls,
    })
}

/// One run of one command, and the look at what it left.
fn turn(work: &dyn Workload, entrant: &mut Entrant, times: u32) -> Result<()> {
    let place = &entrant.place;
    work.reset(place)?;
    nix::unistd::sync();
    let mut arguments = entrant.extra.clone();
    arguments.extend(workload::arguments(work, place));
    let messages = place.dir.join("messages");
    let sample = measure::run(&entrant.command, &arguments, times, &messages)?;
    let said = std::fs::read_to_string(&messages).unwrap_or_default();
    let said = said.lines().take(5).collect::<Vec<_>>().join("\n");
    ensure!(sample.code == 0, "{}: exit code {}: {said}", entrant.label, sample.code);
    entrant.written = work
        .check(place)
        .with_context(|| format!("{}: {said}", entrant.label))?;
    eprintln!(
        "bench:   {}: {:.4} s, {:.1} MiB",
        entrant.label, sample.wall, sample.peak
    );
    entrant.samples.push(sample);
    Ok(())
}
