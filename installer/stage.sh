# shellcheck shell=bash
# The programs as they are installed: built, and laid out below a folder as below a prefix.
#
# Sourced by install.sh and package.sh, after prepare.sh.

# A static program needs nothing of the machine it runs on, and starts eight times faster than a dynamic one.
static_target() {
    case "$(uname -m)" in
        x86_64 | aarch64) printf '%s-unknown-linux-musl\n' "$(uname -m)" ;;
    esac
}

# The workspace.
source_folder="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

target_folder() {
    (cd "$source_folder" && cargo metadata --format-version 1 --no-deps --offline |
        sed -n 's/^.*"target_directory":"\([^"]*\)".*$/\1/p')
}

# build_for TARGET [OPTION…]: release programs for TARGET, or for this system if it is empty; prints their folder.
build_for() {
    local target="$1"
    shift
    (cd "$source_folder" &&
        cargo build --release --locked ${target:+--target "$target"} -p camctl -p camctl-agent "$@" >&2)
    printf '%s\n' "$(target_folder)${target:+/$target}/release"
}

# Builds the programs for this system; prints the folder that they are in.
build() {
    local target
    target="$(static_target)"
    if [ -n "$target" ] && ! need_target "$target"; then
        say "the target $target cannot be had here: building programs that need this system's C library"
        target=""
    fi
    build_for "$target"
}

# stage BUILT FOLDER [HERE]: all that belongs below a prefix on Linux. HERE: programs that run here, where those in BUILT do
# not; they write what is the same for all.
stage() {
    local built="$1" folder="$2" here="${3:-$1}" file
    install -D -m 755 "$built/camctl-agent" "$folder/bin/camctl-agent"
    install -D -m 755 "$built/camctl" "$folder/bin/camctl"
    mkdir -p "$folder/share/bash-completion/completions" "$folder/share/zsh/site-functions" \
        "$folder/share/fish/vendor_completions.d"
    "$here/camctl" completions bash >"$folder/share/bash-completion/completions/camctl"
    "$here/camctl" completions zsh >"$folder/share/zsh/site-functions/_camctl"
    "$here/camctl" completions fish >"$folder/share/fish/vendor_completions.d/camctl.fish"
    mkdir -p "$folder/share/man"
    "$here/camctl" man "$folder/share/man/man1" --quiet
    stage_desktop "$folder/share"
    install -D -m 644 "$source_folder/cli/BRIDGE.md" "$folder/share/doc/camctl/BRIDGE.md"
    for file in "$source_folder"/installer/examples/*; do
        install -D -m 644 "$file" "$folder/share/doc/camctl/examples/${file##*/}"
    done
    # Whatever the umask of whoever builds: others read it.
    find "$folder" -type d -exec chmod 755 {} +
    find "$folder/share" -type f ! -name '*.sh' -exec chmod 644 {} +
}

# stage_desktop SHARE: icons, and what "camctl integrate on" puts into the file managers.
stage_desktop() {
    local file parts="$source_folder/installer/file-managers" to="$1/camctl/file-managers"
    install -D -m 644 "$source_folder/agent/icons/holding.svg" "$1/icons/hicolor/scalable/apps/camctl.svg"
    install -D -m 644 "$source_folder/agent/icons/attention.svg" "$1/icons/hicolor/scalable/apps/camctl-attention.svg"
    # By this file desktops know whose the notifications are, and their icon.
    install -D -m 644 "$source_folder/installer/linux/camctl.desktop" "$1/applications/camctl.desktop"
    install -D -m 755 "$parts/install.sh" "$to/install.sh"
    for file in camctl_extension.py dolphin.desktop thunar.xml; do install -m 644 "$parts/$file" "$to/$file"; done
    for file in "$parts"/emblems/*.svg; do install -D -m 644 "$file" "$to/emblems/${file##*/}"; done
}
