# Sourced, not run: gives `set_up SET`, which makes $venv hold the light core, "dev" or "full" of this project.
# A second call finds the stamp of the first and returns at once. Everything it says goes to stderr.

root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
venv="$root/.venv"

say() { printf 'peeler: %s\n' "$*" >&2; }

set_up() {
    local set="$1" stamp="$venv/ready-$1" print started=$SECONDS
    print="$(fingerprint)"
    [ "$(cat "$stamp" 2>/dev/null)" != "$print" ] || return 0
    exec 9<"${BASH_SOURCE[0]}"
    ! command -v flock >/dev/null || flock 9
    if [ "$(cat "$stamp" 2>/dev/null)" != "$print" ]; then
        say "setting up .venv ($set); only the first use takes this long"
        make_venv
        install_set "$set"
        printf '%s\n' "$print" >"$stamp"
        say "ready after $((SECONDS - started)) s"
    fi
    exec 9<&-
}

# What an installation depends on; the place is part of it, since a virtual environment cannot be moved.
fingerprint() {
    { printf '%s\n' "$root"; cat "$root/pyproject.toml" "$root/constraints.txt"; } | cksum
}

make_venv() {
    ! is_fit "$venv/bin/python" || return 0
    if command -v uv >/dev/null; then
        uv venv --quiet --clear --python ">=3.11,<3.14" "$venv" >&2
        return
    fi
    local python
    python="$(find_python)" || { say "needs Python 3.11, 3.12 or 3.13 (or uv, which brings its own)"; return 1; }
    if ! "$python" -m venv --clear "$venv" >&2; then
        rm -rf -- "$venv"
        say "$python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv"
        return 1
    fi
}

install_set() {
    local what="$root"
    case "$1" in
        dev) what="$root[dev,vlm,flux,export]" ;;
        full) what="$root[flux,vlm,export]" ;;
    esac
    if command -v uv >/dev/null; then
        uv pip install --python "$venv/bin/python" -c "$root/constraints.txt" -e "$what" >&2
    else
        "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >&2
        "$venv/bin/python" -m pip install --disable-pip-version-check -c "$root/constraints.txt" -e "$what" >&2
    fi
}

find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3 python; do
        if is_fit "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

is_fit() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}
