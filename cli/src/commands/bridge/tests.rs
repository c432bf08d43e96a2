//! What the bridge decides, without an agent.

use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::ipc::message::{Event, EventKind, FileState, Standing};
use serde_json::{Value, json};

use super::ask::{Ask, What};
use super::core::Core;
use super::exchange::{Effect, Input};
use super::places::{Found, Place};
use super::say::Say;
use crate::errors::Failure;

const NOW: Moment = Moment::from_start(Duration::from_secs(1000));

fn line(core: &mut Core, id: u64, what: What) -> Vec<Effect> {
    core.hear(Input::Line(Ok(Ask { id: json!(id), what })), NOW)
}

fn greeted() -> Core {
    let mut core = Core::new();
    let hello = What::Hello {
        bridge: 1,
        menus: false,
        patience: None,
    };
    assert_eq!(line(&mut core, 0, hello), []);
    core
}

fn standing(path: &str, state: FileState) -> Standing {
    Standing {
        asked: path.to_owned(),
        repository: Some("/mnt/cam".to_owned()),
        file: Some("a.mcam".to_owned()),
        state,
        lock: None,
        menu: Vec::new(),
    }
}

fn paths() -> Vec<String> {
    vec!["/mnt/cam/a.mcam".to_owned()]
}

fn said(effects: &[Effect]) -> Vec<&Say> {
    let mut said = Vec::new();
    for effect in effects {
        if let Effect::Say(say) = effect {
            said.push(&**say);
        }
    }
    said
}

/// The files of what was said, by their states, with the id of the answer; a change has none.
fn states(effects: &[Effect]) -> Vec<(Option<Value>, FileState)> {
    let mut states = Vec::new();
    for say in said(effects) {
        match say {
            Say::Status { id, files } => {
                states.extend(files.iter().map(|file| (Some(id.clone()), file.state)));
            }
            Say::Changed(files) => states.extend(files.iter().map(|file| (None, file.state))),
            _ => {}
        }
    }
    states
}

fn job(effects: &[Effect]) -> u64 {
    let job = |effect: &Effect| match effect {
        Effect::Status { job, .. } => Some(*job),
        _ => None,
    };
    effects.iter().find_map(job).unwrap()
}

#[test]
fn an_answer_that_comes_late_is_told_as_a_change() {
    let mut core = greeted();
    let asked = job(&line(&mut core, 7, What::Status(paths())));
    let due = core.due().unwrap();
    assert_eq!(due.since(NOW), Duration::from_millis(40));
    assert_eq!(core.late(NOW), []);
    assert_eq!(states(&core.late(due)), [(Some(json!(7)), FileState::Unknown)]);
    assert_eq!((core.due(), core.late(due)), (None, vec![]));
    let answer = Input::Standings(asked, Ok(vec![standing("/mnt/cam/a.mcam", FileState::Mine)]));
    assert_eq!(states(&core.hear(answer, due)), [(None, FileState::Mine)]);
}

#[test]
fn while_the_agent_is_away_all_is_unknown_and_it_is_knocked_at_less_and_less() {
    let mut core = greeted();
    let asked = job(&line(&mut core, 7, What::Status(paths())));
    let effects = core.hear(Input::Standings(asked, Err(Failure::NoAgent)), NOW);
    assert_eq!(states(&effects), [(Some(json!(7)), FileState::Unknown)]);
    let mut pauses = Vec::new();
    let mut effects = effects;
    for _ in 0..8 {
        pauses.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Knock(pause) => Some(pause.as_millis()),
            _ => None,
        }));
        effects = core.hear(Input::Knocked(false), NOW);
    }
    assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    let effects = line(&mut core, 8, What::Status(paths()));
    assert_eq!(states(&effects), [(Some(json!(8)), FileState::Unknown)]);
    assert_eq!(effects.len(), 1, "the agent is not asked: {effects:?}");
    let subscribed = line(&mut core, 9, What::Subscribe(vec!["/mnt/cam".to_owned()]));
    assert!(!subscribed.contains(&Effect::Look("/mnt/cam".to_owned())));

    let effects = core.hear(Input::Knocked(true), NOW);
    assert!(said(&effects).contains(&&Say::AskAllAgain));
    assert!(effects.contains(&Effect::Look("/mnt/cam".to_owned())));
    assert_eq!(core.hear(Input::Knocked(true), NOW), [], "it was known already");
}

