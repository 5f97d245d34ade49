package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/providers/simulator/oauthsim"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/ui/terminal"
)

// wiretap is a simulated service that remembers every secret that goes over the wire,
// and can throw back all that it is sent, as broken services and their proxies do.
type wiretap struct {
	sim *simulator.Simulator
	url string

	mu      sync.Mutex
	echo    string // "", "json" or "html"
	secrets map[string][]string
}

func newWiretap(t *testing.T, service simulator.Service, titles ...string) *wiretap {
	t.Helper()
	sim, err := simulator.New(service, simulator.Options{AutoApprove: true})
	if err != nil {
		t.Fatal(err)
	}
	soon := time.Now().UTC().AddDate(0, 0, 1).Format("20060102")
	for i, title := range titles {
		if _, err := sim.Load(strings.NewReader(calendarOf(meeting(fmt.Sprintf("%s-%d@test", service, i), title, soon))), "test"); err != nil {
			t.Fatal(err)
		}
	}
	w := &wiretap{sim: sim, secrets: map[string][]string{}}
	srv := httptest.NewServer(w)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	return w
}

// hear takes note of a secret.
func (w *wiretap) hear(kind, secret string) {
	if secret != "" && !slices.Contains(w.secrets[kind], secret) {
		w.secrets[kind] = append(w.secrets[kind], secret)
	}
}

func (w *wiretap) setEcho(form string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.echo = form
}

// ServeHTTP implements http.Handler.
func (w *wiretap) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	w.mu.Lock()
	w.hear("verifier", form.Get("code_verifier"))
	echo := w.echo
	w.mu.Unlock()
	if all := fmt.Sprintf("%s %s %v %s", r.Method, r.URL, r.Header, body); echo != "" && !strings.Contains(r.URL.Path, "/auth") {
		if echo == "html" {
			out.Header().Set("Content-Type", "text/html")
			out.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(out, "<html><body>%s</body></html>", all)
			return
		}
		out.Header().Set("Content-Type", "application/json")
		out.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(out).Encode(map[string]any{"error": "invalid_request", "error_description": all, "error_uri": "http://x/?" + string(body)})
		return
	}
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, r)
	if back, err := url.Parse(rec.Header().Get("Location")); err == nil {
		w.mu.Lock()
		w.hear("code", back.Query().Get("code"))
		w.mu.Unlock()
	}
	var tokens map[string]any
	if strings.HasSuffix(r.URL.Path, "/token") && json.Unmarshal(rec.Body.Bytes(), &tokens) == nil {
		w.mu.Lock()
		for _, k := range []string{"access_token", "refresh_token", "id_token"} {
			s, _ := tokens[k].(string)
			w.hear(k, s)
		}
		w.mu.Unlock()
	}
	for k, v := range rec.Header() {
		out.Header()[k] = v
	}
	out.WriteHeader(rec.Code)
	_, _ = out.Write(rec.Body.Bytes())
}

func (w *wiretap) flags(id string) []string {
	e := w.sim.Endpoints(w.url)
	return []string{"account", "add", string(w.sim.Service()), "--id", id, "--endpoint", e.BaseURL, "--auth-url", e.AuthURL,
		"--token-url", e.TokenURL, "--client-id", e.ClientID, "--client-secret", e.ClientSecret, "--json"}
}

// fault has the service misbehave once.
func (w *wiretap) fault(f simulator.Fault) { w.sim.AddFault(f) }

// person is one that signs in, and keeps all that was ever printed.
type person struct {
	*shell
	mu      sync.Mutex
	printed bytes.Buffer
	errors  bytes.Buffer
}

// does runs a command, whatever comes of it.
func (p *person) does(args ...string) string {
	out, errs, _ := p.run(args...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.printed.WriteString(out)
	p.errors.WriteString(errs)
	return out + errs
}

// signsIn runs 'account add' and does in the browser what visit says; how it ended
// comes back.
func (p *person) signsIn(w *wiretap, id string, visit func(address string), more ...string) string {
	p.t.Helper()
	r, pw := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		terminal.Execute(p.t.Context(), p.deps, append([]string{"--data", p.dir}, append(w.flags(id), more...)...), strings.NewReader("correct horse battery\n"), pw, &errs)
		_ = pw.Close()
	}()
	var s control.SignIn
	lines := json.NewDecoder(r)
	if err := lines.Decode(&s); err == nil {
		visit(s.URL)
	}
	rest, _ := io.ReadAll(io.MultiReader(lines.Buffered(), r))
	<-ended
	p.mu.Lock()
	defer p.mu.Unlock()
	p.printed.Write(rest)
	p.errors.Write(errs.Bytes())
	return string(rest) + errs.String()
}

