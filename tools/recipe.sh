#!/bin/sh
# Makes a module in a temporary folder as README tells, with a clone beside it
# and no network, and runs README's first program in it. What README prints
# between ```sh after "A module of yours uses a clone" and between ```go is used
# as it stands.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ln -s "$root" "$dir/goroberta"
mkdir "$dir/yours"
cd "$dir/yours"
sed -n '/^```go$/,/^```$/{/^```/d;p}' "$root/README.md" >main.go
sed -n '/^No version is published yet/,$p' "$root/README.md" | sed -n '/^```sh$/,/^```$/{/^```/d;p}' >commands.sh
[ -s main.go ] && [ -s commands.sh ] || { echo "README has no program or no recipe" >&2; exit 1; }
export GOPROXY=off GOWORK=off GONOSUMDB=* GOFLAGS=-mod=mod
go mod init example.org/yours 2>/dev/null
sh -e ./commands.sh
go run .
