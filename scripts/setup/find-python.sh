#!/bin/sh
# Prints a Python that can set a station up: 3.11 or newer, that really runs and can make environments.
# 3.11 comes first, since that is what the locks were made for.
ask='import sys, ssl, sqlite3, ctypes, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'

try() {
    if "$1" -I -c "$ask" </dev/null >/dev/null 2>&1; then
        "$1" -I -c 'import sys; print(sys.executable)'
        exit 0
    fi
}

[ -n "$PYTHON" ] && try "$PYTHON"
for name in python3.11 python3 python3.12 python3.13 python3.14 python; do
    # Every folder of PATH: a pyenv shim that does not run may hide one that does.
    IFS=:
    for folder in $PATH; do
        [ -x "$folder/$name" ] && try "$folder/$name"
    done
    unset IFS
done
for found in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[1-9]*/bin/python3; do
    [ -x "$found" ] && try "$found"
done
if command -v uv >/dev/null 2>&1; then
    found=$(uv python find --no-project '>=3.11' 2>/dev/null) && try "$found"
fi

echo "Energy station needs Python 3.11 or newer with its venv module, and none that runs was found: \
please install one (on Debian or Ubuntu: apt install python3 python3-venv)." >&2
exit 1
