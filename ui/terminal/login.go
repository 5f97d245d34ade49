package terminal

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// caldavLogin is what the flags of 'account add caldav' say.
type caldavLogin struct {
	url, user, service string
	token              bool
}

// login completes a sign-in that goes by a name and a password, and asks for the latter.
func (a *app) login(ctx context.Context, b control.Backend, req *control.NewAccount, l caldavLogin) error {
	if req.Provider != state.CalDAV {
		return usage(assets.Text("{{.Provider}} is signed in to with a browser: --url, --user, --service and --bearer are for caldav", "Provider", say.Provider(req.Provider)))
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
			a.say(preset.Name + ": " + assets.Said(preset.Hint))
		}
	}
	if l.user == "" && !l.token {
		return usage(assets.Text("whose calendars? --user NAME says who you are on that server"))
	}
	prompt := assets.Text("Password")
	if l.token {
		prompt = assets.Text("Bearer token")
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
				return s, usage(assets.Text("{{.Service}} is on a server of its owner's: --url {{.URL}}, with its name for HOST", "Service", s.Name, "URL", s.URL))
			}
			return s, nil
		}
	}
	if name != "" {
		return control.PresetInfo{}, usage(assets.Text("no service is known as “{{.Name}}”; there are {{.Names}}, and --url for any other", "Name", name, "Names", strings.Join(names, ", ")))
	}
	return control.PresetInfo{}, usage(assets.Text("which calendar server? --service names a known one ({{.Names}}), --url says where any other is", "Names", strings.Join(names, ", ")))
}

// feed completes the connecting of a published calendar. A file is named as anywhere on a
// command line; the engine may run in another folder.
func (a *app) feed(req *control.NewAccount, l caldavLogin) error {
	if l.service != "" || l.token {
		return usage(assets.Text("a published calendar is known by its address: --service and --bearer are for caldav"))
	}
	if req.Endpoint.BaseURL == "" {
		req.Endpoint.BaseURL = l.url
	}
	if req.Endpoint.BaseURL == "" {
		return usage(assets.Text("where is it? --url says: https://…, webcal://…, or a file"))
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
	password, err := a.passphrase(assets.Text("Password"))
	if err != nil {
		return err
	}
	req.Login = &control.Login{User: l.user, Password: password}
	return nil
}
