//! The server's file system: what is true now, and what a loss of power would leave of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::model::ShareErrorKind as Kind;
use testkit::Chance;

/// What a client may send to change something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A new, empty file.
    Create(String),
    /// Writes a new file's content and syncs it; unsynced when a mutation wants it so.
    Fill(String, Arc<[u8]>),
    /// A second name, if it does not exist.
    Link(String, String),
    /// The same, taking the first name away.
    Move(String, String),
    /// Writes at the start of a file, in one write; a longer file keeps its tail.
    Overwrite(String, Arc<[u8]>),
    /// Puts another file in the place of one.
    Replace(String, Arc<[u8]>),
    MakeFolder(String),
    Remove(String),
    RemoveFolder(String),
    SyncFolder(String),
}

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    Folder,
    File(usize),
}

#[derive(Debug, Clone)]
struct File {
    content: Arc<[u8]>,
    /// What the disk has; `None`: nothing yet.
    disk: Option<Arc<[u8]>>,
    modified: Duration,
}

/// See the module.
#[derive(Debug)]
pub struct Server {
    folders: BTreeMap<String, BTreeMap<String, Node>>,
    files: Vec<File>,
    /// Names that are not on the disk yet, oldest first, with what stood there before. File systems keep their order.
    journal: Vec<(String, Option<Node>)>,
    /// Names are on the disk as soon as they are there.
    names_durable: bool,
    /// Nothing new fits on the disk.
    pub full: bool,
    /// [`Request::Fill`] does not sync; a mutation.
    pub forgets_to_sync: bool,
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

impl Server {
    pub fn new(names_durable: bool) -> Self {
        Self {
            folders: BTreeMap::from([(String::new(), BTreeMap::new())]),
            files: Vec::new(),
            journal: Vec::new(),
            names_durable,
            full: false,
            forgets_to_sync: false,
        }
    }

    pub fn find(&self, path: &str) -> Option<Node> {
        let (folder, name) = split(path);
        self.folders.get(folder)?.get(name).copied()
    }

    pub fn content(&self, file: usize) -> &Arc<[u8]> {
        &self.files[file].content
    }

    pub fn modified(&self, file: usize) -> Duration {
        self.files[file].modified
    }

    /// The content of the file at `path` now; for those who judge.
    pub fn read(&self, path: &str) -> Option<&Arc<[u8]>> {
        match self.find(path)? {
            Node::File(file) => Some(self.content(file)),
            Node::Folder => None,
        }
    }

    pub fn list(&self, folder: &str) -> Option<&BTreeMap<String, Node>> {
        self.folders.get(folder)
    }

    /// Puts a file there, durably, whatever was there before: an older tool's or a person's doing.
    pub fn put(&mut self, path: &str, content: &[u8], now: Duration) {
        let file = self.new_file(content.into(), now);
        self.files[file].disk = Some(content.into());
        let (folder, name) = split(path);
        if let Some(folder) = self.folders.get_mut(folder) {
            folder.insert(name.to_owned(), Node::File(file));
        }
    }

    fn new_file(&mut self, content: Arc<[u8]>, now: Duration) -> usize {
        self.files.push(File {
            content,
            disk: None,
            modified: now,
        });
        self.files.len() - 1
    }

    fn set(&mut self, path: &str, node: Option<Node>) -> Result<(), Kind> {
        let (folder, name) = split(path);
        let names = self.folders.get_mut(folder).ok_or(Kind::NotFound)?;
        let before = match node {
            Some(node) => names.insert(name.to_owned(), node),
            None => names.remove(name),
        };
        if !self.names_durable {
            self.journal.push((path.to_owned(), before));
        }
        Ok(())
    }

    fn must_be_free(&self, path: &str) -> Result<(), Kind> {
        if !self.folders.contains_key(split(path).0) {
            Err(Kind::NotFound)
        } else if self.find(path).is_some() {
            Err(Kind::Exists)
        } else if self.full {
            Err(Kind::Full)
        } else {
            Ok(())
        }
    }

    fn file(&self, path: &str) -> Result<usize, Kind> {
        match self.find(path) {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Folder) => Err(Kind::Denied),
            None => Err(Kind::NotFound),
        }
    }

    /// Does what is asked, in one step.
    pub fn perform(&mut self, request: &Request, now: Duration) -> Result<(), Kind> {
        match request {
            Request::Create(path) => {
                self.must_be_free(path)?;
                let file = self.new_file(Arc::from([]), now);
                self.set(path, Some(Node::File(file)))
            }
            Request::Fill(path, content) => {
                let file = self.file(path)?;
                if self.full {
                    return Err(Kind::Full);
                }
                let synced = !self.forgets_to_sync;
                let file = &mut self.files[file];
                (file.content, file.modified) = (Arc::clone(content), now);
                if synced {
                    file.disk = Some(Arc::clone(content));
                }
                Ok(())
            }
            Request::Link(from, to) => {
                let node = self.find(from);
                self.must_be_free(to)?;
                self.set(to, Some(node.ok_or(Kind::NotFound)?))
            }
            Request::Move(from, to) => self.rename(from, to),
            Request::Overwrite(path, content) => self.overwrite(path, content, now),
            Request::Replace(path, content) => {
                let file = self.new_file(Arc::clone(content), now);
                self.set(path, Some(Node::File(file)))
            }
            Request::MakeFolder(path) => {
                self.must_be_free(path)?;
                self.folders.insert(path.clone(), BTreeMap::new());
                self.set(path, Some(Node::Folder))
            }
            Request::Remove(path) => {
                self.file(path)?;
                self.set(path, None)
            }
            Request::RemoveFolder(path) => match self.folders.get(path) {
                None => Err(Kind::NotFound),
                Some(names) if !names.is_empty() => Err(Kind::Busy),
                Some(_) => {
                    self.folders.remove(path);
                    self.set(path, None)
                }
            },
            Request::SyncFolder(path) => {
                if !self.folders.contains_key(path) {
                    return Err(Kind::NotFound);
                }
                self.journal.retain(|(name, _)| split(name).0 != path);
                Ok(())
            }
        }
    }

