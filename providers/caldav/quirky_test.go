package caldav_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/caldav"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/signin"
)

// quirky is a small calendar server whose manners can be set: those of servers that are
// not at hand here, and those that are hard to provoke. It answers for one calendar,
// /home/cal/.
type quirky struct {
	t       *testing.T
	url     string
	objects map[string]string // iCalendar by name
	etags   map[string]int
	log     []string // method, and report if it is one
	events  []change // what changed, in order; a sync-token is a position in it
	oldest  int      // tokens before it are expired

	// How it says that a token is expired: a status, with a precondition's name if it
	// has one. 0: a list of everything, as DAViCal does.
	expired      int
	precondition string
	noSync       bool           // no sync-collection
	noCTag       bool           // nor a ctag
	noData       bool           // no calendar-data in sync-collection
	page         int            // how many resources a page has, if asked to count
	loop         bool           // pages go in circles
	forgets      map[string]int // a multiget leaves out or refuses these, with the status; 0: no word
	weak         bool           // ETags are weak
	noPutETag    bool           // a PUT's answer has none
	mends        bool           // what is PUT is held as something else
	noETag       bool           // nor has anything else
	cut          bool           // answers end in the middle
	html         bool           // a proxy answers with a page
	schedules    bool           // it mails by itself (RFC 6638 §2)
	fail         func(method string) (status int, header, body string)
}

type change struct {
	name string
	gone bool
}

func newQuirky(t *testing.T) *quirky {
	q := &quirky{t: t, objects: map[string]string{}, etags: map[string]int{}}
	srv := httptest.NewServer(q)
	t.Cleanup(srv.Close)
	q.url = srv.URL
	return q
}

// memory is a sign-in that is kept.
type memory string

func (m memory) Load(context.Context) (string, error) { return string(m), nil }

func (m memory) Save(context.Context, string) error { panic("nothing changes a password here") }

const quirkyCal = calendar.CalendarID("/home/cal/")

func (q *quirky) open() *caldav.Provider { return q.openWith(nil) }

func (q *quirky) openWith(hc *http.Client) *caldav.Provider {
	q.t.Helper()
	p, err := caldav.Open(signin.Endpoint{BaseURL: q.url + "/home/"}, memory(`{"user":"alice","password":"secret"}`), hc, time.Now)
	if err != nil {
		q.t.Fatal(err)
	}
	return p
}

// put is another program's doing.
func (q *quirky) put(name, text string) {
	q.objects[name] = text
	q.etags[name]++
	q.events = append(q.events, change{name: name})
}

func (q *quirky) remove(name string) {
	delete(q.objects, name)
	q.events = append(q.events, change{name, true})
}

func (q *quirky) etag(name string) string {
	tag := fmt.Sprintf(`"%s-%d"`, url.PathEscape(name), q.etags[name])
	if q.weak {
		tag = "W/" + tag
	}
	return tag
}

func event(uid, title string) string {
	return strings.ReplaceAll("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y\nBEGIN:VEVENT\nUID:"+uid+"\nDTSTAMP:20260101T000000Z\n"+
		"DTSTART:20260301T100000Z\nDTEND:20260301T110000Z\nSUMMARY:"+title+"\nX-KEPT:yes\nEND:VEVENT\nEND:VCALENDAR\n", "\n", "\r\n")
}

