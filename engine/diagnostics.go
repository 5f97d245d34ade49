package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// What of the past a report tells: enough to see a pattern, and to be read before it is sent.
const (
	toldEntries = 1000 // counted
	toldFailed  = 50   // told one by one
	toldLog     = 64 << 10
)

// Diagnostics is a report on how Twinday fares, with what is private taken out.
func (e *Engine) Diagnostics(ctx context.Context) (control.Diagnostics, error) {
	now := e.Now().UTC()
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("Twinday %s, %s %s/%s, report of %s", cmp.Or(e.Version, "dev"), runtime.Version(), runtime.GOOS, runtime.GOARCH, now.Format(time.RFC3339))
	say("running since %s", e.began.UTC().Format(time.RFC3339))

	s, err := e.Status(ctx)
	if err != nil {
		return control.Diagnostics{}, err
	}
	settings, err := e.Settings(ctx)
	if err != nil {
		return control.Diagnostics{}, err
	}
	private := newPrivacy()
	say("\n# Status\nactivity: %s\nsummary: %s\npass %d, last good %s, next %s, backup %s, held %d", s.Activity, s.Summary, s.Pass, stamp(s.LastSync), stamp(s.NextSync), stamp(s.LastBackup), s.Held)
	for _, p := range s.Problems {
		say("problem since %s: %s (%s)", stamp(p.Since), p.What, p.Detail)
	}
	say("\n# Settings\nevery %s, quiet hours %q, language %q, theme %q, notify %q\nproxy: %t, root certificate: %t, own client ids: %d", settings.Rhythm.Interval(), settings.Rhythm.Quiet,
		settings.Faces.Language, settings.Faces.Theme, settings.Faces.Notify, settings.Network.Proxy != "", settings.Network.RootCertificate != "", len(settings.Clients))
	for _, x := range []string{settings.Network.Proxy, settings.Network.ProxyUser, settings.Network.Bypass} {
		private.hide(x, "proxy")
	}
	for _, c := range settings.Clients {
		private.hide(c.ID, "client id")
		private.hide(c.Secret, "client id")
	}

	err = e.Store.View(func(tx *store.Tx) error {
		say("\n# Accounts and calendars")
		for i, a := range s.Accounts {
			word := fmt.Sprintf("account %d", i+1)
			private.hide(a.Email, word)
			private.hide(string(a.ID), word)
			private.hide(a.Name, word)
			private.hide(a.Identity, word)
			for _, x := range []string{a.Endpoint.BaseURL, a.Endpoint.AuthURL, a.Endpoint.TokenURL} {
				private.hide(x, "address of "+word)
			}
			private.hide(a.Client.ID, "client id")
			private.hide(a.Endpoint.ClientID, "client id")
			say("%s: %s, %s, sign-in kept in %s, extras %v lacking %v, own address: %t", word, a.Provider, a.Condition, a.Kept, a.Access.Extras, a.Lacks, a.Endpoint.BaseURL != "")
			cals, err := tx.Calendars(a.ID)
			if err != nil {
				return err
			}
			for _, c := range cals {
				known := fmt.Sprintf("calendar %d", private.calendars+1)
				private.calendars++
				private.hide(string(c.Ref.Calendar), known)
				private.hide(c.Name, known)
				events, unseen := 0, 0
				if err := tx.EachReplica(c.Ref, func(r state.Replica) error {
					if !r.Deleted {
						events++
					}
					if r.Unseen {
						unseen++
					}
					return nil
				}); err != nil {
					return err
				}
				say("  %s: role %s, zone %s, missing %t, %d events of which %d are out of the window, %d linked", known, c.Role, c.Zone, c.Missing, events, unseen, tx.CountLinked(c.Ref))
			}
		}
		say("\n# Mirrors")
		for i, m := range s.Mirrors {
			word := fmt.Sprintf("mirror %d", i+1)
			private.hide(m.Name, word)
			say("%s: %d events, %d pending, last %s, paused %t, watching %t, guests %q, invitations %q, conflicts by %s", word, m.Events, m.Pending, stamp(m.LastSync), m.Paused, m.Watching != nil, m.Guests, m.Invitations, m.Conflicts.Words())
			for _, x := range m.Members {
				say("  %s, direction %q, off %t", x.Ref, x.Direction, x.Off)
			}
			for _, p := range m.Mappings {
				say("  copies from %s in %s: %s", cmp.Or(p.From.String(), "any"), cmp.Or(p.To.String(), "any"), cmp.Or(string(p.Detail), string(state.Everything)))
			}
		}
		intents, err := tx.Intents()
		if err != nil {
			return err
		}
		say("\n# Journal and history\nopen intents: %d", len(intents))
		counts, failed := map[string]int{}, []state.HistoryEntry{}
		entries, err := tx.History(store.HistoryFilter{Limit: toldEntries})
		if err != nil {
			return err
		}
		for _, h := range entries {
			counts[string(h.Kind)+" "+string(h.Outcome)]++
			private.title(h.Title)
			if h.Outcome == state.Failed && len(failed) < toldFailed {
				failed = append(failed, h)
			}
		}
		for _, k := range slices.Sorted(maps.Keys(counts)) {
			say("%s: %d", k, counts[k])
		}
		for _, h := range failed {
			say("pass %d, %s: %s failed: %s", h.Pass, stamp(h.Time), h.Kind, h.Why)
		}
		return nil
	})
	if err != nil {
		return control.Diagnostics{}, fmt.Errorf("engine: diagnostics: %w", err)
	}
	if e.LogTail != nil {
		say("\n# Log\n%s", tail(e.LogTail(), toldLog))
	}
	if u, err := user.Current(); err == nil {
		private.hide(u.HomeDir, "~")
		private.hide(u.Username, "user")
		private.hide(u.Name, "user")
	}
	private.hide(filepath.Dir(e.Store.Path()), "data folder")
	private.hide(s.Installation.Name, "computer")
	if host, err := os.Hostname(); err == nil {
		private.hide(host, "computer")
	}
	return control.Diagnostics{Name: "twinday-report-" + now.Format("20060102-150405") + ".txt", Text: private.clean(b.String())}, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// tail is the end of a log, from a whole line on.
func tail(log []byte, most int) []byte {
	if len(log) > most {
		log = log[len(log)-most:]
		if i := slices.Index(log, '\n'); i >= 0 {
			log = log[i+1:]
		}
	}
	return log
}

// privacy takes out of a report what is nobody's business.
type privacy struct {
	words     map[string]string // what is private → what stands for it
	calendars int
}

func newPrivacy() *privacy { return &privacy{words: map[string]string{}} }

// tooShort would be found within other words.
const tooShort = 3

func (p *privacy) hide(private, word string) {
	private = strings.TrimSpace(private)
	if _, known := p.words[private]; !known && len(private) >= tooShort {
		p.words[private] = "[" + word + "]"
	}
}

// title hides an event's title. There is no need to tell them apart.
func (p *privacy) title(s string) { p.hide(s, "title") }

var (
	anAddress = regexp.MustCompile(`[\pL\pN._%+'-]+@[\pL\pN-]+(\.[\pL\pN-]+)*`)
	aQuote    = regexp.MustCompile(`“[^“”\n]*”`)
	aPath     = regexp.MustCompile(`(https?://[^/\s"'?]+)[^\s"')]*`) // it holds ids of calendars and events
	aToken    = regexp.MustCompile(`[A-Za-z0-9+/=_.-]{40,}`)
)

// clean takes out what was named, and what looks as if it were private.
func (p *privacy) clean(text string) string {
	text = aPath.ReplaceAllString(text, "$1/…")
	private := make([]string, 0, len(p.words))
	for w := range p.words {
		private = append(private, w)
	}
	slices.SortFunc(private, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) }) // the whole before its parts
	pairs := make([]string, 0, 2*len(private))
	for _, w := range private {
		pairs = append(pairs, w, p.words[w])
	}
	text = strings.NewReplacer(pairs...).Replace(text)
	text = aQuote.ReplaceAllString(text, "“…”")
	text = anAddress.ReplaceAllString(text, "[address]")
	return aToken.ReplaceAllString(text, "[…]")
}
