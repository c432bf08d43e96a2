//! Named pipes.
#![expect(
    unsafe_code,
    reason = "tokens and overlapped I/O with a time limit are system calls that no safe package offers"
)]

use std::fmt;
use std::io::{self, ErrorKind};
use std::os::windows::io::{
    AsHandle as _, AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle,
};
use std::ptr;
use std::time::Duration;

use interprocess::ConnectWaitMode;
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{ListenerOptions, PeerCreds};
use interprocess::os::windows::local_socket::{ListenerOptionsExt as _, NamedPipe};
use interprocess::os::windows::named_pipe::{DuplexPipeStream, pipe_mode};
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use widestring::U16CString;
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_OPERATION_ABORTED, ERROR_PIPE_NOT_CONNECTED, HANDLE,
    LocalFree, WAIT_TIMEOUT,
};
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{GetTokenInformation, TOKEN_QUERY, TOKEN_USER, TokenUser};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Threading::{
    CreateEventW, GetCurrentProcess, INFINITE, OpenProcess, OpenProcessToken,
    PROCESS_QUERY_LIMITED_INFORMATION, WaitForSingleObject,
};

use super::{Deadline, EndpointError, pipe, pipe_name, sddl};
use crate::paths::Paths;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// With `\\.\pipe\` before it.
    name: String,
    /// The user's, in text.
    sid: String,
}

impl Address {
    pub(super) fn resolve(paths: &Paths) -> Result<Self, EndpointError> {
        let sid = our_sid().map_err(|cause| EndpointError::Io {
            action: "find out whose is",
            address: "the named pipe".into(),
            cause,
        })?;
        let name = match &paths.socket {
            Some(socket) => {
                pipe::given_name(&socket.to_string_lossy()).map_err(|problem| EndpointError::BadSocket {
                    value: socket.into(),
                    problem: problem.into(),
                })?
            }
            None => pipe_name(
                &sid,
                paths.home.as_ref().map(|home| home.to_string_lossy()).as_deref(),
            ),
        };
        Ok(Self { name, sid })
    }

    pub(super) fn connect(&self, until: Deadline) -> io::Result<Connection> {
        let wait = ConnectWaitMode::Timeout(until.left());
        let pipe = Pipe::connect_by_path_with_wait_mode(self.name.as_str(), wait)?;
        if !process_is_us(pipe.server_process_id()?)? {
            return Err(io::Error::new(
                ErrorKind::PermissionDenied,
                "the process that listens there belongs to another user",
            ));
        }
        Ok(Connection {
            pipe,
            event: new_event()?,
        })
    }

    /// Pipes end with their process, so nothing is ever left behind; a pipe that exists is told at its creation.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "sockets need more")]
    pub(super) fn prepare(&self) -> Result<(), EndpointError> {
        Ok(())
    }

