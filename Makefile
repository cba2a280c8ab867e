# Everything that this project can do with itself. Each target installs what it needs first (Debian 12), if it may.

CMAKE_PRESETS := dev release asan tsan fuzz bench tidy
JOBS ?= $(shell nproc)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export KUBEVIGIL_CORPUS ?= $(CURDIR)/../shared/corpus

.PHONY: run test check soak bench bench-peers docs format lint clean packages packages-test packages-check kafka-jars help $(CMAKE_PRESETS:%=build-%)

help:
	@echo 'make run     build the release binary and show the bundled intrusion'
	@echo 'make test    build and run every test'
	@echo 'make check   clang, ASan+UBSan, TSan, tidy, format, fuzzing from seeds, instructions against bench/instructions.txt'
	@echo 'make soak    the long proofs: half an hour of serve with faults, many more seeds, longer fuzzing'
	@echo 'make bench   benchmarks; each checks its answer first'
	@echo 'make bench-peers  replay against wc, ripgrep, jq, orjson, Go and DuckDB, with equal answers'
	@echo 'make docs    write the pages anew that are made from tables and rules'
	@echo 'make format  rewrite the sources in the house format;  make lint  tidy and format, checking only'
	@echo 'make clean   remove build/'

packages:
	@.ci/install-packages packages
packages-test:
	@.ci/install-packages packages packages-test
packages-check:
	@.ci/install-packages packages packages-test packages-check
kafka-jars: packages-test
	@.ci/kafka-jars

run: build-release
	@echo
	build/release/kubevigil demo --output table

test: packages-test kafka-jars build-dev
	cd build/dev && ctest --output-on-failure -j $(JOBS) --output-junit test-results.xml

check: packages-check kafka-jars
	.ci/check

soak: packages-check kafka-jars build-asan build-release
	.ci/soak

bench: kafka-jars build-bench
	.ci/bench

bench-peers: TARGETS := kubevigil kubevigil-generate kubevigil-bench-rules
bench-peers: build-bench
	.ci/bench-peers

docs: TARGETS := kubevigil
docs: build-dev
	@page() { build/dev/kubevigil $$2 $$3 > build/page && mv build/page $$1 && echo "wrote $$1"; } && \
	page detections/CATALOGUE.md rules catalogue && \
	page detections/COVERAGE.md rules coverage && \
	page engine/base/metrics.md schema metrics && \
	page deploy/formats.md schema formats && \
	page deploy/self-alerts.md schema self-alerts

format: packages-check
	git ls-files '*.cpp' '*.h' | xargs clang-format-16 -i
lint: packages-check
	.ci/lint

clean:
	rm -rf build

build-release: TARGETS := kubevigil
$(CMAKE_PRESETS:%=build-%): build-%: packages
	@case $* in asan|tsan|fuzz|tidy) .ci/install-packages packages packages-check ;; esac
	@[ -f build/$*/build.ninja ] || cmake --preset $*
	ninja -C build/$* -j $(JOBS) $(TARGETS)
