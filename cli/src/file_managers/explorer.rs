//! What the registry says about camctl in Explorer's menu: one entry with a menu of its own. Pure.
//!
//! Which files belong to a repository the registry cannot say, and Explorer asks nobody before it shows a menu: so the
//! entry is on all files, or on those with some extensions, as the person wants it. Who chooses it elsewhere is told
//! in a window that there is no repository.

/// Below the classes of this user, where no administrator is needed.
pub(super) const KEY: &str = r"Software\Classes\*\shell\camctl";
/// By this value our entry is known from others of the same name.
pub(super) const MARK: (&str, &str) = (
    "WrittenBy",
    "Written by \"camctl integrate on\"; \"camctl integrate off\" removes it.",
);
/// Explorer shows an entry only where this search finds the file.
pub(super) const APPLIES_TO: &str = "AppliesTo";

/// An entry: its key, by which Explorer sorts; its label; the command. The labels are those of the other file managers.
const ENTRIES: [(&str, &str, &str); 5] = [
    ("1-checkout", "Check out", "checkout"),
    ("2-checkin", "Check in", "checkin"),
    ("3-queue", "Wait in line", "queue --join"),
    ("4-notify", "Tell me when free", "notify"),
    ("5-status", "Who has it?", "status"),
];

/// A value: its key, its name, its text.
pub(super) type Value = (String, &'static str, String);

/// All that is written. `program` is how a command line begins; a name that begins with a dash is a file all the same.
pub(super) fn values(program: &str, extensions: &[String]) -> Vec<Value> {
    let top = |name, text: &str| (KEY.to_owned(), name, text.to_owned());
    let mut values = vec![
        top(MARK.0, MARK.1),
        top("MUIVerb", "camctl"),
        // Empty: the entries are in the key "shell" below this one.
        top("SubCommands", ""),
    ];
    if !extensions.is_empty() {
        values.push(top(APPLIES_TO, &search(extensions)));
    }
    for (name, label, command) in ENTRIES {
        let key = format!(r"{KEY}\shell\{name}");
        let line = format!("{program} {command} -- \"%1\"");
        values.push((format!(r"{key}\command"), "", line));
        values.push((key.clone(), "MUIVerb", label.to_owned()));
        // Each file gets a process: not for hundreds, and one answer at a time.
        let model = if command == "status" { "Single" } else { "Document" };
        values.push((key, "MultiSelectModel", model.to_owned()));
    }
    values
}

fn search(extensions: &[String]) -> String {
    let each = extensions
        .iter()
        .map(|extension| format!("System.FileExtension:=\".{extension}\""));
    each.collect::<Vec<_>>().join(" OR ")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shown(values: &[Value]) -> String {
        let lines = values
            .iter()
            .map(|(key, name, text)| format!("{}|{name}|{text}\n", &key[KEY.len()..]));
        lines.collect()
    }

    #[test]
    fn there_is_one_entry_with_five_in_it() {
        let program = r#""C:\Users\bob\camctlw.exe""#;
        insta::assert_snapshot!(shown(&values(program, &[])));
        let narrow = shown(&values(program, &["mcam".into(), "vnc".into()]));
        let search = r#"|AppliesTo|System.FileExtension:=".mcam" OR System.FileExtension:=".vnc""#;
        assert!(narrow.contains(search), "{narrow}");
    }
}
