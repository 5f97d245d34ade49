package terminal

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
)

// AtLogin looks up and changes whether Twinday starts when the person logs in, and whether
// without its window.
type AtLogin interface {
	Get() (on, hidden bool, err error)
	Set(on, hidden bool) error
	// Gone reports whether what starts at login is a program that is not there any more.
	Gone() (bool, error)
}

// autostartJSON is what `twinday autostart --json` prints.
type autostartJSON struct {
	On     bool `json:"on"`
	Hidden bool `json:"hidden"` // without its window
}

func autostartHelp() string {
	return assets.Text(`Say whether Twinday starts when you log in, or change it. 'on' starts it with its
icon alone; with --window its window opens as well. Started from another place, or
with another data folder, it is that one that starts from then on.`)
}

func (a *app) autostartCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "autostart", Short: assets.Text("Start Twinday at login, or not"), Long: autostartHelp(), Args: noArgs,
		Example: "  twinday autostart on\n  twinday autostart off",
		RunE:    a.run(func(context.Context, []string) error { return a.showAutostart() }),
	}
	var window bool
	set := func(on bool) func(context.Context, []string) error {
		return func(context.Context, []string) error {
			if err := a.AtLogin(a.dataDir).Set(on, on && !window); err != nil {
				return err
			}
			return a.showAutostart()
		}
	}
	on := &cobra.Command{Use: "on", Short: assets.Text("Start it at login"), Args: noArgs, RunE: a.run(set(true))}
	on.Flags().BoolVar(&window, "window", false, assets.Text("open its window as well"))
	c.AddCommand(on, &cobra.Command{Use: "off", Short: assets.Text("Do not start it at login"), Args: noArgs, RunE: a.run(set(false))})
	return c
}

func (a *app) showAutostart() error {
	on, hidden, err := a.AtLogin(a.dataDir).Get()
	if err != nil {
		return err
	}
	if a.json {
		return writeJSON(a.out, autostartJSON{on, hidden})
	}
	switch {
	case !on:
		a.say(assets.Text("Twinday does not start at login."))
	case hidden:
		a.say(assets.Text("Twinday starts at login, without its window."))
	default:
		a.say(assets.Text("Twinday starts at login, and opens its window."))
	}
	return nil
}
