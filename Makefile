# Twinday. `make help` lists what there is.

# One set of flags everywhere: another set would compile everything again, and what is
# tested would not be what is shipped. -trimpath: no path of the machine that built it is inside.
# migrated_fynedo: the window only touches Fyne from its own goroutine.
# Machines with less than 8 GB of memory compile one package at a time: the
# Microsoft Graph SDK alone needs about 5 GB, once.
MEMORY_GB := $(shell awk '/^MemTotal/ {printf "%d", $$2/1000000}' /proc/meminfo 2>/dev/null || echo 8)
ONE_BY_ONE := $(if $(filter 0 1 2 3 4 5 6 7,$(MEMORY_GB)),-p=1)
export GOFLAGS := $(strip -buildvcs=false -trimpath -tags=migrated_fynedo $(ONE_BY_ONE))

# The Fyne window is C underneath.
export CGO_ENABLED := 1

# The OAuth clients that a build signs in as, without which people give their own
# (docs/clients.md): make build GOOGLE_CLIENT_ID=… GOOGLE_CLIENT_SECRET=… MICROSOFT_CLIENT_ID=…
GOOGLE_CLIENT_ID ?=
GOOGLE_CLIENT_SECRET ?=
MICROSOFT_CLIENT_ID ?=
CLIENTS := -X main.googleClientID=$(GOOGLE_CLIENT_ID) -X main.googleClientSecret=$(GOOGLE_CLIENT_SECRET) -X main.microsoftClientID=$(MICROSOFT_CLIENT_ID)

# The version is a tag's (v1.2.3), or else says what comes before the release that
# FyneApp.toml names: 1.2.3~git and when it was committed, which package managers sort
# below 1.2.3 and above each build before it. Nothing is of today or of this machine.
DIRTY := $(if $(shell git status --porcelain --untracked-files=no 2>/dev/null),.dirty)
COMMIT := $(shell git rev-parse --short=10 HEAD 2>/dev/null || echo unknown)$(DIRTY)
committed = $(shell TZ=UTC git log -1 --format=%cd --date=format-local:$(1) 2>/dev/null)
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
DATE := $(call committed,%Y-%m-%dT%H:%M:%SZ)
NEXT := $(shell sed -n 's/^Version = "\(.*\)"$$/\1/p' FyneApp.toml)
TAG := $(if $(DIRTY),,$(shell git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null))
VERSION := $(if $(TAG),$(TAG:v%=%),$(NEXT)~git$(call committed,%Y%m%d%H%M%S).$(COMMIT))

# What the linker writes into the program.
LINKED := -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE) $(CLIENTS)

BUILD_PACKAGES := gcc libc6-dev pkg-config libgl1-mesa-dev xorg-dev libwayland-dev libxkbcommon-dev
TEST_PACKAGES := curl jq dbus xvfb libgl1-mesa-dri chromium desktop-file-utils libglib2.0-bin appstream rpm xz-utils xdg-utils xdotool imagemagick tesseract-ocr tesseract-ocr-eng cyrus-caldav cyrus-imapd sasl2-bin radicale xandikos
PEER_PACKAGES := $(TEST_PACKAGES) vdirsyncer

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: packages packages-linux packages-windows packages-macos test-windows demo run build test quick bench bench-peers soak kill mutants screenshots lint deps deps-build deps-test clean help

demo: build ## Install what is missing, build, and show meetings crossing between two simulated accounts
	./twinday demo

run: build ## Build and start Twinday itself: tray, engine, window
	./twinday

build: deps-build ## Build ./twinday
	@echo "Building ./twinday (the first build compiles two large SDKs: 5 to 15 minutes)"
	go build -ldflags "$(LINKED)" -o twinday .

test: deps lint ## Install what is missing, lint, and run the whole suite
	go test -timeout 20m ./...

quick: ## The inner loop: the pure packages, in seconds
	go test ./engine/... ./store/... ./providers/calendar/...

bench: ## What the engine and the store cost by themselves, in memory
	go test -run '^$$' -bench . ./engine ./store ./providers/calendar

bench-peers: EVENTS ?= 1000,5000
bench-peers: deps-build ## Twinday beside vdirsyncer on one server: make bench-peers [EVENTS=1000,5000]
	@$(call install,$(PEER_PACKAGES),to compare with vdirsyncer on Cyrus and Radicale)
	TWINDAY_PEERS=$(EVENTS) go test . -run '^$$' -bench Peers -benchtime 1x -timeout 0

soak: STEPS ?= 1000000
soak: SEED ?= 1
soak: WITHOUT ?=
soak: ## Simulate people, faults and crashes for long: make soak STEPS=1000000 [SEED=n] [WITHOUT=forget,moveto]
	go test ./engine -run 'TestSimulation$$' -count=1 -timeout 0 -v -sim.steps=$(STEPS) -sim.seed=$(SEED) -sim.without=$(WITHOUT)

kill: KILLS ?= 1000
kill: SEED ?= 1
kill: ## Kill the built program at random moments of its syncs: make kill KILLS=1000 [SEED=n]
	TWINDAY_KILLS=$(KILLS) TWINDAY_SEED=$(SEED) go test . -run TestKilledAtAnyMoment -count=1 -timeout 0 -v

mutants: ## Build the engine with each of a list of deliberate bugs, and see the simulation find it
	go test ./engine -run TestMutants -count=1 -timeout 0 -sim.mutants

screenshots: ## Draw the pictures in docs/screenshots anew
	go run ./ui/window/shoot docs/screenshots

# Packages: DIST is where they go, XZ the flags of xz.
DIST ?= dist
XZ ?= -6
PACKING_PACKAGES := $(BUILD_PACKAGES) xz-utils

