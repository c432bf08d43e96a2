//! The past.

use camctl_shared::ipc::message::{
    EndedCount, EpisodeEnd, EpisodeInfo, HistoryPage, Reply, Request, SlotInfo, SpreadInfo, StatsReport,
    TallyInfo,
};

use super::{TIME, text};

pub fn requests() -> Vec<(&'static str, Request)> {
    vec![
        (
            "history",
            Request::History {
                paths: vec![text("/mnt/cam/fixtures/4801247.mcam")],
                since_us: Some(TIME),
                user: Some(text("alice")),
                limit: 50,
            },
        ),
        (
            "stats",
            Request::Stats {
                folder: text("/mnt/cam"),
                since_us: None,
            },
        ),
    ]
}

fn ended() -> EpisodeInfo {
    EpisodeInfo {
        file: text("fixtures/4801247.mcam"),
        user: text("alice"),
        machine: Some(text("CAM-03")),
        kind: Some(text("checkout")),
        message: text("Überarbeitung, \"Op 20\""),
        token: Some(1842),
        taken_us: TIME,
        waited_ms: Some(90_000),
        end: Some(EpisodeEnd {
            at_us: TIME + 7_200_000_000,
            how: Some(text("forced")),
            by_user: Some(text("boss")),
            by_machine: Some(text("OFFICE")),
            reason: text("on holiday"),
            next_user: Some(text("bob")),
            next_machine: None,
        }),
    }
}

fn standing() -> EpisodeInfo {
    EpisodeInfo {
        machine: None,
        kind: None,
        message: String::new(),
        token: None,
        waited_ms: None,
        end: None,
        ..ended()
    }
}

fn tally(name: &str) -> TallyInfo {
    let spread = SpreadInfo {
        count: 3,
        median_ms: 60_000,
        ninety_ms: 3_600_000,
        longest_ms: 86_400_000,
        total_ms: 90_060_000,
    };
    TallyInfo {
        name: text(name),
        locks: 4,
        held: spread,
        waits: 2,
        waited: spread,
        conflicts: 5,
        had: 1,
    }
}

pub fn replies() -> Vec<(&'static str, Reply)> {
    let stats = StatsReport {
        repository: text("/mnt/cam"),
        folder: text("fixtures"),
        begins_us: TIME,
        all: tally(""),
        ended: vec![
            EndedCount {
                how: Some(text("released")),
                count: 3,
            },
            EndedCount { how: None, count: 1 },
        ],
        held: vec![(Some(900_000), 2), (None, 1)],
        files: vec![tally("fixtures/4801247.mcam")],
        files_in_all: 17,
        people: vec![tally("alice")],
        people_in_all: 3,
        standing: vec![standing()],
        standing_in_all: 1,
    };
    let slot = SlotInfo {
        quarter: 1_994_650,
        taken: 3,
        conflicts: 1,
    };
    vec![
        (
            "history",
            Reply::History(HistoryPage {
                repository: text("/mnt/cam"),
                begins_us: TIME,
                episodes: vec![ended(), standing()],
                more: 12,
            }),
        ),
        ("stats", Reply::Stats(Box::new(stats))),
        ("slots", Reply::Slots(vec![slot])),
    ]
}
