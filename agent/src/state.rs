//! What a restarted agent goes on with: its session, the repositories it knows, and what it held there.
//!
//! One small file on the local disk, named after the machine. It is a memory, never the truth: that stands in the log.
//! A file that cannot be understood is set aside, and a spare one is read: it has the session and the repositories, and
//! changes only when these do. Without either the agent begins anew; locks of the same user on the same machine are its
//! own all the same, by the rules.

mod asked;
mod form;
mod waiting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use camctl_shared::model::SessionId;
use camctl_shared::paths;
use camctl_shared::rules::Away;
use jiff::civil::Date;

use self::form::{FORMAT, Form};
use crate::repository::board::{Held, Loss};
use crate::repository::courtesy::Wish;
use crate::repository::courtesy::line::InLine;
use crate::repository::questions::Known;

/// Longer than any sane state; a longer file is damaged.
const LONGEST: u64 = 64 << 20;

/// What is kept of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// Its folder.
    pub root: PathBuf,
    /// The agent ended without a word: it may have held more than stands here.
    pub doubtful: bool,
    /// The newest commit that everything below takes into account; `None` when the table was never read.
    pub seen: Option<u64>,
    /// What this desk held, by name.
    pub held: BTreeMap<String, Held>,
    /// What it lost and was not asked for since, by name.
    pub lost: BTreeMap<String, Loss>,
    /// How long parked sessions have been away.
    pub away: BTreeMap<SessionId, Away>,
    /// What its person wants to be told about, by name.
    pub wishes: BTreeMap<String, Wish>,
    /// The lines it stands in, by name.
    pub places: BTreeMap<String, InLine>,
    /// What its person was told of requests, by name.
    pub questions: BTreeMap<String, Vec<Known>>,
    /// Of which ends of leases they were told: the commits that renewed these last, by name.
    pub endings: BTreeMap<String, u64>,
}

impl Kept {
    /// Whether something may be held there, as far as one can know without the share.
    pub fn may_hold(&self) -> bool {
        self.doubtful || !self.held.is_empty()
    }

    /// Whether its person waits for something.
    pub fn waits(&self) -> bool {
        !self.wishes.is_empty() || !self.places.is_empty()
    }

    /// Whether it was a repository when it was last looked at.
    pub fn was_read(&self) -> bool {
        self.doubtful || self.seen.is_some()
    }
}

/// The whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalState {
    /// The session that goes on.
    pub session: SessionId,
    /// The agent stops, and everything is in its place.
    pub stopped: bool,
    /// The day on which the person was last told at its end what they held.
    pub reminded: Option<Date>,
    /// The repositories that are known.
    pub repositories: Vec<Kept>,
}

/// Where the state is kept, and what was last written.
#[derive(Debug)]
pub struct StateFile {
    main: Written,
    spare: Written,
    user: String,
    machine: String,
}

#[derive(Debug)]
struct Written {
    path: PathBuf,
    text: Option<String>,
}

impl StateFile {
    /// The file at `path`, for this user at this machine; the spare one lies beside it.
    pub fn new(path: PathBuf, user: &str, machine: &str) -> Self {
        let spare = path.with_extension("spare.json");
        let at = |path| Written { path, text: None };
        Self {
            main: at(path),
            spare: at(spare),
            user: user.to_owned(),
            machine: machine.to_owned(),
        }
    }

    /// What an earlier run left; a new session where it left nothing, or was another user or another machine (a home
    /// folder that was copied).
    ///
    /// A file that cannot be understood is set aside; a sentence about that is returned with the state.
    pub fn load(&mut self) -> (LocalState, Option<String>) {
        let mut remarks = Vec::new();
        for file in [&self.main, &self.spare] {
            match self.read(&file.path) {
                Ok(Some(state)) => {
                    if !remarks.is_empty() {
                        remarks.push(format!("going on with {}", file.path.display()));
                    }
                    return (state, remark(&remarks));
                }
                Ok(None) => {}
                Err(problem) => remarks.push(problem),
            }
        }
        if !remarks.is_empty() {
            remarks.push("a new session begins".into());
        }
        let state = LocalState {
            session: SessionId::random(),
            stopped: false,
            reminded: None,
            repositories: Vec::new(),
        };
        (state, remark(&remarks))
    }

