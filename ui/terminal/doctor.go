package terminal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// errUnwell ends a check-up that found a problem, and has told it.
var errUnwell = errors.New("something is wrong")

func doctorHelp() string {
	return assets.Text(`Look at all that Twinday needs, and say of each thing whether it is well and what to
do if it is not: the running Twinday, what it knows, the disk and the backups, the
keyring, the way to your accounts' servers, the clock, each sign-in, the tray, the
display, and the start at login.

It asks the servers of your accounts and nobody else, writes to no calendar, and takes
a few seconds. Nothing private is in what it prints: accounts are told by their number
in 'twinday account list'. The exit code is 1 when there is a problem.`)
}

// Each part of a check-up ends, whatever stands still.
const (
	dialLimit    = 3 * time.Second  // of finding the running Twinday and hearing from it
	lockPatience = 2 * time.Second  // for another command that is at work
	checkupLimit = 20 * time.Second // of all that the engine looks at, which ends by itself before
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: assets.Text("Look for what is wrong, and say what helps"), Long: doctorHelp(), Args: noArgs,
		Example: "  twinday doctor",
		RunE: a.run(func(ctx context.Context, _ []string) error {
			all := a.checkup(ctx)
			count := map[control.Finding]int{}
			for _, c := range all {
				count[c.Finding]++
			}
			if a.json {
				if err := writeJSON(a.out, all); err != nil {
					return err
				}
			} else {
				a.showCheckup(all, count)
			}
			if count[control.Trouble] > 0 {
				return errUnwell
			}
			return nil
		}),
	}
}

func (a *app) showCheckup(all []control.Check, n map[control.Finding]int) {
	findings := map[control.Finding]string{control.OK: assets.Text("ok"), control.Note: assets.Text("note"), control.Trouble: assets.Text("problem")}
	indent := 0 // where a line's text begins: after the longest finding
	for _, word := range findings {
		indent = max(indent, runewidth.StringWidth(word)+4)
	}
	for _, c := range all {
		text := wrap(findings[c.Finding], checkName(c.Name)+": "+clean(assets.Said(c.Says)), a.Width, indent)
		if c.WayOut != "" {
			text += wrap(strings.Repeat(" ", indent-2)+"→", clean(assets.Said(c.WayOut)), a.Width, indent+2)
		}
		fmt.Fprint(a.out, text)
	}
	switch {
	case n[control.Trouble] > 0:
		a.say("\n" + assets.Count("{{.N}} problems found.", n[control.Trouble]))
	case n[control.Note] > 0:
		a.say("\n" + assets.Text("No problem found."))
	default:
		a.say("\n" + assets.Text("All is well."))
	}
}

// checkName is what a check is called in the person's language.
func checkName(name string) string {
	if n, ok := strings.CutPrefix(name, "account "); ok {
		return assets.Text("account {{.N}}", "N", n)
	}
	known := map[string]string{
		"twinday": "twinday", "store": assets.Text("store"), "folder": assets.Text("folder"), "backup": assets.Text("backup"), "keyring": assets.Text("keyring"),
		"network": assets.Text("network"), "clock": assets.Text("clock"), "syncing": assets.Text("syncing"), "tray": assets.Text("tray"),
		"display": assets.Text("display"), "autostart": assets.Text("autostart"),
	}
	return cmp.Or(known[name], name)
}

// checkup is all that can be looked at: what the engine sees, and the desktop.
func (a *app) checkup(ctx context.Context) []control.Check {
	all := a.checkEngine(ctx) // first: it knows which language the person chose
	all = append(all, a.Desktop(ctx)...)
	return append(all, a.checkLogin())
}

