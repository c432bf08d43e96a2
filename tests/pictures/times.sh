#!/usr/bin/env bash
# No picture, but times: how long camctl keeps Caja waiting, in its own process, in a folder of 500 files. Its agent answers, is
# frozen, or is not there. Ends with an error where a call took 50 ms, or what is known was not shown.
set -euo pipefail
# shellcheck source=tests/pictures/session.sh
. "$(dirname "${BASH_SOURCE[0]}")/session.sh"
desktop

make_share
for number in $(seq 500); do touch "fixtures/$((5000000 + number)).mcam"; done
agent alice@CAM-03 off
camctl alice@CAM-03 init --ext mcam,vnc
camctl alice@CAM-03 checkout fixtures/4801247.mcam
"${project:?}/installer/file-managers/install.sh" enable "$PROGRAMS/camctl"
# Every call of the file manager's is timed, and all that the main loop calls for the bridge's sake; and whether anything was known.
cat >>"$HOME/.local/share/caja-python/extensions/camctl_extension.py" <<'END'


def timed(owner, name):
    import time

    call, log = getattr(owner, name), open(os.environ["TIMES"], "a", buffering=1)

    def wrapper(self, *arguments):
        began = time.perf_counter()
        answer = call(self, *arguments)
        took = time.perf_counter() - began
        known = name == "update_file_info" and bool(self.extension.cache.known)
        log.write("%s %d %d %d\n" % (name, took * 1000000, known, began * 1000))
        return answer

    setattr(owner, name, wrapper)


for owner, names in (
    (CamctlProvider, ("update_file_info", "get_file_items")),
    (Extension, ("flush",)),
    (Bridge, ("start", "read", "write", "ended")),
):
    for name in names:
        timed(owner, name)
END
gsettings set org.mate.caja.preferences default-folder-viewer list-view

seen() { [ "$(grep -c "^$1" "$TIMES")" -ge "$2" ]; }
known() { grep -q '^update_file_info [0-9]* 1' "$TIMES"; }

# look HOW: opens the folder in a Caja of its own, and a menu on a file.
look() {
    export TIMES="$SCRATCH/times-$1"
    : >"$TIMES"
    be alice@CAM-03
    start "caja-$1" env "${person[@]}" CAMCTL_NO_AGENT_START=1 caja --no-desktop --browser --geometry 620x600+40+60 "$PWD/fixtures"
    local caja=$! window
    until_true "the files are shown ($1)" seen update_file_info 500
    [ "$1" != answers ] || until_true "what is known is shown" known
    shown() { window="$(xdotool search --onlyvisible --class caja | tail -n 1)" && [ -n "$window" ]; }
    until_true "the window is there ($1)" shown
    # A menu on whatever file is there: once more until it is asked for.
    menu() {
        xdotool key Escape mousemove 240 320 click 1 mousemove 240 320 click 3
        sleep 0.3
        seen get_file_items 1
    }
    until_true "a menu is shown ($1)" menu
    xdotool key Escape
    kill "$caja"
    wait "$caja" 2>/dev/null || true
    until_true "the window is gone ($1)" gone
    awk -v how="$1" '
        NR == 1 { first = $4 }
        $3 && !known { known = $4 - first }
        { if ($2 > most[$1]) most[$1] = $2; sum[$1] += $2; count[$1]++ }
        END {
            for (call in count) {
                printf "%s: %s: %d calls, %.0f µs in the mean, %d µs at most\n", how, call, count[call], sum[call] / count[call], most[call]
                if (most[call] >= 50000) late = 1
            }
            if (known) printf "%s: the first is known %d ms after it was asked about\n", how, known
            exit late
        }' "$TIMES"
}
gone() { ! xdotool search --onlyvisible --class caja; }

look answers
pid="$(camctl alice@CAM-03 agent status --json | sed -n 's/^.*"pid":\([0-9]*\).*$/\1/p')"
kill -STOP "$pid"
look hangs
kill -CONT "$pid"
camctl alice@CAM-03 agent stop --quiet
look is-away
