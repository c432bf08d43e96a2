//! What happens, in order, and what must come of it.

use super::run::{Expected, begin_waiting, end, run, tell};
use super::stage::Person::{Alice, Bob};
use super::stage::Stage;
use crate::app::App;
use crate::errors::Failure;
use crate::exit::Exit;

const PART: &str = "4801247.mcam";
const CLAMP: &str = "fixtures/clamp.vnc";

/// Plays the whole story.
///
/// # Errors
/// The first thing that does not go as it should.
pub fn play(app: &mut App, stage: &mut Stage) -> Result<(), Failure> {
    prepare(app, stage)?;
    refusal(app, stage)?;
    hand_over(app, stage)?;
    recovery(app, stage)?;
    takeover(app, stage)?;
    tell(app, "In the end everything is free again:");
    run(
        app,
        stage,
        Alice,
        &["list"],
        Expected::done(&["free", PART, CLAMP]),
    )?;
    run(
        app,
        stage,
        Alice,
        &["agent", "stop"],
        Expected::done(&["stopped"]),
    )?;
    run(app, stage, Bob, &["agent", "stop"], Expected::done(&["stopped"]))
}

fn prepare(app: &mut App, stage: &mut Stage) -> Result<(), Failure> {
    tell(app, "A folder that two machines share becomes a repository:");
    stage.add_file(PART, "a part")?;
    stage.add_file(CLAMP, "a clamp")?;
    stage.start_agent(Alice)?;
    run(
        app,
        stage,
        Alice,
        &["init"],
        Expected::done(&["is a repository now"]),
    )?;
    // An agent reads the policy when it first sees the repository. With these times a crash is over in seconds.
    stage.stop_agent(Alice)?;
    stage.shrink_times()?;
    stage.start_agent(Alice)?;
    stage.start_agent(Bob)
}

fn refusal(app: &mut App, stage: &mut Stage) -> Result<(), Failure> {
    tell(
        app,
        "Alice takes a file. Bob, on another machine, cannot have it now:",
    );
    let checkout = ["checkout", PART, "-m", "revision C"];
    run(
        app,
        stage,
        Alice,
        &checkout,
        Expected::done(&["checked out", PART]),
    )?;
    let held = Expected {
        exits: &[Exit::Held],
        says: &["alice on CAM-03", "revision C"],
    };
    run(app, stage, Bob, &["checkout", PART], held)?;
    run(
        app,
        stage,
        Bob,
        &["list", "--locked"],
        Expected::done(&["alice on CAM-03", PART]),
    )?;
    let not_his = Expected {
        exits: &[Exit::NotYours],
        says: &["alice on CAM-03"],
    };
    run(app, stage, Bob, &["checkin", PART], not_his)
}

fn hand_over(app: &mut App, stage: &mut Stage) -> Result<(), Failure> {
    tell(
        app,
        "Bob waits in line. When Alice gives the file back, it is his:",
    );
    let waiting = ["checkout", PART, "--wait=20s", "-m", "new clamps"];
    let waiting = begin_waiting(app, stage, Bob, &waiting)?;
    run(
        app,
        stage,
        Alice,
        &["checkin", PART],
        Expected::done(&["checked in", PART]),
    )?;
    end(app, stage, waiting, Expected::done(&["checked out", PART]))?;
    run(
        app,
        stage,
        Alice,
        &["status", PART],
        Expected::done(&["bob on CNC-1", "new clamps"]),
    )
}

fn recovery(app: &mut App, stage: &mut Stage) -> Result<(), Failure> {
    tell(
        app,
        "Bob's agent is killed. Nobody gets his file for that: silence is not freedom.",
    );
    stage.kill_agent(Bob)?;
    let held = Expected {
        exits: &[Exit::Held],
        says: &["bob on CNC-1"],
    };
    run(app, stage, Alice, &["checkout", PART], held)?;
    tell(app, "His agent starts again, and goes on with the same lock:");
    stage.start_agent(Bob)?;
    run(
        app,
        stage,
        Bob,
        &["status"],
        Expected::done(&[PART, "new clamps"]),
    )?;
    run(
        app,
        stage,
        Bob,
        &["checkin", PART],
        Expected::done(&["checked in", PART]),
    )
}

fn takeover(app: &mut App, stage: &mut Stage) -> Result<(), Failure> {
    tell(
        app,
        "This time Bob's machine stays dead, with a file checked out:",
    );
    run(
        app,
        stage,
        Bob,
        &["checkout", CLAMP],
        Expected::done(&["checked out", CLAMP]),
    )?;
    stage.kill_agent(Bob)?;
    tell(
        app,
        "Alice waits. After 2 s without a sign of life (5 min in real life) the lock is stale, and hers to take:",
    );
    let waiting = begin_waiting(app, stage, Alice, &["checkout", CLAMP, "--wait=20s"])?;
    end(
        app,
        stage,
        waiting,
        Expected::done(&["checked out", CLAMP, "broken"]),
    )?;
    tell(app, "Bob comes back too late, and is told so:");
    stage.start_agent(Bob)?;
    let too_late = Expected {
        exits: &[Exit::Lost, Exit::NotYours],
        says: &["alice"],
    };
    run(app, stage, Bob, &["checkin", CLAMP], too_late)?;
    run(
        app,
        stage,
        Alice,
        &["checkin", CLAMP],
        Expected::done(&["checked in", CLAMP]),
    )
}
