package signin_test

import (
	"encoding/base64"
	"testing"

	"github.com/twinday/twinday/providers/signin"
)

func TestSubject(t *testing.T) {
	for payload, want := range map[string]string{
		`{"oid":"o1","tid":"t1","sub":"s","email":"ann@x.test"}`: "o1@t1",
		`{"oid":"o1"}`:               "", // of one tenant among many
		`{"sub":"s","tid":"t1"}`:     "", // another app's is another
		`{"oid":"o1","tid":7}`:       "",
		`no claims`:                  "",
		`{"email":"ann@gmail.test"}`: "",
	} {
		token := "h." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".s"
		if got := signin.Subject(token); got != want {
			t.Errorf("%s: %q, want %q", payload, got, want)
		}
	}
	for _, token := range []string{"", "a.b", "a.!.c"} {
		if got := signin.Subject(token); got != "" {
			t.Errorf("%q: %q", token, got)
		}
	}
}
