//! `history` and `stats`.

use camctl_shared::ipc::message::{
    EndedCount, EpisodeEnd, EpisodeInfo, Fault, HistoryPage, Reply, Request, SlotInfo, SpreadInfo,
    StatsReport, TallyInfo,
};

use crate::testing::{Script, minutes_ago, play};

const HOUR: u64 = 3_600_000;

fn standing() -> EpisodeInfo {
    EpisodeInfo {
        file: "fixtures/4801247.mcam".into(),
        user: "alice".into(),
        machine: Some("CAM-03".into()),
        kind: Some("checkout".into()),
        message: "revision C".into(),
        token: Some(1842),
        taken_us: minutes_ago(90),
        waited_ms: Some(40_000),
        end: None,
    }
}

fn ended(how: Option<&str>, by: Option<(&str, &str)>, reason: &str, next: Option<&str>) -> EpisodeInfo {
    EpisodeInfo {
        taken_us: minutes_ago(60 * 24 * 3),
        waited_ms: None,
        end: Some(EpisodeEnd {
            at_us: minutes_ago(60 * 24 * 3 - 35),
            how: how.map(str::to_owned),
            by_user: by.map(|(user, _)| user.to_owned()),
            by_machine: by.map(|(_, machine)| machine.to_owned()),
            reason: reason.to_owned(),
            next_user: next.map(str::to_owned),
            next_machine: next.map(|_| "CNC-1".to_owned()),
        }),
        ..standing()
    }
}

fn page(episodes: Vec<EpisodeInfo>, more: u64) -> Reply {
    Reply::History(HistoryPage {
        repository: "/mnt/cam".into(),
        begins_us: minutes_ago(60 * 24 * 30),
        episodes,
        more,
    })
}

fn past() -> Script {
    let alice = ("alice", "CAM-03");
    let odd = EpisodeInfo {
        file: "esc\u{1b}[2J.mcam".into(),
        machine: None,
        kind: None,
        message: "=cmd|' /C calc'!A0, \"x\"".into(),
        token: None,
        ..ended(None, None, "", None)
    };
    vec![
        Ok(page(
            vec![
                standing(),
                ended(Some("released"), Some(alice), "done", None),
                ended(Some("released"), Some(alice), "", Some("bob")),
                ended(Some("released"), Some(("alice", "CAM-04")), "", None),
            ],
            12,
        )),
        Ok(page(
            vec![
                ended(Some("broken"), Some(("bob", "CNC-1")), "", Some("bob")),
                ended(Some("forced"), Some(("boss", "OFFICE")), "on holiday", None),
                ended(Some("expired"), Some(("bob", "CNC-1")), "", Some("bob")),
                odd,
            ],
            12,
        )),
        Ok(Reply::Done),
    ]
}

#[test]
fn a_history_is_a_table_for_people_and_one_object_for_scripts() {
    insta::assert_snapshot!("history", play(&["history", "/mnt/cam"], vec![past()]).shown());
    let played = play(&["history", "/mnt/cam", "--json"], vec![past()]);
    insta::assert_snapshot!("history_json", format!("{:#}", played.json()));
    insta::assert_snapshot!(
        "history_csv",
        play(&["history", "/mnt/cam", "--csv"], vec![past()]).out
    );
}

#[test]
fn a_history_of_nothing_says_how_far_it_goes_back() {
    let script = vec![Ok(page(vec![], 0)), Ok(Reply::Done)];
    let played = play(&["history", "/mnt/cam", "--user", "zoe"], vec![script]);
    assert_eq!((played.exit, played.out.as_str()), (0, ""));
    assert_eq!(
        played.err,
        "no such locks; what is known begins at 2026-10-21 12:12\n"
    );
}

#[test]
fn what_is_asked_for_is_asked_of_the_agent() {
    let words = [
        "history",
        "/mnt/cam/a",
        "/mnt/cam/b",
        "--since",
        "1d",
        "--user",
        "bob",
        "--limit",
        "0",
    ];
    let played = play(&words, vec![past()]);
    let expected = Request::History {
        paths: vec!["/mnt/cam/a".into(), "/mnt/cam/b".into()],
        since_us: Some(minutes_ago(24 * 60)),
        user: Some("bob".into()),
        limit: u64::MAX,
    };
    assert_eq!(played.heard, [expected]);
    let played = play(&["stats", "/mnt/cam", "--since", "2026-11-01"], vec![numbers()]);
    let first: camctl_shared::clock::Timestamp = "2026-10-31T23:00:00Z".parse().unwrap();
    let expected = Request::Stats {
        folder: "/mnt/cam".into(),
        since_us: Some(first.as_microsecond()),
    };
    assert_eq!(played.heard, [expected]);
}

