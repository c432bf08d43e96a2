//! The property list of a LaunchAgent.

use std::fmt::Write as _;

use super::Whom;
use super::files::{self, MARK};

/// launchd's name for it.
pub(super) const LABEL: &str = "camctl.agent";

/// The text of the file.
pub(super) fn text(whom: &Whom) -> Result<String, String> {
    files::one_line(&[&whom.program])?;
    let mut variables = String::new();
    for (name, value) in &whom.variables {
        files::one_line(&[value])?;
        let value = escape(value);
        let _ = writeln!(
            variables,
            "        <key>{name}</key>\n        <string>{value}</string>"
        );
    }
    if !variables.is_empty() {
        variables = format!("    <key>EnvironmentVariables</key>\n    <dict>\n{variables}    </dict>\n");
    }
    Ok(format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- {MARK} -->
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>{LABEL}</string>
    <key>ProgramArguments</key>
    <array>
        <string>{program}</string>
    </array>
{variables}    <key>RunAtLoad</key>
    <true/>
    <key>KeepAlive</key>
    <dict>
        <key>SuccessfulExit</key>
        <false/>
    </dict>
    <key>ThrottleInterval</key>
    <integer>10</integer>
    <key>ExitTimeOut</key>
    <integer>20</integer>
</dict>
</plist>
"#,
        program = escape(&whom.program),
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_it_was_reviewed() {
        let whom = Whom {
            program: "/Users/al & co/<bin>/camctl-agent".into(),
            variables: vec![("CAMCTL_HOME", "/Users/al & co/cam".into())],
        };
        insta::assert_snapshot!("plist", text(&whom).unwrap());
    }
}
