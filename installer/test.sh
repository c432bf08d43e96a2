#!/usr/bin/env bash
# Installs, upgrades and removes camctl in a temporary home, and looks that nothing is left: `tests/run.sh install`.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# shellcheck source=installer/expect.sh
. "$here/expect.sh"

new_home
home="$HOME"
prefix="$home/.local"
cleanup() {
    local pid
    pid="$(running "$prefix")"
    [ -z "$pid" ] || kill "$pid"
    rm -rf "$home"
}
trap cleanup EXIT

said="$home/said"
expect "it installs" "$here/install.sh" --yes --no-demo 2>"$said"
expect "it says that ~/.local/bin is not in PATH" grep -q 'export PATH=' "$said"
expect "camctl runs" "$prefix/bin/camctl" --version
expect "it is static" not grep -q 'ld-linux' "$prefix/bin/camctl"
first="$(running "$prefix")"
expect "the agent runs" test -n "$first"
expect "it is started at login" grep -rqs camctl-agent "$home/.config"
expect "completions are there" grep -q checkout "$prefix/share/bash-completion/completions/camctl"
expect "manual pages are there" test -s "$prefix/share/man/man1/camctl.1"

# Something to lose: a checkout in a repository.
repository="$home/share"
mkdir "$repository"
printf 'first\n' >"$repository/a.mcam"
(cd "$repository" && "$prefix/bin/camctl" init && "$prefix/bin/camctl" checkout a.mcam -m 'over the upgrade')
token() { sed -n 's/^.*"token": *\([0-9]*\).*$/\1/p' "$repository/locks.json"; }

printf 'left over\n' >"$prefix/bin/camctl-of-old"
printf '%s\n' "$prefix/bin/camctl-of-old" >>"$prefix/lib/camctl/installed"
"$prefix/bin/camctl" agent disable
expect "it upgrades" "$here/install.sh" --yes --no-demo 2>"$said"
second="$(running "$prefix")"
expect "another agent runs" test -n "$second" -a "$second" != "$first"
expect "the old one is gone" not alive "$first"
expect "what the new version does not have is gone" not test -e "$prefix/bin/camctl-of-old"
expect "the checkout stands" sh -c "cd '$repository' && '$prefix/bin/camctl' status a.mcam | grep -q 'over the upgrade'"

expect "who does not want it started at login is not asked again" not grep -rqs camctl-agent "$home/.config"
"$prefix/bin/camctl" agent enable
expect "it removes itself" "$here/install.sh" --yes --uninstall
expect "the agent is gone" not alive "$second"
expect "the repository is left alone" test -s "$repository/.camctl/head" -a -s "$repository/a.mcam" -a -n "$(token)"
left="$(find "$home" -mindepth 1 -path "$repository" -prune -o -path "$said" -prune -o ! -type d -print)"
expect "nothing else is left: $left" test -z "$left"
expect "removing it twice is an error" not "$here/install.sh" --yes --uninstall
