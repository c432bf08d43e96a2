#!/usr/bin/env bash
# The tests on real network mounts: builds them, makes the virtual machine if need be, boots it, and prints what was seen.
#
#   tests/shares/run.sh [short|long] [KIND…]      KIND: smb nfs4 nfs3; all of them if none is given
#
# Called by tests/run.sh, which gets the packages. Exit code 75: there can be no such machine here.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here/../.."
# shellcheck source=installer/prepare.sh
. installer/prepare.sh
form="${1:-long}"
kinds=("${@:2}")
[ ${#kinds[@]} -gt 0 ] || kinds=(smb nfs4 nfs3)
case "$form" in short) limit=900 ;; long) limit=2400 ;; *) exit 2 ;; esac

target=x86_64-unknown-linux-musl
cache="${CARGO_TARGET_DIR:-target}/shares"
mkdir -p "$cache"

# Whether the image is the one that these scripts make.
image_key() { cat "$here/image.sh" "$here/guest/init" | sha256sum; }
if [ "$(cat "$cache/key" 2>/dev/null)" != "$(image_key)" ]; then
    echo "making the virtual machine's image, once; this takes a minute or two"
    as_root "$here/image.sh" "$cache" || exit 75
    image_key >"$cache/key"
fi

cargo build --workspace --target "$target"
list="$(cargo test -p camctl-tests --no-default-features --features shares --test shares --test it --target "$target" --no-run 2>&1)" || {
    printf '%s\n' "$list"
    exit 1
}
built="$(printf '%s\n' "$list" | sed -n 's/.*Executable.*(\(.*\))$/\1/p')"

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

cp -r "$here/guest" "$folder/guest"
for program in $built "${CARGO_TARGET_DIR:-target}/$target/debug"/{camctl,camctl-agent}; do
    name="$(basename "$program")"
    # Cargo's names end in a hash.
    strip -o "$folder/guest/bin/${name%-????????????????}" "$program"
done
printf 'cp -r /host/guest /\ncd /\n. guest/jobs\n%s %s\n' "$form" "${kinds[*]}" >"$folder/job"
"$here/vm.sh" "$cache" "$folder" "$limit"
