//! Which folders are subscribed to, where they lie in which repositories, and which of these are watched. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;

use camctl_shared::clock::Moment;

use super::exchange::Effect;
use super::say::Say;

/// Folders that are looked at at one time: one that hangs must not keep the others waiting.
const AT_ONCE: usize = 4;
/// How long it is believed that a folder lies in no repository, or cannot be looked at.
const BELIEVED: Duration = Duration::from_secs(30);
/// Folders of which that is remembered.
const REMEMBERED: usize = 1000;

/// What came of a look for a folder's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It lies in this one, there.
    In(Place),
    /// In none.
    Outside,
    /// That could not be found out.
    Unknown,
}

/// Where a folder lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The repository's folder.
    pub root: String,
    /// The folder in it, with `/` between the parts; empty for its own.
    pub folder: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watch {
    Beginning,
    Going,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Places {
    /// The folders that are subscribed to; with their places, once these are known.
    subscribed: BTreeMap<String, Option<Place>>,
    watched: BTreeMap<String, Watch>,
    looking: BTreeSet<String>,
    to_look: VecDeque<String>,
    /// In no repository, until then.
    nowhere: BTreeMap<String, Moment>,
}

impl Places {
    /// Watches over a folder and all that is in it.
    pub fn subscribe(&mut self, folder: &str, reachable: bool, to: &mut Vec<Effect>) {
        if self.subscribed.contains_key(folder) {
            return;
        }
        self.subscribed.insert(folder.to_owned(), None);
        if reachable {
            self.look(folder, to);
        }
    }

    /// Watches over it no more.
    pub fn unsubscribe(&mut self, folder: &str, to: &mut Vec<Effect>) {
        let Some(Some(place)) = self.subscribed.remove(folder) else {
            return;
        };
        if self.folders(&place.root).next().is_none() && self.watched.remove(&place.root).is_some() {
            to.push(Effect::Leave(place.root));
        }
    }

    /// A path lies in no repository that the agent knows: has it look, unless that was done lately.
    pub fn wonder(&mut self, path: &str, now: Moment, to: &mut Vec<Effect>) {
        let Some(folder) = Path::new(path).parent().and_then(Path::to_str) else {
            return;
        };
        if self.nowhere.get(folder).is_none_or(|until| *until <= now) {
            self.look(folder, to);
        }
    }

    fn look(&mut self, folder: &str, to: &mut Vec<Effect>) {
        if self.looking.contains(folder) || self.to_look.iter().any(|other| other == folder) {
            return;
        }
        if self.to_look.len() < REMEMBERED {
            self.to_look.push_back(folder.to_owned());
        }
        self.next_look(to);
    }

    fn next_look(&mut self, to: &mut Vec<Effect>) {
        while self.looking.len() < AT_ONCE
            && let Some(folder) = self.to_look.pop_front()
        {
            self.looking.insert(folder.clone());
            to.push(Effect::Look(folder));
        }
    }

    /// Takes in what came of a look.
    pub fn looked(&mut self, folder: &str, found: Found, now: Moment, to: &mut Vec<Effect>) {
        self.looking.remove(folder);
        match found {
            Found::In(place) => {
                self.nowhere.remove(folder);
                self.found(folder, place, to);
            }
            Found::Outside | Found::Unknown => {
                if self.nowhere.len() >= REMEMBERED {
                    self.nowhere.clear();
                }
                self.nowhere.insert(folder.to_owned(), now.after(BELIEVED));
            }
        }
        self.next_look(to);
    }

    fn found(&mut self, folder: &str, place: Place, to: &mut Vec<Effect>) {
        let Some(known) = self.subscribed.get_mut(folder) else {
            return;
        };
        let root = place.root.clone();
        *known = Some(place);
        match self.watched.get(&root) {
            None => {
                self.watched.insert(root.clone(), Watch::Beginning);
                to.push(Effect::Watch(root));
            }
            // Told with all others of this repository.
            Some(Watch::Beginning) => {}
            Some(Watch::Going) => ask(to, vec![folder.to_owned()]),
        }
    }

    /// From now on nothing is missed in this repository; what was told before may be old.
    pub fn watching(&mut self, root: &str, to: &mut Vec<Effect>) {
        if let Some(watch) = self.watched.get_mut(root) {
            *watch = Watch::Going;
            self.ask_again(root, to);
        }
    }

    /// This repository is not watched any more.
    pub fn lost(&mut self, root: &str) {
        self.watched.remove(root);
    }

    /// The agent is there again: everything is found and watched anew.
    pub fn begin_again(&mut self, to: &mut Vec<Effect>) {
        self.watched.clear();
        self.nowhere.clear();
        let folders: Vec<String> = self.subscribed.keys().cloned().collect();
        for folder in folders {
            self.subscribed.insert(folder.clone(), None);
            self.look(&folder, to);
        }
    }

    /// What is known of a repository's files may be wrong.
    pub fn ask_again(&self, root: &str, to: &mut Vec<Effect>) {
        let folders: Vec<String> = self.folders(root).map(|(folder, _)| folder.clone()).collect();
        if !folders.is_empty() {
            ask(to, folders);
        }
    }

    fn folders(&self, root: &str) -> impl Iterator<Item = (&String, &Place)> {
        let placed = self
            .subscribed
            .iter()
            .filter_map(|(folder, place)| Some((folder, place.as_ref()?)));
        placed.filter(move |(_, place)| place.root == root)
    }

    /// What a file of a repository is called below the folders that are subscribed to.
    pub fn paths(&self, root: &str, file: &str) -> Vec<String> {
        let below = |(folder, place): (&String, &Place)| {
            let rest = match place.folder.as_str() {
                "" => file,
                within => file.strip_prefix(within)?.strip_prefix('/')?,
            };
            let mut path = Path::new(folder).to_owned();
            path.extend(rest.split('/'));
            path.into_os_string().into_string().ok()
        };
        self.folders(root).filter_map(below).collect()
    }
}

fn ask(to: &mut Vec<Effect>, folders: Vec<String>) {
    to.push(Effect::Say(Box::new(Say::AskAgain(folders))));
}
