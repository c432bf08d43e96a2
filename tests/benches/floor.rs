//! The floor: the least that any lock client and server of this kind must do, to measure camctl against.
//!
//! `floor serve SOCKET FOLDER [BYTES]` answers one-byte requests, one after another, without a thought:
//! `c` commits (300 bytes to a new file, fsync, publish by link, fsync of the folder, unlink), `s` answers at once,
//! `l` sends `BYTES` bytes. `floor ask SOCKET c|s|l` is one client's whole life; `floor walk FOLDER` lists a folder
//! with size and time of each file, and nothing else.
//!
//! No argument parser, no runtime, no error messages worth reading: every instruction here is one that camctl is
//! compared with.
#![expect(
    clippy::disallowed_methods,
    reason = "the floor stands beside the product, and shares nothing with it"
)]

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

const COMMIT: [u8; 300] = [b'x'; 300];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["ask", socket, what] => ask(socket, what),
        ["walk", folder] => walk(Path::new(folder)),
        ["serve", socket, folder] => serve(socket, Path::new(folder), 0),
        ["serve", socket, folder, bytes] => serve(socket, Path::new(folder), bytes.parse().unwrap_or(0)),
        _ => Err(io::Error::other(
            "floor serve SOCKET FOLDER [BYTES] | ask SOCKET c|s|l | walk FOLDER",
        )),
    }
}

fn ask(socket: &str, what: &str) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(what.as_bytes())?;
    let mut length = [0; 8];
    stream.read_exact(&mut length)?;
    let mut left = u64::from_le_bytes(length);
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= read as u64;
    }
    Ok(())
}

fn serve(socket: &str, folder: &Path, bytes: usize) -> io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    // Not zeroes: those would all be one page of memory.
    let list = vec![b'x'; bytes];
    let commits = std::sync::Mutex::new(0);
    std::thread::scope(|scope| {
        for stream in listener.incoming() {
            let (mut stream, commits, list) = (stream?, &commits, &list);
            // A client that goes away ends its own thread and nothing else.
            scope.spawn(move || answer(&mut stream, folder, commits, list));
        }
        Ok(())
    })
}

fn answer(
    stream: &mut UnixStream,
    folder: &Path,
    commits: &std::sync::Mutex<u64>,
    list: &[u8],
) -> io::Result<()> {
    let mut request = [0];
    while stream.read(&mut request)? == 1 {
        match request[0] {
            b'c' => {
                let mut n = commits.lock().map_err(|_| io::ErrorKind::Other)?;
                *n += 1;
                commit(folder, *n)?;
                stream.write_all(&0_u64.to_le_bytes())?;
            }
            b'l' => {
                stream.write_all(&(list.len() as u64).to_le_bytes())?;
                stream.write_all(list)?;
            }
            _ => stream.write_all(&0_u64.to_le_bytes())?,
        }
    }
    Ok(())
}

fn commit(folder: &Path, n: u64) -> io::Result<()> {
    let (temporary, name) = (folder.join(format!("{n}.tmp")), folder.join(format!("{n}.json")));
    let mut file = File::create_new(&temporary)?;
    file.write_all(&COMMIT)?;
    file.sync_all()?;
    fs::hard_link(&temporary, &name)?;
    File::open(folder)?.sync_all()?;
    fs::remove_file(&temporary)
}

fn walk(folder: &Path) -> io::Result<()> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let meta = entry?.metadata()?;
        sum += meta.len() + u64::from(meta.modified()? > std::time::UNIX_EPOCH);
    }
    // So that nothing of it can be left out.
    std::hint::black_box(sum);
    Ok(())
}
