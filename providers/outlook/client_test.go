package outlook

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

func TestWhatIsPastedAsAClient(t *testing.T) {
	const id = "4765445b-32c6-49b0-83e6-1d93765276ca"
	for _, good := range []string{id, " {" + strings.ToUpper(id) + "}\n", "\"" + id + "\""} {
		if got, secret, err := CheckClient(good, " "); got != id || secret != "" || err != nil {
			t.Errorf("%q gave %q, %q, %v", good, got, secret, err)
		}
	}
	for _, c := range []struct{ id, secret, says string }{
		{id, "x8Q~abc", "no client secret"},
		{"x8Q8Q~Ab3.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", "that is a client secret"},
		{"1-a.apps.googleusercontent.com", "", "Google's"},
		{"00000000-0000-0000-0000-000000000000", "", "Application (client) ID"},
		{id + id, "", "Application (client) ID"},
		{"Twinday", "", "Application (client) ID"},
		{"", "", "Application (client) ID"},
	} {
		if _, _, err := CheckClient(c.id, c.secret); calendar.KindOf(err) != calendar.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q with %q: %v; want %q", c.id, c.secret, err, c.says)
		}
	}
}
