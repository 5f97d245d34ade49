package terminal

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/files"
	"github.com/twinday/twinday/ui/say"
)

func settingsHelp() string {
	return assets.Text(`Show what holds for all accounts, or change it with 'settings set'.

A client id is what Google or Microsoft know an app by. Where this build has none,
or you would rather use your own, make one (docs/clients.md says which buttons to
press) and give it here; it is used from the next sign-in on.

Twinday goes through the proxy that the system says (on Linux: HTTPS_PROXY and
NO_PROXY), or the one given here; its password is kept with the sign-ins. Where a
company looks into what passes, its root certificate is given here.`)
}

func (a *app) settingsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "settings", Short: assets.Text("Show or change what holds for all accounts"), Long: settingsHelp(), Args: noArgs,
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
			s, err := b.Settings(ctx)
			if err != nil {
				return err
			}
			return a.showSettings(ctx, b, s)
		}),
	}
	c.AddCommand(a.settingsSet())
	return c
}

// showSettings prints the settings as they are.
func (a *app) showSettings(ctx context.Context, b control.Backend, s control.Settings) error {
	if a.json {
		return writeJSON(a.out, s)
	}
	providers, err := b.Providers(ctx)
	if err != nil {
		return err
	}
	t := newTable(assets.Text("SETTING | VALUE~"))
	for _, p := range providers {
		if p.Password || p.Feed { // who sign in without a client
			continue
		}
		value := assets.Text("none: '{{.Command}}' gives one", "Command", "twinday settings set --"+string(p.Provider)+"-client-id …")
		switch p.Client {
		case control.OwnClient:
			value = s.Clients[p.Provider].ID
		case control.BuiltInClient:
			value = assets.Text("built in")
		}
		t.add(assets.Text("client id for {{.Provider}}", "Provider", say.Provider(p.Provider)), value)
	}
	proxy := s.Network.Proxy
	if proxy == "" {
		proxy = assets.Text("as the system says")
	}
	if s.Network.ProxyUser != "" {
		proxy = assets.Text("{{.Proxy}} as {{.User}}", "Proxy", proxy, "User", s.Network.ProxyUser)
	}
	t.add(assets.Text("proxy"), proxy)
	if s.Network.Bypass != "" {
		t.add(assets.Text("without the proxy"), s.Network.Bypass)
	}
	root := assets.Text("the system's")
	if s.Network.RootCertificate != "" {
		root = assets.Text("the system's, and one given here")
	}
	t.add(assets.Text("root certificates"), root)
	t.add(assets.Text("syncs"), assets.Count("every {{.N}} minutes, at once when asked, closely while changes flow", int(s.Rhythm.Interval()/time.Minute)))
	t.add(assets.Text("quiet hours"), cmp.Or(s.Rhythm.Quiet, assets.Text("none")))
	t.add(assets.Text("notifies of"), notifyWords(s.Faces.Notify))
	t.add(assets.Text("language"), cmp.Or(s.Faces.Language, assets.Text("the system's")))
	t.add(assets.Text("theme"), cmp.Or(themeName(s.Faces.Theme), assets.Text("the system's")))
	a.print(t)
	return nil
}

// notifyWords is what Twinday speaks up about.
func notifyWords(n control.Notify) string {
	switch n {
	case control.NotifyChanges:
		return assets.Text("problems, decisions, and what crosses")
	case control.NotifyNever:
		return assets.Text("nothing")
	}
	return assets.Text("problems and decisions")
}

// themeName is how the window looks; empty as the system does.
func themeName(t control.Theme) string {
	switch t {
	case control.LightTheme:
		return assets.Text("light")
	case control.DarkTheme:
		return assets.Text("dark")
	}
	return string(t)
}

