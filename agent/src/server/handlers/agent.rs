//! About the agent itself: how it is, and that it should stop.

use camctl_shared::ipc::message::{AgentReport, Reply, RepositoryReport};
use camctl_shared::ipc::version::PROTOCOL;

use crate::repository::Repository;
use crate::repository::board::Health;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};
use crate::wire::milliseconds;

/// Serves `AgentStatus`.
pub async fn status(agent: &Agent, replies: &mut Replies) -> Result<(), Gone> {
    let me = &agent.registry.house().me;
    let report = AgentReport {
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL,
        user: me.user.to_string(),
        machine: me.machine.as_deref().unwrap_or_default().to_owned(),
        session: me
            .session
            .as_ref()
            .map(|session| session.as_str().to_owned())
            .unwrap_or_default(),
        started_us: agent.started.as_microsecond(),
        log: agent.log.clone(),
        repositories: agent
            .registry
            .all()
            .iter()
            .map(|repository| about(repository))
            .collect(),
    };
    replies.send(&Reply::Agent(report)).await
}

/// Serves `AgentStop`: answers once the locks are parked, or could not be.
pub async fn stop(agent: &Agent, replies: &mut Replies) -> Result<(), Gone> {
    let mut parked = agent.parked.subscribe();
    agent.stop.notify_one();
    // An error means that the agent is gone already.
    let _ = parked.wait_for(|parked| *parked).await;
    replies.send(&Reply::Done).await
}

fn about(repository: &Repository) -> RepositoryReport {
    let board = &repository.board;
    let now = board.clock.moment();
    let (commit, locks) = board
        .see(|eyes| (eyes.table.n, eyes.table.locks.len()))
        .unwrap_or_default();
    let readable = board.readable().err();
    let state = board.state();
    let safe = state.mine.is_empty() || state.life.is_safe(now);
    let word = match (&state.health, &readable) {
        (Health::Damaged(_), _) => "damaged",
        (_, Some(_)) => "away",
        (_, None) if !safe => "unsafe",
        (_, None) => "ok",
    };
    let problem = readable
        .map(|problem| problem.to_string())
        .or_else(|| state.beat_problem.as_ref().map(ToString::to_string));
    RepositoryReport {
        folder: board.folder.clone(),
        state: word.to_owned(),
        problem,
        commit,
        locks: u64::try_from(locks).unwrap_or(u64::MAX),
        mine: u64::try_from(state.mine.len()).unwrap_or(u64::MAX),
        answered_ms_ago: board.pulse.last().map(|last| milliseconds(now.since(last))),
    }
}
