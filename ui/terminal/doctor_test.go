package terminal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
)

// damaged is an error of the store's, as main hands it on.
type damaged struct{}

func (damaged) Error() string  { return "the store /home/me/twinday/twinday.db is damaged" }
func (damaged) What() string   { return "It is damaged" }
func (damaged) WayOut() string { return "'twinday restore' helps." }

func TestDoctorOfAStoreThatDoesNotOpen(t *testing.T) {
	for _, test := range []struct {
		name     string
		running  bool
		err      error
		says, do string
	}{
		{"damaged", false, fmt.Errorf("connect: %w", damaged{}), "store: it is damaged; keyring, network", "→ 'twinday restore' helps."},
		{"not ours", false, fmt.Errorf("the store cannot be opened: %w", &fs.PathError{Op: "open", Path: "/home/me/twinday", Err: fs.ErrPermission}), "store: it cannot be opened (permission denied)", "yours to read"},
		{"not even readable", true, fmt.Errorf("the folder cannot be used: %w", &fs.PathError{Op: "open", Path: "/home/me/twinday", Err: fs.ErrPermission}), "store: it cannot be opened (permission denied)", "yours to read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &run{fake: usual(), args: []string{"doctor"}, noEngine: !test.running, unopened: test.err}
			r.do(t.Context())
			out := r.out.String()
			if r.exit != ExitFailed || r.errs.Len() > 0 || !strings.Contains(out, test.says) || !strings.Contains(out, test.do) || strings.Contains(out, "/home/me") {
				t.Errorf("exit %d, %s%s", r.exit, out, &r.errs)
			}
			if !strings.Contains(out, "tray: ") || !strings.Contains(out, "autostart: ") {
				t.Errorf("the desktop is not looked at:\n%s", out)
			}
		})
	}
}

func TestDoctorOfATwindayThatIsOddOrSilent(t *testing.T) {
	for _, test := range []struct {
		name     string
		err      error
		says, do string
	}{
		{"silent", errors.New("hangs"), "it runs, and does not answer", "twinday quit"},
		{"another version", nil, "is of version 1.2.3, this command of 1.3.0", "'twinday quit'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := usual()
			f.fail = test.err
			a := app{dataDir: "/data"}
			a.Version = "1.3.0"
			a.Connect = func(context.Context, ConnectOptions) (control.Backend, func(), error) { return f, func() {}, nil }
			if c := a.checkEngine(t.Context())[0]; !strings.Contains(c.Says, test.says) || !strings.Contains(c.WayOut, test.do) {
				t.Errorf("%+v", c)
			}
		})
	}
}

// ignorant is an engine that was built before there were check-ups, or one that is stuck.
type ignorant struct {
	*fake
	err error
}

func (i ignorant) Checkup(context.Context) ([]control.Check, error) { return nil, i.err }

func TestDoctorOfAnEngineWithoutAnswers(t *testing.T) {
	for err, want := range map[error]string{
		&control.Error{Code: control.CodeNotFound, Message: "no such call"}: "knows no check-up",
		context.DeadlineExceeded: "within the time",
	} {
		a := app{}
		a.Version = "1.2.3"
		a.Connect = func(context.Context, ConnectOptions) (control.Backend, func(), error) {
			return ignorant{usual(), err}, func() {}, nil
		}
		found := a.checkEngine(t.Context())
		if len(found) != 2 || !strings.Contains(found[1].Says, want) || found[1].WayOut == "" {
			t.Errorf("%v: %+v", err, found)
		}
	}
}

func TestDoctorWaitsForNobodyLong(t *testing.T) {
	r := &run{fake: usual(), args: []string{"doctor"}, noEngine: true}
	r.do(t.Context())
	for _, c := range r.connections {
		if !c.RunningOnly && (c.Patience <= 0 || c.Patience > 5*time.Second) {
			t.Errorf("%+v", c)
		}
	}
	if len(r.connections) < 2 {
		t.Errorf("it looked at nothing: %+v", r.connections)
	}
}
