package graphsim

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestErrorsLookLikeGraphs(t *testing.T) {
	l := newLab(t)
	a := l.call("GET", "/me/events/"+longID("AAMkAGUx", "nobody"), "", "client-request-id: my-id")
	e := a.body["error"].(map[string]any)
	inner := e["innerError"].(map[string]any)
	if a.status != 404 || e["code"] != "ErrorItemNotFound" || e["message"] == "" || inner["date"] != "2026-03-01T09:00:00" ||
		inner["client-request-id"] != "my-id" || inner["request-id"] != a.header.Get("request-id") || a.header.Get("client-request-id") != "my-id" {
		t.Errorf("%v %v", a.header, a.body)
	}
	b := l.call("GET", "/me/events/"+longID("AAMkAGUx", "nobody"), "")
	if b.header.Get("request-id") == a.header.Get("request-id") || b.header.Get("client-request-id") != b.header.Get("request-id") {
		t.Error("every request has an id of its own")
	}
	if a := l.call("GET", "/me/events/short", ""); a.status != 400 || a.code() != "ErrorInvalidIdMalformed" {
		t.Errorf("%d %s", a.status, a.code())
	}
}

func TestTokens(t *testing.T) {
	l := newLab(t)
	for name, header := range map[string]string{"none": "", "other scheme": "Basic good", "unknown": "Bearer bad"} {
		a := l.call("GET", "/me/events", "", "Authorization: "+header)
		if a.status != 401 || a.code() != "InvalidAuthenticationToken" || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: %d %v %v", name, a.status, a.body, a.header)
		}
	}
	l.ChallengeClaims(`{"access_token":{}}`)
	a := l.call("GET", "/me/events", "")
	want := `error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(`{"access_token":{}}`)) + `"`
	if a.status != 401 || !strings.Contains(a.header.Get("WWW-Authenticate"), want) {
		t.Errorf("%d %s", a.status, a.header.Get("WWW-Authenticate"))
	}
	l.must(200, "GET", "/me/events", "")
}

func TestScopes(t *testing.T) {
	for _, tc := range []struct {
		scopes, method, path, code string
	}{
		{"Calendars.Read", "GET", "/me/events", ""},
		{"https://graph.microsoft.com/Calendars.Read", "GET", "/me/calendars", ""},
		{"Calendars.Read", "POST", "/me/events", "ErrorAccessDenied"},
		{"User.Read", "GET", "/me/events", "ErrorAccessDenied"},
		{"User.Read", "GET", "/me", ""},
		{"Calendars.ReadWrite", "GET", "/me", "Authorization_RequestDenied"},
	} {
		l := newLab(t)
		l.scopes = strings.Fields(tc.scopes)
		if a := l.call(tc.method, tc.path, ""); a.code() != tc.code || tc.code != "" && a.status != 403 {
			t.Errorf("%s %s with %s: %d %v", tc.method, tc.path, tc.scopes, a.status, a.body)
		}
	}
}