// browse opens an address and returns the page.
func browse(t *testing.T, address string) string {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, _ := io.ReadAll(res.Body)
	return string(page)
}

// deadRing is a keyring that does not answer.
type deadRing struct{}

func (deadRing) Load(string) (string, error) { return "", secrets.ErrUnavailable }
func (deadRing) Save(string, string) error   { return secrets.ErrUnavailable }
func (deadRing) Delete(string) error         { return secrets.ErrUnavailable }
func (deadRing) Plain() bool                 { return false }
func (deadRing) Available() error            { return secrets.ErrUnavailable }

// Somebody signs in, syncs, and meets whatever can go wrong; then everything that was
// written to disk or printed is searched for tokens, codes and verifiers, and what was
// logged or printed as an error for titles. (The store and the history hold titles: it is
// what they are for.)
func TestNoTokenCodeOrTitleGetsOut(t *testing.T) {
	for name, c := range map[string]struct {
		ring         secrets.Keeper
		flags, again []string // of the first sign-in, and of later ones
		holds        string   // the file that may hold refresh tokens
	}{
		"in a keyring":           {secrets.Memory(), nil, nil, ""},
		"behind a passphrase":    {deadRing{}, []string{"--passphrase"}, nil, ""},
		"in a file, as was said": {deadRing{}, []string{"--plain-secrets"}, []string{"--plain-secrets"}, "secrets.json"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &person{shell: newShell(t)}
			var log bytes.Buffer // slog's handlers take turns by themselves
			h, err := become(p.dir, 0, engine.Options{
				Connectors: connectors(time.Now, nil), Now: time.Now, // a clock of one's own: nothing waits to try again
				Secrets: c.ring, Sealed: secrets.Sealed(filepath.Join(p.dir, "secrets.sealed")), Plain: secrets.File(filepath.Join(p.dir, "secrets.json")),
				Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			if err := h.serve(ctx); err != nil {
				t.Fatal(err)
			}
			g, o := newWiretap(t, simulator.Google, "Zanzibar offsite"), newWiretap(t, simulator.Outlook, "Quokka review")
			p.mishaps(g, o, c.flags, c.again)
			stop()
			h.close()

			for _, w := range []*wiretap{g, o} {
				for kind, list := range w.secrets {
					for _, s := range list {
						for what, text := range map[string]string{"printed": p.printed.String(), "told as an error": p.errors.String(), "logged": log.String()} {
							if strings.Contains(text, s) {
								t.Errorf("a %s of %s was %s", kind, w.sim.Service(), what)
							}
						}
						for file, text := range filesIn(t, p.dir) {
							if strings.Contains(text, s) && !(kind == "refresh_token" && file == c.holds) {
								t.Errorf("a %s of %s is in %s", kind, w.sim.Service(), file)
							}
						}
					}
				}
				// Would the test notice?
				for _, kind := range []string{"access_token", "refresh_token", "code", "verifier"} {
					if len(w.secrets[kind]) < 1 {
						t.Errorf("%s: no %s went over the wire", w.sim.Service(), kind)
					}
				}
			}
			if n := len(o.secrets["refresh_token"]); n < 4 {
				t.Errorf("only %d refresh tokens were rotated", n)
			}
			files := filesIn(t, p.dir)
			for _, title := range []string{"Zanzibar", "Quokka"} {
				if strings.Contains(log.String(), title) || strings.Contains(p.errors.String(), title) {
					t.Errorf("the title %q is in the log, or was told as an error", title)
				}
				if !strings.Contains(p.printed.String(), title) || !strings.Contains(files["twinday.db"], title) {
					t.Errorf("the title %q is neither in the history nor in the store: would the test notice?", title)
				}
			}
			if kept := files[c.holds]; c.holds != "" && !slices.ContainsFunc(o.secrets["refresh_token"], func(s string) bool { return strings.Contains(kept, s) }) {
				t.Error("no refresh token is in the file that was agreed to")
			}
			if log.Len() == 0 || p.errors.Len() == 0 {
				t.Error("nothing was logged, or no error was printed")
			}
		})
	}
}

var againLink = regexp.MustCompile(`id="again" href="([^"]+)"`)

// mishaps is the story: a sign-in of each kind, what can go wrong with them, and with
// what follows.
func (p *person) mishaps(g, o *wiretap, flags, again []string) {
	t := p.t
	t.Helper()
	wants := func(story, got, want string) {
		t.Helper()
		if !strings.Contains(got, want) {
			t.Errorf("%s: %q is not in\n%s", story, want, got)
		}
	}
	looks := func() string {
		return p.does("sync") + p.does("status") + p.does("status", "--json") + p.does("account", "list") + p.does("history", "--json") + p.does("mirror", "list")
	}
	open := func(address string) { browse(t, address) }

	// 1. declined
	o.sim.SignIn().FailNextAuthorizeAs("access_denied", 65004)
	wants("declined", p.signsIn(o, "work", open, flags...), "declined")
	// 2. an administrator first
	o.sim.SignIn().SetRule(oauthsim.AdminFirst)
	wants("an administrator first", p.signsIn(o, "work", open, again...), "adminconsent")
	o.sim.SignIn().SetRule(oauthsim.NoRule)
	// 3. a service that throws back what it was sent, the code and the verifier
	for _, form := range []string{"json", "html"} {
		wants("thrown back as "+form, p.signsIn(g, "home", func(address string) {
			g.setEcho(form)
			open(address)
			g.setEcho("")
		}, again...), "sign-in")
	}
	// 4. a wrong state, a box left empty, and the same callback twice
	wants("a box left empty", p.signsIn(g, "home", func(address string) {
		u, _ := url.Parse(address)
		wants("a wrong state", browse(t, u.Query().Get("redirect_uri")+"/?state=guess&code=guess"), "no sign-in")
		g.sim.SignIn().NarrowScopes([]string{"https://www.googleapis.com/auth/calendar.events"})
		page := browse(t, address)
		g.sim.SignIn().NarrowScopes(nil)
		m := againLink.FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("nobody asks again:\n%s", page)
		}
		wants("a callback twice", browse(t, u.Query().Get("redirect_uri")+"/?state="+u.Query().Get("state")+"&code="+g.secrets["code"][0]), "no sign-in")
		open(html.UnescapeString(m[1]))
	}, again...), `"id":"home"`)
	wants("the other account", p.signsIn(o, "work", open, again...), `"id":"work"`)
	wants("a mirror", p.does("mirror", "add", "--member", "home/primary", "--member", "work/primary"), "Mirror")
	wants("a first pass", looks(), "connected")

	everything := simulator.Fault{Match: "", Count: -1}
	for story, mishap := range map[string]func(w *wiretap){
		"5. answers in HTML with the token in them": func(w *wiretap) { w.setEcho("html") },
		"6. answers in JSON with the token in them": func(w *wiretap) { w.setEcho("json") },
		"7. a refresh that throws back the token": func(w *wiretap) {
			w.sim.SignIn().ExpireAccessTokens()
			w.setEcho("json")
		},
		"8. a cut connection": func(w *wiretap) {
			f := everything
			f.DropBefore = true
			w.fault(f)
		},
		"9. half of a token": func(w *wiretap) {
			w.sim.SignIn().ExpireAccessTokens()
			w.fault(simulator.Fault{Match: "oauth.token", TruncateBody: true, Count: -1})
		},
		"10. a token that is taken no more": func(w *wiretap) {
			f := everything
			f.Status, f.Message = 401, "Invalid Credentials"
			w.fault(f)
		},
		"11. a service that has broken down": func(w *wiretap) {
			f := everything
			f.Status = 503
			w.fault(f)
		},
		"12. a policy": func(w *wiretap) {
			w.sim.SignIn().ExpireAccessTokens()
			w.sim.SignIn().SetRule(oauthsim.Blocked)
		},
		"13. a revoked sign-in": func(w *wiretap) { w.sim.SignIn().RevokeAll() },
	} {
		for id, w := range map[string]*wiretap{"home": g, "work": o} {
			mishap(w)
			w.sim.Mailbox().AddEvent("primary", mailbox.Event{Title: "Zanzibar and Quokka", Start: at(1, 9), End: at(1, 10)})
			p.does("calendar", "list", "--fresh")
			looks()
			wants(story, p.does("status"), "! "+id)
			p.does("account", "ask-it", id)
			w.setEcho("")
			w.sim.ClearFaults()
			w.sim.SignIn().SetRule(oauthsim.NoRule)
			wants(story+": signed in again", p.signsIn(w, id, open, again...), `"id":"`+id+`"`)
			looks()
		}
	}
	all := must[[]control.AccountState](p.shell, "account", "list")
	for _, a := range all {
		if a.Condition != control.Connected {
			t.Errorf("in the end %s is %s: %s", a.ID, a.Condition, a.Words)
		}
	}
}

// filesIn reads every file below a folder, by name.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		out[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