    pub(super) fn listener_options(&self) -> io::Result<ListenerOptions<'static>> {
        let rights = U16CString::from_str(sddl(&self.sid)).map_err(io::Error::other)?;
        let name = self.name.clone().to_fs_name::<NamedPipe>()?;
        // interprocess refuses remote clients, and pipes that exist already, by itself.
        Ok(ListenerOptions::new()
            .name(name)
            .security_descriptor(SecurityDescriptor::deserialize(&rights)?))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

pub(super) fn peer_is_us(peer: PeerCreds) -> io::Result<bool> {
    match peer.pid() {
        Some(pid) => process_is_us(pid),
        None => Err(ErrorKind::Unsupported.into()),
    }
}

/// Whether the process belongs to this user. One that may not even be asked does not.
fn process_is_us(pid: u32) -> io::Result<bool> {
    // SAFETY: no pointers; the result is checked and owned.
    let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    if process.is_null() {
        let error = io::Error::last_os_error();
        return match error.kind() {
            ErrorKind::PermissionDenied => Ok(false),
            _ => Err(error),
        };
    }
    // SAFETY: a handle that was just opened for us, and is nobody else's.
    let process = unsafe { OwnedHandle::from_raw_handle(process) };
    match sid_of(process.as_raw_handle()) {
        Ok(sid) => Ok(sid == our_sid()?),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(error),
    }
}

fn our_sid() -> io::Result<String> {
    // SAFETY: a constant that stands for this process.
    sid_of(unsafe { GetCurrentProcess() })
}

/// The SID of the user that a process runs for, in text.
fn sid_of(process: HANDLE) -> io::Result<String> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: `process` is open for questions, and `token` has room for a handle.
    if unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a handle that was just opened for us, and is nobody else's.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // A TOKEN_USER with the longest SID needs some 90 bytes; of pointers, because it begins with one.
    let mut room = [ptr::null_mut::<u8>(); 32];
    let size = u32::try_from(size_of_val(&room)).unwrap_or(0);
    let mut needed = 0;
    // SAFETY: `room` has `size` bytes, and is aligned as TOKEN_USER is.
    let known = unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            room.as_mut_ptr().cast(),
            size,
            &raw mut needed,
        )
    };
    if known == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut text = ptr::null_mut();
    // SAFETY: the call above put a TOKEN_USER there, whose SID lies in `room` too.
    let written = unsafe {
        let user = room.as_ptr().cast::<TOKEN_USER>();
        ConvertSidToStringSidW((*user).User.Sid, &raw mut text)
    };
    if written == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a text with a zero at its end, from the local heap; it is copied before it is freed, once.
    let sid = unsafe {
        let sid = U16CString::from_ptr_str(text);
        LocalFree(text.cast());
        sid
    };
    sid.to_string().map_err(io::Error::other)
}

type Pipe = DuplexPipeStream<pipe_mode::Bytes>;

/// A connection with time limits.
///
/// Pipes have none of their own (and interprocess offers none for them), so reads and writes are started, waited
/// for, and taken back when the time is up; what had been moved by then counts.
#[derive(Debug)]
pub struct Connection {
    pipe: Pipe,
    /// Set when the transfer that was started is over.
    event: OwnedHandle,
}

impl Connection {
    /// Reads what has come, at least one byte, waiting for it until the deadline; 0 when the other end is closed.
    ///
    /// # Errors
    /// `TimedOut`, or what the system says.
    pub fn read(&mut self, into: &mut [u8], until: Option<Deadline>) -> io::Result<usize> {
        let length = u32::try_from(into.len()).unwrap_or(u32::MAX);
        let moved = transfer(self.pipe.as_handle(), &self.event, until, |pipe, overlapped| {
            // SAFETY: `into` and `overlapped` live until `transfer` has seen the end of this read.
            unsafe { ReadFile(pipe, into.as_mut_ptr(), length, ptr::null_mut(), overlapped) }
        });
        match moved {
            Err(error) if is_end(&error) => Ok(0),
            result => result,
        }
    }

