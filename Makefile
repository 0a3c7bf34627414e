# What is built, run and checked. `make test` is the whole check, and all that CI runs.

GO  ?= go
APT := DEBIAN_FRONTEND=noninteractive apt-get

.PHONY: help build run demo test chromium format vet staticcheck unit e2e fuzz bench first-picture weather clean

help:
	@echo 'make demo    a whole contact centre on localhost (no accounts needed)'
	@echo 'make run     the server, configured by VIDEOLEG_... variables'
	@echo 'make build   bin/videoleg, one static binary'
	@echo 'make test    formatting, vet, staticcheck, race tests, and the browser tests in Chromium'
	@echo 'make fuzz    every fuzz target for FUZZTIME (10s)'
	@echo 'make first-picture   how soon the agent sees the customer'
	@echo 'make weather   what is seen in loss, delay, jitter and on a narrow path, with and without the relay (8 min)'
	@echo 'make bench   what relaying costs, beside plain relays in one run, and the other benchmarks without a browser (2 min)'

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/videoleg ./cmd/videoleg

run:
	$(GO) run ./cmd/videoleg serve

demo:
	$(GO) run ./cmd/videoleg demo

# The browser tests get the machine to themselves, after the others.
test: chromium format vet staticcheck unit e2e

# Any Chromium will do: $CHROMIUM, one on the PATH, or Debian's where we may install it.
chromium:
	@[ -n "$$CHROMIUM" ] || command -v chromium chromium-browser google-chrome >/dev/null || { \
	  echo 'installing Chromium'; \
	  as=; [ "$$(id -u)" = 0 ] || as='sudo -n'; \
	  $$as $(APT) -qq update && $$as $(APT) -qq install -y --no-install-recommends chromium </dev/null; \
	} || { echo 'no Chromium, and it cannot be installed here: set CHROMIUM to one' >&2; exit 1; }

format:
	@bad=$$(gofmt -l .) && [ -z "$$bad" ] || { echo "not formatted (gofmt -w): $$bad" >&2; exit 1; }

vet:
	$(GO) vet ./...

staticcheck:
	$(GO) tool staticcheck ./...

unit:
	$(GO) test -race -shuffle=on -timeout 15m $$($(GO) list ./... | grep -v '/e2e')

e2e:
	VIDEOLEG_E2E=required $(GO) test -race -shuffle=on -timeout 30m -p 1 ./e2e/...

FUZZTIME ?= 10s
fuzz:
	@$(GO) list -f '{{.ImportPath}} {{.Dir}}' ./... | while read -r pkg dir; do \
	  for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$dir"/*_test.go 2>/dev/null); do \
	    echo "$$pkg $$target"; \
	    $(GO) test "$$pkg" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) || exit 1; \
	  done; \
	done

# How soon the agent sees the customer; see docs/performance.md.
first-picture: chromium
	VIDEOLEG_E2E=required $(GO) test -count=1 -run '^TestFirstPicture$$|^TestReloadIsSoon$$' -bench FirstPicture -v ./e2e

weather: chromium
	VIDEOLEG_E2E=required $(GO) test -count=1 -timeout 30m -run '^$$' -bench Weather -benchtime 1x ./e2e

bench:
	$(GO) test -p 1 -run '^$$' -bench . $$($(GO) list ./... | grep -v '/e2e')

clean:
	rm -rf bin
