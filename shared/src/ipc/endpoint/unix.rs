//! Sockets.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interprocess::ConnectWaitMode;
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{ConnectOptions, ListenerOptions, Name, PeerCreds, Stream};
use interprocess::os::unix::local_socket::{FilesystemUdSocket, ListenerOptionsExt as _};
use rustix::process::geteuid;

use super::{Deadline, EndpointError};
use crate::paths::{Paths, make_private_dir, short_hash};

/// What `sockaddr_un` has room for, without the zero at its end.
const LONGEST: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    107
} else {
    103
};

/// A message longer than this may not fit into the socket's buffer, so that writing it may have to wait.
const FITS: usize = 64 << 10;

/// How often an agent that does not accept connections is tried again.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    path: PathBuf,
    /// The folder is camctl's own, to be made and kept private; not so with `CAMCTL_SOCKET`.
    own_folder: bool,
}

impl Address {
    pub(super) fn resolve(paths: &Paths) -> Result<Self, EndpointError> {
        let fits = |path: &Path| path.as_os_str().len() <= LONGEST;
        if let Some(socket) = &paths.socket {
            let bad = |problem: String| EndpointError::BadSocket {
                value: socket.into(),
                problem: problem.into(),
            };
            let path = PathBuf::from(socket);
            if !path.is_absolute() {
                return Err(bad("give the whole path, from the root".into()));
            }
            if !fits(&path) {
                return Err(bad(format!("a socket's path has at most {LONGEST} bytes")));
            }
            return Ok(Self {
                path,
                own_folder: false,
            });
        }
        let path = paths.runtime_dir.join("v1.sock");
        let path = if fits(&path) {
            path
        } else {
            let name = short_hash(path.as_os_str().as_bytes());
            paths.short_dir.join(format!("v1-{name}.sock"))
        };
        if !fits(&path) {
            return Err(EndpointError::TooLong { path, limit: LONGEST });
        }
        Ok(Self {
            path,
            own_folder: true,
        })
    }

    fn name(&self) -> io::Result<Name<'_>> {
        self.path.as_path().to_fs_name::<FilesystemUdSocket>()
    }

    pub(super) fn connect(&self, until: Deadline) -> io::Result<Connection> {
        loop {
            let left = until.left();
            let stream = ConnectOptions::new()
                .name(self.name()?)
                .wait_mode(ConnectWaitMode::Timeout(left))
                .connect_sync()?;
            match stream.peer_creds() {
                Ok(peer) if is(peer, geteuid().as_raw()) => return Ok(Connection::new(stream)),
                Ok(_) => {
                    return Err(io::Error::new(
                        ErrorKind::PermissionDenied,
                        "the process that listens there belongs to another user",
                    ));
                }
                // An agent that is stopped accepts nobody, and when its backlog is full the kernel does not wait:
                // the socket is connected to nobody, and interprocess says so only here.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
                Err(error) => return Err(error),
            }
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            std::thread::sleep(PAUSE.min(left));
        }
    }

    pub(super) fn prepare(&self) -> Result<(), EndpointError> {
        if self.own_folder
            && let Some(folder) = self.path.parent()
        {
            make_private_dir(folder)?;
        }
        let meta = match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            result => result.map_err(self.io("look at"))?,
        };
        if !meta.file_type().is_socket() {
            return Err(EndpointError::InTheWay {
                path: self.path.clone(),
            });
        }
        // Agents with homes, and so locks, of their own may have been given one CAMCTL_SOCKET.
        let listening = ConnectOptions::new()
            .name(self.name().map_err(self.io("connect to"))?)
            .wait_mode(ConnectWaitMode::Timeout(Duration::ZERO))
            .connect_sync();
        match listening {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                fs::remove_file(&self.path).map_err(self.io("remove"))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Ok(_) => Err(EndpointError::Taken {
                address: self.to_string().into(),
            }),
            Err(cause) => Err(self.io("connect to")(cause)),
        }
    }

    pub(super) fn listener_options(&self) -> io::Result<ListenerOptions<'static>> {
        let name = self.path.clone().to_fs_name::<FilesystemUdSocket>()?;
        let options = ListenerOptions::new().name(name);
        // Elsewhere the folder's mode has to do.
        let modes = cfg!(any(
            target_os = "linux",
            target_os = "android",
            target_os = "openbsd"
        ));
        Ok(if modes { options.mode(0o600) } else { options })
    }

    fn io(&self, action: &'static str) -> impl FnOnce(io::Error) -> EndpointError {
        let address = self.to_string().into();
        move |cause| EndpointError::Io {
            action,
            address,
            cause,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

pub(super) fn peer_is_us(peer: PeerCreds) -> io::Result<bool> {
    match peer.euid() {
        Some(_) => Ok(is(peer, geteuid().as_raw())),
        None => Err(ErrorKind::Unsupported.into()),
    }
}

fn is(peer: PeerCreds, user: u32) -> bool {
    peer.euid() == Some(user)
}

/// A connection with time limits.
///
/// The kernel keeps them (`SO_RCVTIMEO`, `SO_SNDTIMEO`). Setting one is a system call, so a shorter one that is set
/// already is waited out and then set anew, rather than set anew for every read.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    /// What reads wait for at most now.
    reading: Option<Duration>,
}

impl Connection {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            reading: None,
        }
    }

    /// Reads what has come, at least one byte, waiting for it until the deadline; 0 when the other end is closed.
    ///
    /// # Errors
    /// `TimedOut`, or what the system says.
    pub fn read(&mut self, into: &mut [u8], until: Option<Deadline>) -> io::Result<usize> {
        let mut anew = false;
        loop {
            let left = until.map(|until| until.left().max(Duration::from_millis(1)));
            let late = match (self.reading, left) {
                (Some(set), Some(left)) => set > left,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if late || anew {
                self.stream.set_recv_timeout(left)?;
                self.reading = left;
            }
            match self.stream.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if until.is_some_and(|until| until.left().is_zero()) {
                        return Err(ErrorKind::TimedOut.into());
                    }
                    anew = true;
                }
                result => return result,
            }
        }
    }

    /// Writes all of `bytes`, waiting at most until the deadline for the other end to take them.
    ///
    /// # Errors
    /// `TimedOut`, or what the system says; part of it may have been sent.
    pub fn write_all(&mut self, bytes: &[u8], until: Deadline) -> io::Result<()> {
        if bytes.len() <= FITS {
            // A new connection's buffer takes that at once.
            return self.stream.write_all(bytes);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let left = until.left();
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            self.stream
                .set_send_timeout(Some(left.max(Duration::from_millis(1))))?;
            match self.stream.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(ErrorKind::TimedOut.into());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
