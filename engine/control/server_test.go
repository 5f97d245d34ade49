package control

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func methodsOf[T any]() []string {
	var names []string
	typ := reflect.TypeFor[T]()
	for i := range typ.NumMethod() {
		names = append(names, typ.Method(i).Name)
	}
	return names
}

// ask sends a raw request, as a script would.
func ask(t *testing.T, h http.Handler, method, path, body string) (status int, e Error) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	_ = json.Unmarshal(w.Body.Bytes(), &e)
	return w.Code, e
}

func TestWhatMakesNoSenseIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		code               ErrorCode
		says               string
	}{
		"no such path":              {"GET", "/v1/nonsense", "", 404, CodeNotFound, "GET /v1/nonsense"},
		"no path":                   {"GET", "/", "", 404, CodeNotFound, "version 1"},
		"another version":           {"GET", "/v2/status", "", 404, CodeNotFound, "version 1"},
		"no such method":            {"DELETE", "/v1/sync", "", 404, CodeNotFound, "DELETE /v1/sync"},
		"broken JSON":               {"POST", "/v1/sync", `{"dryRun":`, 400, CodeUsage, "POST /sync"},
		"JSON of another kind":      {"POST", "/v1/sync", `[1]`, 400, CodeUsage, "POST /sync"},
		"two documents":             {"POST", "/v1/sync", `{}{}`, 400, CodeUsage, "POST /sync"},
		"a calendar with no slash":  {"POST", "/v1/mirrors", `{"members":[{"ref":"x"}]}`, 400, CodeUsage, "ACCOUNT/CALENDAR"},
		"a time that is none":       {"POST", "/v1/pause", `{"until":"tomorrow"}`, 400, CodeUsage, "POST /pause"},
		"a body that is too large":  {"POST", "/v1/held", `{"ids":["` + strings.Repeat("x", maxBody) + `"]}`, 400, CodeUsage, "too large"},
		"a limit that is no number": {"GET", "/v1/history?limit=many", "", 400, CodeUsage, `limit "many"`},
		"a since that is no time":   {"GET", "/v1/history/page?since=yesterday", "", 400, CodeUsage, `since "yesterday"`},
		"a calendar of no account":  {"GET", "/v1/history?calendar=work", "", 400, CodeUsage, `"work" is no calendar`},
		"a negative before":         {"GET", "/v1/history?before=-1", "", 400, CodeUsage, `before "-1"`},
	} {
		t.Run(name, func(t *testing.T) {
			b := &recorder{}
			status, e := ask(t, Handler(b, ""), c.method, c.path, c.body)
			if status != c.status || e.Code != c.code || !strings.Contains(e.Message, c.says) {
				t.Errorf("answered %d %+v, want %d %s with %q", status, e, c.status, c.code, c.says)
			}
			if asked := b.forget(); len(asked) != 0 {
				t.Errorf("the engine was asked all the same: %v", asked)
			}
		})
	}
}

// A body of exactly the bound is read: what a face may send is not cut.
func TestTheLargestBody(t *testing.T) {
	frame := `{"ids":[""],"decision":"drop"}`
	body := strings.Replace(frame, `""`, `"`+strings.Repeat("x", maxBody-len(frame))+`"`, 1)
	if status, e := ask(t, Handler(&recorder{}, ""), "POST", "/v1/held", body); status != 200 {
		t.Errorf("%d bytes: answered %d %+v", len(body), status, e)
	}
}

func TestFailuresHaveTheirStatus(t *testing.T) {
	for code, want := range map[ErrorCode]int{CodeUsage: 400, CodeNotFound: 404, CodeSecrets: 409, CodeLocked: 423, CodeFailed: 500, "a new one": 500} {
		if status, e := ask(t, Handler(&recorder{fail: &Error{Code: code, Message: "no"}}, ""), "GET", "/v1/status", ""); status != want || e.Code != code {
			t.Errorf("%s: answered %d %+v, want %d", code, status, e, want)
		}
	}
}

