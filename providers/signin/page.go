package signin

import (
	"html/template"
	"net/http"

	"github.com/twinday/twinday/providers/calendar"
)

// page is what the browser shows at the end.
type page struct {
	Good  bool
	Title string
	Text  string
	List  []string // what was left out
	Again string   // where it can be given after all
}

var (
	pageDone  = page{Good: true, Title: "You are signed in", Text: "Twinday can see your calendars now. You can close this page."}
	pageStray = page{Title: "This page belongs to no sign-in", Text: "It was used already, or it is not from Twinday. Start again in Twinday."}
)

// missingPage asks again for what a person did not tick. Google's boxes are empty at
// first, so that this is no refusal but the usual way to miss them.
func missingPage(missing []calendar.Permission, again string) page {
	p := page{Title: "A box was left empty", Text: "Twinday cannot keep your calendars alike without being allowed to:", Again: again}
	for _, m := range missing {
		p.List = append(p.List, m.Reason)
	}
	return p
}

// failurePage says in plain words why the sign-in failed.
func failurePage(err error) page {
	text := "Something went wrong. Twinday shows what; you can close this page."
	switch calendar.ObstacleOf(err) {
	case calendar.AdminApproval:
		return page{Title: "Your organisation has to agree first", Text: "An administrator must allow Twinday. Twinday has a text for your IT that says all they need. You can close this page."}
	case calendar.BlockedByPolicy:
		return page{Title: "Your organisation does not allow this", Text: "Its rules block this sign-in. Twinday says what can be done; you can close this page."}
	case calendar.ScopeMissing:
		return page{Title: "You are not signed in", Text: "A permission was left out without which nothing works. Start again in Twinday and tick every box."}
	}
	switch calendar.KindOf(err) {
	case calendar.Forbidden:
		text = "The permission was not given, so nothing was connected. You can close this page, or start again in Twinday."
	case calendar.SignedOut:
		text = "The sign-in was not accepted. Close this page and start again in Twinday."
	case calendar.Invalid:
		text = "The provider does not know this client id, or refuses what it asks for. Check the client id in Twinday."
	case calendar.Unavailable, calendar.Throttled:
		text = "The provider could not be reached. Close this page and try again in Twinday."
	}
	return page{Title: "You are not signed in", Text: text}
}

// writePage answers with a page that needs nothing from the network. The
// address bar holds the code, so nothing is cached or passed on as a referrer.
func writePage(w http.ResponseWriter, status int, p page) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	pageTemplate.Execute(w, p) //nolint:errcheck // the browser may have gone
}

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}} – Twinday</title>
<style>
:root { --bg: #f6f7f9; --card: #fff; --ink: #1c2430; --dim: #5a6675; --good: #16794c; --bad: #b3382c; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #14181d; --card: #1f252c; --ink: #e8ecf1; --dim: #a3afbd; --good: #5fd39b; --bad: #ff8f82; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--bg); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 26rem; padding: 2.5rem; border-radius: 1rem; background: var(--card); text-align: center;
  box-shadow: 0 1px 2px #0002, 0 8px 32px #0001; }
.mark { width: 3.5rem; height: 3.5rem; margin: 0 auto 1rem; border-radius: 50%; border: 3px solid currentColor;
  display: grid; place-items: center; font-size: 1.75rem; line-height: 1; }
.good { color: var(--good); }
.bad { color: var(--bad); }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; }
p { margin: 0; color: var(--dim); }
ul { margin: 1rem 0; padding-left: 1.25rem; text-align: left; }
a { display: inline-block; padding: .6rem 1.5rem; border-radius: .6rem; background: var(--ink); color: var(--card); text-decoration: none; }
</style>
</head>
<body>
<main>
<div class="mark {{if .Good}}good{{else}}bad{{end}}" aria-hidden="true">{{if .Good}}✓{{else}}!{{end}}</div>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{if .List}}<ul>{{range .List}}<li>{{.}}</li>{{end}}</ul>{{end}}
{{if .Again}}<a id="again" href="{{.Again}}">Ask again</a>{{end}}
</main>
</body>
</html>
`))
