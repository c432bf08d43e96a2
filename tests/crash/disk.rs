//! What a disk may hold after the power went, by what was written and synced before: a model of file systems, in two
//! strengths (after Pillai and others, "All File Systems Are Not Created Equal", OSDI 2014).

use std::collections::BTreeMap;
use std::path::Path;

use testkit::Chance;

/// A system call that changes something. Paths are relative to the repository, with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Create(String),
    /// At the start of the file; a longer one keeps its tail.
    Write(String, Vec<u8>),
    Sync(String),
    Link(String, String),
    /// Over what may be there, in one step.
    Rename(String, String),
    Remove(String),
    MakeFolder(String),
    SyncFolder(String),
}

/// How much of what was not synced is put in order by the file system itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// As ext4, XFS and NTFS: names reach the disk in the order in which they were made, and any sync takes all earlier
    /// ones along. What a file holds is as unsure as everywhere.
    Journal,
    /// Nothing but what was synced is sure: each name by its folder, each content by its file.
    Weak,
}

/// A file or a folder.
type Node = usize;

/// A name in a folder, and what it stands for from now on.
type Edit = ((Node, String), Option<Node>);

type Names = BTreeMap<(Node, String), Node>;

#[derive(Debug, Clone, Default)]
struct File {
    /// What was synced, if ever anything was.
    sure: Option<Vec<u8>>,
    /// What it held after each write since.
    since: Vec<Vec<u8>>,
}

impl File {
    fn now(&self) -> &[u8] {
        self.since
            .last()
            .or(self.sure.as_ref())
            .map_or(&[], Vec::as_slice)
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Disk {
    strength: Strength,
    /// As processes see it.
    names: Names,
    /// As it is on the disk for sure.
    sure: Names,
    /// What happened to names since, each in one step.
    journal: Vec<Vec<Edit>>,
    /// Folders are `None`.
    nodes: Vec<Option<File>>,
}

/// Path and content; `None` for a folder. Folders come before what is in them.
pub type Image = BTreeMap<String, Option<Vec<u8>>>;

const ROOT: Node = 0;

impl Disk {
    /// An empty folder, which is there for sure.
    pub fn new(strength: Strength) -> Self {
        Self {
            strength,
            names: Names::new(),
            sure: Names::new(),
            journal: Vec::new(),
            nodes: vec![None],
        }
    }

    fn place(&self, path: &str) -> (Node, String) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        (self.find(folder), name.to_owned())
    }

    fn find(&self, path: &str) -> Node {
        path.split('/')
            .filter(|part| !part.is_empty())
            .fold(ROOT, |folder, name| {
                *self
                    .names
                    .get(&(folder, name.to_owned()))
                    .unwrap_or_else(|| panic!("{path} was written without being there"))
            })
    }

    fn file(&mut self, path: &str) -> &mut File {
        let node = self.find(path);
        self.nodes[node].as_mut().expect("it is a file")
    }

    fn make(&mut self, path: &str, node: Option<File>) {
        self.nodes.push(node);
        self.edit(vec![(self.place(path), Some(self.nodes.len() - 1))]);
    }

    fn edit(&mut self, edits: Vec<Edit>) {
        apply(&mut self.names, &edits);
        self.journal.push(edits);
    }

    /// Does one more step.
    pub fn perform(&mut self, op: &Op) {
        match op {
            Op::Create(path) => self.make(path, Some(File::default())),
            Op::MakeFolder(path) => self.make(path, None),
            Op::Write(path, content) => {
                let file = self.file(path);
                let tail = file.now().get(content.len()..).unwrap_or_default();
                let whole = [content.as_slice(), tail].concat();
                file.since.push(whole);
            }
            Op::Sync(path) => {
                let file = self.file(path);
                (file.sure, file.since) = (Some(file.now().to_vec()), Vec::new());
                if self.strength == Strength::Journal {
                    self.settle(|_| true);
                }
            }
            Op::SyncFolder(path) => {
                let folder = self.find(path);
                let weak = self.strength == Strength::Weak;
                self.settle(|edit| !weak || edit.0.0 == folder);
            }
            Op::Link(from, to) => {
                let node = self.find(from);
                self.edit(vec![(self.place(to), Some(node))]);
            }
            Op::Rename(from, to) => {
                let node = self.find(from);
                self.edit(vec![(self.place(from), None), (self.place(to), Some(node))]);
            }
            Op::Remove(path) => self.edit(vec![(self.place(path), None)]),
        }
    }

    /// What is `meant`, with all that is one step with it, is sure from now on.
    fn settle(&mut self, meant: impl Fn(&Edit) -> bool) {
        let journal = std::mem::take(&mut self.journal);
        for edits in journal {
            if edits.iter().any(&meant) {
                apply(&mut self.sure, &edits);
            } else {
                self.journal.push(edits);
            }
        }
    }

    /// The process dies, and the system lives on.
    pub fn kept(&self) -> Image {
        self.image(&self.names, &mut |file| file.now().to_vec())
    }

    /// The power goes: of what is not sure, chance decides what is left.
    pub fn after_power_loss(&self, chance: &mut Chance) -> Image {
        let mut names = self.sure.clone();
        let kept = chance.index(self.journal.len() + 1);
        // How likely each is to be lost; nothing and everything among them.
        let loss = *chance.one(&[0, 1, 2, 5, 8, 10]);
        for (place, edits) in self.journal.iter().enumerate() {
            let survives = match self.strength {
                Strength::Journal => place < kept,
                Strength::Weak => chance.number(0..10) >= loss,
            };
            if survives {
                apply(&mut names, edits);
            }
        }
        self.image(&names, &mut |file| left_of(file, chance))
    }

    fn image(&self, names: &Names, content: &mut dyn FnMut(&File) -> Vec<u8>) -> Image {
        let mut image = Image::new();
        // Both names of one file show the same.
        let mut seen = BTreeMap::new();
        let mut folders = vec![(ROOT, String::new())];
        while let Some((folder, path)) = folders.pop() {
            for ((_, name), node) in names.range((folder, String::new())..(folder + 1, String::new())) {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}/{name}")
                };
                if let Some(file) = &self.nodes[*node] {
                    let left = seen.entry(*node).or_insert_with(|| content(file)).clone();
                    image.insert(path, Some(left));
                } else {
                    image.insert(path.clone(), None);
                    folders.push((*node, path));
                }
            }
        }
        image
    }
}

