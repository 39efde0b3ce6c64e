# What run.sh and pipelines.sh begin with, for the shell to source: $dir, $python, $cpus, and
# the functions below.

fail() { echo "$name: $*" >&2; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
dir=${PEERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/goroberta-peers}
python=${PYTHON:-python3}
export PYTHONDONTWRITEBYTECODE=1 # nothing is written into the repository

[ "$(uname -s)" = Linux ] || fail "needs Linux: it pins processes to CPUs and reads /proc"
command -v go >/dev/null || fail "go is not there"
command -v "$python" >/dev/null || fail "$python is not there: install Python 3.11 or newer, or set PYTHON"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$python is too old: Python 3.11 or newer is needed"

cpus=$(nproc)

# made_with sets $made_with to how this run is made: a make target, or the script with
# arguments. The tables say it.
made_with() {
	target=$1 script=$2 vars=$3
	shift 3
	set_by_caller=
	for v in $vars; do
		eval "value=\${$v-}"
		case $value in
		'') ;;
		*' '*) set_by_caller="$set_by_caller $v='$value'" ;;
		*) set_by_caller="$set_by_caller $v=$value" ;;
		esac
	done
	if [ $# = 0 ]; then made_with="make $target$set_by_caller"; else made_with="env$set_by_caller tools/peers/$script $*"; fi
}

# environment REQUIREMENTS MODELS PACKAGES... makes $dir/venv-REQUIREMENTS. Other versions
# need another environment, and may write other model files, which are in MODELS. It cannot
# do without PACKAGES.
environment() {
	requirements=$1 models_dir=$2 packages=$3
	venv=$dir/venv-$requirements nodeps=$here/$requirements.nodeps.txt
	wanted() { cat "$here/$requirements".*; } # with nodeps, if there is one
	wanted | cmp -s - "$venv/requirements.txt" && return
	"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python has no venv module: install it (Debian: apt install python3-venv)"
	echo "$name: installing what is measured in $venv (some 6 GB)" >&2
	rm -rf "$venv" "$models_dir"
	"$python" -m venv "$venv" >&2
	install() { "$venv/bin/python" -m pip install --disable-pip-version-check --quiet "$@" >&2 </dev/null; }
	if ! install -r "$here/$requirements.txt"; then
		grep -v '^#' "$here/$requirements.txt" | while read -r package; do
			install "$package" || echo "$name: goes on without $package" >&2
		done
	fi
	if [ -f "$nodeps" ]; then install --no-deps -r "$nodeps" || echo "$name: goes on without $(grep -v '^#' "$nodeps")" >&2; fi
	"$venv/bin/python" -c "import $packages" || fail "cannot do without $packages"
	wanted >"$venv/requirements.txt"
}

# build makes $dir/goroberta.
build() {
	version=$(git -C "$here" describe --always 2>/dev/null || echo unknown)
	# Only what is compiled counts, so that a table written into a document does not.
	[ -z "$(git -C "$here/../.." status --porcelain --untracked-files=all -- '*.go' '*.s' '*go.mod' 2>/dev/null)" ] || version=$version-dirty
	(cd "$here" && GOWORK=off go build -ldflags "-X main.version=$version" -o "$dir/goroberta" .)
}

mkdir -p "$dir/results"
dir=$(cd "$dir" && pwd)
results=$dir/results/$(date +%Y%m%d-%H%M%S).jsonl
