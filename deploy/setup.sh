#!/bin/sh
# Installs the service for work on it: the locked packages into .venv, and libmagic where that is allowed.
# Needs Python 3.11+ and the package registries. Says exactly what to install where something is missing.
# VENV names another folder than .venv, PYTHON another interpreter than the first that is new enough.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
venv="${VENV:-.venv}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/attachment-consumer"

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $*"; exit 1; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# Runs a command as root where that needs no question: as root, or with a sudo that asks for no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_use_apt() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

apt_install() {
    say "setup: installing $* with apt-get"
    as_root apt-get update -qq >&2 && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >&2
}

# uv lives in a folder of its own: in .venv its own sync would remove it.
find_uv() {
    if command -v uv; then return; fi
    if [ ! -x "$cache/uv-$UV_VERSION/bin/uv" ]; then
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
            { may_use_apt && apt_install "$package"; } || fail "this Python cannot make virtual environments. Install \
$package (Debian, Ubuntu: sudo apt-get install $package) or uv (https://docs.astral.sh/uv), and run make again."
        fi
        say "setup: installing uv $UV_VERSION into $cache"
        rm -rf "$cache/uv-$UV_VERSION"
        "$python" -m venv "$cache/uv-$UV_VERSION" >&2
        "$cache/uv-$UV_VERSION/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" >&2
    fi
    printf '%s\n' "$cache/uv-$UV_VERSION/bin/uv"
}

has_libmagic() { "$venv/bin/python" -c 'import magic' 2>/dev/null; }

install_libmagic() {
    has_libmagic && return
    if may_use_apt && apt_install libmagic1 && has_libmagic; then return; fi
    say "setup: libmagic is missing, the C library that tells a file's type from its bytes. Install it with one of"
    say "    Debian, Ubuntu   sudo apt-get install libmagic1"
    say "    Fedora, RHEL     sudo dnf install file-libs"
    say "    Alpine           sudo apk add libmagic"
    say "    Arch             sudo pacman -S file"
    say "    macOS            brew install libmagic"
    fail "then run make again."
}

mkdir -p "$cache"
if command -v flock >/dev/null; then
    exec 9>"$cache/setup.lock"  # two setups at once would install over each other
    flock 9
fi

python=${PYTHON:-$(find_python)} || fail "no Python 3.11 or newer on the PATH. Install one (Debian, Ubuntu: python3 python3-venv)."
uv=$(find_uv)
export UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true  # the machine's own certificates: companies often have one more
UV_PROJECT_ENVIRONMENT="$venv" "$uv" sync --locked --all-extras --quiet --python "$python"
install_libmagic
