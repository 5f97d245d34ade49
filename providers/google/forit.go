package google

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// ForIT is a text that a person can send to their organisation's administrator, as it
// stands: what Twinday is, what it asks for and why, and where it is allowed (Google
// Workspace Admin Help "Control which apps access Google Workspace data").
func ForIT(e signin.Endpoint, a calendar.Access, _ calendar.Obstacle) string {
	var asked strings.Builder
	for _, p := range Permissions(a) {
		fmt.Fprintf(&asked, "  %s: %s\n", p.Scope, p.Reason)
	}
	return fmt.Sprintf(`Hello,

I would like to use Twinday with my calendar. It is a desktop app that keeps the calendars of one person alike. It runs on
my own computer, has no server, and sends nothing anywhere but to the calendar services that I connect.

Google says that an administrator's policy of our organisation blocks it. Please allow it:

  OAuth client ID: %s
  Type: desktop app; signs in as me, with my browser

It asks for these permissions:

%s
In the Admin console: Security > Access and data control > API controls > Manage third-party app access > Configure new app,
search for the client ID, and choose "Specific Google data" with these permissions, or "Trusted":

  https://admin.google.com/ac/owl/list?tab=configuredApps

Thank you.
`, cmp.Or(e.ClientID, "(none yet)"), asked.String())
}