// checkEngine is about the running Twinday and what it sees; where none runs, this command
// looks by itself.
func (a *app) checkEngine(ctx context.Context) []control.Check {
	c := control.Check{Name: "twinday", Finding: control.OK}
	o := ConnectOptions{DataDir: a.dataDir, RunningOnly: true, Verbose: a.verbose}
	dial, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	b, done, err := a.Connect(dial, o)
	switch {
	case errors.Is(err, control.ErrNoEngine):
		c.Finding, c.Says, c.WayOut = control.Note, assets.Text("it is not running, so nothing is synced by itself"), assets.Text("'twinday' starts it, 'twinday autostart on' has it start when you log in.")
		o.RunningOnly, o.Patience = false, lockPatience
		if b, done, err = a.Connect(ctx, o); err != nil {
			return []control.Check{c, unopened(err)}
		}
	case err != nil:
		return []control.Check{unopened(err)}
	default:
		s, err := b.Status(dial)
		switch {
		case err != nil:
			done()
			c.Finding, c.Says = control.Trouble, assets.Text("it runs, and does not answer")
			c.WayOut = assets.Text("End it ('twinday quit', or from the system's list of processes), and start it again. What it was at is taken up where it was left.")
			return []control.Check{c}
		case s.Version != a.Version:
			c.Finding, c.Says, c.WayOut = control.Note, assets.Text("the one that runs is of version {{.Runs}}, this command of {{.This}}", "Runs", s.Version, "This", a.Version), assets.Text("'twinday quit', then 'twinday' starts this one.")
		default:
			c.Says = assets.Text("it is running, and answers")
		}
	}
	defer done()
	a.speakAsSet(dial, b)
	ctx, cancelCheckup := context.WithTimeout(ctx, checkupLimit)
	defer cancelCheckup()
	found, err := b.Checkup(ctx)
	var e *control.Error
	switch {
	case err == nil:
	case errors.As(err, &e) && e.Code == control.CodeNotFound:
		found = []control.Check{{Name: "store", Finding: control.Note, Says: assets.Text("the Twinday that runs knows no check-up"), WayOut: assets.Text("'twinday quit', then 'twinday doctor' again looks by itself.")}}
	default:
		found = []control.Check{{Name: "store", Finding: control.Trouble, Says: assets.Text("it could not be looked at within the time"), WayOut: assets.Text("'twinday quit', then 'twinday doctor' again looks by itself.")}}
	}
	return append([]control.Check{c}, found...)
}

// unopened is about a store that does not open. Without it nobody knows of accounts.
func unopened(err error) control.Check {
	c := control.Check{Name: "store", Finding: control.Trouble, WayOut: assets.Text("See that the data folder is yours to read and to write, or choose another one with --data.")}
	var told interface {
		error
		What() string
		WayOut() string
	}
	if errors.As(err, &told) {
		what := told.What()
		c.Says, c.WayOut = strings.ToLower(what[:1])+what[1:], told.WayOut()
	} else {
		for errors.Unwrap(err) != nil { // the outer ones name the folder
			err = errors.Unwrap(err)
		}
		c.Says = assets.Text("it cannot be opened ({{.Why}})", "Why", assets.Said(err.Error()))
	}
	c.Says = assets.Text("{{.What}}; keyring, network, clock and sign-ins can only be looked at when it opens", "What", assets.Said(c.Says))
	return c
}

// checkLogin is about the start at login.
func (a *app) checkLogin() control.Check {
	c := control.Check{Name: "autostart", Finding: control.OK}
	at := a.AtLogin(a.dataDir)
	on, _, err := at.Get()
	gone := false
	if err == nil {
		gone, err = at.Gone()
	}
	switch {
	case err != nil:
		c.Finding, c.Says, c.WayOut = control.Trouble, assets.Text("whether Twinday starts at login cannot be read"), assets.Text("'twinday autostart on', or off, says it anew.")
	case gone:
		c.Finding, c.Says, c.WayOut = control.Trouble, assets.Text("what is to start at login is not there any more"), assets.Text("'twinday autostart on' starts the program that you call it with.")
	case on:
		c.Says = assets.Text("Twinday starts when you log in")
	default:
		c.Finding, c.Says, c.WayOut = control.Note, assets.Text("Twinday does not start when you log in"), assets.Text("'twinday autostart on' has it start then.")
	}
	return c
}
