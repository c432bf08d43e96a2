//! Names on Unix.
//!
//! The account is looked up in `/etc/passwd` by its number: a static program cannot load the system's other sources
//! (LDAP, SSSD). Accounts from there are taken from `$USER` or `$LOGNAME`, unless that is a local account's name with
//! another number, as `sudo` and `su` leave it behind.

use std::fs;

pub(super) fn user() -> Result<String, String> {
    let passwd = fs::read("/etc/passwd").unwrap_or_default();
    let said = ["USER", "LOGNAME"]
        .iter()
        .filter_map(|variable| std::env::var(variable).ok());
    let number = rustix::process::geteuid().as_raw();
    account(&String::from_utf8_lossy(&passwd), number, said).ok_or_else(|| {
        format!("account {number} is not in /etc/passwd, and neither USER nor LOGNAME names it")
    })
}

/// The name of account `number`, from a passwd file or else from what the environment says.
fn account(passwd: &str, number: u32, said: impl Iterator<Item = String>) -> Option<String> {
    let accounts = || {
        passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty())?;
            let number: u32 = fields.nth(1)?.parse().ok()?;
            Some((name, number))
        })
    };
    if let Some((name, _)) = accounts().find(|(_, entry)| *entry == number) {
        return Some(name.to_owned());
    }
    let of_another = |name: &str| accounts().any(|(entry, _)| entry == name);
    said.into_iter()
        .find(|name| !name.trim().is_empty() && !of_another(name))
}

pub(super) fn machine() -> Result<String, String> {
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    super::unmistakable(&host, fs::read_to_string("/etc/machine-id").ok().as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
        # a remark\n+::::::\nbroken:x:abc:0::/:\n:x:7:7::/:\nalice:x:1000:1000::/home/alice:/bin/sh\nlast:x:9";

    #[test]
    fn the_account_is_the_one_of_the_number() {
        let cases: [(u32, &[&str], Option<&str>); 9] = [
            (1000, &[], Some("alice")),
            (1000, &["bob", "bob"], Some("alice")),
            (0, &["alice"], Some("root")),
            (9, &[], Some("last")),
            (5000, &["carol", "dave"], Some("carol")),
            (5000, &["", "dave"], Some("dave")),
            (5000, &["alice", "dave"], Some("dave")),
            (5000, &["alice"], None),
            (7, &[], None),
        ];
        for (number, said, expected) in cases {
            let said = said.iter().map(ToString::to_string);
            assert_eq!(account(PASSWD, number, said).as_deref(), expected, "{number}");
        }
    }
}
