#!/bin/sh
# Measures goroberta beside other runtimes and prints a Markdown table: what
# `make bench-peers` calls. README.md tells what can be set. Further arguments go
# to `bench_peers.py run`.
set -eu
name=bench-peers
. "$(dirname "$0")/setup.sh"

models=${MODELS:-base large}
threads=${THREADS:-$([ "$cpus" = 1 ] && echo 1 || echo 1,2)}
rounds=${ROUNDS:-5}
precision=${PRECISION:-fp32}
made_with bench-peers run.sh "PRECISION MODELS THREADS SHAPES ROUNDS" "$@"
environment requirements "$dir/models" "numpy, torch, transformers"
bench() { "$venv/bin/python" "$here/bench_peers.py" "$@"; }
build

: >"$results"
for model in $models; do
	bench prepare --model "$model" --work "$dir/models" --precision "$precision" >&2
	bench run --model "$model" --work "$dir/models" --precision "$precision" --threads "$threads" ${SHAPES:+--shapes "$SHAPES"} --rounds "$rounds" \
		--log "$results.log" --command "$made_with" --exec "goroberta='$dir/goroberta' -threads {threads} -precision {precision} {dir}/model.pt" "$@" >>"$results"
done
echo "bench-peers: every measurement is in $results, what the programs said in $results.log" >&2
bench table "$results"
