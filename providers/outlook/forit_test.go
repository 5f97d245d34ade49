package outlook

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// IT can act on the text as it stands: it names the app, every permission with its
// reason, and the address where an administrator agrees.
func TestTheTextForIT(t *testing.T) {
	for base, c := range map[string]struct{ login, graph string }{
		"":                           {"login.microsoftonline.com", "https://graph.microsoft.com/"},
		"https://graph.microsoft.us": {"login.microsoftonline.us", "https://graph.microsoft.us/"},
		"http://127.0.0.1:4711/v1.0": {"login.microsoftonline.com", "https://graph.microsoft.com/"},
	} {
		access := calendar.Access{Extras: []calendar.Extra{calendar.SharedCalendars}}
		text := ForIT(signin.Endpoint{BaseURL: base, ClientID: "4f3a-id"}, access, calendar.AdminApproval)
		u, err := url.Parse(regexp.MustCompile(`https://\S+adminconsent\S+`).FindString(text))
		if err != nil || u.Host != c.login || u.Path != "/organizations/v2.0/adminconsent" {
			t.Fatalf("%s: the address is %v, %v", base, u, err)
		}
		q := u.Query()
		if q.Get("client_id") != "4f3a-id" || q.Get("redirect_uri") != "http://localhost" || q.Get("scope") != c.graph+"Calendars.ReadWrite "+c.graph+"Calendars.ReadWrite.Shared" {
			t.Errorf("%s: it asks for %v", base, q)
		}
		for _, p := range Permissions(signin.Endpoint{BaseURL: base}, access) {
			if !strings.Contains(text, p.Scope+": "+p.Reason) {
				t.Errorf("%s: nothing of %s", base, p.Scope)
			}
		}
	}
	if text := ForIT(signin.Endpoint{}, calendar.Access{}, calendar.BlockedByPolicy); !strings.Contains(text, "conditional access") {
		t.Errorf("of a policy it says:\n%s", text)
	}
}
