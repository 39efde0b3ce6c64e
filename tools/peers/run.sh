#!/bin/sh
# Measures goroberta beside other runtimes and prints a Markdown table: what
# `make bench-peers` calls. README.md tells what can be set. Further arguments go
# to `bench_peers.py run`.
set -eu

fail() { echo "bench-peers: $*" >&2; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
dir=${PEERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/goroberta-peers}
python=${PYTHON:-python3}

[ "$(uname -s)" = Linux ] || fail "needs Linux: it pins processes to CPUs and reads /proc"
command -v go >/dev/null || fail "go is not there"
command -v "$python" >/dev/null || fail "$python is not there: install Python 3.11 or newer, or set PYTHON"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$python is too old: Python 3.11 or newer is needed"

cpus=$(nproc)
models=${MODELS:-base large}
threads=${THREADS:-$([ "$cpus" = 1 ] && echo 1 || echo 1,2)}
rounds=${ROUNDS:-5}

# The table says how it was made.
set_by_caller=
for v in MODELS THREADS SHAPES ROUNDS; do
	eval "value=\${$v-}"
	case $value in
	'') ;;
	*' '*) set_by_caller="$set_by_caller $v='$value'" ;;
	*) set_by_caller="$set_by_caller $v=$value" ;;
	esac
done
if [ $# = 0 ]; then made_with="make bench-peers$set_by_caller"; else made_with="env$set_by_caller tools/peers/run.sh $*"; fi

mkdir -p "$dir/results"
dir=$(cd "$dir" && pwd)

# Other versions need another environment, and may write other model files.
if ! cmp -s "$here/requirements.txt" "$dir/requirements.txt"; then
	"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python has no venv module: install it (Debian: apt install python3-venv)"
	echo "bench-peers: installing the runtimes in $dir (some 6 GB)" >&2
	rm -rf "$dir/venv" "$dir/models"
	"$python" -m venv "$dir/venv" >&2
	install() { "$dir/venv/bin/python" -m pip install --disable-pip-version-check --quiet "$@" >&2 </dev/null; }
	if ! install -r "$here/requirements.txt"; then
		grep -v '^#' "$here/requirements.txt" | while read -r package; do
			install "$package" || echo "bench-peers: goes on without $package" >&2
		done
	fi
	"$dir/venv/bin/python" -c 'import numpy, torch, transformers' || fail "cannot do without torch, transformers and numpy"
	cp "$here/requirements.txt" "$dir/requirements.txt"
fi
export PYTHONDONTWRITEBYTECODE=1 # nothing is written into the repository
bench() { "$dir/venv/bin/python" "$here/bench_peers.py" "$@"; }

version=$(git -C "$here" describe --always 2>/dev/null || echo unknown)
# Only what is compiled counts, so that a table written into a document does not.
[ -z "$(git -C "$here/../.." status --porcelain --untracked-files=all -- '*.go' '*.s' '*go.mod' 2>/dev/null)" ] || version=$version-dirty
(cd "$here" && GOWORK=off go build -ldflags "-X main.version=$version" -o "$dir/goroberta" .)

results=$dir/results/$(date +%Y%m%d-%H%M%S).jsonl
: >"$results"
for model in $models; do
	bench prepare --model "$model" --work "$dir/models" >&2
	bench run --model "$model" --work "$dir/models" --threads "$threads" ${SHAPES:+--shapes "$SHAPES"} --rounds "$rounds" \
		--log "$results.log" --command "$made_with" --exec "goroberta='$dir/goroberta' -threads {threads} {dir}/model.pt" "$@" >>"$results"
done
echo "bench-peers: every measurement is in $results, what the programs said in $results.log" >&2
bench table "$results"
