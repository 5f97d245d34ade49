package outlook

import (
	"net/url"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// Where the calendars are and where one signs in is of one cloud, or nothing is sent.
func TestACloudIsNeverHalf(t *testing.T) {
	for _, c := range Clouds() {
		cfg, err := Config(signin.Endpoint{BaseURL: c.BaseURL, ClientID: "app"}, calendar.Access{}, nil)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		base, _ := url.Parse(c.BaseURL)
		for _, at := range []string{cfg.AuthURL, cfg.TokenURL, cfg.DeviceURL} {
			if !strings.HasPrefix(at, clouds[base.Host]+"/") || strings.HasPrefix(at, clouds["graph.microsoft.com"]) {
				t.Errorf("%s: %s", c.Name, at)
			}
		}
		if s := cfg.Permissions[0].Scope; s != "https://"+base.Host+"/Calendars.ReadWrite" {
			t.Errorf("%s: %s", c.Name, s)
		}
	}
	const public, gov = "https://login.microsoftonline.com/common/oauth2/v2.0/", "https://login.microsoftonline.us/common/oauth2/v2.0/"
	for what, e := range map[string]signin.Endpoint{
		"calendars elsewhere, sign-in not said": {BaseURL: "https://graph.example.com/v1.0"},
		"calendars elsewhere, token not said":   {BaseURL: "https://graph.example.com/v1.0", AuthURL: "https://login.example.com/authorize"},
		"calendars elsewhere, public sign-in":   {BaseURL: "https://graph.example.com/v1.0", AuthURL: public + "authorize", TokenURL: public + "token"},
		"US government, public sign-in":         {BaseURL: "https://graph.microsoft.us/v1.0", AuthURL: public + "authorize"},
		"US government, public token":           {BaseURL: "https://graph.microsoft.us/v1.0", TokenURL: public + "token"},
		"public, US government's sign-in":       {AuthURL: gov + "authorize", TokenURL: gov + "token"},
		"public, sign-in elsewhere":             {TokenURL: "https://login.example.com/token"},
	} {
		e.ClientID = "app"
		if _, err := Config(e, calendar.Access{}, nil); kindOf(err) != calendar.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, e := range map[string]signin.Endpoint{
		"all of its own":                    {BaseURL: "https://graph.example.com/v1.0", AuthURL: "https://login.example.com/authorize", TokenURL: "https://login.example.com/token"},
		"the same tenant by its own path":   {AuthURL: "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize"},
		"US government, and its own tenant": {BaseURL: "https://graph.microsoft.us/v1.0", AuthURL: gov + "authorize", TokenURL: gov + "token"},
	} {
		e.ClientID = "app"
		if _, err := Config(e, calendar.Access{}, nil); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