    /// `None` when there is no such file.
    fn read(&self, path: &Path) -> Result<Option<LocalState>, String> {
        let Some(form) = read(path).map_err(|problem| set_aside(path, &problem))? else {
            return Ok(None);
        };
        if form.user != self.user || form.machine != self.machine {
            let (path, user, machine) = (path.display(), form.user, form.machine);
            return Err(format!("{path} belongs to {user} on {machine}"));
        }
        let state = form.into_state();
        state.map(Some).map_err(|problem| set_aside(path, &problem))
    }

    /// Writes `state`, as far as it differs from what was last written.
    ///
    /// # Errors
    /// With a sentence; the old content stands.
    pub fn save(&mut self, state: &LocalState) -> Result<(), String> {
        // First what is needed most.
        self.spare
            .save(&Form::of(&state.in_short(), &self.user, &self.machine))?;
        self.main.save(&Form::of(state, &self.user, &self.machine))
    }
}

impl LocalState {
    /// What changes rarely.
    fn in_short(&self) -> Self {
        let short = |kept: &Kept| Kept {
            root: kept.root.clone(),
            ..Kept::default()
        };
        Self {
            session: self.session.clone(),
            // What was held does not stand here.
            stopped: false,
            reminded: None,
            repositories: self.repositories.iter().map(short).collect(),
        }
    }
}

impl Written {
    fn save(&mut self, form: &Form) -> Result<(), String> {
        let text = serde_json::to_string_pretty(form).map_err(|error| error.to_string())?;
        if self.text.as_deref() == Some(&text) {
            return Ok(());
        }
        paths::replace_file(&self.path, text.as_bytes()).map_err(|error| error.to_string())?;
        self.text = Some(text);
        Ok(())
    }
}

fn remark(remarks: &[String]) -> Option<String> {
    (!remarks.is_empty()).then(|| remarks.join("; "))
}

fn set_aside(path: &Path, problem: &str) -> String {
    let mut aside = path.to_owned().into_os_string();
    aside.push(".bad");
    let kept = std::fs::copy(path, &aside);
    let where_to = match kept {
        Ok(_) => format!("; kept as {}", Path::new(&aside).display()),
        Err(error) => format!("; it could not be kept: {error}"),
    };
    format!("{} cannot be understood: {problem}{where_to}", path.display())
}

