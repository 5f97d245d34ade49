//go:build linux

package caldavlab_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/providertest/caldavlab"
)

// TestServers sees each server make a calendar in its user's home.
func TestServers(t *testing.T) {
	for _, start := range []func(testing.TB) *caldavlab.Server{caldavlab.Radicale, caldavlab.Xandikos, caldavlab.Cyrus} {
		s := start(t)
		t.Run(s.Name, func(t *testing.T) {
			make := func(password string) int {
				req, err := http.NewRequestWithContext(t.Context(), "MKCALENDAR", s.Base+s.Home+"made-"+strings.ToLower(password)+"/", nil)
				if err != nil {
					t.Fatal(err)
				}
				req.SetBasicAuth(s.User, password)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				return resp.StatusCode
			}
			if got := make(caldavlab.Password); got >= 300 {
				t.Errorf("it is answered %d", got)
			}
			if s.Open {
				return
			}
			s.SetPassword(t, "another")
			if got := make(caldavlab.Password); got != http.StatusUnauthorized {
				t.Errorf("with the old password: %d", got)
			}
			if got := make("another"); got >= 300 {
				t.Errorf("with the new password: %d", got)
			}
		})
	}
}
