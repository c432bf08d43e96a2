# shellcheck shell=bash
# Wine for the tests: a prefix of its own, with what Rust's programs need, and a server that lives as long as the tests.
#
# Sourced by tests/run.sh, after installer/prepare.sh. `need_wine`, then `wine_begin FOLDER`, in the end `wine_end`.

wine_program() {
    local program
    for program in wine64 /usr/lib/wine/wine64 wine; do
        command -v "$program" && return
    done
    return 1
}

need_wine() {
    wine_program >/dev/null || need_packages wine64
    need_program x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-win32
    wine_program >/dev/null
}

# The server that belongs to this Wine: programs start one by themselves, but it would end between two tests.
wine_server() {
    local beside
    beside="$(dirname "$(readlink -f "$(wine_program)")")"
    if [ -x "$beside/wineserver64" ]; then
        "$beside/wineserver64" "$@"
    else
        wineserver "$@"
    fi
}

wine_begun=""
wine_screen=""

# A screen that nobody sees, for the tray: known to Wine before anything of it runs. Without one, the tests do without.
wine_show() {
    unset DISPLAY
    have Xvfb || need_packages xvfb || return 0
    : >"$WINEPREFIX/display"
    Xvfb -displayfd 3 -screen 0 1024x720x24 -nolisten tcp -noreset 3>"$WINEPREFIX/display" >/dev/null 2>&1 &
    wine_screen=$!
    while kill -0 "$wine_screen" 2>/dev/null && [ ! -s "$WINEPREFIX/display" ]; do sleep 0.05; done
    [ -s "$WINEPREFIX/display" ] || return 0
    DISPLAY=":$(cat "$WINEPREFIX/display")"
    export DISPLAY
}

# wine_begin FOLDER: makes the prefix there, unless it is there already, and sets what cargo needs to run programs in it.
wine_begin() {
    local system
    WINEPREFIX="$1" WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe="
    export WINEPREFIX WINEARCH WINEDEBUG WINEDLLOVERRIDES
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$(wine_program)"
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER
    system="$WINEPREFIX/drive_c/windows/system32"
    [ -e "$WINEPREFIX/ready" ] || rm -rf "$WINEPREFIX"
    mkdir -p "$WINEPREFIX"
    # One that a run left behind, which was broken off, would be in the way.
    wine_server -k 2>/dev/null && wine_server -w
    wine_show
    wine_server -p || return 1
    wine_begun=yes
    # Always, not only for a new prefix: it starts Wine's services, which keep the output of whoever starts them open until
    # the server ends. A test, or nextest's first look at the tests, would never be over.
    "$(wine_program)" wineboot -i </dev/null >/dev/null 2>&1 || return 1
    # For the same reason the program that has the desktop: the first window would start it.
    "$(wine_program)" explorer.exe /desktop </dev/null >/dev/null 2>&1 &
    if [ ! -e "$WINEPREFIX/ready" ]; then
        # Older versions lack a library that every program of Rust imports.
        if [ ! -e "$system/bcryptprimitives.dll" ]; then
            x86_64-w64-mingw32-gcc -shared -O1 -o "$system/bcryptprimitives.dll" \
                tests/wine/bcryptprimitives.c -ladvapi32 || return 1
        fi
        touch "$WINEPREFIX/ready"
    fi
    # What tests that were broken off left behind.
    rm -rf "$WINEPREFIX"/drive_c/users/*/Temp/* "$WINEPREFIX"/drive_c/users/*/AppData/Local/Temp/*
}

# Ends the server of this prefix, and with it every program that a test left there.
wine_end() {
    [ -n "$wine_begun" ] || return 0
    wine_begun=""
    wine_server -k || true
    [ -z "$wine_screen" ] || kill "$wine_screen" 2>/dev/null || true
    wine_screen=""
}
