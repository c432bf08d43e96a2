//! What this user may set, in `config.toml`: about their own agent, never about a repository (that is
//! [`crate::model::Policy`], in the repository's `repo.toml`).
//!
//! ```toml
//! [agent]
//! log_level = "info"   # "error", "warn", "info", "debug" or "trace"
//! log_keep = 7         # days
//!
//! [desktop]
//! enabled = true       # false: neither of these
//! notifications = true
//! tray = true
//! remind_at = "17:30"  # of what is still checked out, once a day; "off" if it is missing
//! ```
//!
//! Every key is optional, and so is the file. Unknown keys warn; a wrong value names its line and nothing is guessed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::civil::Time;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use tracing::Level;

use crate::paths::Paths;

/// How many days of logs may be kept.
const LOG_KEEP: std::ops::RangeInclusive<u32> = 1..=3650;

/// What the log may be cut down to, and the words for it.
const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

/// This user's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// About the agent.
    pub agent: AgentConfig,
    /// About what the person sees of it.
    pub desktop: DesktopConfig,
    /// What is odd but harmless: keys that this version does not know.
    pub warnings: Vec<String>,
}

/// Settings of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentConfig {
    /// What is written to the log.
    pub log_level: Level,
    /// For how many days logs are kept, today included; at least 1.
    pub log_keep: u32,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            log_level: Level::INFO,
            log_keep: 7,
        }
    }
}

/// What the person sees of the agent, where there is a desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DesktopConfig {
    /// Whether notifications are shown.
    pub notifications: bool,
    /// Whether there is an icon in the tray.
    pub tray: bool,
    /// When the person is reminded of what they still hold, by the clock on their wall; `None`: never.
    pub remind_at: Option<Time>,
}

impl Default for DesktopConfig {
    fn default() -> Self {
        Self {
            notifications: true,
            tray: true,
            remind_at: None,
        }
    }
}

/// Why a `config.toml` cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// It is there and cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        #[source]
        cause: io::Error,
    },
    /// A value is wrong, or the text is no TOML.
    #[error("{}, line {line}: {problem}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong there, and what would be right.
        problem: String,
    },
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Raw {
    agent: RawAgent,
    desktop: RawDesktop,
    #[serde(flatten)]
    unknown: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawAgent {
    log_level: Option<Spanned<String>>,
    log_keep: Option<Spanned<i64>>,
    #[serde(flatten)]
    unknown: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawDesktop {
    enabled: Option<bool>,
    notifications: Option<bool>,
    tray: Option<bool>,
    remind_at: Option<Spanned<String>>,
    #[serde(flatten)]
    unknown: BTreeMap<String, toml::Value>,
}

impl Config {
    /// This user's settings; the defaults when there is no `config.toml`.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(paths: &Paths) -> Result<Self, ConfigError> {
        let path = paths.config_file();
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(ConfigError::Unreadable { path, cause }),
        }
    }

    /// Reads the text of a `config.toml`; `path` is for messages.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`], with the line of the first value that is wrong.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let wrong = |span: Range<usize>, problem: String| ConfigError::Wrong {
            path: path.to_owned(),
            line: line(text, span.start),
            problem,
        };
        let raw: Raw = toml::from_str(text)
            .map_err(|error| wrong(error.span().unwrap_or_default(), error.message().to_owned()))?;
        let mut config = Self::default();
        if let Some(word) = raw.agent.log_level {
            let level = LEVELS.iter().find(|(name, _)| name == word.get_ref());
            let (_, level) = level.ok_or_else(|| {
                let names = LEVELS.map(|(name, _)| format!("{name:?}")).join(", ");
                wrong(
                    word.span(),
                    format!("{:?} is no log level; use one of {names}", word.get_ref()),
                )
            })?;
            config.agent.log_level = *level;
        }
        if let Some(days) = raw.agent.log_keep {
            config.agent.log_keep = u32::try_from(*days.get_ref())
                .ok()
                .filter(|days| LOG_KEEP.contains(days))
                .ok_or_else(|| {
                    let (least, most) = (LOG_KEEP.start(), LOG_KEEP.end());
                    wrong(
                        days.span(),
                        format!("log_keep must lie between {least} and {most} days"),
                    )
                })?;
        }
        let enabled = raw.desktop.enabled.unwrap_or(true);
        let mut remind_at = None;
        if let Some(time) = raw.desktop.remind_at {
            remind_at = time_of_day(time.get_ref()).map_err(|problem| wrong(time.span(), problem))?;
        }
        config.desktop = DesktopConfig {
            notifications: enabled && raw.desktop.notifications.unwrap_or(true),
            tray: enabled && raw.desktop.tray.unwrap_or(true),
            remind_at: remind_at.filter(|_| enabled),
        };
        let unknown = raw.unknown.keys().cloned();
        let in_agent = raw.agent.unknown.keys().map(|key| format!("agent.{key}"));
        let in_desktop = raw.desktop.unknown.keys().map(|key| format!("desktop.{key}"));
        config.warnings = unknown
            .chain(in_agent)
            .chain(in_desktop)
            .map(|key| format!("unknown key {key:?} in {}", path.display()))
            .collect();
        Ok(config)
    }
}

