#!/usr/bin/env bash
# Builds the packages, looks into them, and installs, upgrades and removes them in temporary folders:
# `tests/run.sh packages`. The programs for Windows are run under Wine where that can be had.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here/.."
# shellcheck source=installer/prepare.sh
. "$here/prepare.sh"
# shellcheck source=installer/expect.sh
. "$here/expect.sh"
# shellcheck source=tests/wine/wine.sh
. "$here/../tests/wine/wine.sh"

skip() { say "!!!!! SKIPPED: packages: $1"; }

new_home
home="$HOME"
cleanup() {
    local pid prefix
    wine_end
    for prefix in "$home/.local" "$home/system/usr"; do
        pid="$(running "$prefix")"
        [ -z "$pid" ] || kill "$pid"
    done
    rm -rf "$home"
}
trap cleanup EXIT

# without PATTERN: the lines that do not match.
without() { grep -vE -- "$1" || true; }

# all_alike WHAT: the list on standard input has no line.
all_alike() {
    local lines
    lines="$(head -n 3)"
    expect "$1${lines:+: $lines}" test -z "$lines"
}

# wine_run PROGRAM…: what it says, without Windows' line ends; its status is lost.
wine_run() { "$(wine_program)" "$@" 2>/dev/null </dev/null | tr -d '\r' || true; }

# Reads all of it: whoever writes is not to find the reader gone.
says() {
    local text
    text="$(cat)"
    case "$text" in
        *"$1"*) ;;
        *)
            say "it said: $text"
            return 1
            ;;
    esac
}

# test_integrate PROGRAM: its parts for file managers come and go. Those here are none: that they are there is looked at.
test_integrate() {
    local extension="$home/.local/share/caja-python/extensions/camctl_extension.py"
    mkdir -p "$home/managers"
    for manager in caja thunar dolphin; do
        printf '#!/bin/sh\n' >"$home/managers/$manager"
        chmod +x "$home/managers/$manager"
    done
    expect "it goes into the file managers" env PATH="$home/managers:$PATH" "$1" integrate on --quiet
    expect "Caja has its extension" grep -q "^CAMCTL = \"$1\"" "$extension"
    expect "Thunar has its menu" grep -q '<unique-id>camctl-checkout' "$home/.config/Thunar/uca.xml"
    "$1" integrate --json | expect "it says where" says "$extension"
    expect "it goes" "$1" integrate off --quiet
    expect "nothing is left there" test ! -e "$extension" -a ! -e "$home/.config/Thunar/uca.xml"
}

test_tar() {
    local prefix="$home/.local"
    tar -tvzf "$1" | without ' 0/0 ' | all_alike "tar: everything belongs to root"
    mkdir "$prefix"
    tar -xzf "$1" --strip-components=1 -C "$prefix"
    find "$prefix" -type f -perm /022 | all_alike "tar: nothing can be written by others"
    expect "tar: camctl runs" "$prefix/bin/camctl" --version
    expect "tar: manual pages" test -s "$prefix/share/man/man1/camctl-checkout.1"
    expect "tar: it says what to do" grep -q 'agent enable' "$prefix/share/doc/camctl/README.txt"
    expect "tar: the demo" "$prefix/bin/camctl" demo --quiet
    for icon in camctl camctl-attention; do
        expect "tar: the icon $icon" test -s "$prefix/share/icons/hicolor/scalable/apps/$icon.svg"
    done
    test_integrate "$prefix/bin/camctl"
}

# in_system ARGUMENT…: dpkg with a system of its own, whose scripts are run here.
in_system() {
    local as=()
    [ "$(id -u)" -eq 0 ] || as=(fakeroot)
    PATH="$PATH:/usr/sbin:/sbin" ${as[@]+"${as[@]}"} dpkg --root="$home/system" --force-script-chrootless --force-not-root \
        --log=/dev/null "$@" >/dev/null
}

# test_lintian DEB: what Debian's own checker says, but for what the package says is meant.
test_lintian() {
    if ! need_program lintian lintian; then
        skip "lintian cannot be had here: the deb is not checked"
        return
    fi
    lintian --allow-root --no-cfg --fail-on error,warning --tag-display-limit 0 "$1" >"$home/lintian" 2>&1 || true
    all_alike "deb: lintian has nothing to say" < <(grep '^[EW]:' "$home/lintian")
}