#[test]
fn a_past_that_cannot_be_read_is_an_error_and_never_empty() {
    for verb in ["history", "stats"] {
        let fault = Fault::Share {
            problem: "the share does not answer".into(),
            passing: true,
        };
        let played = play(&[verb, "/mnt/cam"], vec![vec![Ok(Reply::Failed(fault))]]);
        assert_eq!((played.exit, played.out.as_str()), (15, ""), "{}", played.err);
        let played = play(&[verb, "--since", "soon"], vec![]);
        assert_eq!(played.exit, 2, "{}", played.err);
    }
}

fn spread(count: u64, median_ms: u64) -> SpreadInfo {
    SpreadInfo {
        count,
        median_ms,
        ninety_ms: 4 * median_ms,
        longest_ms: 60 * median_ms,
        total_ms: 100 * median_ms,
    }
}

fn tally(name: &str, locks: u64, conflicts: u64) -> TallyInfo {
    TallyInfo {
        name: name.into(),
        locks,
        held: spread(locks - 1, 35 * 60_000),
        waits: conflicts / 2,
        waited: spread(conflicts / 2, 12 * 60_000),
        conflicts,
        had: locks / 3,
    }
}

pub fn report() -> StatsReport {
    let ended = |how: Option<&str>, count| EndedCount {
        how: how.map(str::to_owned),
        count,
    };
    StatsReport {
        repository: "/mnt/cam".into(),
        folder: "fixtures".into(),
        begins_us: minutes_ago(60 * 24 * 30),
        all: tally("", 812, 96),
        ended: vec![
            ended(Some("released"), 790),
            ended(Some("broken"), 12),
            ended(Some("forced"), 0),
            ended(Some("expired"), 8),
            ended(None, 1),
        ],
        held: vec![
            (Some(HOUR / 4), 300),
            (Some(HOUR), 250),
            (Some(4 * HOUR), 180),
            (Some(24 * HOUR), 60),
            (Some(168 * HOUR), 18),
            (None, 3),
        ],
        files: vec![
            tally("fixtures/4801247.mcam", 120, 3),
            tally("fixtures/5510001.mcam", 80, 41),
            tally("fixtures/<b>&\"部品\".mcam", 17, 0),
        ],
        files_in_all: 140,
        people: vec![tally("alice", 500, 12), tally("bob", 312, 84)],
        people_in_all: 2,
        standing: vec![standing()],
        standing_in_all: 1,
    }
}

pub fn slots() -> Vec<SlotInfo> {
    let quarter = |minutes| minutes_ago(minutes).div_euclid(15 * 60_000_000);
    let slot = |minutes, taken, conflicts| SlotInfo {
        quarter: quarter(minutes),
        taken,
        conflicts,
    };
    vec![
        slot(60 * 24 * 29, 40, 2),
        slot(60 * 24 * 3, 31, 0),
        slot(60 * 13, 12, 4),
        slot(30, 3, 1),
    ]
}

/// What is on the page, and that it needs nothing else and runs nothing.
#[test]
fn a_page_stands_for_itself_and_says_nothing_as_markup_that_others_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let words = ["stats", "/mnt/cam", "--html", path.to_str().unwrap()];
    let played = play(&words, vec![numbers()]);
    assert_eq!((played.exit, played.err.as_str()), (0, ""));
    assert_eq!(played.out, format!("written to {}\n", path.display()));
    let html = std::fs::read_to_string(&path).unwrap();
    for outside in [
        "http:", "https:", "//", "<script", "<link", "<img", "@import", "url(",
    ] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(
        !html.contains("<b>&\"") && html.contains("&lt;b&gt;&amp;&quot;部品&quot;.mcam"),
        "{html}"
    );
    assert!(html.contains("prefers-color-scheme:dark") && html.contains("2026-10-21 12:12"));
    let count = |what: &str| html.matches(what).count();
    assert_eq!(count("<svg"), count("</svg>"));
    assert_eq!(
        count("role=\"img\" aria-label="),
        count("<svg"),
        "every chart has a title"
    );
    assert!(count("<table>") >= count("<svg"), "and a table");
    for tag in [
        "section", "table", "details", "div", "dl", "g", "tr", "td", "h2", "main",
    ] {
        assert_eq!(
            count(&format!("<{tag}>")) + count(&format!("<{tag} ")),
            count(&format!("</{tag}>")),
            "{tag}"
        );
    }
    let nowhere = folder.path().join("none/report.html");
    let words = ["stats", "/mnt/cam", "--html", nowhere.to_str().unwrap()];
    let played = play(&words, vec![numbers()]);
    assert_eq!(played.exit, 1, "{}", played.out);
    assert!(played.err.contains("cannot write"), "{}", played.err);
}

