//! What the other program says: one JSON object on a line.
//!
//! Keys that are not known are ignored. What cannot be understood is refused with a line of its own, and nothing else
//! happens.

use std::time::Duration;

use serde_json::{Map, Value};

/// The version of the lines, both ways.
pub const VERSION: u64 = 1;
/// The longest line in bytes; what it names fits into one request to the agent.
pub const LONGEST: usize = 512 * 1024;
/// The longest time that another program may want to wait for the agent.
const LONGEST_PATIENCE: Duration = Duration::from_secs(60);

/// One line that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Given back with the answer.
    pub id: Value,
    /// What is wanted.
    pub what: What,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The first line.
    Hello {
        /// What the other program speaks.
        bridge: u64,
        /// Menus are wanted with everything that is said of a file.
        menus: bool,
        /// How long it would rather wait than hear "unknown"; `None`: as file managers do.
        patience: Option<Duration>,
    },
    /// How files stand.
    Status(Vec<String>),
    /// What can be done with files that were chosen together.
    Menu(Vec<String>),
    /// To be told when something in these folders changes.
    Subscribe(Vec<String>),
    /// Not any more.
    Unsubscribe(Vec<String>),
    /// Something to be done.
    Command(Command),
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What.
    pub verb: Verb,
    /// With which files.
    pub paths: Vec<String>,
    /// In whose own words.
    pub message: Option<String>,
}

/// The commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Take files.
    Checkout,
    /// Give them back.
    Checkin,
    /// Wait in line for them.
    Wait,
    /// Wait no more.
    Leave,
    /// Ask whoever has them.
    Ask,
    /// Be told when they are free.
    Notify,
    /// Say who has them.
    Who,
}

impl Verb {
    /// Its word, in a line and in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Checkin => "checkin",
            Self::Wait => "wait",
            Self::Leave => "leave",
            Self::Ask => "ask",
            Self::Notify => "notify",
            Self::Who => "who",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Checkout,
            Self::Checkin,
            Self::Wait,
            Self::Leave,
            Self::Ask,
            Self::Notify,
            Self::Who,
        ];
        all.into_iter().find(|verb| verb.word() == word)
    }
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// Its id, as far as it had one.
    pub id: Value,
    /// The word for programs.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
}

impl Refused {
    /// Why a line is refused.
    pub fn new(id: Value, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            id,
            code,
            message: message.into(),
        }
    }
}

/// Understands one line.
///
/// # Errors
/// When it is no JSON object, or does not say what is wanted.
pub fn read(line: &[u8]) -> Result<Ask, Refused> {
    let bad = |id: &Value, message: String| Refused::new(id.clone(), "bad_line", message);
    let mut object: Map<String, Value> = serde_json::from_slice(line)
        .map_err(|error| bad(&Value::Null, format!("this line is no JSON object: {error}")))?;
    let id = object.remove("id").unwrap_or_default();
    if !(id.is_null() || id.is_string() || id.is_number()) {
        return Err(bad(&Value::Null, "an \"id\" is a text or a number".to_owned()));
    }
    what(&object)
        .map(|what| Ask { id: id.clone(), what })
        .map_err(|message| bad(&id, message))
}

fn what(object: &Map<String, Value>) -> Result<What, String> {
    if let Some(bridge) = object.get("bridge") {
        let bridge = bridge.as_u64().ok_or("\"bridge\" is the number of a version")?;
        let menus = object.get("menus") == Some(&Value::Bool(true));
        let patience = object.get("patience_ms").and_then(Value::as_u64);
        return Ok(What::Hello {
            bridge,
            menus,
            patience: patience.map(|ms| Duration::from_millis(ms).min(LONGEST_PATIENCE)),
        });
    }
    let word = match object.get("do") {
        Some(Value::String(word)) => word.as_str(),
        Some(_) => return Err("\"do\" is a word".to_owned()),
        None => return Err("it has neither \"do\" nor \"bridge\"".to_owned()),
    };
    let texts = |key| texts(object, key);
    Ok(match word {
        "status" => What::Status(texts("paths")?),
        "menu" => What::Menu(texts("paths")?),
        "subscribe" => What::Subscribe(texts("folders")?),
        "unsubscribe" => What::Unsubscribe(texts("folders")?),
        word => match Verb::parse(word) {
            Some(verb) => What::Command(Command {
                verb,
                paths: texts("paths")?,
                message: message(object)?,
            }),
            None => return Err(format!("this bridge does not know how to do {word:?}")),
        },
    })
}

fn texts(object: &Map<String, Value>, key: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("\"{key}\" is missing, or no list of texts");
    let list = object.get(key).and_then(Value::as_array).ok_or_else(wrong)?;
    let texts = list.iter().map(|text| text.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(wrong)
}

fn message(object: &Map<String, Value>) -> Result<Option<String>, String> {
    match object.get("message") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err("\"message\" is a text".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_understood_whatever_else_they_hold() {
        let ask = |id: Value, what| Ok(Ask { id, what });
        let paths = || vec!["/mnt/cam/a.mcam".to_owned()];
        let cases: [(&str, Result<Ask, Refused>); 5] = [
            (
                r#"{"bridge":1,"name":"caja"}"#,
                ask(
                    Value::Null,
                    What::Hello {
                        bridge: 1,
                        menus: false,
                        patience: None,
                    },
                ),
            ),
            (
                r#"{"id":7,"do":"status","paths":["/mnt/cam/a.mcam"],"later":{"x":1}}"#,
                ask(json!(7), What::Status(paths())),
            ),
            (
                r#"{"id":"x","do":"subscribe","folders":["/mnt/cam/a.mcam"]}"#,
                ask(json!("x"), What::Subscribe(paths())),
            ),
            (
                r#"{"do":"checkout","paths":["/mnt/cam/a.mcam"],"message":null}"#,
                ask(
                    Value::Null,
                    What::Command(Command {
                        verb: Verb::Checkout,
                        paths: paths(),
                        message: None,
                    }),
                ),
            ),
            (
                r#"{"id":1,"do":"fly","paths":[]}"#,
                Err(Refused::new(
                    json!(1),
                    "bad_line",
                    "this bridge does not know how to do \"fly\"",
                )),
            ),
        ];
        for (line, understood) in cases {
            assert_eq!(read(line.as_bytes()), understood, "{line}");
        }
    }

    #[test]
    fn rubbish_is_refused() {
        let lines: [&[u8]; 12] = [
            b"",
            b"[]",
            b"7",
            b"{",
            b"{}",
            b"\xff\xfe",
            b"{\"do\":1}",
            b"{\"bridge\":\"x\"}",
            b"{\"id\":{},\"bridge\":1}",
            b"{\"do\":\"status\"}",
            b"{\"do\":\"status\",\"paths\":[1]}",
            b"{\"do\":\"checkin\",\"paths\":[],\"message\":1}",
        ];
        for line in lines {
            let refused = read(line).unwrap_err();
            assert_eq!(refused.code, "bad_line", "{refused:?}");
        }
    }
}