    fn overwrite(&mut self, path: &str, content: &Arc<[u8]>, now: Duration) -> Result<(), Kind> {
        let file = match self.file(path) {
            Err(Kind::NotFound) => {
                self.must_be_free(path)?;
                let file = self.new_file(Arc::from([]), now);
                self.set(path, Some(Node::File(file)))?;
                file
            }
            found => found?,
        };
        let old = Arc::clone(self.content(file));
        if self.full && content.len() > old.len() {
            return Err(Kind::Full);
        }
        let tail = old.get(content.len()..).unwrap_or_default();
        let file = &mut self.files[file];
        file.content = if tail.is_empty() {
            Arc::clone(content)
        } else {
            [content, tail].concat().into()
        };
        file.modified = now;
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Kind> {
        let node = self.find(from).ok_or(Kind::NotFound)?;
        self.must_be_free(to)?;
        self.set(from, None)?;
        self.set(to, Some(node))?;
        if node == Node::Folder
            && let Some(names) = self.folders.remove(from)
        {
            // Only folders without folders in them are moved; that this may be undone is no concern here.
            self.folders.insert(to.to_owned(), names);
            self.journal.clear();
        }
        Ok(())
    }

    /// Loses power: of what was not synced, chance decides what is left.
    pub fn crash(&mut self, chance: &mut Chance) {
        let kept = chance.index(self.journal.len() + 1);
        for (path, before) in self.journal.split_off(kept).into_iter().rev() {
            let (folder, name) = split(&path);
            let Some(names) = self.folders.get_mut(folder) else {
                continue;
            };
            match before {
                Some(node) => drop(names.insert(name.to_owned(), node)),
                None => drop(names.remove(name)),
            }
            match before {
                Some(Node::Folder) => drop(self.folders.entry(path).or_default()),
                _ => drop(self.folders.remove(&path)),
            }
        }
        self.journal.clear();
        for file in &mut self.files {
            let disk = file.disk.clone().unwrap_or_else(|| Arc::from([]));
            if disk != file.content {
                file.content = match chance.index(4) {
                    0 => Arc::clone(&file.content),
                    1 => torn(&file.content, &disk, chance),
                    _ => disk,
                };
            }
            file.disk = Some(Arc::clone(&file.content));
        }
    }
}

/// The first part of the new content, the rest of the old: what a write that was cut short leaves.
fn torn(new: &[u8], old: &[u8], chance: &mut Chance) -> Arc<[u8]> {
    let cut = chance.index(new.len() + 1);
    [&new[..cut], old.get(cut..).unwrap_or_default()].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Arc<[u8]> {
        text.as_bytes().into()
    }

    #[test]
    fn what_was_synced_survives_and_what_was_not_may_go() {
        let (mut kept, mut lost) = (0, 0);
        for seed in 0..40 {
            let mut server = Server::new(false);
            let mut perform = |request| server.perform(&request, Duration::ZERO).unwrap();
            perform(Request::MakeFolder("log".into()));
            perform(Request::Create("log/a".into()));
            perform(Request::Fill("log/a".into(), bytes("whole")));
            perform(Request::SyncFolder("log".into()));
            perform(Request::SyncFolder(String::new()));
            perform(Request::Link("log/a".into(), "log/b".into()));
            server.crash(&mut Chance::new(seed, 0));
            assert_eq!(
                server.read("log/a").map(|content| &**content),
                Some(b"whole".as_slice())
            );
            match server.read("log/b") {
                Some(_) => kept += 1,
                None => lost += 1,
            }
        }
        assert!(kept > 5 && lost > 5, "{kept} {lost}");
    }

    #[test]
    fn of_two_links_to_one_name_the_first_wins_and_a_longer_file_keeps_its_tail() {
        let mut server = Server::new(true);
        for name in ["a", "b"] {
            server.put(name, name.as_bytes(), Duration::ZERO);
        }
        let mut perform = |request| server.perform(&request, Duration::ZERO);
        assert_eq!(perform(Request::Link("a".into(), "c".into())), Ok(()));
        assert_eq!(perform(Request::Link("b".into(), "c".into())), Err(Kind::Exists));
        assert_eq!(perform(Request::Overwrite("c".into(), bytes("12345"))), Ok(()));
        assert_eq!(perform(Request::Overwrite("c".into(), bytes("xy"))), Ok(()));
        assert_eq!(
            server.read("a").map(|content| &**content),
            Some(b"xy345".as_slice())
        );
    }
}