// What a script that knows more than this engine sends is passed over.
func TestAFieldOfTomorrowIsPassedOver(t *testing.T) {
	b := &recorder{}
	if status, e := ask(t, Handler(b, ""), "POST", "/v1/sync", `{"dryRun":true,"tomorrow":1}`); status != 200 || len(b.forget()) != 1 {
		t.Errorf("answered %d %+v", status, e)
	}
}

// The deletions that were seen lie beside the mirror's own fields, as interface.md
// shows it.
func TestAMirrorIsChangedAsDocumented(t *testing.T) {
	b := &recorder{}
	body := `{"name":"Us","members":[{"ref":"a/c"}],"mappings":[{"to":"b/d","mapping":{"detail":"busy only","title":{"lens":"copy","prefix":"[W] "}}}],"guests":"revert","seen":["fact1"]}`
	if status, e := ask(t, Handler(b, ""), "PUT", "/v1/mirrors/m1", body); status != 200 {
		t.Fatalf("answered %d %+v", status, e)
	}
	asked := b.forget()[0]
	for _, want := range []string{"ID:m1", "Name:Us", "To:b/d", "Detail:busy only", "Prefix:[W] ", "Guests:revert", "Seen:[fact1]"} {
		if !strings.Contains(asked, want) {
			t.Errorf("asked %s, want %s in it", asked, want)
		}
	}
}

// The id of the path counts, whatever the body says.
func TestThePathNamesTheMirror(t *testing.T) {
	b := &recorder{}
	for _, c := range [][3]string{{"PUT", "/v1/mirrors/m1", `{"id":"m2"}`}, {"POST", "/v1/mirrors/m1/plan", `{"id":"m2"}`}, {"POST", "/v1/mirrors/m1/remove", `{"id":"m2"}`}} {
		if status, e := ask(t, Handler(b, ""), c[0], c[1], c[2]); status != 200 {
			t.Errorf("answered %d %+v", status, e)
		}
	}
	for _, asked := range b.forget() {
		if !strings.Contains(asked, "m1") || strings.Contains(asked, "m2") {
			t.Errorf("asked %s, want m1", asked)
		}
	}
}

func TestWithoutItsTokenNobodyIsHeard(t *testing.T) {
	noSockets(t)
	b := &recorder{}
	e := engineOn(t, t.TempDir(), b)
	a := addressIn(t, e.dataDir)
	if a.Network != "tcp" || !strings.HasPrefix(a.Address, "127.0.0.1:") || len(a.Token) < 26 {
		t.Fatalf("listens on %+v, want loopback TCP with a long token", a)
	}
	wantMode(t, e.l.file, 0o600)
	for name, c := range map[string]struct {
		header string
		want   int
	}{
		"none":           {"", 401},
		"an empty one":   {"Bearer ", 401},
		"a wrong one":    {"Bearer " + strings.Repeat("A", len(a.Token)), 401},
		"part of it":     {"Bearer " + a.Token[:10], 401},
		"without Bearer": {a.Token, 401},
		"its own":        {"Bearer " + a.Token, 200},
	} {
		for _, call := range [][2]string{{"GET", "/v1/status"}, {"POST", "/v1/quit"}, {"GET", "/nonsense"}} {
			req, err := http.NewRequestWithContext(t.Context(), call[0], "http://"+a.Address+call[1], nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.header != "" {
				req.Header.Set("Authorization", c.header)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			want := c.want
			if want == 200 && call[1] == "/nonsense" {
				want = 404
			}
			if res.StatusCode != want || want == 401 && len(body) != 0 {
				t.Errorf("%s %s with %s: %d %s, want %d", call[0], call[1], name, res.StatusCode, body, want)
			}
			if asked := b.forget(); (len(asked) != 0) != (want == 200) {
				t.Errorf("%s %s with %s: the engine was asked %v", call[0], call[1], name, asked)
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()

	other, err := Dial(t.Context(), e.dataDir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.token = "stale"
	if _, err := other.Status(t.Context()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a client with a stale token: %v, want one that says 401", err)
	}
}
