#!/bin/sh
# Measures goroberta's pipelines beside sentence-transformers, transformers and infinity, and
# prints Markdown tables: what `make bench-pipelines` calls. README.md tells what can be
# set. Further arguments go to `bench_pipelines.py run`.
set -eu
name=bench-pipelines
. "$(dirname "$0")/setup.sh"

models=${MODELS:-small base}
threads=${THREADS:-$([ "$cpus" = 1 ] && echo 1 || echo 1,2)}
rounds=${ROUNDS:-5}
made_with bench-pipelines pipelines.sh "MODELS THREADS TASKS ROUNDS" "$@"
environment requirements-pipelines "$dir/pipelines" "torch, transformers, sentence_transformers"
bench() { "$venv/bin/python" "$here/bench_pipelines.py" "$@"; }
build

: >"$results"
for model in $models; do
	bench prepare --model "$model" --work "$dir/pipelines" --goroberta "$dir/goroberta" >&2
	bench run --model "$model" --work "$dir/pipelines" --goroberta "$dir/goroberta" --threads "$threads" ${TASKS:+--tasks "$TASKS"} --rounds "$rounds" \
		--log "$results.log" --command "$made_with" "$@" >>"$results"
done
echo "bench-pipelines: every measurement is in $results, what the programs said in $results.log" >&2
bench table "$results"
