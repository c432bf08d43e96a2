//! The table of `tests/README.md`.

use std::fmt::Write as _;

use crate::measure::{Run, middle};

enum Aim {
    AtMost(f64),
    AtLeast(f64),
    None,
}

/// One line: what, the value to show, and the ratio that is aimed at.
struct Row {
    what: String,
    value: String,
    unit: fn(f64) -> String,
    /// The ratio's other side; empty when the value itself is aimed at.
    against: String,
    aim: Aim,
}

fn row(what: &str, value: &str, unit: fn(f64) -> String, against: &str, aim: Aim) -> Row {
    Row {
        what: what.into(),
        value: value.into(),
        unit,
        against: against.into(),
        aim,
    }
}

fn commands() -> Vec<Row> {
    use Aim::{AtLeast, AtMost, None};
    let mut rows = vec![
        row("floor: one commit, whole command", "floor commit", time, "", None),
        row(
            "floor: one round trip, whole command",
            "floor ask",
            time,
            "",
            None,
        ),
        row("`svn lock`", "svn lock", time, "", None),
        row("`svn unlock`", "svn unlock", time, "", None),
        row(
            "`camctl checkout`, against the floor",
            "checkout 10",
            time,
            "floor commit",
            AtMost(1.5),
        ),
        row(
            "`camctl checkin`, against the floor",
            "checkin 10",
            time,
            "floor commit",
            AtMost(1.5),
        ),
        row(
            "`svn lock`, against `camctl checkout`",
            "svn lock",
            time,
            "checkout 10",
            AtLeast(3.5),
        ),
        row(
            "`svn unlock`, against `camctl checkin`",
            "svn unlock",
            time,
            "checkin 10",
            AtLeast(3.5),
        ),
        row(
            "`camctl status`, against the floor's round trip",
            "status 10",
            time,
            "floor ask",
            AtMost(2.0),
        ),
    ];
    for verb in ["checkout", "checkin", "status"] {
        for locks in ["1000", "10000"] {
            let (what, value) = (
                format!("`camctl {verb}` at {locks} locks, against 10"),
                format!("{verb} {locks}"),
            );
            let aim = if locks == "10000" { AtMost(1.2) } else { None };
            rows.push(row(&what, &value, time, &format!("{verb} 10"), aim));
        }
    }
    rows
}

fn throughput() -> Vec<Row> {
    use Aim::{AtLeast, None};
    let mut rows = Vec::new();
    for clients in crate::throughput::CLIENTS {
        let floor = format!("floor {clients} clients");
        rows.push(row(
            &format!("floor: commits, clients: {clients}"),
            &floor,
            rate,
            "",
            None,
        ));
        for locks in crate::stage::LOCKS {
            let what = format!("commits, clients: {clients}, locks: {locks}");
            let value = format!("{clients} clients at {locks} locks");
            rows.push(match clients {
                1 => row(
                    &format!("{what}, against the floor's with as many"),
                    &value,
                    rate,
                    &floor,
                    None,
                ),
                8 => row(
                    &format!("{what}, against the floor's with as many"),
                    &value,
                    rate,
                    &floor,
                    AtLeast(1.5),
                ),
                _ => {
                    let one = format!("1 clients at {locks} locks");
                    row(
                        &format!("{what}, against one client"),
                        &value,
                        rate,
                        &one,
                        AtLeast(10.0),
                    )
                }
            });
        }
    }
    rows
}

fn lists() -> Vec<Row> {
    use Aim::{AtMost, None};
    let mut rows = Vec::new();
    for files in ["1000", "100000"] {
        let key = |name: &str| format!("list {files} {name}");
        let (warm, cold) = if files == "100000" {
            (AtMost(3.0), AtMost(2.0))
        } else {
            (None, None)
        };
        let (send, walk) = (format!("send {files}"), format!("walk {files}"));
        rows.push(row(
            &format!("floor: sending a list of {files} files"),
            &send,
            time,
            "",
            None,
        ));
        rows.push(row(
            &format!("floor: walking {files} files with stat"),
            &walk,
            time,
            "",
            None,
        ));
        rows.push(row(
            &format!("`camctl list` of {files} files, warm, against sending"),
            &key("warm"),
            time,
            &send,
            warm,
        ));
        rows.push(row(
            &format!("`camctl list` of {files} files, cold, against walking"),
            &key("cold"),
            time,
            &walk,
            cold,
        ));
    }
    rows
}

