//! The agent's address on Unix: folders, modes, lengths, and who listens there.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]
#![expect(clippy::print_stdout, reason = "what was skipped must be seen")]

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use camctl_shared::ipc::client::{Client, ClientError, Limits};
use camctl_shared::ipc::endpoint::{Endpoint, EndpointError, peer_is_us};
use camctl_shared::paths::{Env, LocalError, Paths, SystemFolders};
use interprocess::local_socket::prelude::*;

fn env(temporary: &Path) -> Env {
    Env {
        system: Some(SystemFolders::default()),
        temporary: temporary.to_owned(),
        user_mark: "7".into(),
        ..Env::default()
    }
}

fn resolve(env: &Env) -> Result<Endpoint, EndpointError> {
    Endpoint::resolve(&Paths::resolve(env).unwrap())
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

#[test]
fn the_address_follows_from_the_environment() {
    let plain = env(Path::new("/tmp"));
    let session = Env {
        runtime: Some("/run/user/7/camctl".into()),
        ..plain.clone()
    };
    let home = Env {
        home: Some("/tests/a".into()),
        ..session.clone()
    };
    let socket = Env {
        socket: Some("/somewhere/else.sock".into()),
        ..home.clone()
    };
    let cases = [
        (&plain, "/tmp/camctl-7/v1.sock"),
        (&session, "/run/user/7/camctl/v1.sock"),
        (&home, "/tests/a/runtime/v1.sock"),
        (&socket, "/somewhere/else.sock"),
    ];
    for (env, expected) in cases {
        assert_eq!(resolve(env).unwrap().to_string(), expected);
    }
}

#[test]
fn too_long_an_address_is_shortened_or_refused() {
    let long = |letter: &str| PathBuf::from(format!("/{}", letter.repeat(120)));
    let home = |home: PathBuf| Env {
        home: Some(home),
        ..env(Path::new("/tmp"))
    };
    let (a, b) = (
        resolve(&home(long("a"))).unwrap(),
        resolve(&home(long("b"))).unwrap(),
    );
    for endpoint in [&a, &b] {
        let name = endpoint.to_string();
        assert!(
            name.starts_with("/tmp/camctl-7/v1-") && name.len() < 104,
            "{name}"
        );
    }
    assert_ne!(a, b, "two homes have two addresses");
    assert_eq!(
        a,
        resolve(&home(long("a"))).unwrap(),
        "and one home always the same"
    );
    // 107 bytes are the most on Linux, 103 elsewhere.
    let most = if cfg!(target_os = "linux") { 107 } else { 103 };
    let exact = |length: usize| {
        let rest = "/runtime/v1.sock".len() + 1;
        resolve(&home(format!("/{}", "x".repeat(length - rest)).into())).unwrap()
    };
    assert_eq!(exact(most).to_string().len(), most);
    assert!(exact(most + 1).to_string().starts_with("/tmp/camctl-7/"));
    let nowhere = Env {
        temporary: long("t"),
        ..home(long("a"))
    };
    assert!(matches!(resolve(&nowhere), Err(EndpointError::TooLong { .. })));
}

#[test]
fn a_given_socket_is_used_as_it_is_or_refused() {
    for (socket, problem) in [
        (format!("/{}", "s".repeat(120)), "at most"),
        ("v1.sock".into(), "the whole path"),
    ] {
        let given = Env {
            socket: Some(socket.into()),
            ..env(Path::new("/tmp"))
        };
        let error = resolve(&given).unwrap_err().to_string();
        assert!(
            error.starts_with("CAMCTL_SOCKET=") && error.contains(problem),
            "{error}"
        );
    }
}

#[test]
fn an_address_of_the_longest_kind_works() {
    let folder = tempfile::tempdir().unwrap();
    let most = if cfg!(target_os = "linux") { 107 } else { 103 };
    let name = "s".repeat(most - folder.path().as_os_str().len() - 1);
    let env = Env {
        socket: Some(folder.path().join(name).into()),
        ..env(folder.path())
    };
    let endpoint = resolve(&env).unwrap();
    assert_eq!(endpoint.to_string().len(), most);
    let _listener = endpoint.listener_options().unwrap().create_sync().unwrap();
    endpoint.connect(Duration::from_secs(20)).unwrap();
}

#[test]
fn folder_and_socket_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = resolve(&env(folder.path())).unwrap();
    endpoint.prepare().unwrap();
    let listener = endpoint.listener_options().unwrap().create_sync().unwrap();
    let socket = PathBuf::from(endpoint.to_string());
    assert_eq!(mode(socket.parent().unwrap()), 0o700);
    if cfg!(target_os = "linux") {
        assert_eq!(mode(&socket), 0o600);
    }
    drop(listener);
    assert!(!socket.exists(), "a listener that ends takes its socket away");
}

#[test]
fn a_folder_that_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("camctl-7");
    std::os::unix::fs::symlink(folder.path(), &theirs).unwrap();
    let error = resolve(&env(folder.path())).unwrap().prepare().unwrap_err();
    assert!(
        matches!(error, EndpointError::Folder(LocalError::NotAFolder { .. })),
        "{error}"
    );
    fs::remove_file(&theirs).unwrap();
    fs::create_dir(&theirs).unwrap();
    if std::os::unix::fs::chown(&theirs, Some(65_534), None).is_err() {
        println!("SKIPPED: only root can give a folder away");
        return;
    }
    let error = resolve(&env(folder.path())).unwrap().prepare().unwrap_err();
    assert!(
        matches!(error, EndpointError::Folder(LocalError::NotOurs { .. })),
        "{error}"
    );
}

