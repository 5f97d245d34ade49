# make install, make uninstall: with PREFIX=/usr/local unless you say another, and
# with DESTDIR before it for those who make packages.
PREFIX ?= /usr/local
DESTDIR ?=
to := $(DESTDIR)$(PREFIX)
files := $(shell find bin share -type f)
entry := share/applications/app.twinday.Twinday.desktop

.PHONY: help install uninstall

help:
	@cat README

# The entry in the menu names the program by its whole path: PREFIX/bin need not be on
# the path that the desktop was started with.
install:
	@for f in $(files); do \
		case $$f in bin/*) mode=755;; *) mode=644;; esac; \
		install -D -m $$mode "$$f" "$(to)/$$f" || exit 1; \
	done
	@sed -e 's|^TryExec=.*|TryExec=$(PREFIX)/bin/twinday|' -e 's|^Exec=.*|Exec="$(PREFIX)/bin/twinday"|' $(entry) >"$(to)/$(entry)"
	@echo "Installed: $(to)/bin/twinday"

uninstall:
	@for f in $(files); do rm -f "$(to)/$$f" || exit 1; done
	@rmdir "$(to)/share/doc/twinday" 2>/dev/null || true
	@echo "Removed what was installed below $(to)"