    /// Writes all of `bytes`, waiting at most until the deadline for the other end to take them.
    ///
    /// # Errors
    /// `TimedOut`, or what the system says; part of it may have been sent.
    pub fn write_all(&mut self, bytes: &[u8], until: Deadline) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = u32::try_from(rest.len()).unwrap_or(u32::MAX);
            let moved = transfer(
                self.pipe.as_handle(),
                &self.event,
                Some(until),
                |pipe, overlapped| {
                    // SAFETY: `rest` and `overlapped` live until `transfer` has seen the end of this write.
                    unsafe { WriteFile(pipe, rest.as_ptr(), length, ptr::null_mut(), overlapped) }
                },
            );
            match moved {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => rest = &rest[count..],
                Err(error) if is_end(&error) => return Err(ErrorKind::BrokenPipe.into()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_end(error: &io::Error) -> bool {
    let code = error.raw_os_error().and_then(|code| u32::try_from(code).ok());
    matches!(code, Some(ERROR_BROKEN_PIPE | ERROR_PIPE_NOT_CONNECTED))
}

fn new_event() -> io::Result<OwnedHandle> {
    // SAFETY: no pointers but null ones; the result is checked.
    let event = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
    if event.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a handle that was just made for us, and is nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(event) })
}

/// Starts a transfer with `start`, waits for it, and takes it back when the time is up. Returns only when the system
/// is done with the buffers, whatever happened.
fn transfer(
    pipe: BorrowedHandle<'_>,
    event: &OwnedHandle,
    until: Option<Deadline>,
    start: impl FnOnce(HANDLE, *mut OVERLAPPED) -> i32,
) -> io::Result<usize> {
    let pipe = pipe.as_raw_handle();
    let mut overlapped = OVERLAPPED {
        hEvent: event.as_raw_handle(),
        ..OVERLAPPED::default()
    };
    let overlapped = &raw mut overlapped;
    if start(pipe, overlapped) == 0 {
        let error = io::Error::last_os_error();
        if error.raw_os_error() != i32::try_from(ERROR_IO_PENDING).ok() {
            return Err(error);
        }
        // SAFETY: the event is ours and open.
        let waited = unsafe { WaitForSingleObject(event.as_raw_handle(), milliseconds(until)) };
        if waited == WAIT_TIMEOUT {
            // SAFETY: the transfer was started on this pipe with this `overlapped`. That it is over already is fine.
            unsafe { CancelIoEx(pipe, overlapped) };
        }
    }
    let mut moved = 0;
    // SAFETY: as above; the last argument waits until the transfer is over.
    if unsafe { GetOverlappedResult(pipe, overlapped, &raw mut moved, 1) } == 0 {
        let error = io::Error::last_os_error();
        let taken_back = error.raw_os_error() == i32::try_from(ERROR_OPERATION_ABORTED).ok();
        return Err(if taken_back {
            ErrorKind::TimedOut.into()
        } else {
            error
        });
    }
    usize::try_from(moved).map_err(io::Error::other)
}

/// What is left, rounded up, so that nobody gives up early.
fn milliseconds(until: Option<Deadline>) -> u32 {
    until.map_or(INFINITE, |until| {
        let left = until.left() + Duration::from_micros(999);
        u32::try_from(left.as_millis()).unwrap_or(INFINITE - 1)
    })
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Security::Authorization::{
        ConvertSecurityDescriptorToStringSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
        SE_KERNEL_OBJECT,
    };
    use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR};

    use super::*;
    use crate::ipc::endpoint::Endpoint;
    use crate::paths::Env;

    /// The access rights of a kernel object, in text.
    fn rights_of(handle: BorrowedHandle<'_>) -> String {
        let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
        // SAFETY: the handle is open, `descriptor` has room for a pointer, and all others may be null.
        let code = unsafe {
            GetSecurityInfo(
                handle.as_raw_handle(),
                SE_KERNEL_OBJECT,
                DACL_SECURITY_INFORMATION,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                &raw mut descriptor,
            )
        };
        assert_eq!(code, 0, "{}", io::Error::from_raw_os_error(code.cast_signed()));
        let mut text = ptr::null_mut();
        // SAFETY: the descriptor was just made; `text` has room for a pointer; nobody asks for the length.
        let written = unsafe {
            ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor,
                SDDL_REVISION_1,
                DACL_SECURITY_INFORMATION,
                &raw mut text,
                ptr::null_mut(),
            )
        };
        assert_ne!(written, 0, "{}", io::Error::last_os_error());
        // SAFETY: a text with a zero at its end; the test's process ends soon and frees both.
        unsafe { U16CString::from_ptr_str(text) }.to_string_lossy()
    }

    #[test]
    fn the_pipe_that_the_system_made_is_for_its_user_alone() {
        let home = tempfile::tempdir().unwrap();
        let env = Env {
            home: Some(home.path().to_owned()),
            ..Env::default()
        };
        let endpoint = Endpoint::resolve(&Paths::resolve(&env).unwrap()).unwrap();
        let _listener = endpoint.listener_options().unwrap().create_sync().unwrap();
        let client = endpoint.connect(Duration::from_secs(5)).unwrap();
        let sid = our_sid().unwrap();
        assert!(sid.starts_with("S-1-5-21-"), "{sid}");
        // All rights (GA) are all rights to a file (FA) once they are given for one.
        let rights = rights_of(client.pipe.as_handle()).replace(";FA;", ";GA;");
        assert_eq!(rights, sddl(&sid));
    }
}