fn handover_and_idle() -> [Row; 8] {
    use Aim::{AtMost, None};
    [
        row(
            "checkin to the end of `camctl wait`, same machine, against the floor",
            "wait here",
            time,
            "floor commit nearby",
            AtMost(2.0),
        ),
        row(
            "checkin to the end of `camctl wait`, another machine",
            "wait there",
            time,
            "",
            AtMost(0.050),
        ),
        row(
            "idle agent: memory, 10 locks",
            "memory 10",
            bytes,
            "",
            AtMost(8e6),
        ),
        row(
            "idle agent: memory, 10,000 locks",
            "memory 10000",
            bytes,
            "",
            AtMost(16e6),
        ),
        row(
            "idle agent: processor time per minute, 10,000 locks",
            "cpu 10000",
            time,
            "",
            None,
        ),
        row(
            "idle agent that holds nothing: wake-ups per minute (2 polls, 2 heartbeats)",
            "wakes free",
            count,
            "",
            AtMost(4.0),
        ),
        row(
            "idle agent that holds a file: wake-ups per minute (12 polls, 2 heartbeats), 10 locks",
            "wakes 10",
            count,
            "",
            AtMost(14.0),
        ),
        row(
            "idle agent that holds a file: wake-ups per minute, 10,000 locks",
            "wakes 10000",
            count,
            "",
            AtMost(14.0),
        ),
    ]
}

fn history() -> [Row; 5] {
    use Aim::{AtMost, None};
    [
        row(
            "floor: reading the files of 200,000 commits",
            "history read",
            time,
            "",
            None,
        ),
        row(
            "`camctl history` of 200,000 commits, the first time, against reading the files",
            "history first",
            time,
            "history read",
            AtMost(3.0),
        ),
        row(
            "`camctl history`, after that",
            "history again",
            time,
            "",
            AtMost(1.0),
        ),
        row("`camctl stats`, after that", "stats again", time, "", AtMost(1.0)),
        row(
            "agent: the most memory while looking back",
            "history memory",
            bytes,
            "",
            AtMost(64e6),
        ),
    ]
}

/// The table, with the medians of `runs`. Rows whose parts were not run are left out.
pub fn table(runs: &[Run]) -> String {
    let mut text = String::from("| what | measured | ratio | aim | |\n| --- | ---: | ---: | ---: | --- |\n");
    let rows = commands()
        .into_iter()
        .chain(throughput())
        .chain(lists())
        .chain(handover_and_idle())
        .chain(history());
    for row in rows {
        let Some(value) = middle(runs.iter().filter_map(|run| run.get(&row.value)).collect()) else {
            continue;
        };
        let ratios = runs
            .iter()
            .filter_map(|run| Some(run.get(&row.value)? / run.get(&row.against)?));
        let ratio = middle(ratios.collect());
        let judged = ratio.unwrap_or(value);
        let shown = |limit: f64| {
            if row.against.is_empty() {
                (row.unit)(limit)
            } else {
                format!("{limit:.1}")
            }
        };
        let (aim, met) = match row.aim {
            Aim::AtMost(limit) => (
                format!("≤ {}", shown(limit)),
                if judged <= limit { "met" } else { "**missed**" },
            ),
            Aim::AtLeast(limit) => (
                format!("≥ {}", shown(limit)),
                if judged >= limit { "met" } else { "**missed**" },
            ),
            Aim::None => (String::new(), ""),
        };
        let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {ratio} | {aim} | {met} |",
            row.what,
            (row.unit)(value)
        );
    }
    text
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 0.001 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.0} µs", s * 1e6),
    }
}

fn rate(per_second: f64) -> String {
    format!("{per_second:.0}/s")
}

fn bytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

fn count(number: f64) -> String {
    format!("{number:.0}")
}
