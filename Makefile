# Every module of the repository; a clone ties them together with go.work.
MODULES = . models/pocket hub beam cmd/roberta examples examples/beam internal/simd/_gen tools/peers
FUZZTIME ?= 1m
COUNT ?= 6

# The race detector needs cgo and a C compiler on most systems. Where that is
# missing tests run without it; CI sets RACE=-race, so that it cannot go unnoticed.
RACE ?= $(shell [ "$$(go env CGO_ENABLED)" = 1 ] && command -v "$$(go env CC)" >/dev/null 2>&1 && echo -race)

# The modules that need Apache Beam. To build what Beam needs a second time, for the race
# detector, takes minutes, so that is done when it is asked for: make test BEAM_RACE=-race.
BEAM = beam examples/beam
BEAM_RACE ?=

# Platforms that the library is known to build for. s390x is big-endian.
PLATFORMS = linux/amd64 linux/arm64 linux/386 linux/arm linux/riscv64 linux/loong64 linux/ppc64le linux/s390x \
	darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 freebsd/amd64 js/wasm wasip1/wasm

.PHONY: test check generated platforms purego wasm arm64 avx512 tidy lint fuzz bench bench-peers bench-pipelines quality pocket-heads flink bench-flink

# Tests have no time limits of their own: go test ends one that hangs. Its default of
# 10 minutes for a package is too short on a busy machine.
GOTEST = go test -timeout 40m

# test runs every test with the race detector, but for Beam's. Two tests then run without it: the
# models of the published sizes, which would take minutes with it, and the hammer,
# with so little memory that the garbage collector runs all the time.
test:
	@set -e; for m in $(filter-out examples $(BEAM),$(MODULES)); do (cd $$m && $(GOTEST) $(RACE) ./...); done
	@set -e; for m in $(BEAM); do (cd $$m && $(GOTEST) $(BEAM_RACE) ./...); done
	cd examples && $(GOTEST) $(RACE) -count 1 ./... # the cache does not see changes of documents
	$(GOTEST) -run TestSynthetic ./roberta
	GOGC=1 GOMEMLIMIT=20MiB GOROBERTA_HAMMER=10s $(GOTEST) -count 1 -run TestHammer ./roberta

# check is the rest, the cheapest first: formatting, vet and lint, generated
# files, and what the library does on other platforms.
check: lint tidy generated purego wasm arm64 platforms

lint: .bin/staticcheck
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "gofmt would change: $$files" >&2; exit 1; fi
	@set -e; for m in $(MODULES); do (cd $$m && go vet ./... && $(CURDIR)/.bin/staticcheck ./...); done

.bin/staticcheck: tools/go.mod tools/go.sum
	@cd tools && GOWORK=off go build -o ../.bin/staticcheck honnef.co/go/tools/cmd/staticcheck

GENERATED = $$(git ls-files '*.s' 'internal/simd/stubs_*.go' bpe/gpt2.bin.zst bpe/classes_table.go)

generated:
	@before=$$(sha256sum $(GENERATED)); go generate ./internal/simd ./bpe; \
	if [ "$$before" != "$$(sha256sum $(GENERATED))" ]; then echo "generated files differ from what go generate writes" >&2; git diff --stat -- $(GENERATED) >&2; exit 1; fi

# tidy fails if a module's go.mod or go.sum is not what go mod tidy writes.
tidy:
	@set -e; for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy -diff); done

# platforms compiles the library and its command for every platform on the list, without
# optimising, which takes a third less time.
platforms:
	@set -e; for p in $(PLATFORMS); do \
		echo "build $$p"; CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build -gcflags='all=-N -l -dwarf=false' ./... ./models/pocket ./hub ./cmd/roberta; \
	done

# purego runs the build without assembly and without unsafe.
purego:
	$(GOTEST) -tags purego -short ./internal/... ./weights ./tokenizer ./bpe ./roberta

# WASM lists the tests that run in node, as package:pattern.
WASM = internal/simd:^TestLevelsProduct weights:. tokenizer:. bpe:^TestGolden roberta:^TestLevels

# wasm runs tests in node, with portable kernels. A pattern that matches no test
# fails. TestAmplification takes as long as all others together and finds nothing
# there that it does not find elsewhere.
wasm:
	@if command -v node >/dev/null; then \
		set -e; mkdir -p .bin; for p in $(WASM); do \
			GOOS=js GOARCH=wasm $(GOTEST) -exec "$$(go env GOROOT)/lib/wasm/go_js_wasm_exec" -short -v -run "$${p#*:}" -skip TestAmplification ./$${p%%:*} >.bin/wasm.log 2>&1 || { grep -Ev '^=== |^ *--- (PASS|SKIP)' .bin/wasm.log; exit 1; }; \
			n=$$(grep -c '^--- PASS' .bin/wasm.log || true); echo "js/wasm $$p: $$n tests"; \
			[ $$n -gt 0 ] || { echo "no test of $$p ran in node" >&2; exit 1; }; \
		done; \
	else echo "no node: wasm is compiled but not run"; fi

