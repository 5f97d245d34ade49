package google

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

// clientID is what Google's client ids look like; the older ones have no middle part.
var clientID = regexp.MustCompile(`^\d{6,}(-[a-z0-9]{8,64})?\.apps\.googleusercontent\.com$`)

// CheckClient reads a client id as a person pastes it: the id and its secret, or the JSON
// file that the Cloud console offers for download. Invalid if it is something else, or a
// client of another type than 'Desktop app', which no loopback address works with (Google
// guide 'OAuth 2.0 for iOS & Desktop Apps').
func CheckClient(id, secret string) (string, string, error) {
	id, secret = strings.Trim(id, " \t\r\n\"'"), strings.Trim(secret, " \t\r\n\"'")
	if strings.HasPrefix(id, "{") {
		return fromConsole(id)
	}
	switch {
	case strings.HasPrefix(id, "GOCSPX-"):
		return wrong("that is the client's secret; its id ends with .apps.googleusercontent.com")
	case strings.HasPrefix(id, "AIza"):
		return wrong("that is an API key, which opens nobody's calendar; make an OAuth client id of type 'Desktop app'")
	case strings.HasSuffix(id, ".iam.gserviceaccount.com"):
		return wrong("that is a service account, which is nobody's; make an OAuth client id of type 'Desktop app'")
	case !clientID.MatchString(id):
		return wrong("that is no Google client id: it looks like 123456789-abc….apps.googleusercontent.com")
	case clientID.MatchString(secret):
		return wrong("the secret is a client id; the secret begins with GOCSPX-")
	}
	return id, secret, nil
}

// fromConsole reads the console's file: {"installed": {…}} of a desktop client.
func fromConsole(text string) (string, string, error) {
	var file struct {
		Installed, Web *struct {
			ID     string `json:"client_id"`
			Secret string `json:"client_secret"`
		}
		Type string `json:"type"`
	}
	if json.Unmarshal([]byte(text), &file) != nil {
		return wrong("the file cannot be understood: download the JSON of the OAuth client again")
	}
	switch {
	case file.Installed != nil:
		if strings.HasPrefix(file.Installed.ID, "{") {
			break
		}
		return CheckClient(file.Installed.ID, file.Installed.Secret)
	case file.Web != nil:
		return wrong("this client is of type 'Web application'; Twinday needs one of type 'Desktop app'")
	case file.Type == "service_account":
		return wrong("that is the key of a service account, and was better not shown to anyone; make an OAuth client id of type 'Desktop app'")
	}
	return wrong("the file is none of an OAuth client of type 'Desktop app'")
}

func wrong(why string) (string, string, error) {
	return "", "", &calendar.Error{Op: "google: client id", Kind: calendar.Invalid, Field: "client id", Obstacle: calendar.ClientRefused, Err: errors.New(why)}
}
