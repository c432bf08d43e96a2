#!/usr/bin/env bash
# The extension for file managers, and their menus, in a temporary home; for `./tests/run.sh scripts`.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="$(mktemp -d)"
trap 'rm -rf "$home"' EXIT

# shellcheck source=installer/expect.sh
. "$here/../expect.sh"

python3 "$here/test_extension.py"

# File managers that are none: only that they are there is looked at.
mkdir -p "$home/bin" "$home/home"
for manager in caja nemo nautilus dolphin thunar; do
    printf '#!/bin/sh\n' >"$home/bin/$manager"
    chmod +x "$home/bin/$manager"
done
run() {
    env -i HOME="$home/home" XDG_DATA_DIRS="${data_dirs:-/nonexistent}" PATH="$home/bin:/usr/bin:/bin" "$here/install.sh" "$@" 2>"$home/said"
}
left() { find "$home/home" -mindepth 1; }

program="$home/a \"strange\" & 100% \$odd | path/camctl"
mkdir -p "$(dirname "$program")"
printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >"$program"
chmod +x "$program"

expect "a path that is not whole is refused" not run enable camctl
run enable "$program"
data="$home/home/.local/share"
expect "it says where" test "$(run places)" = "$(printf '%s\n' "$data"/{nautilus,nemo,caja}-python/extensions/camctl_extension.py \
    "$data/kio/servicemenus/camctl.desktop" "$home/home/.config/Thunar/uca.xml")"
for manager in caja nemo nautilus; do
    extension="$data/$manager-python/extensions/camctl_extension.py"
    named="$(sed -n 's/^CAMCTL = //p' "$extension" | python3 -c 'import ast, sys; print(ast.literal_eval(sys.stdin.read()))')"
    expect "$manager finds the program" test "$named" = "$program"
done
expect "four emblems are there" test "$(find "$data/icons/hicolor/scalable/emblems" -name 'emblem-camctl-*.svg' | wc -l)" -eq 4
service="$data/kio/servicemenus/camctl.desktop"
expect "KDE may run the menu" test -x "$service"
if command -v desktop-file-validate >/dev/null; then
    # It knows applications only: what KDE's services have beside them it takes for a mistake. Anything else is one.
    desktop-file-validate "$service" >"$home/valid" 2>&1 || true
    expect "the desktop file is valid" not grep -v 'this key is only valid for type "Application"' "$home/valid"
else
    printf '!!!!! SKIPPED: desktop-file-validate is missing\n' >&2
fi

actions="$home/home/.config/Thunar/uca.xml"
valid() { python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$actions"; }
count() { grep -c '<unique-id>camctl-' "$actions" || true; }
command_of() {
    python3 -c 'import sys, xml.dom.minidom as m; print(m.parse(sys.argv[1]).getElementsByTagName("command")[0].firstChild.data)' "$actions"
}
expect "Thunar's actions are XML" valid
expect "and four of them camctl's" test "$(count)" -eq 4
said="$(sh -c "$(command_of | sed -e 's/%%/%/g' -e 's/%F/file/')")"
expect "what Thunar would run is run: $said" test "$said" = "$(printf -- '--gui\ncheckout\nfile')"

# The person's own actions stay as they are, whatever happens around them.
cat >"$actions" <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<actions>
<action>
	<icon>utilities-terminal</icon>
	<name>Open Terminal Here</name>
	<unique-id>1700000000000000-1</unique-id>
	<command>exo-open --launch TerminalEmulator &amp;&amp; true</command>
	<patterns>*</patterns>
	<startup-notify/>
	<directories/>
</action>
</actions>
END
cp "$actions" "$home/before"
run enable "$program"
run enable "$program"
expect "twice is as once" test "$(count)" -eq 4
expect "the person's action is there" grep -q 'Open Terminal Here' "$actions"
expect "it is XML still" valid
run disable
expect "the person's file is as it was" cmp -s "$home/before" "$actions"
rm "$actions"
printf '<actions/>' >"$actions"
run enable "$program"
expect "what Thunar did not write is left alone" test "$(cat "$actions")" = '<actions/>'
rm -r "$home/home/.config"
# A package has it for everybody: what it has is not put there again.
run disable
run stage /usr/bin/camctl "$home/everybody"
expect "a package has three extensions, four emblems and a menu" test "$(find "$home/everybody" -type f | wc -l)" -eq 8
data_dirs="$home/everybody" run enable "$program"
expect "nothing is shown twice" test "$(run places)" = "$home/home/.config/Thunar/uca.xml"
run disable
run enable "$program"
run disable
expect "nothing is left: $(left)" test -z "$(find "$home/home" -type f)"
expect "disabling twice is no error" run disable
printf 'ok: file managers\n'
