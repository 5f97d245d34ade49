package outlook

import (
	"errors"
	"regexp"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

// guid is what Microsoft's client ids look like.
var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// CheckClient reads a client id as a person pastes it. Invalid if it is something else, or
// comes with a secret: a desktop app has none, and must not send one (AADSTS700025).
func CheckClient(id, secret string) (string, string, error) {
	id = strings.ToLower(strings.Trim(id, " \t\r\n\"'{}"))
	switch {
	case strings.TrimSpace(secret) != "":
		return wrong("a desktop app has no client secret: leave it out (an app that needs one is registered as a web app)")
	case strings.Contains(id, "~"):
		return wrong("that is a client secret, which a desktop app has none of; the 'Application (client) ID' is on the app's overview page")
	case strings.HasSuffix(id, ".apps.googleusercontent.com"):
		return wrong("that is one of Google's client ids")
	case !guid.MatchString(id), strings.Trim(id, "0-") == "":
		return wrong("that is no 'Application (client) ID': it looks like 00001111-aaaa-2222-bbbb-3333cccc4444")
	}
	return id, "", nil
}

func wrong(why string) (string, string, error) {
	return "", "", &calendar.Error{Op: "outlook: client id", Kind: calendar.Invalid, Field: "client id", Obstacle: calendar.ClientRefused, Err: errors.New(why)}
}
