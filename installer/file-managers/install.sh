#!/usr/bin/env bash
# camctl in the file managers of this user: emblems, a column and menus in Nautilus, Nemo and Caja; menus in Dolphin and Thunar.
#
#   install.sh enable PROGRAM        for those that are there; again: brings up to date. "camctl integrate on" calls it
#   install.sh disable               takes it all away, and nothing else
#   install.sh places                what stands there now
#   install.sh stage PROGRAM DATA    for everybody, into a package whose /usr/share is DATA, whatever is there; not Thunar,
#                                    which has no place for it but each person's own file
#
# What a package has put there for everybody is left to it. A file manager reads both, and would show everything twice.
# Thunar keeps all custom actions in one file that belongs to the person: only camctl's own entries are touched in it.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
data="${XDG_DATA_HOME:-$HOME/.local/share}"
actions="${XDG_CONFIG_HOME:-$HOME/.config}/Thunar/uca.xml"
service="$data/kio/servicemenus/camctl.desktop"
emblems="$data/icons/hicolor/scalable/emblems"

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# put FILE MODE: standard input becomes FILE in one step.
put() {
    mkdir -p "$(dirname "$1")"
    cat >"$1.new-$$"
    chmod "$2" "$1.new-$$"
    mv -f "$1.new-$$" "$1"
}

# away FILE: with the folders above it that are empty now.
away() {
    local folder
    rm -f -- "$1"
    folder="$(dirname "$1")"
    while [ "$folder" != "$data" ] && [ "$folder" != "$HOME" ] && rmdir -- "$folder" 2>/dev/null; do
        folder="$(dirname "$folder")"
    done
}

# The program's path, as it stands between quotes in a language: python, a desktop file's Exec key, XML with a shell's words.
quoted() {
    case "$1" in
        python) printf '%s' "$program" | sed -e 's/[\\"]/\\&/g' ;;
        desktop) printf '%s' "$program" | sed -e 's/[\\"`$]/\\\\&/g' -e 's/%/%%/g' ;;
        xml) printf '%s' "$program" | sed -e 's/[\\"`$]/\\&/g' -e 's/%/%%/g' -e 's/&/\&amp;/g' -e 's/</\&lt;/g' ;;
    esac
}

# fill LANGUAGE: @CAMCTL@ in standard input becomes the program's path.
fill() {
    local path
    path="$(quoted "$1" | sed -e 's/[\\|&]/\\&/g')"
    sed -e "s|@CAMCTL@|$path|g"
}

# for_everybody FILE: a package has it.
for_everybody() {
    local folder folders=()
    IFS=: read -r -a folders <<<"${XDG_DATA_DIRS:-/usr/local/share:/usr/share}"
    for folder in "${folders[@]}"; do
        if [ "$folder" != "$data" ] && [ -e "$folder/$1" ]; then return 0; fi
    done
    return 1
}

put_python() {
    sed -e 's|^CAMCTL = "camctl"$|CAMCTL = "@CAMCTL@"|' "$here/camctl_extension.py" | fill python |
        put "$data/$1-python/extensions/camctl_extension.py" 644
}

put_emblems() {
    local file
    for file in "$here"/emblems/*.svg; do put "$emblems/${file##*/}" 644 <"$file"; done
}

enable_python() {
    local manager any=no
    for manager in nautilus nemo caja; do
        have "$manager" || continue
        if for_everybody "$manager-python/extensions/camctl_extension.py"; then
            say "$manager: a package has it for everybody"
        else
            any=yes
            put_python "$manager"
            say "$manager: emblems, the column \"Checked out\" and a menu, once its Python extensions are installed (python3-$manager) and it is started anew"
        fi
    done
    [ "$any" = no ] || put_emblems
}

# KDE runs what it finds in a home only if it may be executed.
put_dolphin() { fill desktop <"$here/dolphin.desktop" | put "$service" "$1"; }

# Everything of the person's in Thunar's actions, without camctl's.
others_actions() {
    awk '
        /<action>/ { inside = 1; block = "" }
        inside { block = block $0 "\n" }
        !inside { print }
        /<\/action>/ && inside {
            inside = 0
            if (block !~ /<unique-id>camctl-/) printf "%s", block
        }
        END { if (inside) printf "%s", block }
    ' "$actions"
}

enable_thunar() {
    if [ ! -s "$actions" ]; then
        printf '<?xml version="1.0" encoding="UTF-8"?>\n<actions>\n</actions>\n' | put "$actions" 644
    fi
    if ! grep -q '^[[:space:]]*</actions>[[:space:]]*$' "$actions"; then
        say "Thunar: $actions is not written as Thunar writes it, and is left as it is"
        return
    fi
    { others_actions | sed -e '/^[[:space:]]*<\/actions>[[:space:]]*$/,$d'; fill xml <"$here/thunar.xml"; printf '</actions>\n'; } |
        put "$actions" 644
    say "Thunar: a menu, once it is started anew"
}

disable_thunar() {
    [ -f "$actions" ] && grep -q '<unique-id>camctl-' "$actions" || return 0
    others_actions | put "$actions" 644
    # Thunar writes its own when there is none.
    grep -q '<action>' "$actions" || away "$actions"
}

# whole PROGRAM: file managers have a PATH of their own.
whole() {
    program="$1"
    case "$program" in
        /*) ;;
        *)
            say "error: the program's whole path is needed, not \"$program\""
            exit 2
            ;;
    esac
}

enable() {
    whole "$1"
    enable_python
    if have dolphin; then
        if for_everybody kio/servicemenus/camctl.desktop; then
            say "Dolphin: a package has it for everybody"
        else
            put_dolphin 755
            say "Dolphin: a menu"
        fi
    fi
    if have thunar; then enable_thunar; fi
}

stage() {
    local manager
    whole "$1"
    for manager in nautilus nemo caja; do put_python "$manager"; done
    put_emblems
    put_dolphin 644
}

places() {
    local file
    for file in "$data"/{nautilus,nemo,caja}-python/extensions/camctl_extension.py "$service"; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
    if grep -qs '<unique-id>camctl-' "$actions"; then printf '%s\n' "$actions"; fi
}

disable() {
    local manager file
    for manager in nautilus nemo caja; do
        away "$data/$manager-python/extensions/camctl_extension.py"
        rm -rf "$data/$manager-python/extensions/__pycache__/camctl_extension".*
        rmdir "$data/$manager-python/extensions/__pycache__" "$data/$manager-python/extensions" "$data/$manager-python" 2>/dev/null || true
    done
    for file in "$here"/emblems/*.svg; do away "$emblems/${file##*/}"; done
    away "$service"
    disable_thunar
}

case "${1:-}" in
    enable) enable "${2:-}" ;;
    disable) disable ;;
    places) places ;;
    stage)
        data="${3:?a folder is needed}"
        service="$data/kio/servicemenus/camctl.desktop"
        emblems="$data/icons/hicolor/scalable/emblems"
        stage "$2"
        ;;
    *)
        sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
esac