# arm64 runs, under qemu, the tests that depend on the instruction set. Their names
# begin with TestLevels; those of roberta cover internal/nn. A package that has such
# tests and runs none fails. The processor has SDOT; those tests for which that matters
# run once more on one without.
arm64:
	@if command -v qemu-aarch64 >/dev/null; then \
		set -e; mkdir -p .bin; \
		run() { \
			GOARCH=arm64 go test -c -o .bin/arm64.test ./$$3; \
			(cd $$3 && GOROBERTA_REQUIRE_SIMD=$$2 qemu-aarch64 -cpu $$1 $(CURDIR)/.bin/arm64.test -test.short -test.v -test.run "$$4") >.bin/arm64.log 2>&1 || { grep -Ev '^=== |^ *--- (PASS|SKIP)' .bin/arm64.log; exit 1; }; \
			n=$$(grep -c '^--- PASS: TestLevels' .bin/arm64.log || true); echo "arm64 $$3 on $$1: $$n tests"; \
			[ $$n -gt 0 ] || { echo "no test of $$3 ran for arm64" >&2; exit 1; }; \
		}; \
		for p in $$(git grep -l 'func TestLevels' -- '*_test.go' | xargs -n1 dirname | sort -u); do run max neon,dot $$p '^TestLevels'; done; \
		run cortex-a53 neon internal/simd '^TestLevelsInt8'; \
	else echo "no qemu-aarch64: arm64 is compiled but not run"; fi

# avx512 runs the kernels' tests in an emulator, for machines without AVX-512. It takes
# minutes, and needs Debian's packages (tools/avx512/run.sh), so check leaves it out. With
# AVX512_BOCHS=FOLDER, the source of a newer Bochs, it builds that once and has AVX-VNNI
# and AVX512-BF16 too, beside AVX512-VNNI.
avx512:
	@sh tools/avx512/run.sh

# flink runs pipelines on Apache Flink, and bench-flink measures them; see
# beam/internal/flinktest/README.md. Maven fetches the jars into FLINK_DIR, once for
# each version of the list.
FLINK_DIR ?= $(HOME)/.cache/goroberta-flink
FLINK_POM = beam/internal/flinktest/pom.xml

flink:
	@if command -v java >/dev/null && command -v mvn >/dev/null; then \
		set -e; jars=$(FLINK_DIR)/$$(sha256sum $(FLINK_POM) | cut -c1-12); \
		if [ ! -f $$jars/complete ]; then mvn -q -B -f $(FLINK_POM) dependency:copy-dependencies -DoutputDirectory=$$jars; touch $$jars/complete; fi; \
		cd $(dir $(FLINK_POM)) && GOROBERTA_FLINK_JARS=$$jars $(GOTEST) -count 1 -v $(FLINK_TESTS) .; \
	else echo "no java or no mvn: Flink is not tested"; fi

bench-flink:
	@$(MAKE) --no-print-directory flink FLINK_TESTS="-run=NoTest -bench=. -benchtime=1x"

# fuzz gives every fuzz target FUZZTIME. At the end of that time Go's fuzzer now and
# then fails with "context deadline exceeded". That is no failure unless it names a
# failing input.
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
	go test -run '^$$' -bench . -count $(COUNT) ./internal/simd ./bpe ./internal/nn

# bench-peers measures goroberta beside other runtimes; see tools/peers/README.md.
# PRECISION, MODELS, THREADS, SHAPES, ROUNDS and PEERS_DIR can be set: make bench-peers
# PRECISION=int8 MODELS=base
bench-peers:
	@sh tools/peers/run.sh

# bench-pipelines measures pipelines beside sentence-transformers, transformers and
# infinity; MODELS, THREADS, TASKS, ROUNDS and PEERS_DIR can be set.
bench-pipelines:
	@sh tools/peers/pipelines.sh

# quality measures what int8 and bf16 cost in quality, beside other runtimes; see
# tools/peers/README.md. TEXTS and PEERS_DIR can be set.
quality:
	@sh tools/peers/quality.sh

# pocket-heads fits the pocket model's heads for sentiment and entities anew, with the
# same bits, in models/pocket/pocket.safetensors.zst.
pocket-heads:
	@sh models/pocket/training/fit.sh
