#!/usr/bin/env bash
# Boots the virtual machine that image.sh made, lets it do one job, and prints what that said. Its exit code is the job's;
# 75 when it does not boot.
#
#   tests/shares/vm.sh IMAGE FOLDER SECONDS
#
# FOLDER is /host in there; FOLDER/job is a shell script that runs as root. Where KVM boots the kernel it is used, else
# everything is emulated; SHARES_ACCEL=tcg or =kvm decides beforehand.
set -euo pipefail
image="$1" folder="$2" limit="$3"
disk="$folder/disk.img"
machine=""

# shellcheck disable=SC2317 # called by the trap
stop() {
    end
    rm -f "$disk"
}
trap stop EXIT

# Ends the machine that runs, if one does.
end() {
    [ -n "$machine" ] || return 0
    kill "$machine" 2>/dev/null || true
    wait "$machine" 2>/dev/null || true
    machine=""
}

boot() {
    local accel="$1" cpu=max
    [ "$accel" != kvm ] || cpu=host
    rm -f "$folder"/{up,output,status}
    qemu-system-x86_64 -machine q35 -accel "$accel" -cpu "$cpu" -m 1280 -smp 2 -nodefaults -no-user-config -no-reboot \
        -display none -serial "file:$folder/console" -kernel "$image/vmlinuz" -initrd "$image/initrd" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off nowatchdog apparmor=0" \
        -virtfs "local,path=$folder,mount_tag=host,security_model=none" \
        -object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
        -drive "file=$disk,format=raw,if=virtio,cache=unsafe" 2>"$folder/qemu" &
    machine=$!
}

# Waits until the file $1 is there, for at most $2 seconds, while the machine runs.
await() {
    local waited=0
    while [ ! -e "$folder/$1" ]; do
        kill -0 "$machine" 2>/dev/null || break
        [ "$waited" -lt $(($2 * 5)) ] || return 1
        sleep 0.2
        waited=$((waited + 1))
    done
    [ -e "$folder/$1" ]
}

truncate -s 1G "$disk"
# A machine that is one itself may offer KVM, and yet not run a kernel with it.
if [ "${SHARES_ACCEL:-kvm}" = kvm ] && [ -w /dev/kvm ]; then
    boot kvm
    if ! await up 30 && [ -z "${SHARES_ACCEL:-}" ]; then
        end
        echo "KVM does not boot here; going on without, slowly"
    fi
fi
if [ -z "$machine" ]; then
    boot tcg,thread=multi
    await up 120 || { echo "the virtual machine does not boot:"; tail -n 20 "$folder/qemu" "$folder/console"; exit 75; }
fi
# What it says is shown as it comes.
touch "$folder/output"
tail --pid="$machine" -n +1 -f "$folder/output" &
shown=$!
if await status "$limit"; then
    # It turns itself off, and what it said last is shown by then.
    timeout 20 tail --pid="$machine" -f /dev/null || true
else
    echo "the virtual machine has not finished in $limit s"
fi
end
wait "$shown" || true
exit "$(cat "$folder/status" 2>/dev/null || echo 1)"
