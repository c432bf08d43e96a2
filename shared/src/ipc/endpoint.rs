//! Where the agent listens, and how one gets there.
//!
//! On Unix a socket in a folder of this user alone, on Windows a named pipe whose name holds the user's SID. The
//! command line calls [`Endpoint::connect`]; the agent, holding its kernel lock, calls [`Endpoint::prepare`] and then
//! [`Endpoint::listener_options`], from which it makes its listener. Both ends ask [`peer_is_us`] who the other one
//! is: names can be taken by others, credentials cannot.
//!
//! Never here: frames and messages.

mod pipe;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use interprocess::local_socket::{ListenerOptions, PeerCreds};
use thiserror::Error;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

pub use pipe::{pipe_name, sddl};
pub use platform::Connection;

use crate::clock::{Clock, Moment, SystemClock};
use crate::paths::{LocalError, Paths};

/// Why there is no address, or why nobody can listen there.
#[derive(Debug, Error)]
pub enum EndpointError {
    /// `CAMCTL_SOCKET` cannot be used.
    #[error("CAMCTL_SOCKET={} cannot be used: {problem}", value.display())]
    BadSocket {
        /// What it says.
        value: PathBuf,
        /// What is wrong with it.
        problem: Box<str>,
    },
    /// No folder is near enough to the root for the name of a socket.
    #[error("{} is too long for the name of a socket ({limit} bytes)", path.display())]
    TooLong {
        /// The shortest one that was found.
        path: PathBuf,
        /// What the system allows, in bytes.
        limit: usize,
    },
    /// The socket's folder cannot be made, or is not this user's own.
    #[error(transparent)]
    Folder(#[from] LocalError),
    /// Something that is no socket stands at the address; it is not ours to remove.
    #[error("{} is in the way: it is not a socket", path.display())]
    InTheWay {
        /// What stands there.
        path: PathBuf,
    },
    /// Somebody listens there already, although this process holds the agent's lock.
    #[error("another agent listens at {address}")]
    Taken {
        /// The address.
        address: Box<str>,
    },
    /// The system said no.
    #[error("cannot {action} {address}: {cause}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The address.
        address: Box<str>,
        /// The system's own words.
        #[source]
        cause: io::Error,
    },
}

/// The agent's address: [`fmt::Display`] shows it for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    address: platform::Address,
}

impl Endpoint {
    /// The address that follows from `paths`; touches no file.
    ///
    /// # Errors
    /// When `CAMCTL_SOCKET` cannot be used, when no short enough path is found, or, on Windows, when the user's SID
    /// cannot be read.
    pub fn resolve(paths: &Paths) -> Result<Self, EndpointError> {
        platform::Address::resolve(paths).map(|address| Self { address })
    }

    /// Connects, within `limit`, and makes sure that this user's own process listens there.
    ///
    /// # Errors
    /// `NotFound` and `ConnectionRefused` when nobody listens; `PermissionDenied` when somebody else does;
    /// `TimedOut` when the agent does not accept connections; others as the system gives them.
    pub fn connect(&self, limit: Duration) -> io::Result<Connection> {
        self.address.connect(Deadline::within(limit))
    }

    /// Makes the address ready to be listened at: the folder is this user's alone, and what a killed agent left
    /// behind is gone. Only for the process that holds the agent's kernel lock; whoever listens there already is
    /// left alone.
    ///
    /// # Errors
    /// See [`EndpointError`].
    pub fn prepare(&self) -> Result<(), EndpointError> {
        self.address.prepare()
    }

    /// How to listen here: address and access rights, for this user alone. The agent adds what it needs and creates
    /// its listener; dropping that removes the socket.
    ///
    /// # Errors
    /// On Windows, when the access rights cannot be made.
    pub fn listener_options(&self) -> io::Result<ListenerOptions<'static>> {
        self.address.listener_options()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

/// Whether the process at the other end belongs to this user. Takes what `peer_creds()` of a blocking or a tokio
/// stream gives, on either end.
///
/// # Errors
/// When the system does not say who it is; treat that as a stranger.
pub fn peer_is_us(peer: PeerCreds) -> io::Result<bool> {
    platform::peer_is_us(peer)
}

/// When waiting ends, on the machine's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Moment);

impl Deadline {
    /// The deadline that lies `limit` from now.
    #[must_use]
    pub fn within(limit: Duration) -> Self {
        Self(SystemClock.moment().after(limit))
    }

    /// How long it is until then; zero when it has passed.
    pub fn left(self) -> Duration {
        self.0.since(SystemClock.moment())
    }
}
