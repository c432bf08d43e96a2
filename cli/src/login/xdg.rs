//! The XDG autostart file.

use super::files::{self, MARK};
use super::{Way, Whom};

pub(super) const WAY: Way = Way {
    word: "autostart",
    text: "by the desktop's autostart",
};

/// The file's name below the folder for configuration.
pub(super) const NAME: &str = "autostart/camctl-agent.desktop";

/// The text of the file. Two rules of quoting apply to `Exec`, one inside the other: that of arguments, then that of
/// all values.
pub(super) fn entry(whom: &Whom) -> Result<String, String> {
    let mut words = Vec::new();
    if !whom.variables.is_empty() {
        words.push("env".to_owned());
    }
    for (name, value) in &whom.variables {
        files::one_line(&[value])?;
        words.push(argument(&format!("{name}={value}")));
    }
    files::one_line(&[&whom.program])?;
    words.push(argument(&whom.program));
    Ok(format!(
        "# {MARK}\n\
         [Desktop Entry]\n\
         Type=Application\n\
         Name=camctl agent\n\
         Comment=Keeps what you have checked out on this machine\n\
         TryExec={program}\n\
         Exec={exec}\n\
         Terminal=false\n\
         NoDisplay=true\n\
         StartupNotify=false\n",
        program = value(&whom.program),
        exec = value(&words.join(" ")),
    ))
}

fn argument(word: &str) -> String {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '`' | '$' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn value(text: &str) -> String {
    text.replace('\\', r"\\")
}
