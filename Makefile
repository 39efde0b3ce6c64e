# Every module of the repository; a clone ties them together with go.work.
MODULES = . models/pocket cmd/roberta examples internal/simd/_gen tools/peers
FUZZTIME ?= 1m
COUNT ?= 6

# The race detector needs cgo and a C compiler on most systems. Where that is
# missing tests run without it; CI sets RACE=-race, so that it cannot go unnoticed.
RACE ?= $(shell [ "$$(go env CGO_ENABLED)" = 1 ] && command -v "$$(go env CC)" >/dev/null 2>&1 && echo -race)

.PHONY: test check generated portable lint fuzz bench bench-peers

# test runs every test with the race detector, and without it the models of the
# published sizes.
test:
	@set -e; for m in $(MODULES); do (cd $$m && go test $(RACE) ./...); done
	go test -run TestSynthetic ./roberta

# check is all that needs no tests to be run: formatting, vet, lint, other
# platforms, and whether generated files are what the generators write.
check: lint generated portable

lint: .bin/staticcheck
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "gofmt would change: $$files" >&2; exit 1; fi
	@set -e; for m in $(MODULES); do (cd $$m && go vet ./... && $(CURDIR)/.bin/staticcheck ./...); done

.bin/staticcheck: tools/go.mod tools/go.sum
	@cd tools && GOWORK=off go build -o ../.bin/staticcheck honnef.co/go/tools/cmd/staticcheck

GENERATED = $$(git ls-files '*.s' 'internal/simd/stubs_*.go' bpe/gpt2.bin.zst bpe/classes_table.go)

generated:
	@before=$$(sha256sum $(GENERATED)); go generate ./internal/simd ./bpe; \
	if [ "$$before" != "$$(sha256sum $(GENERATED))" ]; then echo "generated files differ from what go generate writes" >&2; git diff --stat -- $(GENERATED) >&2; exit 1; fi

# portable compiles for platforms that this one is not, and runs what can be
# run of them: the build without assembly, and arm64 under qemu where that is.
portable:
	@set -e; for p in linux/arm64 linux/386 darwin/arm64 windows/amd64; do \
		GOOS=$${p%/*} GOARCH=$${p#*/} go vet ./... ./models/pocket/... ./cmd/roberta/... ./examples/...; \
	done
	go test -tags purego ./internal/simd ./weights ./bpe
	go test -tags purego -short ./roberta
	@if command -v qemu-aarch64 >/dev/null; then \
		set -e; for p in internal/simd roberta; do \
			GOARCH=arm64 go test -c -o .bin/arm64.test ./$$p; \
			(cd $$p && GOROBERTA_REQUIRE_SIMD=neon qemu-aarch64 $(CURDIR)/.bin/arm64.test -test.short -test.run '^Test(Bits|RowFunctions|SoftmaxRows|AddLayerNormRows|Product|Half|Pack|FMA|TinyForms|Variants|OneResult|FullDictionary)') ; \
		done; \
	else echo "no qemu-aarch64: arm64 is compiled but not run"; fi

# fuzz gives every fuzz target FUZZTIME. Go's fuzzer fails now and then with
# "context deadline exceeded" when its time is over; what
# counts is a failing input.
fuzz:
	@set -e; mkdir -p .bin; for p in $$(git grep -l 'func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -ho 'func Fuzz[A-Za-z0-9]*' $$p/*_test.go | cut -c6-); do \
			echo "$$p $$f"; \
			(cd $$p && go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x .) >.bin/fuzz.log 2>&1 || \
				{ grep -q 'context deadline exceeded' .bin/fuzz.log && ! grep -q 'Failing input' .bin/fuzz.log; } || { cat .bin/fuzz.log; exit 1; }; \
			tail -n 1 .bin/fuzz.log; \
		done; \
	done

# bench writes what benchstat reads.
bench:
	go test -run '^$$' -bench . -count $(COUNT) ./internal/simd ./bpe ./roberta

# bench-peers measures goroberta beside other runtimes; see tools/peers/README.md.
# MODELS, THREADS, SHAPES, ROUNDS and PEERS_DIR can be set: make bench-peers MODELS=base
bench-peers:
	@sh tools/peers/run.sh
