package terminal

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

const settingsHelp = `Show what holds for all accounts, or change it with 'settings set'.

A client id is what Google or Microsoft know an app by. Where this build has none,
or you would rather use your own, make one (docs/clients.md says which buttons to
press) and give it here; it is used from the next sign-in on.`

func (a *app) settingsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "settings", Short: "Show or change what holds for all accounts", Long: settingsHelp, Args: noArgs,
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
	t := newTable("SETTING", "VALUE~")
	for _, p := range providers {
		value := "none: 'twinday settings set --" + string(p.Provider) + "-client-id …' gives one"
		switch p.Client {
		case control.OwnClient:
			value = s.Clients[p.Provider].ID
		case control.BuiltInClient:
			value = "built in"
		}
		t.add("client id for "+providerName(p.Provider), value)
	}
	a.print(t)
	return nil
}

func (a *app) settingsSet() *cobra.Command {
	var clientFile string
	ids, secret := map[state.ProviderKind]*string{}, ""
	c := &cobra.Command{
		Use: "set", Short: "Change what holds for all accounts",
		Example: "  twinday settings set --google-client-file client_secret_123.json\n  twinday settings set --outlook-client-id 00001111-aaaa-2222-bbbb-3333cccc4444\n  twinday settings set --outlook-client-id ''",
		Args:    noArgs,
	}
	f := c.Flags()
	f.StringVar(&clientFile, "google-client-file", "", "the JSON that Google's console offers of your client, for `FILE`")
	for _, kind := range slices.Sorted(maps.Keys(providerNames)) {
		ids[kind] = f.String(string(kind)+"-client-id", "", "your own client id for "+providerName(kind)+"; empty for the built-in one")
	}
	f.StringVar(&secret, "google-client-secret", "", "its 'secret' (a desktop client's is none)")
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
			text, err := readClient(clientFile)
			if err != nil {
				return err
			}
			clients[state.Google] = state.Client{ID: text}
		}
		s.Clients = clients
		if s, err = b.ChangeSettings(ctx, s); err != nil {
			return err
		}
		if !a.json && s.Clients[state.Google].ID != "" && (clientFile != "" || f.Changed("google-client-id")) {
			a.say(testingNote)
		}
		return a.showSettings(ctx, b, s)
	})
	return c
}

// testingNote warns of what people find out a week later.
const testingNote = "Note: while the project of a Google client id is in 'testing', Google ends its sign-ins\nevery seven days. 'Publish app' under 'Audience' in the console ends that.\n"

// maxClientFile is far above what Google's console offers.
const maxClientFile = 64 << 10

// readClient reads a client's file.
func readClient(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", usage("%s cannot be read: %v", name, err)
	}
	if info.Size() > maxClientFile {
		return "", usage("%s is too large to be a client's file", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", name, err)
	}
	return strings.TrimSpace(string(text)), nil
}
