package main

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/store/state"
)

// browserPatience ends a page that does not come; a busy machine starts a browser in
// some seconds.
const browserPatience = 90 * time.Second

// chromium starts a real browser without a window.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("a browser (Debian package chromium) is needed: %v", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, // root may not have one
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.UserDataDir(t.TempDir()))
	ctx, end := context.WithTimeout(t.Context(), browserPatience)
	ctx, endAllocator := chromedp.NewExecAllocator(ctx, opts...)
	ctx, endTab := chromedp.NewContext(ctx)
	t.Cleanup(func() { endTab(); endAllocator(); end() })
	return ctx
}

// tab is a page in the browser, and the person before it.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func (b tab) opens(address string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(address)); err != nil {
		b.t.Fatalf("open the page: %v", err)
	}
}

// presses presses what a CSS selector names.
func (b tab) presses(what string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Click(chromedp.CSS(what))); err != nil {
		b.t.Fatalf("press %s: %v", what, err)
	}
}

// reads waits until a heading says so.
func (b tab) reads(heading string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.WaitVisible(chromedp.Search(`//h1[text()="`+heading+`"]`))); err != nil {
		page, _ := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
		b.t.Fatalf("wait for %q: %v; the page says\n%s", heading, err, page)
	}
}

// js is what an expression gives in the page.
func js[T any](b tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// A person with a real browser goes through the pages of both services: leaves the boxes
// empty, is asked again, ticks them; declines, and agrees after all.
func TestABrowserSignsInToBothServices(t *testing.T) {
	ctx := chromium(t)
	b := tab{t, ctx}
	p := &person{shell: newShell(t)}
	shows := func(w *wiretap, id string, visit func(string), want string, more ...string) {
		t.Helper()
		if told := p.signsIn(w, id, visit, more...); !strings.Contains(told, want) {
			t.Errorf("account add ends with %s, want %s in it", told, want)
		}
	}
	ask := func(s simulator.Service) *wiretap {
		sim, err := simulator.New(s, simulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := &wiretap{sim: sim, secrets: map[string][]string{}}
		srv := httptest.NewServer(w)
		t.Cleanup(srv.Close)
		w.url = srv.URL
		return w
	}
	g, o := ask(simulator.Google), ask(simulator.Outlook)

	shows(g, "home", func(address string) {
		b.opens(address)
		if n := js[int](b, `document.querySelectorAll("input[type=checkbox]:not(:checked)").length`); n != 3 {
			t.Errorf("%d boxes are empty, want 3", n)
		}
		b.presses(`input[value$="calendar.events"]`)
		b.presses(`button[value=approve]`)
		b.reads("A box was left empty")
		if left := js[string](b, `document.querySelector("ul").innerText`); left != "see the list of your calendars" {
			t.Errorf("what was left out is %q", left)
		}
		b.presses("#again")
		b.presses(`input[value$="calendar.events"]`)
		b.presses(`input[value$="calendarlist.readonly"]`)
		b.presses(`button[value=approve]`)
		b.reads("You are signed in")
		b.looksGoodByDayAndNight()
	}, `"lacks":["copies calendar"]`, "--copies-calendar")

	shows(o, "work", func(address string) {
		b.opens(address)
		b.presses(`button[value=deny]`)
		b.reads("You are not signed in")
	}, "declined")
	shows(o, "work", func(address string) {
		b.opens(address)
		b.presses(`button[value=approve]`)
		b.reads("You are signed in")
		if js[bool](b, `location.hostname != "localhost" || document.scripts.length + document.images.length > 0 || performance.getEntriesByType("resource").some(r => new URL(r.name).host != location.host)`) {
			t.Error("the last page is not of this machine, or loads something")
		}
	}, `"id":"work"`)

	for _, a := range must[[]control.AccountState](p.shell, "account", "list") {
		want := map[state.AccountID]control.Condition{"home": control.LacksScope, "work": control.Connected}[a.ID]
		if a.Condition != want {
			t.Errorf("%s is %s: %s", a.ID, a.Condition, a.Words)
		}
	}
}

// looksGoodByDayAndNight sees the page in both of the desktop's styles.
func (b tab) looksGoodByDayAndNight() {
	b.t.Helper()
	seen := map[string]bool{}
	for _, style := range []string{"light", "dark"} {
		err := chromedp.Do(b.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia,
				emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: style}}})
			return err
		}))
		if err != nil {
			b.t.Fatal(err)
		}
		seen[js[string](b, `getComputedStyle(document.body).backgroundColor`)] = true
	}
	if len(seen) != 2 {
		b.t.Errorf("the page is %v, by day and by night", seen)
	}
}
