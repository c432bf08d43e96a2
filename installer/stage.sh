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

# stage BUILT FOLDER: all that belongs below a prefix on Linux.
stage() {
    local built="$1" folder="$2"
    install -D -m 755 "$built/camctl-agent" "$folder/bin/camctl-agent"
    install -D -m 755 "$built/camctl" "$folder/bin/camctl"
    mkdir -p "$folder/share/bash-completion/completions" "$folder/share/zsh/site-functions" \
        "$folder/share/fish/vendor_completions.d"
    "$built/camctl" completions bash >"$folder/share/bash-completion/completions/camctl"
    "$built/camctl" completions zsh >"$folder/share/zsh/site-functions/_camctl"
    "$built/camctl" completions fish >"$folder/share/fish/vendor_completions.d/camctl.fish"
    mkdir -p "$folder/share/man"
    "$built/camctl" man "$folder/share/man/man1" --quiet
    # Whatever the umask of whoever builds: others read it.
    find "$folder" -type d -exec chmod 755 {} +
    find "$folder/share" -type f -exec chmod 644 {} +
}