fn apply(names: &mut Names, edits: &[Edit]) {
    for (place, node) in edits {
        match node {
            Some(node) => drop(names.insert(place.clone(), *node)),
            None => drop(names.remove(place)),
        }
    }
}

/// Of a file that was written and not synced: what was sure, any later content, a torn one, one whose length alone
/// reached the disk, or nothing.
fn left_of(file: &File, chance: &mut Chance) -> Vec<u8> {
    let Some(newest) = file.since.last() else {
        return file.now().to_vec();
    };
    let old = file.sure.as_deref().unwrap_or_default();
    match chance.index(6) {
        0 => newest.clone(),
        1 => chance.one(&file.since).clone(),
        2 => {
            let before = file
                .since
                .len()
                .checked_sub(2)
                .map_or(old, |at| file.since[at].as_slice());
            let cut = chance.index(newest.len() + 1);
            [&newest[..cut], before.get(cut..).unwrap_or_default()].concat()
        }
        3 if old.is_empty() => vec![0; newest.len()],
        4 if old.is_empty() => newest[..chance.index(newest.len() + 1)].to_vec(),
        _ => old.to_vec(),
    }
}

/// Puts an image into an empty folder.
pub fn put(image: &Image, folder: &Path) {
    for (path, content) in image {
        let path = folder.join(path);
        match content {
            Some(content) => std::fs::write(path, content).expect("it can be written"),
            None => std::fs::create_dir(path).expect("it can be made"),
        }
    }
}
