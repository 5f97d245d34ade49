package graphsim

import (
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// FuzzRequests: whatever a client sends, the service answers as a service does,
// and an event that it took can be read again.
func FuzzRequests(f *testing.F) {
	for _, s := range [][3]string{
		{"POST", "/me/events", rich},
		{"POST", "/me/events", `{"start":{"dateTime":null},"end":{}}`},
		{"PATCH", "/me/events/{id}", `{"attendees":[{"emailAddress":null,"type":"required"}],"locations":[{}],"categories":[1]}`},
		{"PATCH", "/me/events/{id}", `{"singleValueExtendedProperties":[{}],"body":{"content":"<p"}}`},
		{"PATCH", "/me/events/{id}", `{"isAllDay":true,"start":{"dateTime":"0001-01-01","timeZone":"UTC"},"end":{"dateTime":"0001-01-02","timeZone":"UTC"}}`},
		{"GET", "/me/events?$filter=singleValueExtendedProperties/Any(ep: ep/id eq 'x')&$orderby=subject desc,start/dateTime", ""},
		{"GET", "/me/events/{id}?$select=subject,&$expand=extensions($filter=id eq ''),calendar", ""},
		{"POST", "/me/events", recurring(2, weekly, numbered(3))},
		{"PATCH", "/me/events/{id}", `{` + recurrence(daily, noEnd+`,"startDate":"2026-03-05"`) + `}`},
		{"PATCH", "/me/events/{id}", `{"recurrence":{"pattern":{"type":"relativeYearly","interval":2147483647,"month":2,"daysOfWeek":["sunday"],"index":"last"},"range":{"type":"noEnd","startDate":"2026-03-05"}}}`},
		{"GET", "/me/events/{id}/instances?startDateTime=2026-03-01&endDateTime=2026-04-01", ""},
		{"GET", "/me/calendarView/delta?$deltatoken=R0us&startDateTime=x", ""},
		{"GET", "/me/calendarView?startDateTime=2026-03-01&endDateTime=2026-04-01&$skip=5&$top=1", ""},
		{"POST", "/$batch", `{"requests":[{"id":"1","method":"PATCH","url":"/me/events/{id}","headers":{"Content-Type":"application/json"},"body":{"subject":1}}]}`},
		{"POST", "/me/events/{id}/forward", `{"ToRecipients":[1,{"emailAddress":{}}]}`},
		{"POST", "/me/events/{id}/extensions", `{"extensionName":"a","b":{"c":[]}}`},
	} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, method, target, body string) {
		now := func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }
		m := mailbox.New(mailbox.Person{Name: "Ada", Email: "ada@example.com"}, "Europe/Berlin", now)
		s := New(Options{Mailbox: m})
		id := m.AddEvent("primary", mailbox.Event{Title: "There", Start: mailbox.Moment{Local: "2026-03-05T10:00:00"}, End: mailbox.Moment{Local: "2026-03-05T11:00:00"}}).ID
		path, query, _ := strings.Cut(strings.ReplaceAll(target, "{id}", id), "?")
		values := url.Values{}
		for part := range strings.SplitSeq(query, "&") {
			k, v, _ := strings.Cut(part, "=")
			values.Add(k, v)
		}
		r := httptest.NewRequest("GET", "/", strings.NewReader(strings.ReplaceAll(body, "{id}", id)))
		r.Method = method
		r.URL = &url.URL{Path: "/v1.0" + path, RawQuery: values.Encode()}
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code < 200 || w.Code >= 500 && w.Code != 501 {
			t.Errorf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
		for _, path := range []string{"/v1.0/me/events", "/v1.0/me/calendarView/delta?" + march} {
			w = httptest.NewRecorder()
			if s.ServeHTTP(w, httptest.NewRequest("GET", path, nil)); w.Code != 200 {
				t.Errorf("afterwards %s: %d %s", path, w.Code, w.Body)
			}
		}
	})
}

var script = regexp.MustCompile(`(?i)<script[\s/>]`)

// FuzzBodies: no body breaks the conversions, and none keeps a script.
func FuzzBodies(f *testing.F) {
	for _, s := range []string{"<p>a</p>", "<html><body bgcolor='x'>b<br>c</body></html>", "<script>x</script><a href=' javascript:x'>y</a>", "<table><tr><td>1", "<pre>\n\nx</pre>", "a & b < c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		once := wrapHTML(src)
		if script.MatchString(once) {
			t.Errorf("a script in %q", once)
		}
		toText(wrapText(src))
		preview(once)
	})
}
