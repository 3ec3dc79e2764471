#!/usr/bin/env bash
# Builds sbert on a machine with a GPU, checks it against the CPU, and times it beside sentence-transformers, in one call:
#
#     bench/gpu.sh --model MiniLM/ [--beir scifact/] [--debs FOLDER] [--output FOLDER] [STEP ...]
#
# Steps: build, parity, syncs, speed, fine-tune (all). Needs g++, cmake, ninja and a python3 with a CUDA torch, transformers
# and sentence-transformers; nothing is fetched. --debs is a folder of the Debian packages that the build needs (their
# names: debian_packages in ./run, with the libraries behind them), for a machine that cannot install them: they are
# unpacked, not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

model='' beir='' debs='' output=build/gpu-results steps=()
while [ $# -gt 0 ]; do
    case $1 in
        --model | --beir | --debs | --output)
            declare "${1#--}=${2:?$1 needs a value}"
            shift 2
            ;;
        build | parity | syncs | speed | fine-tune) steps+=("$1"); shift ;;
        *) sed -n '2,9p' "$0" | cut -c3- >&2; exit 2 ;;
    esac
done
[ ${#steps[@]} -gt 0 ] || steps=(build parity syncs speed fine-tune)
mkdir -p "$output"
program=build/gpu/bin/sbert
deps=$PWD/build/gpu-deps

build() {
    local torch package
    torch=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))')
    if [ -n "$debs" ]; then
        mkdir -p "$deps"
        for package in "$debs"/*.deb; do dpkg -x "$package" "$deps"; done
        # Links from the root lead into what was unpacked.
        find "$deps" -lname '/*' | while read -r link; do ln -sf "$deps$(readlink "$link")" "$link"; done
    fi
    # Compilers other than the project's own warn of other things.
    cmake -S . -B build/gpu -G Ninja -DTORCH_DIR="$torch" -DCMAKE_PREFIX_PATH="$deps/usr" -DCMAKE_BUILD_TYPE=None \
        -DCMAKE_CXX_FLAGS="-O2 -g1 -Wno-error -isystem $deps/usr/include" -DCMAKE_LIBRARY_ARCHITECTURE=x86_64-linux-gnu \
        -DBUILD_TESTING=OFF -DSBERT_BUILD_BENCH=OFF -DCMAKE_BUILD_RPATH="$deps/usr/lib/x86_64-linux-gnu;$deps/lib/x86_64-linux-gnu" \
        -DCMAKE_EXE_LINKER_FLAGS="-Wl,-rpath-link,$deps/usr/lib/x86_64-linux-gnu:$deps/lib/x86_64-linux-gnu"
    cmake --build build/gpu --target sbert sbert-torch
    "$program" --version
    "$program" train --help >/dev/null
}

export OMP_WAIT_POLICY=passive
for step in "${steps[@]}"; do
    printf '\n== %s (%s)\n' "$step" "$(date +%T)"
    case $step in
        build) build ;;
        parity) python3 -B bench/gpu/parity.py "$program" "$model" --output "$output" ;;
        syncs) python3 -B bench/gpu/syncs.py "$program" "$model" --output "$output" ;;
        speed) python3 -B bench/gpu/speed.py "$program" "$model" --output "$output" ;;
        fine-tune)
            [ -n "$beir" ] || { echo "no --beir: left out"; continue; }
            python3 -B examples/beir-fine-tune/compare_negatives.py --sbert "$program" --model "$model" --beir "$beir" \
                --folder "$output/fine-tune" --jobs 4
            ;;
    esac
done