/// `17:30`, or `off`.
fn time_of_day(text: &str) -> Result<Option<Time>, String> {
    if text == "off" {
        return Ok(None);
    }
    let number = |digits: &str| {
        let plain = digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    };
    let time = text.split_once(':').and_then(|(hour, minute)| {
        let minute = number(minute).filter(|_| minute.len() == 2)?;
        Time::new(number(hour)?, minute, 0, 0).ok()
    });
    let help =
        || format!("{text:?} is no time of the day; write hour and minute, such as \"17:30\", or \"off\"");
    time.map(Some).ok_or_else(help)
}

/// The line of a byte, counted from 1.
fn line(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::Env;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("/c/config.toml"))
    }

    #[test]
    fn every_key_can_be_set_and_none_must_be() {
        assert_eq!(parse("").unwrap(), Config::default());
        assert_eq!(parse("[agent]\n").unwrap(), Config::default());
        let config = parse("[agent]\nlog_level = \"debug\"\nlog_keep = 30\n").unwrap();
        let expected = AgentConfig {
            log_level: Level::DEBUG,
            log_keep: 30,
        };
        assert_eq!(config.agent, expected);
        assert!(config.warnings.is_empty());
    }

    #[test]
    fn the_desktop_can_be_left_out_as_a_whole_and_in_parts() {
        let cases = [
            ("", true, true),
            ("tray = false", true, false),
            ("notifications = false", false, true),
            ("enabled = false\ntray = true", false, false),
            ("enabled = true", true, true),
        ];
        for (text, notifications, tray) in cases {
            let expected = DesktopConfig {
                notifications,
                tray,
                remind_at: None,
            };
            assert_eq!(
                parse(&format!("[desktop]\n{text}")).unwrap().desktop,
                expected,
                "{text}"
            );
        }
        let wrong = parse("[desktop]\ntray = \"yes\"").unwrap_err().to_string();
        assert!(wrong.contains("line 2"), "{wrong}");
        let odd = parse("[desktop]\nicon = 1").unwrap();
        assert_eq!(odd.warnings, ["unknown key \"desktop.icon\" in /c/config.toml"]);
    }

    #[test]
    fn the_end_of_the_day_is_an_hour_and_a_minute_or_never() {
        let at = |text: &str| parse(&format!("[desktop]\nremind_at = {text:?}"));
        for (text, time) in [
            ("17:30", Time::new(17, 30, 0, 0).ok()),
            ("7:05", Time::new(7, 5, 0, 0).ok()),
            ("00:00", Time::new(0, 0, 0, 0).ok()),
            ("off", None),
        ] {
            assert_eq!(at(text).unwrap().desktop.remind_at, time, "{text}");
        }
        for text in [
            "",
            "17",
            "17:3",
            "24:00",
            "17:60",
            "+7:30",
            "17:30:00",
            "half past five",
        ] {
            let wrong = at(text).unwrap_err().to_string();
            assert!(
                wrong.contains("line 2") && wrong.contains("such as \"17:30\""),
                "{wrong}"
            );
        }
        let off = parse("[desktop]\nenabled = false\nremind_at = \"17:30\"").unwrap();
        assert_eq!(off.desktop.remind_at, None);
    }

    #[test]
    fn unknown_keys_warn() {
        let config = parse("colour = 1\n[agent]\nlog_kept = 3\n[http]\nlisten = \"x\"\n").unwrap();
        assert_eq!(
            config.warnings,
            [
                "unknown key \"colour\" in /c/config.toml",
                "unknown key \"http\" in /c/config.toml",
                "unknown key \"agent.log_kept\" in /c/config.toml",
            ]
        );
        assert_eq!(config.agent, AgentConfig::default());
    }

    #[test]
    fn a_wrong_value_names_file_and_line() {
        let cases = [
            (
                "\n[agent]\nlog_level = \"loud\"",
                3,
                "\"loud\" is no log level; use one of \"error\"",
            ),
            ("[agent]\nlog_level = 3", 2, "invalid type"),
            ("[agent]\n\nlog_keep = 0", 3, "between 1 and 3650 days"),
            ("[agent]\nlog_keep = -1", 2, "between 1 and"),
            ("[agent]\nlog_keep = 99999999999", 2, "between 1 and"),
            ("[agent]\nlog_keep = \"7\"", 2, "invalid type"),
            ("agent = 1", 1, "invalid type"),
            ("[agent]\n[agent]", 2, "duplicate"),
            ("a = 1\nlog_level", 2, ""),
        ];
        for (text, at, part) in cases {
            match parse(text).unwrap_err() {
                ConfigError::Wrong { path, line, problem } => {
                    assert_eq!(
                        (path.as_path(), line),
                        (Path::new("/c/config.toml"), at),
                        "{text:?}: {problem}"
                    );
                    assert!(problem.contains(part), "{text:?}: {problem}");
                }
                other @ ConfigError::Unreadable { .. } => panic!("{text:?}: {other}"),
            }
        }
    }

    #[test]
    fn no_file_is_fine_and_an_unreadable_one_is_not() {
        let home = tempfile::tempdir().unwrap();
        let env = Env {
            home: Some(home.path().to_owned()),
            ..Env::default()
        };
        let paths = Paths::resolve(&env).unwrap();
        assert_eq!(Config::load(&paths).unwrap(), Config::default());
        crate::paths::make_private_dir(&paths.config_dir).unwrap();
        fs::write(paths.config_file(), "[agent]\nlog_keep = 2\n").unwrap();
        assert_eq!(Config::load(&paths).unwrap().agent.log_keep, 2);
        fs::write(paths.config_file(), [0xff, 0xfe]).unwrap();
        let error = Config::load(&paths).unwrap_err();
        assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains("config.toml"), "{error}");
    }
}
