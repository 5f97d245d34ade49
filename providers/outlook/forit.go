package outlook

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// ForIT is a text that a person can send to their organisation's IT, as it stands: what
// Twinday is, what it asks for and why, and where it is allowed. why is AdminApproval or
// BlockedByPolicy.
func ForIT(e signin.Endpoint, a calendar.Access, why calendar.Obstacle) string {
	var asked strings.Builder
	var scopes []string
	for _, p := range Permissions(e, a) {
		fmt.Fprintf(&asked, "  %s: %s\n", p.Scope, p.Reason)
		scopes = append(scopes, p.Scope)
	}
	wish := "Please allow it for our organisation"
	if why == calendar.BlockedByPolicy {
		wish = "A policy of our organisation (conditional access, or the assignment of apps) blocks its sign-in. Please let it in"
	}
	return fmt.Sprintf(`Hello,

I would like to use Twinday with my calendar. It is a desktop app that keeps the calendars of one person alike. It runs on
my own computer, has no server, and sends nothing anywhere but to the calendar services that I connect.

%s:

  App (client) ID: %s
  Type: desktop app, public client; signs in as me (delegated), with my browser

It asks for these delegated permissions of Microsoft Graph, and for offline_access, openid, profile and email:

%s
An administrator can agree for everyone here; the page that the browser ends on (localhost) need not open:

  %s

Thank you.
`, wish, cmp.Or(e.ClientID, "(none yet)"), asked.String(), consentURL(e, scopes))
}

// consentURL is where an administrator agrees (Microsoft identity platform "Admin consent":
// not under 'common', and with a redirect that is registered).
func consentURL(e signin.Endpoint, scopes []string) string {
	base, _ := url.Parse(baseURL(e))
	host := "graph.microsoft.com"
	if base != nil && clouds[base.Host] != "" {
		host = base.Host
	}
	for i, s := range scopes {
		if !strings.Contains(s, "/") {
			scopes[i] = "https://" + host + "/" + s
		}
	}
	q := url.Values{"client_id": {e.ClientID}, "scope": {strings.Join(scopes, " ")}, "redirect_uri": {"http://localhost"}}
	return clouds[host] + "/organizations/v2.0/adminconsent?" + q.Encode()
}