fn read(path: &Path) -> Result<Option<Form>, String> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.len() > LONGEST => return Err(format!("it has {} bytes", meta.len())),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let form: Form = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if form.format > FORMAT {
        return Err(format!(
            "it has format {}, written by a newer camctl",
            form.format
        ));
    }
    Ok(Some(form))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use camctl_shared::clock::Timestamp;
    use camctl_shared::model::{Ended, How, Owner};

    use super::*;
    use crate::repository::courtesy::Seen;

    fn sample() -> LocalState {
        let me = Arc::new(Owner::new("alice", "CAM-03", SessionId::parse("s1").unwrap()));
        let held = Held {
            token: Some(7),
            since: Timestamp::from_second(1_700_000_000).unwrap(),
        };
        let loss = Loss {
            ended: Ended {
                owner: me,
                token: Some(3),
                since: held.since,
                how: How::Forced,
                reason: Some("needed".into()),
            },
            by: Arc::new(Owner {
                user: "boss".into(),
                machine: Some("OFFICE".into()),
                session: None,
            }),
        };
        let wish = Wish {
            until: Some(held.since),
            was: Seen {
                owner: Arc::clone(&loss.by),
                token: Some(8),
                since: held.since,
            },
        };
        let place = |joined, stays| InLine::kept(joined, stays, "Op 30".into(), wish.was.clone());
        let places = BTreeMap::from([
            ("e.mcam".into(), place(Some(5), true)),
            ("f.mcam".into(), place(None, false)),
        ]);
        let endless = Wish {
            until: None,
            ..wish.clone()
        };
        let asked = |answer: Option<&str>| Known {
            user: "bob".into(),
            machine: Some("CNC-1".into()),
            at_us: 1_700_000_000_000_001,
            answer: answer.map(Into::into),
        };
        let away = Away {
            commit: 5,
            so_far: Duration::from_secs(60),
            looked: held.since,
        };
        LocalState {
            session: SessionId::parse("s1").unwrap(),
            stopped: true,
            reminded: Some(Date::constant(2026, 11, 20)),
            repositories: vec![Kept {
                root: "/mnt/cam".into(),
                doubtful: false,
                seen: Some(9),
                held: BTreeMap::from([("a.mcam".into(), held)]),
                lost: BTreeMap::from([("b.mcam".into(), loss)]),
                away: BTreeMap::from([(SessionId::parse("s2").unwrap(), away)]),
                wishes: BTreeMap::from([("c.mcam".into(), wish), ("d.mcam".into(), endless)]),
                places,
                questions: BTreeMap::from([("a.mcam".into(), vec![asked(None), asked(Some("no"))])]),
                endings: BTreeMap::from([("a.mcam".into(), 7)]),
            }],
        }
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session-CAM-03.json");
        let mut file = StateFile::new(path.clone(), "alice", "CAM-03");
        file.save(&sample()).unwrap();
        assert_eq!(StateFile::new(path, "alice", "CAM-03").load(), (sample(), None));
    }

    #[test]
    fn what_an_older_version_wrote_is_read_and_what_a_newer_one_adds_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        let text = r#"{ "format": 1, "user": "alice", "machine": "CAM-03", "session": "s1", "mood": "good",
            "repositories": [{ "root": "/mnt/cam", "seen": 4, "mood": 7 }] }"#;
        std::fs::write(&path, text).unwrap();
        let (state, problem) = StateFile::new(path, "alice", "CAM-03").load();
        assert_eq!(problem, None);
        let kept = Kept {
            root: "/mnt/cam".into(),
            doubtful: true,
            seen: Some(4),
            ..Kept::default()
        };
        assert_eq!(state.repositories, [kept]);
    }

    #[test]
    fn nothing_is_written_when_nothing_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        let mut file = StateFile::new(path.clone(), "alice", "CAM-03");
        file.save(&sample()).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.save(&sample()).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_copied_home_begins_a_new_session() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        StateFile::new(path.clone(), "alice", "CAM-03")
            .save(&sample())
            .unwrap();
        let (state, problem) = StateFile::new(path, "alice", "CAM-04").load();
        assert_ne!(state.session, sample().session);
        assert!(problem.unwrap().contains("alice on CAM-03"));
    }

    #[test]
    fn the_spare_file_has_the_session_and_the_repositories() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session-CAM-03.json");
        let open = || StateFile::new(path.clone(), "alice", "CAM-03");
        for content in [Some("{ \"format\": 1, \"ses"), None] {
            open().save(&sample()).unwrap();
            match content {
                Some(bad) => std::fs::write(&path, bad).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let (state, problem) = open().load();
            assert_eq!(problem.is_some(), content.is_some(), "{problem:?}");
            assert_eq!(state.session, sample().session);
            let [kept] = state.repositories.as_slice() else {
                panic!("{state:?}")
            };
            assert_eq!(kept.root, Path::new("/mnt/cam"));
            assert!(kept.may_hold() && kept.was_read(), "nobody knows what was held");
        }
    }

    #[test]
    fn who_did_not_stop_may_have_held_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session-CAM-03.json");
        let running = LocalState {
            stopped: false,
            ..sample()
        };
        StateFile::new(path.clone(), "alice", "CAM-03")
            .save(&running)
            .unwrap();
        let (state, _) = StateFile::new(path, "alice", "CAM-03").load();
        assert!(state.repositories.iter().all(|kept| kept.doubtful));
        assert_eq!(state.repositories[0].held, running.repositories[0].held);
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        let newer = "{\"format\":99,\"user\":\"alice\",\"machine\":\"CAM-03\",\"session\":\"s\"}";
        for content in ["", "{", "[]", "null", "\u{0}\u{0}", newer] {
            std::fs::write(&path, content).unwrap();
            let (state, problem) = StateFile::new(path.clone(), "alice", "CAM-03").load();
            assert!(state.repositories.is_empty());
            assert!(problem.unwrap().contains("cannot be understood"), "{content:?}");
            let aside = std::fs::read_to_string(folder.path().join("session.json.bad")).unwrap();
            assert_eq!(aside, content);
        }
    }
}
