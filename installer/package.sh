#!/usr/bin/env bash
# Builds the packages that people install.
#
#   ./installer/package.sh                   all of them
#   ./installer/package.sh KIND…             only these: deb tar zip msi
#   ./installer/package.sh --target TARGET   deb and tar for another processor, as Rust calls it: aarch64-unknown-linux-musl
#
# They come to lie in <target>/packages, and their paths are printed. deb and tar hold static programs for Linux, on this
# machine's processor if nothing else is said; zip and msi hold those for 64-bit Windows. What cannot be built here is
# said, and is an error.
set -euo pipefail
source_folder="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=installer/prepare.sh
. "$source_folder/installer/prepare.sh"
# shellcheck source=installer/stage.sh
. "$source_folder/installer/stage.sh"

windows_target=x86_64-pc-windows-gnu

kinds=()
target=""
while [ $# -gt 0 ]; do
    case "$1" in
        deb | tar | zip | msi) kinds+=("$1") ;;
        --target)
            target="${2:?--target needs a target}"
            shift
            ;;
        -h | --help)
            sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
            exit 0
            ;;
        *) fail "there is no kind of package \"$1\"; there are: deb tar zip msi" ;;
    esac
    shift
done
case "$target" in
    "")
        processor="$(uname -m)"
        [ ${#kinds[@]} -gt 0 ] || kinds=(deb tar zip msi)
        ;;
    *-unknown-linux-musl)
        processor="${target%%-*}"
        [ ${#kinds[@]} -gt 0 ] || kinds=(deb tar)
        ;;
    *) fail "--target is for static programs on Linux, like aarch64-unknown-linux-musl, not \"$target\"" ;;
esac

need_linker
need_rust "$source_folder"
version="$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' "$source_folder/Cargo.toml")"
out="$(target_folder)/packages"
mkdir -p "$out"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# The same sources give the same packages.
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git -C "$source_folder" log -1 --format=%ct 2>/dev/null || date +%s)}"
export SOURCE_DATE_EPOCH

# What deb and tar have in common, staged once.
staged() {
    local here
    [ ! -d "$work/prefix" ] || return 0
    here="$(build)"
    if [ -z "$target" ] || [ "$target" = "$(static_target)" ]; then
        stage "$here" "$work/prefix"
        return
    fi
    need_target "$target" || fail "the target $target cannot be had here"
    stage "$(build_elsewhere "$target")" "$work/prefix" "$here"
}

# build_elsewhere TARGET: there is no C in it, so that Rust's own linker and the C library that comes with the target do.
build_elsewhere() {
    local name
    name="$(printf '%s' "$1" | tr 'a-z-' 'A-Z_')"
    (
        export "CARGO_TARGET_${name}_LINKER=rust-lld"
        build_for "$1"
    )
}

make_tar() {
    local name
    staged
    name="camctl-$version-linux-$processor"
    mkdir "$work/$name"
    cp -a "$work/prefix/." "$work/$name"
    install -D -m 644 "$source_folder/installer/linux/README.txt" "$work/$name/share/doc/camctl/README.txt"
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" |
        gzip -9n >"$out/$name.tar.gz"
    printf '%s\n' "$out/$name.tar.gz"
}

