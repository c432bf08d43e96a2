#!/usr/bin/env bash
# Makes what the virtual machine boots: Debian's kernel, and Debian with Samba and the kernel's NFS server in memory.
#
#   tests/shares/image.sh FOLDER      writes FOLDER/vmlinuz and FOLDER/initrd; as root; a minute, some 500 MB while it works
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
folder="$(mkdir -p "$1" && cd "$1" && pwd)"

suite=bookworm
packages=mount,e2fsprogs,kmod,cpio,procps,iproute2,samba,cifs-utils,nfs-common,nfs-kernel-server,rpcbind
# What servers and clients, the network between them and the disk below need; all else of the kernel stays out.
modules=(fs/9p fs/smb fs/nfs fs/nfs_common fs/nfsd fs/lockd fs/netfs fs/fscache fs/ext4 fs/jbd2 fs/mbcache.ko fs/nls
    crypto lib arch/x86/crypto net/9p net/sunrpc net/dns_resolver net/bridge net/llc net/802 net/core net/packet
    drivers/virtio drivers/block/virtio_blk.ko drivers/net/veth.ko drivers/char/hw_random/virtio-rng.ko)

# Runs with the new system's root as $1, still outside of it.
finish() {
    local root="$1" kernel version from to module
    kernel="$(mktemp -d)"
    (
        cd "$kernel"
        # The package that linux-image-amd64 stands for, unpacked and not installed: nothing is made bootable here.
        export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
        apt-get download "$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: //p' | head -n 1)"
        dpkg-deb -x ./*.deb .
    )
    version="$(basename "$kernel"/lib/modules/*)"
    from="$kernel/lib/modules/$version"
    to="$root/lib/modules/$version"
    mkdir -p "$to"
    cp "$from"/modules.{builtin,builtin.modinfo,order} "$to"
    for module in "${modules[@]}"; do
        mkdir -p "$to/kernel/$(dirname "$module")"
        cp -r "$from/kernel/$module" "$to/kernel/$module"
    done
    chroot "$root" depmod "$version"
    cp "$kernel/boot/vmlinuz-$version" "$folder/vmlinuz"
    rm -rf "$kernel"

    # Nothing of it runs there, and all of it would lie in memory.
    rm -rf "$root"/usr/{lib/python3*,bin/python3*,share/perl*,share/locale,share/doc,share/man,share/zoneinfo} \
        "$root"/usr/lib/x86_64-linux-gnu/{perl*,samba/vfs/*glusterfs*,samba/vfs/*ceph*} \
        "$root"/usr/share/samba/setup "$root"/var/lib/{apt/lists,dpkg/info} "$root"/var/cache/* "${root:?}"/boot/*
    mkdir -p "$root"/var/{cache,log}/samba
    install -m 755 "$here/guest/init" "$root/init"
    (cd "$root" && find . -xdev | chroot "$root" cpio --quiet -o -H newc) >"$folder/initrd.part"
    mv "$folder/initrd.part" "$folder/initrd"
}

if [ "${2:-}" = "--finish" ]; then
    finish "$3"
else
    mmdebstrap --quiet --mode=root --variant=essential --include="$packages" \
        --aptopt='APT::Install-Recommends "false"' \
        --customize-hook="'$here/image.sh' '$folder' --finish \"\$1\"" \
        "$suite" /dev/null
fi