#[test]
fn what_a_killed_agent_left_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = resolve(&env(folder.path())).unwrap();
    let socket = PathBuf::from(endpoint.to_string());
    endpoint.prepare().unwrap();
    // Closed without being removed, as the kernel does it for a process that was killed.
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let error = endpoint.connect(Duration::from_secs(20)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    endpoint.prepare().unwrap();
    assert!(!socket.exists());
    for make in [
        |path: &Path| fs::write(path, "precious").unwrap(),
        |path: &Path| fs::create_dir(path).unwrap(),
    ] {
        let _ = fs::remove_file(&socket);
        make(&socket);
        let error = endpoint.prepare().unwrap_err();
        assert!(matches!(error, EndpointError::InTheWay { .. }), "{error}");
        assert!(socket.exists());
    }
}

#[test]
fn a_given_sockets_folder_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let env = Env {
        socket: Some(folder.path().join("given.sock").into()),
        ..env(folder.path())
    };
    resolve(&env).unwrap().prepare().unwrap();
    assert_eq!(mode(folder.path()), 0o755);
}

#[test]
fn an_agent_that_accepts_nobody_is_given_up_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("full.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let env = Env {
        socket: Some(socket.clone().into()),
        ..env(folder.path())
    };
    let endpoint = resolve(&env).unwrap();
    let limits = Limits {
        connect: Duration::from_millis(200),
        ..Limits::default()
    };
    // The backlog takes one or two.
    let mut waiting = Vec::new();
    let error = loop {
        match Client::connect(&endpoint, limits) {
            Ok(client) => waiting.push(client),
            Err(error) => break error,
        }
        assert!(waiting.len() < 10, "the backlog is never full");
    };
    assert!(matches!(error, ClientError::TimedOut { .. }), "{error:?}");
    // It goes on in time: then the client gets through.
    let late = std::thread::spawn(move || endpoint.connect(Duration::from_secs(20)).map(drop));
    for _ in 0..=waiting.len() {
        listener.accept().unwrap();
    }
    late.join().unwrap().unwrap();
}

/// Runs a test of this file as another user; `None` where that cannot be done.
fn as_a_stranger(test: &str, socket: &Path) -> Option<Child> {
    let program = std::env::current_exe().unwrap();
    let child = Command::new(program)
        .args(["--exact", test, "--nocapture"])
        .env("CAMCTL_TEST_STRANGER", socket)
        .current_dir("/")
        .uid(65_534)
        .stdout(Stdio::null())
        .spawn();
    if child.is_err() {
        println!("SKIPPED: only root can start a stranger's process, where the stranger may run the test");
    }
    child.ok()
}

fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    folder
}

fn give(socket: &Path) -> Endpoint {
    let env = Env {
        socket: Some(socket.into()),
        ..env(Path::new("/tmp"))
    };
    resolve(&env).unwrap()
}

#[test]
fn a_strangers_socket_is_not_talked_to() {
    if let Some(socket) = std::env::var_os("CAMCTL_TEST_STRANGER") {
        let listener = UnixListener::bind(&socket).unwrap();
        fs::set_permissions(&socket, Permissions::from_mode(0o777)).unwrap();
        fs::write(Path::new(&socket).with_extension("ready"), "").unwrap();
        let _ = listener.accept();
        return;
    }
    let folder = open_folder();
    let socket = folder.path().join("stranger.sock");
    let Some(mut child) = as_a_stranger("a_strangers_socket_is_not_talked_to", &socket) else {
        return;
    };
    while !socket.with_extension("ready").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the stranger ended too soon");
        std::thread::sleep(Duration::from_millis(2));
    }
    let error = Client::connect(&give(&socket), Limits::default()).unwrap_err();
    assert!(matches!(error, ClientError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("another user"), "{error}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_stranger_is_known_and_kept_out() {
    if let Some(socket) = std::env::var_os("CAMCTL_TEST_STRANGER") {
        // First with the socket's own mode, then with one that lets everybody in.
        let error = UnixStream::connect(&socket).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        fs::write(Path::new(&socket).with_extension("refused"), "").unwrap();
        while !Path::new(&socket).with_extension("open").exists() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let stream = UnixStream::connect(&socket).unwrap();
        let _ = std::io::Read::read(&mut &stream, &mut [0]);
        return;
    }
    let folder = open_folder();
    let socket = folder.path().join("ours.sock");
    let listener = give(&socket).listener_options().unwrap().create_sync().unwrap();
    let Some(mut child) = as_a_stranger("a_stranger_is_known_and_kept_out", &socket) else {
        return;
    };
    while !socket.with_extension("refused").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the stranger ended too soon");
        std::thread::sleep(Duration::from_millis(2));
    }
    fs::set_permissions(&socket, Permissions::from_mode(0o777)).unwrap();
    fs::write(socket.with_extension("open"), "").unwrap();
    let stream = listener.accept().unwrap();
    assert!(!peer_is_us(stream.peer_creds().unwrap()).unwrap());
    drop(stream);
    assert!(child.wait().unwrap().success());
}