make_deb() {
    local architecture root script
    # The project has no address; whoever publishes packages has one.
    local maintainer="${CAMCTL_MAINTAINER:-The camctl developers <developers@camctl.invalid>}"
    have dpkg-deb || fail "dpkg-deb is missing: .deb packages are built on Debian and its kin"
    staged
    case "$processor" in
        x86_64) architecture=amd64 ;;
        aarch64) architecture=arm64 ;;
        *) architecture="$(dpkg --print-architecture)" ;;
    esac
    root="$work/deb"
    mkdir -p "$root/DEBIAN" "$root/usr"
    cp -a "$work/prefix/." "$root/usr"
    # Debian's own place for what comes from packages.
    mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
    gzip -9n "$root"/usr/share/man/man1/*.1
    # For everybody on the machine; Thunar's is each person's own: "camctl integrate on".
    "$source_folder/installer/file-managers/install.sh" stage /usr/bin/camctl "$root/usr/share"
    install -D -m 755 "$source_folder/installer/linux/each-agent" "$root/usr/libexec/camctl/each-agent"
    install -D -m 644 "$source_folder/installer/linux/copyright" "$root/usr/share/doc/camctl/copyright"
    install -D -m 644 "$source_folder/installer/linux/lintian-overrides" "$root/usr/share/lintian/overrides/camctl"
    printf 'camctl (%s) stable; urgency=medium\n\n  * See the history of the sources.\n\n -- %s  %s\n' "$version" \
        "$maintainer" \
        "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$root/usr/share/doc/camctl/changelog.gz"
    chmod 644 "$root/usr/share/doc/camctl/changelog.gz"
    find "$root" -type d -exec chmod 755 {} +
    for script in postinst prerm; do
        install -m 755 "$source_folder/installer/linux/$script" "$root/DEBIAN/$script"
    done
    sed -e "s/@VERSION@/$version/" -e "s|@MAINTAINER@|$maintainer|" -e "s/@ARCHITECTURE@/$architecture/" \
        -e "s/@SIZE@/$(du -sk --apparent-size "$root/usr" | cut -f1)/" \
        "$source_folder/installer/linux/control" >"$root/DEBIAN/control"
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    dpkg-deb --root-owner-group -Zxz --build "$root" "$out/camctl_${version}_$architecture.deb" >&2
    printf '%s\n' "$out/camctl_${version}_$architecture.deb"
}

# What zip and msi have in common.
windows_programs() {
    [ -z "${built_for_windows:-}" ] || return 0
    need_target "$windows_target" || fail "the target $windows_target cannot be had here"
    need_program x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-win32
    built_for_windows="$(CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc \
        build_for "$windows_target" --features camctl/windowless)"
}

make_zip() {
    local name
    need_program zip zip
    windows_programs
    name="camctl-$version-windows-x86_64"
    mkdir "$work/$name"
    cp "$built_for_windows"/camctl{,w,-agent}.exe "$work/$name"
    sed 's/$/\r/' "$source_folder/installer/windows/README.txt" >"$work/$name/README.txt"
    find "$work/$name" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
    rm -f "$out/$name.zip"
    (cd "$work" && find "$name" -type f | sort | TZ=UTC zip -9 -X -q "$out/$name.zip" -@)
    printf '%s\n' "$out/$name.zip"
}

# shellcheck disable=SC2016
# PATH, which wixl has no word for: "=-" sets the variable and takes that back, "[~]" is what it says already.
path_queries() {
    printf '%s\n' \
        'CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, `Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)' \
        "INSERT INTO \`Environment\` (\`Environment\`, \`Name\`, \`Value\`, \`Component_\`) VALUES ('Path', '=-PATH', '[~];[INSTALLDIR]', 'Programs')" \
        "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Sequence\`) VALUES ('RemoveEnvironmentStrings', 3300)" \
        "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Sequence\`) VALUES ('WriteEnvironmentStrings', 5200)"
}

make_msi() {
    local name query
    need_program wixl wixl
    need_program msibuild msitools
    windows_programs
    name="camctl-$version-windows-x86_64"
    # It looks for files where the description lies.
    mkdir "$work/msi"
    cp "$built_for_windows"/camctl{,w,-agent}.exe "$source_folder/installer/windows/camctl.wxs" "$work/msi"
    wixl --arch x64 -D "Version=$version" -o "$out/$name.msi" "$work/msi/camctl.wxs" >&2
    while IFS= read -r query; do msibuild "$out/$name.msi" -q "$query" >&2; done < <(path_queries)
    printf '%s\n' "$out/$name.msi"
}

for kind in "${kinds[@]}"; do
    "make_$kind"
done