#[test]
fn many_changes_are_asked_for_together_and_very_many_not_at_all() {
    let mut core = greeted();
    line(&mut core, 1, What::Subscribe(vec!["/X/cam/parts".to_owned()]));
    let place = Place {
        root: "/mnt/cam".to_owned(),
        folder: "parts".to_owned(),
    };
    let effects = core.hear(Input::Looked("/X/cam/parts".to_owned(), Found::In(place)), NOW);
    assert_eq!(effects, [Effect::Watch("/mnt/cam".to_owned())]);
    let effects = core.hear(Input::Watching("/mnt/cam".to_owned()), NOW);
    let again = Say::AskAgain(vec!["/X/cam/parts".to_owned()]);
    assert_eq!(said(&effects), [&again]);

    let changed = |file: &str| {
        Input::Event(Box::new(Event {
            repository: "/mnt/cam".to_owned(),
            at_us: 0,
            commit: None,
            what: EventKind::File {
                file: file.to_owned(),
                verb: "checkout".to_owned(),
                by_user: "alice".to_owned(),
                by_machine: None,
                ended: None,
                lock: None,
            },
        }))
    };
    assert_eq!(core.hear(changed("parts-of-another"), NOW), []);
    let first = core.hear(changed("parts/a.mcam"), NOW);
    let [Effect::Status { paths, .. }] = first.as_slice() else {
        panic!("{first:?}")
    };
    let called = std::path::Path::new("/X/cam/parts").join("a.mcam");
    assert_eq!(paths.as_slice(), [called.display().to_string()]);
    assert_eq!(core.hear(changed("parts/b.mcam"), NOW), [], "one after the other");
    assert_eq!(core.hear(changed("parts/b.mcam"), NOW), []);
    let answer = Input::Standings(
        job(&first),
        Ok(vec![standing("/X/cam/parts/a.mcam", FileState::Mine)]),
    );
    let next = core.hear(answer, NOW);
    assert_eq!(states(&next), [(None, FileState::Mine)]);
    assert!(
        matches!(&next[1], Effect::Status { paths, .. } if paths.len() == 1),
        "{next:?}"
    );

    let crowd: Vec<Effect> = (0..600)
        .flat_map(|number| core.hear(changed(&format!("parts/{number}.mcam")), NOW))
        .collect();
    assert_eq!(said(&crowd), [&again]);
}

#[test]
fn who_wants_no_more_is_watched_no_more() {
    let mut core = greeted();
    for (id, folder) in [(1, "/mnt/cam"), (2, "/mnt/cam/parts")] {
        line(&mut core, id, What::Subscribe(vec![folder.to_owned()]));
        let place = Place {
            root: "/mnt/cam".to_owned(),
            folder: folder["/mnt/cam".len()..].trim_start_matches('/').to_owned(),
        };
        core.hear(Input::Looked(folder.to_owned(), Found::In(place)), NOW);
    }
    let left = |effects: &[Effect]| effects.contains(&Effect::Leave("/mnt/cam".to_owned()));
    let one = line(&mut core, 3, What::Unsubscribe(vec!["/mnt/cam".to_owned()]));
    assert!(!left(&one));
    let both = line(&mut core, 4, What::Unsubscribe(vec!["/mnt/cam/parts".to_owned()]));
    assert!(left(&both));
    core.hear(Input::End, NOW);
    assert!(core.is_over());
}
