//! What a person sees of the agent, and clicks: on a bus of the test's own, with a panel and a notification server that
//! remember what they were given. No screen is needed.

mod asking;
mod bus;
mod evening;
mod forgotten;
mod logind;
mod many;
mod notifications;
mod panel;
mod sleep;
mod story;

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use testkit::{LONG, Machine, Repository, Sandbox, holds_for, wait_until};

use bus::Bus;
use notifications::Notifications;
use panel::Panel;

/// Somebody's machine with a desktop; the bus may come later.
fn seated(sandbox: &Sandbox, user: &str, name: &str) -> Machine {
    let machine = sandbox.machine(user, name);
    let address = bus::address(&home(&machine));
    machine.with_desktop(&address)
}

fn home(machine: &Machine) -> std::path::PathBuf {
    machine.home().to_owned()
}

/// A desktop: a bus, a panel, a notification server.
struct Desktop {
    panel: Panel,
    notifications: Notifications,
    // Last: the bus goes when nobody is on it any more.
    bus: Bus,
}

impl Desktop {
    fn of(machine: &Machine) -> Self {
        let bus = Bus::start(machine.home());
        Self {
            panel: Panel::start(&bus),
            notifications: Notifications::start(&bus),
            bus,
        }
    }
}

/// A command of somebody, in the repository's folder.
fn command(machine: &Machine, repository: &Repository, arguments: &[&str]) -> testkit::Run {
    machine.camctl(arguments).in_folder(repository.folder()).run()
}

/// Whether somebody holds the file, by the repository itself.
fn held_by(repository: &Repository, file: &str) -> Option<String> {
    let table = repository.projection()?;
    Some(table.get(file)?.get("user")?.as_str()?.to_owned())
}

/// Given a tray, when files are checked out and in, then icon and menu follow; an entry that is clicked checks in that
/// file, and one that is no more does nothing, whatever stands in its place.
#[test]
fn the_tray_follows_and_its_entries_do_what_they_say() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").file("b_&c.mcam").init();
    let alice = seated(&sandbox, "alice", "CAM-03");
    let desktop = Desktop::of(&alice);
    let panel = &desktop.panel;
    alice.start();
    panel.entry(&["Nothing checked out"]);
    let idle = panel.icon();
    assert_eq!(idle.len(), 48 * 48 * 4);

    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    let check_in_a = panel.entry(&["My checkouts (1)", "a.mcam", "Check in"]);
    assert_ne!(panel.icon(), idle, "something is held now");
    // Another file in the same place: the entry for a.mcam that somebody's mouse was on is not this one.
    command(&alice, &repository, &["checkin", "a.mcam"]).succeeds();
    command(&alice, &repository, &["checkout", "b_&c.mcam"]).succeeds();
    let check_in_b = panel.entry(&["My checkouts (1)", "b_&c.mcam", "Check in"]);
    panel.click(&check_in_a);
    holds_for(Duration::from_millis(300), "b is held", || {
        held_by(&repository, "b_&c.mcam").is_some()
    });
    panel.click(&check_in_b);
    wait_until(LONG, "b is free", || held_by(&repository, "b_&c.mcam").is_none());
    panel.entry(&["Nothing checked out"]);
    assert_eq!(panel.icon(), idle);

    // All of them, after a question that shows them.
    command(&alice, &repository, &["checkout", "a.mcam", "b_&c.mcam"]).succeeds();
    let all = panel.entry(&["Check in all…", "Check in these 2 files"]);
    let question = panel.entry(&["Check in all…"]);
    assert_eq!(
        question.labels(),
        ["a.mcam", "b_&c.mcam", "", "Check in these 2 files"]
    );
    panel.click(&all);
    panel.entry(&["Nothing checked out"]);
    assert_eq!(
        desktop.notifications.all().len(),
        0,
        "what shows in the tray needs no word"
    );

    let quit = panel.entry(&["Quit"]);
    panel.click(&quit);
    wait_until(LONG, "the agent has ended", || {
        alice.agent(testkit::Agent::has_ended)
    });
}

/// Given an agent without a bus, when a desktop comes, its panel is started again, or all of it goes and comes back,
/// then the tray is there whenever there is a panel, and the agent works all the time.
#[test]
fn the_tray_comes_and_goes_with_the_desktop() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").init();
    let alice = seated(&sandbox, "alice", "CAM-03");
    alice.start();
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    wait_until(LONG, "it is logged that there is no bus", || {
        alice.log().contains("no session bus")
    });

    let bus = Bus::start(alice.home());
    let panel = Panel::start(&bus);
    panel.entry(&["My checkouts (1)", "a.mcam"]);
    drop(panel);
    let panel = Panel::start(&bus);
    panel.entry(&["My checkouts (1)", "a.mcam"]);

    drop((panel, bus));
    wait_until(LONG, "it is noticed that the bus is gone", || {
        alice.log().contains("the session bus is gone")
    });
    command(&alice, &repository, &["checkin", "a.mcam"]).succeeds();
    let before = processor_time(&alice);
    let bus = Bus::start(alice.home());
    let panel = Panel::start(&bus);
    panel.entry(&["Nothing checked out"]);
    let used = processor_time(&alice) - before;
    assert!(
        used < 50,
        "waiting for the bus took {used} hundredths of a second"
    );
    assert_eq!(
        alice.log().matches("no session bus").count(),
        1,
        "once for each time"
    );
}

