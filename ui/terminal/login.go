package terminal

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// caldavLogin is what the flags of 'account add caldav' say.
type caldavLogin struct {
	url, user, service string
	token              bool
}

// login completes a sign-in that goes by a name and a password, and asks for the latter.
func (a *app) login(ctx context.Context, b control.Backend, req *control.NewAccount, l caldavLogin) error {
	if req.Provider != state.CalDAV {
		return usage("%s is signed in to with a browser: --url, --user, --service and --bearer are for caldav", providerName(req.Provider))
	}
	known := false // an account that is signed in anew is where it was
	if req.ID != "" {
		all, err := b.Accounts(ctx)
		if err != nil {
			return err
		}
		for _, x := range all {
			known = known || x.ID == req.ID && x.Provider == req.Provider
		}
	}
	if req.Endpoint.BaseURL == "" {
		req.Endpoint.BaseURL = l.url
	}
	if req.Endpoint.BaseURL == "" && !known {
		preset, err := a.preset(ctx, b, l.service)
		if err != nil {
			return err
		}
		req.Endpoint.BaseURL = preset.URL
		if !a.json {
			a.say("%s: %s", preset.Name, preset.Hint)
		}
	}
	if l.user == "" && !l.token {
		return usage("whose calendars? --user NAME says who you are on that server")
	}
	prompt := "Password"
	if l.token {
		prompt = "Bearer token"
	}
	secret, err := a.passphrase(prompt)
	if err != nil {
		return err
	}
	req.Login = &control.Login{User: l.user, Password: secret}
	if l.token {
		req.Login = &control.Login{User: l.user, Token: secret}
	}
	return nil
}

// preset is a known service, by its name.
func (a *app) preset(ctx context.Context, b control.Backend, name string) (control.PresetInfo, error) {
	providers, err := b.Providers(ctx)
	if err != nil {
		return control.PresetInfo{}, err
	}
	var names []string
	for _, p := range providers {
		for _, s := range p.Presets {
			if !strings.EqualFold(s.Name, name) {
				names = append(names, strings.ToLower(s.Name))
				continue
			}
			if strings.Contains(s.URL, "HOST") {
				return s, usage("%s is on a server of its owner's: --url %s, with its name for HOST", s.Name, s.URL)
			}
			return s, nil
		}
	}
	if name != "" {
		return control.PresetInfo{}, usage("no service is known as %q; there are %s, and --url for any other", name, strings.Join(names, ", "))
	}
	return control.PresetInfo{}, usage("which calendar server? --service names a known one (%s), --url says where any other is", strings.Join(names, ", "))
}

// feed completes the connecting of a published calendar. A file is named as anywhere on a
// command line; the engine may run in another folder.
func (a *app) feed(req *control.NewAccount, l caldavLogin) error {
	if l.service != "" || l.token {
		return usage("a published calendar is known by its address: --service and --bearer are for caldav")
	}
	if req.Endpoint.BaseURL == "" {
		req.Endpoint.BaseURL = l.url
	}
	if req.Endpoint.BaseURL == "" {
		return usage("where is it? --url says: https://…, webcal://…, or a file")
	}
	if _, err := os.Stat(req.Endpoint.BaseURL); err == nil {
		path, err := filepath.Abs(req.Endpoint.BaseURL)
		if err != nil {
			return err
		}
		req.Endpoint.BaseURL = path
	}
	if l.user == "" {
		return nil
	}
	password, err := a.passphrase("Password")
	if err != nil {
		return err
	}
	req.Login = &control.Login{User: l.user, Password: password}
	return nil
}