packages: packages-linux packages-windows ## Build all packages and dist/SHA256SUMS

packages-linux: ## Build dist/*.deb, *.rpm and *.tar.xz: the same bytes from the same commit
	@$(call install,$(PACKING_PACKAGES),to build packages)
	@echo "Packing Twinday $(VERSION) (the first build compiles two large SDKs: 5 to 15 minutes)"
	@VERSION='$(VERSION)' DIST='$(DIST)' LINKED='$(LINKED)' XZ='$(XZ)' assets/package/pack
	@$(sums)

# sums notes down and shows the size and the hash of each package of this version.
define sums
	cd '$(DIST)' && ls | grep -F -e '$(VERSION)' | xargs -d '\n' sha256sum >SHA256SUMS && \
		while read -r sum name; do printf '%10d  %s  %s\n' "$$(stat -c %s "$$name")" "$$sum" "$$name"; done <SHA256SUMS
endef

# For Windows, from Linux. The same commit gives the same bytes: nothing in it is of today
# or of this machine. Its resource goes into both programs by the names that Go looks for.
WINDOWS_PACKAGES := gcc-mingw-w64-x86-64 zip
WINE_PACKAGES := wine wine64 xvfb libgl1-mesa-dri xdotool
WINDOWS := GOOS=windows GOARCH=amd64 CC=x86_64-w64-mingw32-gcc
WINDOWS_ZIP = $(DIST)/twinday-$(VERSION)-windows-amd64.zip
WINDOWS_SYSO := resource_windows_amd64.syso assets/package/windows/starter/resource_windows_amd64.syso

packages-windows: ## Build dist/twinday-VERSION-windows-amd64.zip, with mingw-w64 (cold: 10 minutes)
	@$(call install,$(WINDOWS_PACKAGES),to build for Windows)
	rm -rf dist/windows $(WINDOWS_ZIP)
	mkdir -p dist/windows/Twinday/bin
	numbers=$$(echo '$(VERSION)' | sed -nE 's/^([0-9]+)\.([0-9]+)\.([0-9]+).*/\1,\2,\3,0/p'); \
		sed -e 's/@VERSION@/$(VERSION)/' -e "s/@NUMBERS@/$${numbers:-0,0,0,0}/" assets/package/windows/twinday.rc.in >dist/windows/twinday.rc
	x86_64-w64-mingw32-windres dist/windows/twinday.rc resource_windows_amd64.syso
	cp resource_windows_amd64.syso assets/package/windows/starter/
	$(WINDOWS) go build -ldflags "-s -w -H=windowsgui" -o dist/windows/Twinday/Twinday.exe ./assets/package/windows/starter
	@echo "Building bin/twinday.exe (the first build for Windows compiles two large SDKs: 5 to 15 minutes)"
	$(WINDOWS) go build -ldflags "-s -w $(LINKED)" -o dist/windows/Twinday/bin/twinday.exe .
	rm -f $(WINDOWS_SYSO)
	$(if $(SIGN),$(SIGN) dist/windows/Twinday/Twinday.exe && $(SIGN) dist/windows/Twinday/bin/twinday.exe)
	cp LICENSE dist/windows/Twinday/LICENSE.txt
	$(WINDOWS) assets/package/licences >dist/windows/Twinday/LICENCES-OF-PARTS.txt
	chmod -R 755 dist/windows/Twinday && find dist/windows/Twinday -exec touch -d @$(SOURCE_DATE_EPOCH) {} +
	cd dist/windows && find Twinday | LC_ALL=C sort | TZ=UTC zip -q -X -9 -@ $(abspath $(WINDOWS_ZIP))
	@$(sums)

test-windows: packages-windows ## Try the Windows programs in Wine, from their zip
	@$(call install,$(WINE_PACKAGES),to run Windows programs)
	TWINDAY_ZIP=$(abspath $(WINDOWS_ZIP)) TWINDAY_VERSION=$(VERSION) go test -tags=migrated_fynedo,wine ./assets/package/windows -count=1 -timeout 20m

packages-macos: ## Build dist/twinday-VERSION-macos.dmg, on a Mac only
	assets/package/macos/package '$(VERSION)' '-s -w $(LINKED)'

# The sources that are checked for their form: generated and vendored there are none.
lint: ## gofmt, go vet and staticcheck
	@echo "gofmt"
	@unformatted=$$(gofmt -l .) && if [ -n "$$unformatted" ]; then echo "not formatted (run gofmt -w):"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

deps: deps-build deps-test

deps-build: # What the window needs to compile.
	@$(call install,$(BUILD_PACKAGES),to build the window)

deps-test: # What the interface's examples need, a session bus for the tray's tests, a screen and software GL for the window's, a browser for the sign-in's, calendar servers, what looks into packages.
	@$(call install,$(TEST_PACKAGES),for the tests)

# install asks apt for the packages that are missing, and says so. Where there is
# no apt it names them and goes on: they may be there under other names.
define install
	command -v go >/dev/null || { echo "Go is missing: https://go.dev/dl (1.26 or newer)"; exit 1; }; \
	missing=; \
	if command -v dpkg >/dev/null && command -v apt-get >/dev/null; then \
		for p in $(1); do dpkg -s $$p 2>/dev/null | grep -q '^Status: install ok installed' || missing="$$missing $$p"; done; \
		if [ -n "$$missing" ]; then \
			sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
			echo "Installing$$missing ($(2)): $$sudo apt-get install"; \
			$$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing || exit 1; \
		fi; \
	else \
		echo "No apt here. $(2) Debian needs: $(1)"; \
	fi
endef

clean: ## Remove what was built
	rm -f twinday $(WINDOWS_SYSO)
	rm -rf bin dist

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)
