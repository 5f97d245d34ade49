package state_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/twinday/twinday/store/state"
)

func TestLogsHoldNoAddresses(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	ref := state.Ref{Account: "ann@x.test", Calendar: "bob@y.test"}
	log.Info("told", "account", ref.Account, "calendar", ref)
	if got := out.String(); strings.Contains(got, "@") || !strings.Contains(got, "calendar") {
		t.Errorf("logged %s", got)
	}
}

func TestParseRef(t *testing.T) {
	r, err := state.ParseRef("ann@x.test/a/b=")
	if err != nil || r.Account != "ann@x.test" || r.Calendar != "a/b=" || r.String() != "ann@x.test/a/b=" {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, s := range []string{"", "x", "/x", "x/"} {
		if _, err := state.ParseRef(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}
