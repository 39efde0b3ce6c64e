#!/bin/sh
# Does what README's section "A first program" says, without a network, in a
# temporary folder with the clone beside it. The section's ```go block is the
# program, its ```sh block the commands, and its block without a language what
# they print.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ln -s "$root" "$dir/goroberta"
mkdir "$dir/hello"
cd "$dir/hello"
# block prints the section's block that begins with the line $1.
block() {
	awk -v first="$1" '
		/^```/ { inside = !inside; wanted = inside && section && $0 == first; next }
		/^## / && !inside { section = $0 == "## A first program" }
		wanted' "$root/README.md"
}
block '```go' >main.go
block '```sh' >"$dir/commands.sh"
block '```' >"$dir/want"
[ -s main.go ] && [ -s "$dir/commands.sh" ] && [ -s "$dir/want" ] ||
	{ echo "README has no section \"A first program\" with a program, commands and their output" >&2; exit 1; }
export GOPROXY=off GONOSUMDB=* GOWORK=off
sh -eu "$dir/commands.sh" >"$dir/got" 2>"$dir/stderr" || { cat "$dir/stderr" >&2; exit 1; }
diff "$dir/want" "$dir/got"
