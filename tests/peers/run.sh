#!/usr/bin/env bash
# Compares the program with other programs' answers: tests/peers/run.sh PROGRAM MODEL_FOLDER
# The others are installed once, into ${SBERT_CACHE}/peers (5 GB: torch's wheel wants its GPU packages); SBERT_PEER_PYTHON
# names a Python that has them already. Exit 0: all answers are the same.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")

packages=(tokenizers==0.23.3 sentence-transformers==6.2.0 torch==2.15.0 'tensorboard==2.21.*' 'wandb>=0.31,<0.32'
    pytrec-eval-terrier==0.5.11 scipy==1.17.1 scikit-learn==1.9.1)

[ $# = 2 ] || { echo "usage: tests/peers/run.sh PROGRAM MODEL_FOLDER" >&2; exit 2; }
program=$1 model=$2
[ -x "$program" ] || { echo "run.sh: no such program: $program" >&2; exit 2; }
[ -f "$model/tokenizer.json" ] || { echo "run.sh: no tokenizer.json in the model's folder: $model" >&2; exit 2; }

cache=${SBERT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sbert}
peers=$cache/peers
stamp=$peers/installed
python=${SBERT_PEER_PYTHON:-$peers/bin/python}
if [ -z "${SBERT_PEER_PYTHON:-}" ] && [ "$(cat "$stamp" 2>/dev/null)" != "${packages[*]}" ]; then
    echo "installing ${packages[*]} into $peers" >&2
    mkdir -p "$cache"
    python3 -m venv --clear "$peers"
    "$peers/bin/python" -m pip --disable-pip-version-check install --quiet "${packages[@]}"
    echo "${packages[*]}" >"$stamp"
fi

echo "tokenizer, random strings against ${packages[0]}:"
"$python" -B "$here/tokenizer_fuzz.py" "$program" "$model" --strings "${SBERT_PEER_STRINGS:-20000}" \
    --seed "${SBERT_PEER_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"

echo "model folders, in ${packages[1]}:"
"$python" -B "$here/checkpoint_parity.py" "$program" "$model"

echo "metrics of a training run, read by tensorboard and wandb:"
"$python" -B "$here/track.py" "$program"

echo "metrics and clusters, against pytrec_eval, scipy, scikit-learn and sentence-transformers:"
"$python" -B "$here/eval_parity.py" "$(dirname "$program")/../tests/metric_cases" --cases "${SBERT_PEER_CASES:-1000}"
