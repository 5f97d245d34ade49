package outlook

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/signin"
)

// request is one that reached the fake server.
type request struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

// reply is what the fake server answers.
type reply struct {
	status int
	header map[string]string
	body   string
	err    error
}

// fake is a scripted Graph behind an http.RoundTripper: answer decides. The
// token endpoint answers by itself.
type fake struct {
	answer func(r request) reply

	mu    sync.Mutex
	got   []request
	token int
}

const fakeBase = "https://graph.test/v1.0"

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	in := request{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header.Clone()}
	out := reply{status: 200, body: `{"access_token":"at","token_type":"Bearer","expires_in":3600,"refresh_token":"rt"}`}
	f.mu.Lock()
	if r.URL.Host == "login.test" {
		f.token++
		f.mu.Unlock()
	} else {
		f.got = append(f.got, in)
		f.mu.Unlock()
		out = f.answer(in)
	}
	if out.err != nil {
		return nil, out.err
	}
	h := http.Header{}
	if out.body != "" {
		h.Set("Content-Type", "application/json; odata.metadata=minimal")
	}
	for k, v := range out.header {
		h.Set(k, v)
	}
	return &http.Response{StatusCode: out.status, Header: h, Body: io.NopCloser(bytes.NewBufferString(out.body)),
		ContentLength: int64(len(out.body)), Request: r}, nil
}

// requests are those so far, in order.
func (f *fake) requests() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.got...)
}

// memory is a Secret in memory.
type memory struct {
	mu   sync.Mutex
	text string
}

func (m *memory) Load(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text, nil
}

func (m *memory) Save(_ context.Context, s string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.text = s
	return nil
}

var fakeNow = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

func openFake(t *testing.T, answer func(request) reply, opts ...Option) (*Provider, *fake) {
	t.Helper()
	f := &fake{answer: answer}
	p, err := Open(signin.Endpoint{BaseURL: fakeBase, TokenURL: "https://login.test/token", ClientID: "app"},
		&memory{text: `{"refresh_token":"rt"}`}, &http.Client{Transport: f},
		append([]Option{WithClock(func() time.Time { return fakeNow })}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p, f
}

// always answers every request alike.
func always(r reply) func(request) reply { return func(request) reply { return r } }

func graphError(code, more string) string {
	return `{"error":{"code":"` + code + `","message":"words for people"` + more + `,"innerError":{"date":"2026-03-10T09:30:00","request-id":"r"}}}`
}

// sameJSON reports whether two documents are equal but for order and space.
func sameJSON(t *testing.T, got, want string) bool {
	t.Helper()
	norm := func(s string) string {
		var v any
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			t.Fatalf("not JSON: %v\n%s", err, s)
		}
		b, _ := json.Marshal(v)
		return string(b)
	}
	return norm(got) == norm(want)
}

// singleEvent is an event as Graph returns it.
const singleEvent = `{"@odata.etag":"W/\"v1\"","id":"E1","createdDateTime":"2026-03-10T09:30:00.1234567Z",
"lastModifiedDateTime":"2026-03-10T09:30:01.1234567Z","changeKey":"v1","categories":["Blue"],"transactionId":null,
"originalStartTimeZone":"W. Europe Standard Time","originalEndTimeZone":"America/New_York","iCalUId":"040000008200E",
"reminderMinutesBeforeStart":20,"isReminderOn":true,"hasAttachments":false,"subject":"Planning","bodyPreview":"Bring",
"importance":"high","sensitivity":"private","isAllDay":false,"isCancelled":false,"isOrganizer":true,"responseRequested":true,
"seriesMasterId":null,"showAs":"oof","type":"singleInstance","webLink":"https://outlook.test/E1","onlineMeetingUrl":null,
"isOnlineMeeting":false,"uid":"beta-only","responseStatus":{"response":"organizer","time":"0001-01-01T00:00:00Z"},
"body":{"contentType":"html","content":"<html><head><style>p{}</style></head>\r\n<body>Bring the <b>plan</b></body></html>"},
"start":{"dateTime":"2026-03-15T12:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-03-15T13:00:00.0000000","timeZone":"UTC"},
"location":{"displayName":"Room 5","locationType":"default","uniqueId":"Room 5","uniqueIdType":"private"},"locations":[],
"recurrence":null,"attendees":[],"organizer":{"emailAddress":{"name":"Robin","address":"robin@outlook.test"}},"onlineMeeting":null}`

func with(base, old, replacement string) string {
	if !strings.Contains(base, old) {
		panic("nothing to replace: " + old)
	}
	return strings.Replace(base, old, replacement, 1)
}
