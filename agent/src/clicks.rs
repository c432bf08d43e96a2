//! What a click does, in the tray or on a notification's button.
//!
//! A click names the file and the lock that the person saw. Where the lock is another one by now, nothing is done, and the
//! person is told why. What succeeds shows in the tray; what does not is said.

mod asking;
mod open;

use std::sync::Arc;

use camctl_shared::model::{FileName, Refusal};
use camctl_shared::rules::{Checkin, Checkout, Done, Intent, Queue, To};
use camctl_shared::text::clean;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::desktop::act::{Act, Held, Place};
use crate::desktop::desk::Desk;
use crate::desktop::words::{Toast, Urgency, base, count, refused};
use crate::problem::Problem;
use crate::repository::Repository;
use crate::repository::job::{Item, Unread};
use crate::server::Agent;

/// What the person clicks, and where they are told what came of it.
pub struct Clicks {
    pub desk: Desk,
    pub acts: UnboundedReceiver<Act>,
}

impl Clicks {
    /// Does what is clicked, until the agent stops. One that waits for its share keeps no other from being done.
    pub async fn serve(mut self, agent: Arc<Agent>) {
        while let Some(act) = self.acts.recv().await {
            tracing::info!(?act, "clicked");
            let (agent, desk) = (Arc::clone(&agent), self.desk.clone());
            tokio::spawn(async move {
                if let Some(toast) = follow(&agent, act).await {
                    tracing::info!(summary = %toast.summary, body = %toast.body, "said");
                    desk.say(toast);
                }
            });
        }
    }
}

/// Does it; returns what the person has to be told.
async fn follow(agent: &Agent, act: Act) -> Option<Toast> {
    match act {
        Act::Checkin(held) => check_in(agent, held).await,
        Act::Keep(held) => keep(agent, &held),
        Act::Checkout(place) => Some(check_out(agent, place).await),
        Act::Open { folder, file } => show_folder(agent, &folder, file.as_ref()).await,
        Act::Quit => {
            agent.stop.notify_one();
            None
        }
        Act::Wait(place) => wait(agent, &place).await,
        Act::Leave(place) => leave(agent, &place).await,
        Act::Ask(place) => Some(asking::ask_for(agent, &place).await),
        Act::Answer { held, from, at, said } => {
            asking::answer(agent, &held, To::Question { from, at }, said).await
        }
        Act::Renew { held, lease } => Some(asking::renew(agent, held, lease).await),
        // The desk keeps these for itself.
        Act::Pause | Act::Resume => None,
    }
}

fn repository(agent: &Agent, folder: &str) -> Option<Arc<Repository>> {
    let all = agent.registry.all();
    all.into_iter().find(|one| one.board.folder == folder)
}

/// Whether the lock that the person saw is the one that stands.
fn stands(repository: &Repository, held: &Held) -> bool {
    let state = repository.board.state();
    let mine = state.mine.get(&held.place.file);
    mine.is_some_and(|mine| mine.token == held.token)
}

/// Keeps what is still there to be kept.
fn keep(agent: &Agent, all: &[Held]) -> Option<Toast> {
    let is_kept = |held: &&Held| {
        let Some(repository) = repository(agent, &held.place.folder) else {
            return false;
        };
        let now = repository.board.clock.moment();
        let mut state = repository.board.state();
        state.sitting.keep(&held.place.file, held.token, now)
    };
    let gone = all.iter().find(|held| !is_kept(held))?;
    let name = base(gone.place.file.as_str());
    Some(Toast::new(
        Urgency::Normal,
        format!("{name} is not yours to keep"),
        CHANGED,
    ))
}

/// Gives back these locks and no others.
async fn check_in(agent: &Agent, all: Vec<Held>) -> Option<Toast> {
    let total = all.len();
    let mut failed = Vec::new();
    let mut folders: Vec<String> = all.iter().map(|held| held.place.folder.clone()).collect();
    folders.dedup();
    for folder in folders {
        let here: Vec<&Held> = all.iter().filter(|held| held.place.folder == folder).collect();
        let Some(repository) = repository(agent, &folder) else {
            failed.extend(
                here.iter()
                    .map(|held| (held.place.file.clone(), CHANGED.to_owned())),
            );
            continue;
        };
        let (standing, over): (Vec<&Held>, Vec<&Held>) =
            here.into_iter().partition(|held| stands(&repository, held));
        failed.extend(
            over.iter()
                .map(|held| (held.place.file.clone(), CHANGED.to_owned())),
        );
        let items = standing.iter().map(|held| Item {
            path: held.place.file.as_str().to_owned(),
            intent: Intent::Checkin(Checkin {
                token: held.token,
                message: None,
                ..Checkin::default()
            }),
        });
        let verdicts = repository.ask(items.collect(), Unread::Keep).await;
        for (held, verdict) in standing.iter().zip(verdicts) {
            if let Err(problem) = verdict.result {
                failed.push((held.place.file.clone(), why(&problem)));
            }
        }
    }
    not_checked_in(&failed, total)
}