/// For a look at the page in a browser: `CAMCTL_PAGE=FILE` has a year of a busy team written there.
#[test]
fn a_year_is_shown_by_weeks() {
    let mut slots = Vec::new();
    let mut chance: u64 = 7;
    for day in (0..364).rev() {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let busy = if day % 7 >= 5 { 2 } else { 18 + (chance >> 33) % 30 };
        slots.push(SlotInfo {
            quarter: minutes_ago(60 * 24 * day).div_euclid(15 * 60_000_000),
            taken: u32::try_from(busy).unwrap(),
            conflicts: u32::try_from(busy / 7).unwrap(),
        });
    }
    let names = [
        "fixtures/4801247.mcam",
        "parts/gear-housing/op10/5510001.mcam",
        "jigs/plate-7.vnc",
        "data/tools.db",
    ];
    let files = (0..30_u64).map(|n| {
        let name = format!(
            "{}{}",
            if n < 4 { "" } else { "archive/" },
            names[usize::try_from(n % 4).unwrap()]
        );
        tally(
            &name.replace("archive/", &format!("archive/{n:02}/")),
            420 / (n + 1) + 3,
            90 / (n % 5 + 2),
        )
    });
    let standing = (0..6).map(|n| EpisodeInfo {
        taken_us: minutes_ago(60 * (6 - n) * (6 - n) * 5),
        file: format!("{}-{n}.mcam", names[0].trim_end_matches(".mcam")),
        ..standing()
    });
    let people = ["alice", "bob", "carol", "dave", "erin", "frank"];
    let report = StatsReport {
        folder: String::new(),
        begins_us: minutes_ago(60 * 24 * 364),
        files: files.collect(),
        people: people
            .iter()
            .zip([500, 312, 201, 90, 44, 7])
            .map(|(name, locks)| tally(name, locks, locks / 6))
            .collect(),
        people_in_all: 6,
        standing: standing.collect(),
        standing_in_all: 6,
        ..report()
    };
    let script = vec![
        Ok(Reply::Stats(Box::new(report))),
        Ok(Reply::Slots(slots)),
        Ok(Reply::Done),
    ];
    let folder = tempfile::tempdir().unwrap();
    let wanted = std::env::var_os("CAMCTL_PAGE").map(std::path::PathBuf::from);
    let path = wanted.unwrap_or_else(|| folder.path().join("year.html"));
    let played = play(
        &["stats", "/mnt/cam", "--html", path.to_str().unwrap()],
        vec![script],
    );
    assert_eq!(played.exit, 0, "{}", played.err);
    let html = std::fs::read_to_string(&path).unwrap();
    assert!(html.contains("Locks and conflicts by week") && html.contains("week from 20"));
    assert!(html.len() < 200_000, "{} bytes", html.len());
}

fn numbers() -> Script {
    vec![
        Ok(Reply::Stats(Box::new(report()))),
        Ok(Reply::Slots(slots())),
        Ok(Reply::Done),
    ]
}

#[test]
fn numbers_are_tables_for_people_and_one_object_for_scripts() {
    insta::assert_snapshot!("stats", play(&["stats", "/mnt/cam"], vec![numbers()]).shown());
    let played = play(&["stats", "/mnt/cam", "--json"], vec![numbers()]);
    insta::assert_snapshot!("stats_json", format!("{:#}", played.json()));
    insta::assert_snapshot!(
        "stats_csv",
        play(&["stats", "/mnt/cam", "--csv"], vec![numbers()]).out
    );
}
