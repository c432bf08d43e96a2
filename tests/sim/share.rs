//! The share as one run of one agent sees it. Every operation leaves the stack twice: on its way to the server, and on its
//! way back; in between the others run, and what was sent may be lost, done late, done twice, or done unheard.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::model::{ShareError, ShareErrorKind as Kind};
use camctl_shared::share::{Entry, FileSystem, Held, Meta, Published, Result, Share};

use crate::cache::Glass;
use crate::coroutine::{self, Wait};
use crate::mutations::Seam;
use crate::server::Request;
use crate::world::{Arrival, Handle, World};

/// Where everybody has the share mounted.
pub const ROOT: &str = "/cam";

/// See the module.
pub struct SimShare {
    world: Handle,
    machine: usize,
    epoch: u64,
    file_system: FileSystem,
}

impl SimShare {
    /// For the current run of `machine`.
    pub fn new(world: &Handle, machine: usize) -> Self {
        let (epoch, name, local) = {
            let world = world.get();
            (
                world.machines[machine].epoch,
                world.profile.name,
                world.profile.local,
            )
        };
        Self {
            world: world.clone(),
            machine,
            epoch,
            file_system: FileSystem {
                name: name.into(),
                local,
                options: "".into(),
            },
        }
    }

    fn error(&self, action: &'static str, path: &str, kind: Kind) -> ShareError {
        ShareError {
            action,
            path: self.show(path).into(),
            kind,
            cause: format!("{kind:?}").into(),
        }
    }

    fn wait(&self, time: Duration, request: Option<&Request>) {
        let until = {
            let mut world = self.world.get();
            world.step(self.machine, request);
            world.now + time
        };
        coroutine::wait(Wait::Until(until));
    }

    /// Asks the server for `work`, in one step at its side. `request` is what is sent when that changes something.
    fn call<T>(
        &self,
        action: &'static str,
        path: &str,
        request: Option<&Request>,
        mut work: impl FnMut(&mut World) -> Result<T, Kind>,
    ) -> Result<T> {
        let unknown = || self.error(action, path, Kind::Unknown);
        let travel = {
            let mut world = self.world.get();
            let machine = &mut world.machines[self.machine];
            if machine.epoch != self.epoch {
                // This run is over: what its destructors want is without effect.
                return Err(unknown());
            }
            machine.in_flight = request.cloned();
            world.latency()
        };
        self.wait(travel, request);
        let answer = loop {
            let arrival = self.world.get().arrive(self.machine);
            if let Arrival::At(time) = arrival {
                coroutine::wait(Wait::Until(time));
                continue;
            }
            let mut guard = self.world.get();
            let world = &mut *guard;
            world.machines[self.machine].in_flight = None;
            let gives_up = match arrival {
                Arrival::At(_) | Arrival::Now => {
                    let answer = work(world);
                    if request.is_none() {
                        let kind = answer.as_ref().err().copied();
                        world.trace.note(world.now, self.machine, || {
                            format!(
                                "{action} {path}: {}",
                                kind.map_or("fine".to_owned(), |kind| format!("{kind:?}"))
                            )
                        });
                    }
                    break answer;
                }
                Arrival::Refused if request.is_some() => break Err(Kind::Denied),
                Arrival::Refused => break work(world),
                Arrival::Twice => {
                    // The answer to the first is lost.
                    let _ = work(world);
                    break work(world);
                }
                Arrival::Never(time) => time,
                Arrival::Unheard(time) => {
                    let _ = work(world);
                    time
                }
                Arrival::Later(time, after) => {
                    let at = world.now + after;
                    world.late.extend(request.map(|request| (at, request.clone())));
                    time
                }
            };
            world.trace.note(world.now, self.machine, || {
                format!("{action} {path}: {arrival:?}")
            });
            drop(guard);
            self.wait(gives_up, request);
            return Err(unknown());
        };
        let back = self.world.get().latency();
        self.wait(back, request);
        let lost = self.world.get().loses_reply(self.machine);
        if let Some(time) = lost {
            self.wait(time, request);
            return Err(unknown());
        }
        answer.map_err(|kind| self.error(action, path, kind))
    }

    fn send(&self, action: &'static str, path: &str, request: &Request) -> Result<()> {
        let busy = self.world.get().is_open_elsewhere(request);
        if busy {
            // Tried again and again for as long as the system's own patience lasts.
            self.wait(camctl_shared::share::BUSY_LIMIT, None);
            return Err(self.error(action, path, Kind::Busy));
        }
        self.call(action, path, Some(request), |world| {
            world.change(Some(self.machine), request)
        })
    }

    fn look<T>(
        &self,
        action: &'static str,
        path: &str,
        look: impl Fn(&mut Glass<'_>) -> Result<T, Kind>,
    ) -> Result<T> {
        self.call(action, path, None, |world| look(&mut world.glass(self.machine)))
    }

    /// As `DiskShare`: a refusal on a network may answer the repetition of what was done.
    fn refused(&self, path: &str, error: ShareError) -> Published {
        if self.is_local() {
            return Published::Refused(error);
        }
        match self.call("list", path, None, |world| Ok(world.server.find(path).is_some())) {
            Ok(true) => Published::Taken,
            Ok(false) => Published::Refused(error),
            Err(_) => Published::Unknown(error),
        }
    }
}

impl World {
    fn glass(&mut self, machine: usize) -> Glass<'_> {
        Glass {
            now: self.now,
            profile: &self.profile,
            server: &self.server,
            cache: &mut self.machines[machine].cache,
        }
    }
}

