package google

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

func TestWhatIsPastedAsAClient(t *testing.T) {
	const id = "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com"
	for _, c := range []struct{ name, id, secret, says string }{
		{"an id and its secret", id, "GOCSPX-abc", ""},
		{"with what clings to it", " \"" + id + "\"\n", "GOCSPX-abc ", ""},
		{"an old one", "123456789012.apps.googleusercontent.com", "", ""},
		{"the console's file", `{"installed":{"client_id":"` + id + `","project_id":"p","client_secret":"GOCSPX-abc"}}`, "", ""},
		{"a web client's file", `{"web":{"client_id":"` + id + `","client_secret":"GOCSPX-abc"}}`, "", "'Desktop app'"},
		{"a service account's file", `{"type":"service_account","private_key":"x"}`, "", "service account"},
		{"a service account", "robot@p.iam.gserviceaccount.com", "", "service account"},
		{"half a file", `{"installed":{"client_id":"`, "", "cannot be understood"},
		{"another file", `{"a":1}`, "", "'Desktop app'"},
		{"a file in a file", `{"installed":{"client_id":"{\"installed\":{}}"}}`, "", "'Desktop app'"},
		{"the secret", "GOCSPX-abc", "", "secret"},
		{"both the wrong way round", id, id, "begins with GOCSPX-"},
		{"an API key", "AIzaSyA1", "", "API key"},
		{"Microsoft's", "4765445b-32c6-49b0-83e6-1d93765276ca", "", "no Google client id"},
		{"nothing", "", "", "no Google client id"},
		{"an address", "https://" + id, "", "no Google client id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, secret, err := CheckClient(c.id, c.secret)
			if c.says == "" {
				if err != nil || !strings.HasSuffix(got, ".apps.googleusercontent.com") || strings.TrimSpace(got) != got || secret != strings.TrimSpace(secret) || strings.Contains(c.id, "{") && secret != "GOCSPX-abc" {
					t.Errorf("%q, %q, %v", got, secret, err)
				}
				return
			}
			if calendar.KindOf(err) != calendar.Invalid || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "AIzaSyA1") {
				t.Errorf("%v; want %q", err, c.says)
			}
		})
	}
}