func TestCompressedBodies(t *testing.T) {
	l := newLab(t)
	post := func(raw []byte, encoding, media string) answer {
		req, err := http.NewRequestWithContext(t.Context(), "POST", l.url+"/v1.0/me/events", bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range map[string]string{"Authorization": "Bearer good", "Content-Type": media, "Content-Encoding": encoding} {
			if v != "" {
				req.Header.Set(k, v)
			}
		}
		return l.send(req)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(meeting(5))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		raw             []byte
		encoding, media string
		status          int
	}{
		"compressed":                  {z.Bytes(), "gzip", "application/json", 201},
		"plain":                       {[]byte(meeting(5)), "", "application/json; charset=utf-8", 201},
		"plain but called compressed": {[]byte(meeting(5)), "gzip", "application/json", 400},
		"compressed but called plain": {z.Bytes(), "", "application/json", 400},
		"another compression":         {[]byte(meeting(5)), "br", "application/json", 415},
		"no content type":             {[]byte(meeting(5)), "", "", 400},
		"another content type":        {[]byte(meeting(5)), "", "text/plain", 415},
		"too large":                   {[]byte(`{"subject":"` + strings.Repeat("x", maxBody) + `"}`), "", "application/json", 413},
	} {
		if a := post(tc.raw, tc.encoding, tc.media); a.status != tc.status {
			t.Errorf("%s: %d %v, want %d", name, a.status, a.body, tc.status)
		}
	}
}

func TestPreferHeaders(t *testing.T) {
	l := newLab(t)
	for d := range 5 {
		l.add(meeting(d + 1))
	}
	for name, headers := range map[string][]string{
		"several headers": {`Prefer: odata.maxpagesize=2`, `Prefer: IdType="ImmutableId"`, `Prefer: outlook.timezone="Tokyo Standard Time"`, `Prefer: outlook.body-content-type="text"`},
		"one merged":      {`Prefer: outlook.body-content-type="text",outlook.timezone="Tokyo Standard Time", IdType="ImmutableId" , odata.maxpagesize=2`},
		"other spelling":  {`Prefer: OData.MaxPageSize=2; x, idtype="immutableid", Outlook.TimeZone="Tokyo Standard Time", outlook.body-content-type="TEXT"`},
	} {
		if name == "other spelling" {
			headers[0] = strings.Replace(headers[0], "; x", "", 1)
		}
		a := l.must(200, "GET", "/me/events", "", headers...)
		it := a.items()[0]
		if len(a.items()) != 2 || it["start"].(map[string]any)["timeZone"] != "Tokyo Standard Time" ||
			!strings.HasPrefix(it["id"].(string), immutablePrefix) || it["body"].(map[string]any)["contentType"] != "text" {
			t.Errorf("%s: %d items, %v", name, len(a.items()), it)
		}
		applied := strings.Split(a.header.Get("Preference-Applied"), ", ")
		slices.Sort(applied)
		if want := []string{`IdType="ImmutableId"`, "odata.maxpagesize=2", `outlook.body-content-type="text"`, `outlook.timezone="Tokyo Standard Time"`}; !slices.Equal(applied, want) {
			t.Errorf("%s: applied %v", name, applied)
		}
	}
	if a := l.must(200, "GET", "/me/events", "", `Prefer: outlook.body-content-type="html"`); a.items()[0]["body"].(map[string]any)["contentType"] != "html" {
		t.Error("html was asked for")
	}
	if a := l.must(200, "GET", "/me/events", ""); a.header.Get("Preference-Applied") != "" {
		t.Error("a preference stuck")
	}
}

func TestThrottlingOnDemand(t *testing.T) {
	l := newLab(t)
	l.Throttle(2, 7*time.Second)
	for range 2 {
		if a := l.call("GET", "/me/events", ""); a.status != 429 || a.code() != "ApplicationThrottled" || a.header.Get("Retry-After") != "7" {
			t.Errorf("%d %v %v", a.status, a.body, a.header)
		}
	}
	l.must(200, "GET", "/me/events", "")
	l.Throttle(1, 0)
	if a := l.call("GET", "/me/events", ""); a.status != 429 || a.header.Get("Retry-After") != "" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestRequestRate(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Quirks.MaxRequests = 3 })
	for range 3 {
		l.must(200, "GET", "/me/events", "")
	}
	l.clock = l.clock.Add(requestWindow - 90*time.Second)
	if a := l.call("GET", "/me/events", ""); a.status != 429 || a.header.Get("Retry-After") != "90" {
		t.Errorf("%d %v", a.status, a.header)
	}
	l.clock = l.clock.Add(90 * time.Second)
	l.must(200, "GET", "/me/events", "")
}

func TestFourRequestsAtOnce(t *testing.T) {
	l := newLab(t)
	l.mb.Lock() // requests wait here
	var wg sync.WaitGroup
	got := make([]int, maxConcurrent)
	for i := range got {
		wg.Go(func() { got[i] = l.call("GET", "/me/events", "").status })
	}
	for l.inFlight.Load() < maxConcurrent { // all four are inside
		runtime.Gosched()
	}
	a := l.call("GET", "/me/events", "")
	l.mb.Unlock()
	wg.Wait()
	if a.status != 429 || a.header.Get("Retry-After") != "1" || !strings.Contains(a.body["error"].(map[string]any)["message"].(string), "MailboxConcurrency") {
		t.Errorf("the fifth: %d %v", a.status, a.body)
	}
	if !slices.Equal(got, []int{200, 200, 200, 200}) {
		t.Errorf("the four: %v", got)
	}
}

