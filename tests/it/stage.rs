//! What many scenarios begin with.

use serde_json::Value;
use testkit::{Machine, Repository, RepositoryBuilder, Run, Sandbox, Script};

/// Alice on CAM-03 and bob on CNC-1, each with an agent, and a repository with `a.mcam`, `b.mcam` and `parts/c.vnc`.
pub struct Stage {
    // In this order: machines end before the folder that they live in.
    pub alice: Machine,
    pub bob: Machine,
    pub repository: Repository,
    pub sandbox: Sandbox,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(|repository| repository)
    }

    /// With a repository that `build` has changed.
    pub fn with(build: impl FnOnce(RepositoryBuilder<'_>) -> RepositoryBuilder<'_>) -> Self {
        let sandbox = Sandbox::new();
        let files = sandbox
            .repository()
            .file("a.mcam")
            .file("b.mcam")
            .file("parts/c.vnc");
        let repository = build(files).init();
        let (alice, bob) = (
            sandbox.machine("alice", "CAM-03"),
            sandbox.machine("bob", "CNC-1"),
        );
        alice.start();
        bob.start();
        Self {
            alice,
            bob,
            repository,
            sandbox,
        }
    }

    /// A command of alice, in the repository's folder.
    pub fn alice(&self, arguments: &[&str]) -> Script {
        self.alice.camctl(arguments).in_folder(self.repository.folder())
    }

    /// A command of bob, in the repository's folder.
    pub fn bob(&self, arguments: &[&str]) -> Script {
        self.bob.camctl(arguments).in_folder(self.repository.folder())
    }
}

/// What became of the only file of a command that was run with `--json`.
#[track_caller]
pub fn file(run: &Run) -> Value {
    let answer = run.json();
    assert_eq!(
        answer["files"].as_array().map(Vec::len),
        Some(1),
        "one file: {answer}"
    );
    answer["files"][0].clone()
}

/// The tokens of all grants of a file, in the order of the log.
pub fn grants(repository: &Repository, name: &str) -> Vec<u64> {
    let mut tokens = Vec::new();
    for (n, commit) in repository.log() {
        let changes = commit["changes"].as_array().cloned().unwrap_or_default();
        let here = changes.iter().filter(|change| change["file"] == name);
        tokens.extend(here.filter(|change| change["lock"]["token"] == n).map(|_| n));
    }
    tokens
}