/// Given a tray, when nothing happens, then no thread is woken but those of the agent itself.
#[test]
fn a_tray_that_nobody_looks_at_wakes_nobody() {
    let sandbox = Sandbox::new();
    let alice = seated(&sandbox, "alice", "CAM-03");
    let desktop = Desktop::of(&alice);
    alice.start();
    desktop.panel.entry(&["Nothing checked out"]);
    let pid = alice.agent(|agent| agent.pid());
    // Threads that were started for a moment end; the others have gone to sleep, and stay so.
    let mut before = sleeps(pid);
    wait_until(LONG, "no thread is woken for a second", || {
        std::thread::sleep(Duration::from_secs(1));
        let now = sleeps(pid);
        std::mem::replace(&mut before, now.clone()) == now
    });
    drop(desktop);
}

/// How often each thread has gone to sleep, but for those that look after clients and shares.
fn sleeps(pid: u32) -> BTreeMap<String, String> {
    let read = |thread: &fs::DirEntry, file: &str| fs::read_to_string(thread.path().join(file)).ok();
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let each = tasks.flatten().filter_map(|thread| {
        let name = read(&thread, "comm")?;
        let status = read(&thread, "status")?;
        let count = status
            .lines()
            .find(|line| line.starts_with("voluntary_ctxt_switches:"))?;
        let desktop = !["share", "events", "camctl-agent"].contains(&name.trim());
        desktop.then(|| {
            (
                format!("{} {name}", thread.file_name().display()),
                count.to_owned(),
            )
        })
    });
    each.collect()
}

/// The processor's time that an agent has had, in hundredths of a second.
fn processor_time(machine: &Machine) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", machine.agent(|agent| agent.pid()))).unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Given a checkout of alice, when an administrator ends it, then she is told who and why, and what they wrote is text and
/// not markup; while she wants no notifications, she is told afterwards; and a restart repeats nothing.
#[test]
fn whose_lock_is_ended_is_told_once_and_may_ask_not_to_be() {
    let sandbox = Sandbox::new();
    let repository = sandbox
        .repository()
        .file("a.mcam")
        .file("b.mcam")
        .with(&["--admin", "boss"])
        .init();
    let alice = seated(&sandbox, "alice", "CAM-03");
    let desktop = Desktop::of(&alice);
    let boss = sandbox.machine("boss", "HQ");
    alice.start();
    boss.start();
    let force = |file: &str| {
        command(
            &boss,
            &repository,
            &["break", file, "--reason", "<b>now</b> & here"],
        )
        .succeeds();
    };
    command(&alice, &repository, &["checkout", "a.mcam", "b.mcam"]).succeeds();
    force("a.mcam");
    let told = desktop.notifications.titled("Your checkout of a.mcam was ended");
    let said = "By boss on HQ: \"&lt;b&gt;now&lt;/b&gt; &amp; here\". You had it";
    assert!(told.body.starts_with(said), "{told:?}");
    assert_eq!(told.urgency, 2);

    let pause = desktop.panel.entry(&["Pause notifications for an hour"]);
    desktop.panel.click(&pause);
    let resume = desktop.panel.entry(&["Show notifications again"]);
    force("b.mcam");
    desktop.panel.entry(&["Nothing checked out"]);
    assert_eq!(desktop.notifications.all().len(), 1, "she wants to be left alone");
    desktop.panel.click(&resume);
    let summed_up = desktop
        .notifications
        .titled("1 message while notifications were paused");
    assert_eq!(summed_up.body, "1 checkout of yours ended: b.mcam");

    // What she was told is not told again.
    alice.stop();
    let items = desktop.panel.items();
    alice.start();
    wait_until(LONG, "the tray is there again", || desktop.panel.items() > items);
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    desktop.panel.entry(&["My checkouts (1)", "a.mcam"]);
    assert_eq!(
        desktop.notifications.all().len(),
        2,
        "{:?}",
        desktop.notifications.all()
    );
}

/// Given a server without buttons and markup, then there are none, and nothing is escaped.
#[test]
fn a_server_gets_what_it_can_show() {
    let sandbox = Sandbox::new();
    let repository = sandbox
        .repository()
        .file("a.mcam")
        .with(&["--admin", "boss"])
        .init();
    let alice = seated(&sandbox, "alice", "CAM-03");
    let bus = Bus::start(alice.home());
    let boss = sandbox.machine("boss", "HQ");
    alice.start();
    boss.start();
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    // Without a panel, and started after the agent.
    let notifications = Notifications::able(&bus, &["body"]);
    command(&boss, &repository, &["break", "a.mcam", "--reason", "R&D"]).succeeds();
    let told = notifications.titled("Your checkout of a.mcam was ended");
    assert!(told.body.starts_with("By boss on HQ: \"R&D\"."), "{told:?}");
}