func TestClockSkewShowsInDate(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Quirks.ClockSkew = -time.Hour })
	if got := l.must(200, "GET", "/me/events", "").header.Get("Date"); got != "Sun, 01 Mar 2026 08:00:00 GMT" {
		t.Error(got)
	}
}

func TestBatch(t *testing.T) {
	l := newLab(t)
	id, _ := l.add(meeting(5))
	before := l.record.Snapshot().Requests
	a := l.must(200, "POST", "/$batch", `{"requests":[
		{"id":"1","method":"GET","url":"/me/events/`+id+`","body":null,"dependsOn":[]},
		{"id":"2","method":"PATCH","url":"/me/events/`+id+`","headers":{"Content-Type":"application/json","If-Match":"W/\"old\""},"body":{"subject":"x"}},
		{"id":"3","method":"DELETE","url":"/me/events/`+id+`","dependsOn":["2"]},
		{"id":"4","method":"DELETE","url":"/me/events/`+id+`","dependsOn":["1"]},
		{"id":"5","method":"PATCH","url":"/me/events/`+id+`","body":{"subject":"x"}}]}`)
	got := map[string]int{}
	for _, r := range a.body["responses"].([]any) {
		m := r.(map[string]any)
		got[m["id"].(string)] = int(m["status"].(float64))
		if m["id"] == "1" && m["body"].(map[string]any)["subject"] != "Meeting 5" {
			t.Errorf("%v", m)
		}
	}
	for i, want := range []int{200, 412, 424, 204, 400} { // the last has no Content-Type
		if n := strconv.Itoa(i + 1); got[n] != want {
			t.Errorf("request %s: %d, want %d", n, got[n], want)
		}
	}
	if n := l.record.Snapshot().Requests - before; n != 4 { // the outer one is counted by the simulator around
		t.Errorf("%d inner requests counted, want the 4 that ran", n)
	}
	l.noUnknown()
}

func TestBatchThrottlesInside(t *testing.T) {
	l := newLab(t)
	body := `{"requests":[{"id":"1","method":"GET","url":"/me/events"},{"id":"2","method":"GET","url":"/me/events"}]}`
	l.SetQuirks(func(q *Quirks) { q.MaxRequests = 2 }) // the batch itself is one
	a := l.must(200, "POST", "/$batch", body)
	var statuses []int
	for _, r := range a.body["responses"].([]any) {
		m := r.(map[string]any)
		statuses = append(statuses, int(m["status"].(float64)))
		if m["status"] == 429.0 && m["headers"].(map[string]any)["Retry-After"] == nil {
			t.Errorf("no Retry-After inside: %v", m)
		}
	}
	slices.Sort(statuses)
	if !slices.Equal(statuses, []int{200, 429}) {
		t.Errorf("%v", statuses)
	}
}

func TestMalformedBatches(t *testing.T) {
	l := newLab(t)
	one := `{"id":"%","method":"GET","url":"/me"}`
	var many []string
	for i := range 21 {
		many = append(many, strings.Replace(one, "%", strconv.Itoa(i), 1))
	}
	for name, body := range map[string]string{
		"none":            `{"requests":[]}`,
		"21":              `{"requests":[` + strings.Join(many, ",") + `]}`,
		"same ids":        `{"requests":[` + one + `,` + one + `]}`,
		"absolute url":    `{"requests":[{"id":"1","method":"GET","url":"https://graph.microsoft.com/v1.0/me"}]}`,
		"unknown depends": `{"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":["9"]}]}`,
		"inside itself":   `{"requests":[{"id":"1","method":"POST","url":"/$batch"}]}`,
	} {
		if a := l.call("POST", "/$batch", body); a.status != 400 {
			t.Errorf("%s: %d %v", name, a.status, a.body)
		}
	}
}
