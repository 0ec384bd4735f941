#!/usr/bin/env bash
# Set up what the tests need and run them all; arguments go to pytest: bash test.sh [tests/flat] [-k name] ...
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/inference/setup.sh"
set_up dev
cd -- "$root"
exec "$venv/bin/python" -m pytest -n 2 "$@"
