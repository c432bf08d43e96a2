//! What one machine remembers of the share, and goes on believing for a while.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::model::ShareErrorKind as Kind;
use camctl_shared::share::{Entry, Meta, What};

use crate::clock::wall;
use crate::profile::Profile;
use crate::server::{Node, Request, Server};

/// See the module.
#[derive(Default)]
pub struct Cache {
    names: BTreeMap<String, (Duration, Option<Node>)>,
    metas: BTreeMap<String, (Duration, Meta)>,
    listings: BTreeMap<String, (Duration, Vec<Entry>)>,
}

/// The server as one machine sees it now.
pub struct Glass<'a> {
    pub now: Duration,
    pub profile: &'a Profile,
    pub server: &'a Server,
    pub cache: &'a mut Cache,
}

impl Cache {
    /// What one changes oneself one sees at once.
    pub fn forget(&mut self, request: &Request) {
        let mut forget = |path: &String| {
            self.names.remove(path);
            self.metas.remove(path);
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            self.listings.remove(folder);
        };
        match request {
            Request::Link(from, to) | Request::Move(from, to) => {
                forget(from);
                forget(to);
            }
            Request::Create(path)
            | Request::Fill(path, _)
            | Request::Overwrite(path, _)
            | Request::Replace(path, _)
            | Request::MakeFolder(path)
            | Request::Remove(path)
            | Request::RemoveFolder(path)
            | Request::SyncFolder(path) => forget(path),
        }
    }
}

impl Glass<'_> {
    /// What a name leads to, as far as this machine knows.
    pub fn find(&mut self, path: &str) -> Option<Node> {
        if let Some((seen, node)) = self.cache.names.get_mut(path) {
            let keeps = if node.is_some() {
                self.profile.names
            } else {
                self.profile.negative
            };
            if self.now < *seen + keeps {
                if self.profile.names_renewed && node.is_some() {
                    *seen = self.now;
                }
                return *node;
            }
        }
        let node = self.server.find(path);
        self.cache.names.insert(path.to_owned(), (self.now, node));
        node
    }

    pub fn read(&mut self, path: &str) -> Result<Arc<[u8]>, Kind> {
        match self.find(path) {
            Some(Node::File(file)) => Ok(Arc::clone(self.server.content(file))),
            Some(Node::Folder) => Err(Kind::Denied),
            None => Err(Kind::NotFound),
        }
    }

    pub fn stat(&mut self, path: &str) -> Result<Meta, Kind> {
        if let Some((seen, meta)) = self.cache.metas.get(path)
            && self.now < *seen + self.profile.attributes
        {
            return Ok(*meta);
        }
        let meta = match self.find(path).ok_or(Kind::NotFound)? {
            Node::Folder => Meta {
                what: What::Folder,
                size: 0,
                modified: None,
            },
            Node::File(file) => Meta {
                what: What::File,
                size: self.server.content(file).len() as u64,
                modified: Some(wall(self.server.modified(file), 0)),
            },
        };
        self.cache.metas.insert(path.to_owned(), (self.now, meta));
        Ok(meta)
    }

    pub fn list(&mut self, folder: &str) -> Result<Vec<Entry>, Kind> {
        if let Some((seen, entries)) = self.cache.listings.get(folder)
            && self.now < *seen + self.profile.listings
        {
            return Ok(entries.clone());
        }
        let names = self.server.list(folder).ok_or(Kind::NotFound)?;
        let entry = |(name, node): (&String, &Node)| Entry {
            name: name.clone(),
            what: if *node == Node::Folder {
                What::Folder
            } else {
                What::File
            },
        };
        let entries: Vec<Entry> = names.iter().map(entry).collect();
        self.cache
            .listings
            .insert(folder.to_owned(), (self.now, entries.clone()));
        Ok(entries)
    }
}
