#!/usr/bin/env bash
# run.sh PRESET [FOLDER] [--full] [OPTION ...]: peel the test set, or FOLDER, by a preset of this folder.
# Options go to `peeler batch`. Installs the light core; with --full, --remover flux or a GPU, the large models too.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/setup.sh"

preset="$1"
shift
pictures="$root/data/testset/png"
[ ! -d "${1:-}" ] || { pictures="$1"; shift; }

set=core
! nvidia-smi --list-gpus >/dev/null 2>&1 || set=full
options=()
for option in "$@"; do
    case "$option" in
        --full) set=full ;;
        flux) set=full; options+=("$option") ;;
        *) options+=("$option") ;;
    esac
done

set_up "$set"
exec "$venv/bin/peeler" batch "$pictures" --preset "$preset" -o "$root/outputs/$preset" ${options[@]+"${options[@]}"}