test_deb() {
    local prefix="$home/system/usr" first second
    dpkg-deb --info "$1" | grep -E '^ (Package|Version|Architecture|Installed-Size|Description):' >"$home/info"
    expect "deb: control" test "$(wc -l <"$home/info")" -eq 5
    dpkg-deb --contents "$1" | without ' root/root ' | all_alike "deb: everything belongs to root"
    dpkg-deb --contents "$1" | awk '{print $6}' | without '^\./(usr/.*)?$' | all_alike "deb: everything lies below /usr"
    mkdir -p "$home"/system/var/lib/dpkg/{info,updates}
    touch "$home/system/var/lib/dpkg/status"
    expect "deb: it installs" in_system --install "$1"
    expect "deb: no agent was started" test -z "$(running "$prefix")"
    (cd "$prefix/.." && md5sum --check --quiet var/lib/dpkg/info/camctl.md5sums) | all_alike "deb: the sums are right"
    for manager in caja nemo nautilus; do
        expect "deb: $manager has its extension" \
            grep -q '^CAMCTL = "/usr/bin/camctl"' "$prefix/share/$manager-python/extensions/camctl_extension.py"
    done
    expect "deb: Dolphin has its menu" grep -q '"/usr/bin/camctl" --gui checkout' "$prefix/share/kio/servicemenus/camctl.desktop"
    expect "deb: emblems" test -s "$prefix/share/icons/hicolor/scalable/emblems/emblem-camctl-mine.svg"
    XDG_DATA_DIRS="$prefix/share" PATH="$home/managers:$PATH" "$prefix/bin/camctl" integrate on |
        expect "deb: what everybody has is not given twice" says 'caja: a package has it for everybody'
    expect "deb: each person's own are" grep -q "$prefix/bin/camctl" "$home/.config/Thunar/uca.xml"
    expect "deb: and gone again" "$prefix/bin/camctl" integrate off --quiet
    test_lintian "$1"
    mkdir "$home/share"
    printf 'first\n' >"$home/share/a.mcam"
    (cd "$home/share" && "$prefix/bin/camctl" init --quiet && "$prefix/bin/camctl" checkout a.mcam -m 'over the upgrade')
    first="$(running "$prefix")"
    expect "deb: it upgrades" in_system --install "$1"
    second="$(running "$prefix")"
    expect "deb: another agent runs" test -n "$second" -a "$second" != "$first"
    expect "deb: the old one is gone" not alive "$first"
    expect "deb: the checkout stands" \
        sh -c "cd '$home/share' && '$prefix/bin/camctl' status a.mcam | grep -q 'over the upgrade'"
    expect "deb: it is removed" in_system --remove camctl
    expect "deb: the agent is gone" not alive "$second"
    find "$home/system" -path "$home/system/var" -prune -o ! -type d -print | all_alike "deb: nothing is left"
}

test_zip() {
    local folder="$home/zip"
    unzip -q "$1" -d "$folder" 2>/dev/null || python3 -m zipfile -e "$1" "$folder"
    folder="$(echo "$folder"/*)"
    expect "zip: programs" test -s "$folder/camctl.exe" -a -s "$folder/camctlw.exe" -a -s "$folder/camctl-agent.exe"
    expect "zip: it says what to do" grep -q 'agent enable' "$folder/README.txt"
    [ -n "$wine" ] || return 0
    wine_run "$folder/camctl.exe" --version | expect "zip: camctl runs" says "camctl "
    wine_run "$folder/camctl.exe" demo --json | expect "zip: the demo" says '"exit":0'
    wine_run "$folder/camctlw.exe" agent start >/dev/null
    wine_run "$folder/camctl.exe" agent stop | expect "zip: the agent stops" says "has stopped"
}

test_msi() {
    local run='HKCU\Software\Microsoft\Windows\CurrentVersion\Run' programs
    local menu='HKCU\Software\Classes\*\shell\camctl\shell\1-checkout\command'
    msiinfo export "$1" Environment | expect "msi: PATH" says '[~];[INSTALLDIR]'
    msiinfo export "$1" InstallExecuteSequence | expect "msi: the agent stops before it is removed" says AgentStop
    [ -n "$wine" ] || return 0
    wine_run msiexec /i "Z:$1" /qn
    programs="$(find "$WINEPREFIX/drive_c" -name camctlw.exe -path '*AppData*')"
    expect "msi: it installs" test -n "$programs"
    wine_run reg query "$run" /v camctl | expect "msi: the agent is started at login" says 'camctlw.exe" agent start'
    wine_run reg query 'HKCU\Environment' /v PATH | expect "msi: it is in PATH" says 'Programs\camctl'
    wine_run reg query "$menu" /ve | expect "msi: it is in Explorer's menu" says 'camctlw.exe" checkout -- "%1"'
    wine_run "${programs%w.exe}.exe" agent status --json | expect "msi: the agent runs" says '"running":true'
    wine_run msiexec /x "Z:$1" /qn
    expect "msi: it is removed" test ! -e "$programs"
    wine_run reg query "$run" | { grep camctlw || true; } | all_alike "msi: nothing is started at login any more"
    wine_run reg query 'HKCU\Software\Classes' /s | { grep -i camctl || true; } | all_alike "msi: it is in no menu any more"
}

# Wine first: it takes a while, and wants to be ended last.
wine=""
kinds=(tar)
if have dpkg-deb; then
    kinds+=(deb)
else
    skip "dpkg-deb is missing"
fi
if need_program x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-win32 && need_program zip zip; then
    kinds+=(zip)
    if need_program wixl wixl && need_program msiinfo msitools; then
        kinds+=(msi)
    else
        skip "wixl or msitools cannot be had here: no msi"
    fi
    if need_wine && wine_begin "$home/wine"; then
        wine=yes
    else
        skip "Wine cannot be had here: the programs for Windows are not run"
    fi
else
    skip "mingw or zip cannot be had here: no zip, no msi"
fi
[ "$(id -u)" -eq 0 ] || need_program fakeroot fakeroot

while IFS= read -r package; do
    case "$package" in
        *.tar.gz) test_tar "$package" ;;
        *.deb) test_deb "$package" ;;
        *.zip) test_zip "$package" ;;
        *.msi) test_msi "$package" ;;
    esac
done < <("$here/package.sh" "${kinds[@]}")