/// The entry that was clicked showed something else than what is.
const CHANGED: &str = "It is no longer checked out to you as it was shown. Nothing was done.";

fn not_checked_in(failed: &[(FileName, String)], total: usize) -> Option<Toast> {
    let (file, reason) = failed.first()?;
    let name = base(file.as_str());
    let toast = match total {
        1 => Toast::new(
            Urgency::Normal,
            format!("{name} was not checked in"),
            reason.clone(),
        ),
        _ => Toast::new(
            Urgency::Normal,
            format!("{} of {} not checked in", failed.len(), count(total, "file")),
            format!("{name}: {reason}"),
        ),
    };
    Some(toast)
}

/// Takes it, or says who was faster.
async fn check_out(agent: &Agent, place: Place) -> Toast {
    let name = base(place.file.as_str()).into_owned();
    let intent = Intent::Checkout(Checkout::default());
    match ask(agent, &place, intent).await {
        Ok(_) => taken(&name),
        Err(Problem::Refused(Refusal::Held { lock, .. })) => {
            let summary = format!("{name} is checked out by {}", clean(&lock.owner.to_string()));
            refused(Toast::new(Urgency::Normal, summary, "They were faster."), place)
        }
        Err(problem) => Toast::new(
            Urgency::Normal,
            format!("{name} was not checked out"),
            why(&problem),
        ),
    }
}

fn taken(name: &str) -> Toast {
    Toast::new(
        Urgency::Low,
        format!("{name} is checked out to you"),
        "Check it in when you are done.",
    )
}

/// Gets into line for it, or takes it if it is free by now.
async fn wait(agent: &Agent, place: &Place) -> Option<Toast> {
    let name = base(place.file.as_str()).into_owned();
    let toast = match ask(agent, place, Intent::Queue(Queue::Join(Checkout::default()))).await {
        Ok(Done::Joined { place: number, .. }) => {
            let line = match number {
                1 => "You are the next.".to_owned(),
                number => format!("You are number {number}."),
            };
            Toast::new(Urgency::Low, format!("You are in line for {name}"), line)
        }
        Ok(_) => taken(&name),
        Err(problem) => Toast::new(
            Urgency::Normal,
            format!("You are not in line for {name}"),
            why(&problem),
        ),
    };
    Some(toast)
}

/// Waits for it no longer, in whatever way.
async fn leave(agent: &Agent, place: &Place) -> Option<Toast> {
    let repository = repository(agent, &place.folder)?;
    let waits = {
        let mut state = repository.board.state();
        state.courtesy.wishes.remove(&place.file);
        // First here, so that nobody joins anew.
        state.courtesy.give_up(&place.file)
    };
    repository.board.stirred.notify_one();
    if !waits {
        return None;
    }
    let left = ask(agent, place, Intent::Queue(Queue::Leave { joined: None })).await;
    let problem = match left.err()? {
        // The worker saw to that too, and was faster.
        Problem::Refused(Refusal::NotWaiting { .. }) => return None,
        problem => problem,
    };
    let name = base(place.file.as_str());
    Some(Toast::new(
        Urgency::Normal,
        format!("You may still be in line for {name}"),
        why(&problem),
    ))
}

/// Wants something of one file.
async fn ask(agent: &Agent, place: &Place, intent: Intent) -> Result<Done, Problem> {
    let folder = &place.folder;
    let repository =
        repository(agent, folder).ok_or_else(|| Problem::NoRepository { path: folder.clone() })?;
    let item = Item {
        path: place.file.as_str().to_owned(),
        intent,
    };
    match repository.ask(vec![item], Unread::Keep).await.pop() {
        Some(verdict) => verdict.result.map(|success| success.done),
        None => Err(Problem::Stopping),
    }
}

async fn show_folder(agent: &Agent, folder: &str, file: Option<&FileName>) -> Option<Toast> {
    let repository = repository(agent, folder)?;
    let path = match file {
        Some(file) => repository.board.root.join(file.as_str()),
        None => repository.board.root.clone(),
    };
    let problem = open::folder(path, file.is_some()).await.err()?;
    Some(Toast::new(
        Urgency::Normal,
        "The folder cannot be shown",
        clean(&problem).into_owned(),
    ))
}

/// Why something failed, for somebody who has clicked.
fn why(problem: &Problem) -> String {
    let text = match problem {
        Problem::Refused(Refusal::OldToken { .. } | Refusal::NotHeld { .. } | Refusal::NotYours { .. })
        | Problem::Lost { .. } => return CHANGED.to_owned(),
        Problem::NoAnswer { unsettled: true, .. } => {
            format!("{problem}. Whether it was done will be known later.")
        }
        problem => problem.to_string(),
    };
    clean(&text).into_owned()
}
