//! Names, owners, locks, the table, policy and errors: pure data, no I/O and no clock.
//!
//! These are the types that the rules and the agent think in. What is written to the share has types of its own
//! (`store::folder::format`), and so has what goes over the socket (`ipc::message`).

mod commit;
mod error;
mod lock;
mod name;
mod owner;
mod policy;
mod table;

pub use commit::{Change, Commit, Draft, Ended, How, Nonce, RequestId, SessionChange, Verb};
pub use error::{Refusal, ShareError, ShareErrorKind, StoreError};
pub use lock::{Agent, Base, Kind, Lock, Note, Process, Said, Token, Waiter};
pub use name::{Case, FileName, NameError, OWN_FOLDER, has_extension, spellings};
pub use owner::{Owner, SessionId};
pub use policy::{
    FORMAT as POLICY_FORMAT, OnExit, Policy, PolicyError, Protect, parse_duration, show_duration,
};
pub use table::{Absence, Recent, RepositoryId, Table};

/// Keys of a record that this version does not know. They survive every rewrite.
pub type Extra = serde_json::Map<String, serde_json::Value>;
