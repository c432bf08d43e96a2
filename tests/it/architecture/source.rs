//! Reading Rust well enough to see who uses whom: without comments and strings, paths and groups of paths.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file of the workspace's packages.
pub fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for package in ["shared", "agent", "cli", "tests"] {
        collect(&workspace().join(package), &mut found);
    }
    assert!(found.len() > 20, "the sources are not where this test looks");
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let relative = path.strip_prefix(workspace()).unwrap();
            let parts: Vec<_> = relative.iter().map(|part| part.to_str().unwrap()).collect();
            found.push(Source::new(&parts.join("/"), &fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The packages that a package depends on, for tests and systems of all kinds.
pub fn manifest(package: &str) -> Vec<String> {
    let text = fs::read_to_string(workspace().join(package).join("Cargo.toml")).unwrap();
    let mut packages = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.trim_end_matches(']').ends_with("dependencies");
        } else if inside && let Some((key, _)) = line.split_once('=') {
            let name = key.trim().split('.').next().unwrap_or_default();
            packages.push(name.to_owned());
        }
    }
    packages
}

/// One Rust file.
pub struct Source {
    /// From the workspace's folder, with `/`.
    pub path: String,
    /// As it stands.
    pub raw: String,
    /// Without comments, and with empty strings.
    pub code: String,
}

impl Source {
    pub fn new(path: &str, raw: &str) -> Self {
        Self {
            path: path.into(),
            raw: raw.into(),
            code: without_comments(raw),
        }
    }

    /// Whether it ends up in a program that people run.
    pub fn is_product(&self) -> bool {
        let is_test = ["/tests.rs", "/tests/", "/benches/"]
            .iter()
            .any(|mark| self.path.contains(mark));
        !is_test && !self.path.starts_with("tests/") && !self.path.ends_with("build.rs")
    }

    /// The code without what stands behind `#[cfg(test)]` and the like.
    pub fn product(&self) -> String {
        let mut rest = self.code.as_str();
        let mut kept = String::new();
        while let Some(start) = ["#[cfg(test)]", "#[cfg(all(test"]
            .iter()
            .filter_map(|mark| rest.find(mark))
            .min()
        {
            kept.push_str(&rest[..start]);
            rest = &rest[start + end_of_item(&rest[start..])..];
        }
        kept + rest
    }

    /// The module's path in its crate; empty for `lib.rs` and `main.rs`.
    pub fn module(&self) -> Vec<String> {
        let inside = self.path.split_once("/src/").map_or("", |(_, inside)| inside);
        let parts = inside.trim_end_matches(".rs").split('/').map(str::to_owned);
        parts
            .filter(|part| !["lib", "main", "mod"].contains(&part.as_str()))
            .collect()
    }

    /// Every path that starts with `root::`, without that, groups written out.
    pub fn paths(&self, root: &str) -> Vec<Vec<String>> {
        paths(&self.code, &format!("{root}::"))
    }

    /// As [`Source::paths`], in the product's code.
    pub fn product_paths(&self, root: &str) -> Vec<Vec<String>> {
        paths(&self.product(), &format!("{root}::"))
    }

    /// Paths that climb to the crate's root by `super`, without those.
    pub fn paths_to_root(&self) -> Vec<Vec<String>> {
        let climb = "super::".repeat(self.module().len());
        if climb.is_empty() {
            Vec::new()
        } else {
            paths(&self.code, &climb)
        }
    }
}

fn paths(code: &str, root: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices(root) {
        let before = code[..start].chars().next_back();
        if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            tree(&code[start + root.len()..], &[], &mut found);
        }
    }
    found
}

/// Reads `a::b`, `a::{b, c::d}`, `*`; adds each with `stem` before it. Returns what was read, in bytes.
fn tree(text: &str, stem: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let lead = text.len() - text.trim_start().len();
    let here = &text[lead..];
    if let Some(group) = here.strip_prefix('{') {
        let mut at = 0;
        loop {
            at += tree(&group[at..], stem, found);
            let rest = &group[at..];
            at += rest.len() - rest.trim_start().len();
            match group[at..].chars().next() {
                Some(',') => at += 1,
                Some('}') => return lead + 1 + at + 1,
                _ => return lead + 1 + at,
            }
        }
    }
    let length = here
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*'))
        .unwrap_or(here.len());
    if length == 0 {
        return lead;
    }
    let path: Vec<String> = stem.iter().cloned().chain([here[..length].to_owned()]).collect();
    let rest = &here[length..];
    if let Some(further) = rest.strip_prefix("::")
        && further.starts_with(|c: char| c.is_alphanumeric() || "_{*".contains(c))
    {
        return lead + length + 2 + tree(further, &path, found);
    }
    found.push(path);
    let alias = rest.trim_start().strip_prefix("as ").map_or(0, |name| {
        let end = name.find([',', '}', ';']).unwrap_or(name.len());
        rest.len() - name.len() + end
    });
    lead + length + alias
}

/// The length of the item that `text` starts with: up to its `;`, or to the end of its braces.
fn end_of_item(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn without_comments(raw: &str) -> String {
    let mut code = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            'r' if is_raw_string(rest, &code) => raw_string(rest),
            '"' => string(rest),
            '\'' => char_or_lifetime(rest),
            _ => 0,
        };
        if length == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            code.push(' ');
            rest = &rest[length..];
        }
    }
    code
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn is_raw_string(text: &str, before: &str) -> bool {
    let follows_a_name = before.ends_with(|c: char| (c.is_alphanumeric() && c != 'b') || c == '_');
    !follows_a_name && text[1..].trim_start_matches('#').starts_with('"')
}

fn raw_string(text: &str) -> usize {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    let start = hashes + 2;
    let end = format!("\"{}", "#".repeat(hashes));
    text[start..]
        .find(&end)
        .map_or(text.len(), |at| start + at + end.len())
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character's literal; 0 for a lifetime.
fn char_or_lifetime(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            chars.next();
            chars.find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1)
        }
        Some(_) => chars
            .next()
            .filter(|(_, c)| *c == '\'')
            .map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}
