package simulator

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServeAloneUntilTheEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my.ics")
	text := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20260714T080000Z\nSUMMARY:One\nEND:VEVENT\n" +
		"BEGIN:VEVENT\nUID:b\nEND:VEVENT\nBEGIN:VEVENT\nUID:c\nSTATUS:CANCELLED\nDTSTART:20260715T080000Z\nEND:VEVENT\nEND:VCALENDAR\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		service                Service
		base, authorize, token string
		secret                 bool
		events                 int // Google has no cancelled ones
	}{
		{Google, "/calendar/v3/", "/o/oauth2/v2/auth", "/token", true, 1},
		{Outlook, "/v1.0", "/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token", false, 2},
	} {
		t.Run(string(test.service), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, w := io.Pipe()
			var log strings.Builder
			ended := make(chan error, 1)
			go func() {
				ended <- Serve(ctx, ServeOptions{Service: test.service, Listen: "127.0.0.1:0", EventsFile: file, Out: w, Log: &log})
				w.Close()
			}()
			out := bufio.NewReader(r)
			text, err := out.ReadBytes('\n')
			if err != nil {
				t.Fatal(err, <-ended)
			}
			var line ServeLine
			if err := json.Unmarshal(text, &line); err != nil {
				t.Fatal(err)
			}
			root, ok := strings.CutSuffix(line.BaseURL, test.base)
			if !ok || line.AuthorizeURL != root+test.authorize || line.TokenURL != root+test.token ||
				line.ClientID == "" || test.secret != (line.ClientSecret != "") || line.Service != test.service {
				t.Errorf("printed %s", text)
			}
			if line.Loaded == nil || line.Loaded.Events != test.events || len(line.Loaded.Problems) != 1 {
				t.Errorf("loaded %+v, want %d events and a problem", line.Loaded, test.events)
			}
			if want := "my.ics:7: left out: the event has no DTSTART\n"; log.String() != want {
				t.Errorf("log %q, want %q", log.String(), want)
			}

			if code, body := get(t, line.ControlURL+"events"); code != 200 || !strings.Contains(body, `"title":"One"`) {
				t.Errorf("control: %d %s", code, body)
			}
			if code, _ := get(t, line.BaseURL); code == 200 {
				t.Error("the service answered without a sign-in")
			}
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("ended with %v", err)
			}
			if rest, _ := io.ReadAll(out); len(rest) != 0 {
				t.Errorf("printed more than a line: %s", rest)
			}
		})
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServeRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		options ServeOptions
		want    string
	}{
		{"every address", ServeOptions{Service: Google, Listen: ":8801"}, "could be reached from outside"},
		{"every address in words", ServeOptions{Service: Google, Listen: "0.0.0.0:8801"}, "could be reached from outside"},
		{"the network", ServeOptions{Service: Google, Listen: "192.168.1.4:8801"}, "listen on 127.0.0.1"},
		{"a name", ServeOptions{Service: Google, Listen: "example.com:8801"}, "could be reached from outside"},
		{"no port", ServeOptions{Service: Google, Listen: "127.0.0.1"}, "write it like 127.0.0.1:8801"},
		{"another service", ServeOptions{Service: "exchange", Listen: "127.0.0.1:0"}, "want google or outlook"},
		{"a file that is not there", ServeOptions{Service: Google, Listen: "127.0.0.1:0", EventsFile: "none.ics"}, "none.ics"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Out = io.Discard
			if err := Serve(t.Context(), test.options); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	for _, ok := range []string{"127.0.0.1:0", "[::1]:80", "localhost:0", "127.9.9.9:1"} {
		if err := checkLoopback(ok); err != nil {
			t.Error(err)
		}
	}
}