func (q *quirky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	text := string(body)
	what := r.Method
	switch {
	case strings.Contains(text, "sync-collection") && r.Method == "REPORT":
		what = "sync"
	case r.Method == "REPORT":
		what = "multiget"
	case r.Method == "PROPFIND":
		what += r.Header.Get("Depth")
	}
	q.log = append(q.log, what)
	if q.fail != nil {
		if status, header, body := q.fail(what); status != 0 {
			if name, value, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
			return
		}
	}
	if q.html {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html><body>Please log in to the network</body></html>")
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/home/cal/")
	switch {
	case !strings.HasPrefix(r.URL.Path, "/home/cal/"):
		w.WriteHeader(http.StatusNotFound)
	case what == "PROPFIND0":
		q.multistatus(w, q.collection())
	case what == "PROPFIND1":
		answers := []string{q.collection()}
		for _, n := range slices.Sorted(maps.Keys(q.objects)) {
			answers = append(answers, q.answer(n, false))
		}
		q.multistatus(w, answers...)
	case what == "sync":
		q.sync(w, text)
	case what == "multiget":
		var answers []string
		for part := range strings.SplitSeq(text, "<D:href>") {
			path, _, ok := strings.Cut(part, "</D:href>")
			if !ok {
				continue
			}
			n, _ := url.PathUnescape(strings.TrimPrefix(html.UnescapeString(path), "/home/cal/"))
			if status, bad := q.forgets[n]; bad && status == 0 {
				continue
			} else if bad {
				answers = append(answers, status404(n, status))
			} else if q.objects[n] == "" {
				answers = append(answers, status404(n, 404))
			} else {
				answers = append(answers, q.answer(n, true))
			}
		}
		q.multistatus(w, answers...)
	case r.Method == "OPTIONS":
		w.Header().Add("DAV", "1, 3, calendar-access")
		if q.schedules {
			w.Header().Add("DAV", "calendar-schedule, calendar-auto-schedule")
		}
	case r.Method == "PUT":
		q.write(w, r, name, text)
	case r.Method == "DELETE", r.Method == "HEAD":
		if q.objects[name] == "" {
			w.WriteHeader(http.StatusNotFound)
		} else if m := r.Header.Get("If-Match"); m != "" && m != "*" && !slices.Contains(strings.Split(m, ", "), q.etag(name)) {
			w.WriteHeader(http.StatusPreconditionFailed)
		} else if r.Method == "DELETE" {
			if r.Header.Get("Schedule-Reply") != "F" { // else a server answers for the person, by mail (RFC 6638 §8.1)
				q.t.Errorf("DELETE %s lets the server mail the organizer", name)
			}
			q.remove(name)
			w.WriteHeader(http.StatusNoContent)
		}
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (q *quirky) write(w http.ResponseWriter, r *http.Request, name, text string) {
	_, there := q.objects[name]
	switch match := r.Header.Get("If-Match"); {
	case match == "" && r.Header.Get("If-None-Match") == "":
		q.t.Errorf("PUT %s is sent without a condition", name)
	case r.Header.Get("If-None-Match") == "*" && there, match != "" && match != "*" && !slices.Contains(strings.Split(match, ", "), q.etag(name)):
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	if now := guests(text); now > guests(q.objects[name]) || !there && now > 0 { // whom the server would invite
		q.t.Errorf("PUT %s invites people", name)
	}
	if q.mends {
		text = strings.Replace(text, "SUMMARY:", "SUMMARY:mended ", 1)
	}
	q.put(name, text)
	if !q.noPutETag {
		w.Header().Set("ETag", q.etag(name))
	}
	w.WriteHeader(http.StatusCreated)
}

// guests counts who is named as organizer or guest.
func guests(text string) int {
	return strings.Count(text, "\nATTENDEE") + strings.Count(text, "\nORGANIZER")
}

func (q *quirky) sync(w http.ResponseWriter, text string) {
	if q.noSync { // a report that it does not know (RFC 3253 §3.6)
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<D:error xmlns:D="DAV:"><D:supported-report/></D:error>`)
		return
	}
	_, rest, _ := strings.Cut(text, "<D:sync-token>")
	token, _, _ := strings.Cut(rest, "</D:sync-token>")
	from, _ := strconv.Atoi(strings.TrimPrefix(token, "t"))
	everything := token == ""
	if !everything && from < q.oldest {
		if q.expired != 0 {
			w.WriteHeader(q.expired)
			if q.precondition != "" {
				fmt.Fprintf(w, `<?xml version="1.0"?><D:error xmlns:D="DAV:"><D:%s/></D:error>`, q.precondition)
			}
			return
		}
		everything = true
	}
	last := map[string]bool{} // gone
	var order []string
	if everything && from == 0 || !everything {
		for _, c := range q.events[from:] {
			if _, seen := last[c.name]; !seen {
				order = append(order, c.name)
			}
			last[c.name] = c.gone
		}
	}
	if everything && from != 0 {
		order = slices.Sorted(maps.Keys(q.objects))
	}
	var answers []string
	at := len(q.events)
	for i, n := range order {
		if q.page > 0 && i == q.page {
			// A position between pages, as far as a test with distinct names needs one.
			at = from + i
			if q.loop {
				at = from
			}
			answers = append(answers, `<D:response><D:href>/home/cal/</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status><D:error><D:number-of-matches-within-limits/></D:error></D:response>`)
			break
		}
		switch {
		case last[n] && everything:
		case last[n]:
			answers = append(answers, status404(n, 404))
		default:
			answers = append(answers, q.answer(n, !q.noData && strings.Contains(text, "calendar-data")))
		}
	}
	answers = append(answers, fmt.Sprintf("<D:sync-token>t%d</D:sync-token>", at))
	q.multistatus(w, answers...)
}

func status404(name string, status int) string {
	return fmt.Sprintf("<D:response><D:href>/home/cal/%s</D:href><D:status>HTTP/1.1 %d No</D:status></D:response>", url.PathEscape(name), status)
}

func (q *quirky) answer(name string, data bool) string {
	extra := ""
	if data {
		extra = "<C:calendar-data>" + html.EscapeString(q.objects[name]) + "</C:calendar-data>"
	}
	if !q.noETag {
		extra += "<D:getetag>" + html.EscapeString(q.etag(name)) + "</D:getetag>"
	}
	return fmt.Sprintf("<D:response><D:href>/home/cal/%s</D:href><D:propstat><D:prop>%s</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>",
		url.PathEscape(name), extra)
}

func (q *quirky) collection() string {
	reports, ctag := `<D:supported-report-set><D:supported-report><D:report><D:sync-collection/></D:report></D:supported-report></D:supported-report-set>`, ""
	if q.noSync {
		reports = ""
	}
	if !q.noCTag {
		ctag = fmt.Sprintf(`<S:getctag>%d</S:getctag>`, len(q.events))
	}
	return `<D:response><D:href>/home/cal/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype>` + reports + ctag +
		`</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`
}

func (q *quirky) multistatus(w http.ResponseWriter, answers ...string) {
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.WriteHeader(http.StatusMultiStatus)
	text := `<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/">` +
		strings.Join(answers, "\n") + `</D:multistatus>`
	if q.cut {
		text = text[:len(text)-20]
	}
	io.WriteString(w, text)
}

// since is what the server was asked since the last look.
func (q *quirky) since() string {
	defer func() { q.log = nil }()
	return strings.Join(q.log, " ")
}

// titles reads, and gives the titles and the names of what is gone.
func (q *quirky) titles(p *caldav.Provider, since calendar.Cursor) (calendar.Changes, string) {
	q.t.Helper()
	ch, err := p.Changes(q.t.Context(), quirkyCal, since)
	if err != nil {
		q.t.Fatalf("%v (asked %s)", err, q.since())
	}
	var out []string
	for _, e := range ch.Events {
		out = append(out, e.Content.Title)
	}
	for _, r := range ch.Removed {
		out = append(out, "-"+string(r.ID))
	}
	return ch, strings.Join(out, " ")
}

// says is what there is, with spaces between.
func says(what ...any) string { return strings.TrimSuffix(fmt.Sprintln(what...), "\n") }

func (q *quirky) want(what string, got, want any) {
	q.t.Helper()
	if got != want {
		q.t.Errorf("%s: got %v; want %v", what, got, want)
	}
}
