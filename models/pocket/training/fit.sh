#!/bin/sh
# Fits the heads sentiment and entities of the pocket model on the examples in this folder,
# and writes the model anew: the same bits each time. `make pocket-heads` calls it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here/../../../cmd/roberta"
go build -o "$work/roberta" .
"$work/roberta" fit -m pocket --head sentiment --input "$here/sentiment.jsonl" --test "$here/sentiment.test.jsonl" --worst 0 "$work/1.safetensors"
"$work/roberta" fit -m "$work/1.safetensors" --head entities --c 0.003 --input "$here/entities.jsonl" --test "$here/entities.test.jsonl" --worst 0 "$work/2.safetensors"
"$work/roberta" convert --zstd "$work/2.safetensors" "$here/../pocket.safetensors.zst"