func (a *app) settingsSet() *cobra.Command {
	var clientFile string
	ids, secret := map[state.ProviderKind]*string{}, ""
	var proxy, proxyUser, bypass, rootFile string
	var askPassword, plain bool
	var every time.Duration
	var quiet, language, theme, notify string
	c := &cobra.Command{
		Use: "set", Short: assets.Text("Change what holds for all accounts"),
		Example: "  twinday settings set --google-client-file client_secret_123.json\n  twinday settings set --outlook-client-id 00001111-aaaa-2222-bbbb-3333cccc4444\n  twinday settings set --outlook-client-id ''\n  twinday settings set --proxy http://proxy.example:8080 --proxy-user ann --proxy-password\n  twinday settings set --root-certificate acme-root.pem",
		Args:    noArgs,
	}
	f := c.Flags()
	f.StringVar(&clientFile, "google-client-file", "", assets.Text("the JSON that Google's console offers of your client, for `FILE`"))
	for _, kind := range []state.ProviderKind{state.Google, state.Outlook} { // the others know no clients
		ids[kind] = f.String(string(kind)+"-client-id", "", assets.Text("your own client id for {{.Provider}}; empty for the built-in one", "Provider", say.Provider(kind)))
	}
	f.StringVar(&secret, "google-client-secret", "", assets.Text("its 'secret' (a desktop client's is none)"))
	f.StringVar(&proxy, "proxy", "", assets.Text("`http://HOST:PORT`, https://… or socks5://…; 'none', or 'system' for the system's"))
	f.StringVar(&proxyUser, "proxy-user", "", assets.Text("the name that the proxy wants"))
	f.BoolVar(&askPassword, "proxy-password", false, assets.Text("ask for the proxy's password, or read it from standard input"))
	f.StringVar(&bypass, "proxy-bypass", "", assets.Text("hosts that are reached without the proxy, with commas between"))
	f.StringVar(&rootFile, "root-certificate", "", assets.Text("a `FILE` of root certificates (PEM) to trust beside the system's; empty for none"))
	f.DurationVar(&every, "interval", 0, assets.Text("how often to look while nothing changes, in whole minutes: 5m, 1h"))
	f.StringVar(&quiet, "quiet", "", assets.Text("hours in which nothing is synced by itself, and nobody notified: `22:00-07:00`; empty for none"))
	f.StringVar(&notify, "notify", "", assets.Text("what to notify you of: `problems` (and decisions), all, never"))
	f.StringVar(&language, "language", "", assets.Text("of window, tray and terminal: en, de; empty for the system's"))
	f.StringVar(&theme, "theme", "", assets.Text("of the window: light, dark; empty for the system's"))
	f.BoolVar(&plain, "plain-secrets", false, assets.Text("keep the password in a file where no keyring answers"))
	c.RunE = a.ask(func(ctx context.Context, b control.Backend, _ []string) error {
		s, err := b.Settings(ctx)
		if err != nil {
			return err
		}
		clients := maps.Clone(s.Clients)
		if clients == nil {
			clients = map[state.ProviderKind]state.Client{}
		}
		for kind, id := range ids {
			if f.Changed(string(kind) + "-client-id") {
				clients[kind] = state.Client{ID: *id}
			}
		}
		if f.Changed("google-client-secret") {
			x := clients[state.Google]
			x.Secret = secret
			clients[state.Google] = x
		}
		if clientFile != "" {
			text, err := readSmall(clientFile)
			if err != nil {
				return err
			}
			clients[state.Google] = state.Client{ID: text}
		}
		s.Clients = clients
		for name, to := range map[string]struct{ from, to *string }{
			"proxy": {&proxy, &s.Network.Proxy}, "proxy-user": {&proxyUser, &s.Network.ProxyUser}, "proxy-bypass": {&bypass, &s.Network.Bypass},
		} {
			if f.Changed(name) {
				*to.to = *to.from
			}
		}
		if s.Network.Proxy == "system" {
			s.Network.Proxy = ""
		}
		if f.Changed("root-certificate") {
			s.Network.RootCertificate = ""
			if rootFile != "" {
				if s.Network.RootCertificate, err = readSmall(rootFile); err != nil {
					return err
				}
			}
		}
		if f.Changed("interval") {
			if s.Rhythm.Minutes = int(every / time.Minute); every <= 0 || every%time.Minute != 0 {
				return usage(assets.Text("--interval is in whole minutes, like 5m, not {{.Time}}", "Time", every))
			}
		}
		if f.Changed("quiet") {
			s.Rhythm.Quiet = quiet
		}
		if f.Changed("language") {
			s.Faces.Language = language
		}
		if f.Changed("theme") {
			s.Faces.Theme = control.Theme(strings.Replace(theme, "system", "", 1))
		}
		if f.Changed("notify") {
			s.Faces.Notify = control.Notify(strings.Replace(notify, "problems", "", 1))
		}
		s.PlainSecrets = plain
		if askPassword {
			if s.ProxyPassword, err = a.passphrase(assets.Text("Password of the proxy")); err != nil {
				return err
			}
		}
		if s, err = b.ChangeSettings(ctx, s); err != nil {
			return err
		}
		if f.Changed("language") && !a.json {
			assets.Speak(s.Faces.Language)
		}
		if !a.json && s.Clients[state.Google].ID != "" && (clientFile != "" || f.Changed("google-client-id")) {
			a.say(testingNote() + "\n")
		}
		return a.showSettings(ctx, b, s)
	})
	return c
}

// testingNote warns of what people find out a week later.
func testingNote() string {
	return assets.Text(`Note: while the project of a Google client id is in 'testing', Google ends its sign-ins
every seven days. 'Publish app' under 'Audience' in the console ends that.`)
}

// maxSmallFile is far above a client's file, and what a company has of root certificates.
const maxSmallFile = 256 << 10

// readSmall reads a file that a setting is in.
func readSmall(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", usageError{cannotRead(name, err)}
	}
	if info.Size() > maxSmallFile {
		return "", usage(assets.Text("{{.File}} is too large for that", "File", name))
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", cannotRead(name, err)
	}
	return strings.TrimSpace(string(text)), nil
}

func cannotRead(name string, err error) error {
	return errors.New(assets.Text("{{.File}} cannot be read: {{.Why}}", "File", name, "Why", files.Trouble(err)))
}