struct Locked {
    world: Handle,
    machine: usize,
    epoch: u64,
}

impl Held for Locked {}

impl Drop for Locked {
    fn drop(&mut self) {
        let mut world = self.world.get();
        if world.machines[self.machine].epoch == self.epoch {
            world.unlock(self.machine, self.epoch);
        }
    }
}

impl Share for SimShare {
    fn show(&self, path: &str) -> String {
        format!("{ROOT}/{path}")
    }

    fn root(&self) -> &Path {
        Path::new(ROOT)
    }

    fn read(&self, path: &str, _limit: u64) -> Result<Vec<u8>> {
        let content = self.call("read", path, None, |world| {
            let content = world.glass(self.machine).read(path);
            let (now, found) = (world.now, content.as_ref().ok().map(|content| &**content));
            world.law.read(now, self.machine, path, found);
            content
        })?;
        Ok(content.to_vec())
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        self.look("list", folder, |glass| glass.list(folder))
    }

    fn stat(&self, path: &str) -> Result<Meta> {
        self.look("look at", path, |glass| glass.stat(path))
    }

    fn write_new(&self, path: &str, content: &[u8]) -> Result<()> {
        self.send("write", path, &Request::Create(path.into()))?;
        self.send("write", path, &Request::Fill(path.into(), content.into()))
            .inspect_err(|_| {
                let _ = self.remove(path);
            })
    }

    fn publish(&self, temporary: &str, path: &str) -> Published {
        let (from, to) = (temporary.to_owned(), path.to_owned());
        let (moves, seam) = {
            let world = self.world.get();
            (world.profile.moves, world.seam)
        };
        let request = match seam {
            Some(Seam::PublishByReplacing) => {
                let content = self.world.get().server.read(temporary).cloned();
                content.map_or(Request::Link(from.clone(), to.clone()), |content| {
                    Request::Replace(to.clone(), content)
                })
            }
            _ if moves => Request::Move(from, to),
            _ => Request::Link(from, to),
        };
        let Err(error) = self.send("publish", path, &request) else {
            return Published::Won;
        };
        match error.kind {
            Kind::Exists => Published::Taken,
            Kind::Full | Kind::Denied => self.refused(path, error),
            Kind::NotFound => match self.call("look at", temporary, None, |world| {
                Ok(world.server.find(temporary))
            }) {
                Ok(Some(_)) => Published::NoFolder,
                Ok(None) => self.refused(path, error),
                Err(_) => Published::Unknown(error),
            },
            _ => Published::Unknown(error),
        }
    }

    fn sync_folder(&self, folder: &str) -> Result<()> {
        let (durable, seam) = {
            let world = self.world.get();
            (world.profile.names_durable, world.seam)
        };
        // As `DiskShare` on NFS and SMB: the server has answered only when the name was on its disk.
        if durable || seam == Some(Seam::FoldersNotSynced) {
            return Ok(());
        }
        self.send("sync", folder, &Request::SyncFolder(folder.into()))
    }

    fn overwrite(&self, path: &str, content: &[u8]) -> Result<()> {
        let replaces = self.world.get().seam == Some(Seam::HeartbeatsReplaced) && path.contains("/sessions/");
        let content: Arc<[u8]> = content.into();
        let request = if replaces {
            Request::Replace(path.into(), content)
        } else {
            Request::Overwrite(path.into(), content)
        };
        self.send("write", path, &request)
    }

    fn replace(&self, path: &str, content: &[u8]) -> Result<()> {
        if !self.is_local() {
            return Err(self.error("replace", path, Kind::Unsupported));
        }
        self.send("replace", path, &Request::Replace(path.into(), content.into()))
    }

    fn make_folder(&self, path: &str) -> Result<()> {
        self.send("create", path, &Request::MakeFolder(path.into()))
    }

    fn remove(&self, path: &str) -> Result<()> {
        self.send("remove", path, &Request::Remove(path.into()))
    }

    fn remove_folder(&self, path: &str) -> Result<()> {
        self.send("remove", path, &Request::RemoveFolder(path.into()))
    }

    fn set_aside(&self, from: &str, to: &str) -> Result<()> {
        self.send("move", from, &Request::Move(from.into(), to.into()))
    }

    fn try_lock(&self, path: &str) -> Result<Option<Box<dyn Held>>> {
        let locked = self.call("lock", path, None, |world| Ok(world.lock(self.machine)))?;
        Ok(locked.then(|| {
            let locked = Locked {
                world: self.world.clone(),
                machine: self.machine,
                epoch: self.epoch,
            };
            Box::new(locked) as Box<dyn Held>
        }))
    }

    fn is_local(&self) -> bool {
        self.file_system.local
    }

    fn file_system(&self) -> &FileSystem {
        &self.file_system
    }

    fn free_space(&self) -> Result<Option<u64>> {
        Ok(None)
    }

    fn resolve(&self, path: &str) -> Result<Option<String>> {
        self.look("follow", path, |glass| match glass.find(path) {
            Some(_) => Ok(Some(path.to_owned())),
            None => Err(Kind::NotFound),
        })
    }
}
