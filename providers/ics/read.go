package ics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/icalendar"
)

const (
	requestTimeout = 60 * time.Second
	maxRedirects   = 5
	// maxFeed bounds a feed, as it is unpacked; maxEvents what is in it. The largest real
	// export seen was under 10 MB, and everything is held in memory.
	maxFeed   = 64 << 20
	maxEvents = 50_000
)

// kept is what is kept of a feed, as a secret.
type kept struct {
	URL      string `json:"url"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
}

// address checks and completes an address as a person gives it: https where nothing is
// said, http on this machine, and for webcal, which is a calendar program's word for it.
func address(f Feed) (*url.URL, error) {
	s := strings.TrimSpace(f.URL)
	if rest, ok := cutScheme(s, "webcal://", "webcals://"); ok {
		s = "https://" + rest
	}
	if !strings.Contains(s, "://") {
		if file, ok := fileURL(s, onWindows); ok {
			s = file
		} else {
			s = "https://" + s
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("it is no address like https://host/calendar.ics")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	u.Fragment = ""
	switch {
	case u.User != nil:
		return nil, errors.New("give name and password apart from the address")
	case u.Scheme == "file":
		if u.Host != "" && u.Host != "localhost" || u.Path == "" || f.User != "" || f.Password != "" {
			return nil, errors.New("a file is given by its whole path, as file:///home/me/calendar.ics")
		}
		u.Host = ""
		return u, nil
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, errors.New("it is no address like https://host/calendar.ics")
	case u.Scheme == "http" && (f.User != "" || f.Password != "") && !isLoopback(u.Hostname()):
		return nil, errors.New("a password goes over https only")
	}
	return u, nil
}

const onWindows = os.PathSeparator == '\\'

// fileURL is the address of a file that is given by its whole path; false if it is none.
func fileURL(name string, windows bool) (string, bool) {
	if windows {
		name = strings.ReplaceAll(name, `\`, "/")
		if len(name) > 3 && name[1:3] == ":/" { // a drive
			name = "/" + name
		}
	}
	if !strings.HasPrefix(name, "/") {
		return "", false
	}
	return (&url.URL{Scheme: "file", Path: name}).String(), true
}

// fileName is the other way round, from the address's path.
func fileName(path string, windows bool) string {
	if !windows {
		return path
	}
	if len(path) > 3 && path[2:4] == ":/" {
		path = path[1:]
	}
	return strings.ReplaceAll(path, "/", `\`)
}

func cutScheme(s string, schemes ...string) (string, bool) {
	for _, x := range schemes {
		if len(s) >= len(x) && strings.EqualFold(s[:len(x)], x) {
			return s[len(x):], true
		}
	}
	return s, false
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// client follows redirects, but never to where the connection is open to others, and
// without a word of where it comes from: that address may be a secret.
func client(hc *http.Client) *http.Client {
	out := http.Client{Timeout: requestTimeout}
	if hc != nil {
		out = *hc
	}
	out.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		req.Header.Del("Referer")
		switch {
		case len(via) >= maxRedirects:
			return errors.New("too many redirects")
		case req.URL.Scheme != "https" && req.URL.Scheme != via[len(via)-1].URL.Scheme:
			return fmt.Errorf("it leads from %s to %s", via[len(via)-1].URL.Scheme, req.URL.Scheme)
		}
		return nil
	}
	return &out
}

// snapshot is a feed as it was read.
type snapshot struct {
	at             time.Time
	url            string
	etag, modified string
	info           icalendar.FeedInfo
	events         []calendar.Event // without ids
}

// name is how the calendar is called.
func (s *snapshot) name() string {
	if s.info.Name != "" {
		return s.info.Name
	}
	u, err := url.Parse(s.url)
	switch {
	case err != nil:
		return "Calendar"
	case u.Scheme == "file":
		return strings.TrimSuffix(path.Base(u.Path), path.Ext(u.Path))
	}
	return u.Hostname()
}

// read gives the feed as it is, or, if it is as at the cursor, nothing. Within its rest it
// is as it was last read.
func (p *Provider) read(ctx context.Context, op string, since *cursor) (*snapshot, int, error) {
	p.reads.Lock()
	defer p.reads.Unlock()
	p.mu.Lock()
	last := p.last
	p.mu.Unlock()
	k, err := p.where(ctx, op)
	if err != nil {
		return nil, 0, err
	}
	if last != nil && last.url != k.URL {
		last = nil
	}
	if last != nil && p.now().Sub(last.at) < last.rest() && !p.now().Before(last.at) {
		return last, 0, nil
	}
	etag, modified := "", ""
	if last != nil {
		etag, modified = last.etag, last.modified
	} else if since != nil && since.At == short(k.URL) {
		etag, modified = since.ETag, since.Modified
	}
	s, err := p.fetch(ctx, k, etag, modified)
	if err != nil {
		return nil, 1, at(err, op)
	}
	switch {
	case s == nil && last == nil: // as at the cursor; nobody has read it yet in this run
		return nil, 1, nil
	case s == nil:
		again := *last
		s = &again
	}
	s.at, s.url = p.now(), k.URL
	p.mu.Lock()
	p.last = s
	p.mu.Unlock()
	return s, 1, nil
}

// rest is how long the feed is left alone after it was read.
func (s *snapshot) rest() time.Duration {
	if strings.HasPrefix(s.url, "file:") {
		return 0
	}
	return min(max(s.info.Refresh, shortRest), longRest)
}

// where is the feed's address and what lets in.
func (p *Provider) where(ctx context.Context, op string) (kept, error) {
	text, err := p.secret.Load(ctx)
	if err != nil {
		return kept{}, err
	}
	var k kept
	if text == "" || json.Unmarshal([]byte(text), &k) != nil {
		return kept{}, &calendar.Error{Op: op, Kind: calendar.SignedOut, Err: errors.New("no address is kept for this feed")}
	}
	return k, nil
}

// fetch reads the feed, or nothing if it is still what the validators stand for.
func (p *Provider) fetch(ctx context.Context, k kept, etag, modified string) (*snapshot, error) {
	if name, ok := strings.CutPrefix(k.URL, "file://"); ok {
		return p.readFile(name, etag)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.URL, nil)
	if err != nil {
		return nil, &calendar.Error{Kind: calendar.Invalid, Field: "address", Err: hide(err)}
	}
	req.Header.Set("Accept", "text/calendar, */*;q=0.5")
	// RFC 9110 §13.1.3: If-Modified-Since counts only where there is no ETag.
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	} else if modified != "" {
		req.Header.Set("If-Modified-Since", modified)
	}
	if k.User != "" || k.Password != "" {
		req.SetBasicAuth(k.User, k.Password)
	}
	resp, err := p.hc.Do(req)
	if err != nil {
		return nil, &calendar.Error{Kind: calendar.Unavailable, Err: hide(err)}
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && (etag != "" || modified != ""):
		return nil, nil
	case resp.StatusCode != http.StatusOK:
		return nil, refusal(resp)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxFeed+1))
	if err != nil { // Content-Length or the last chunk is missing: it was cut off
		return nil, &calendar.Error{Kind: calendar.Unavailable, Err: hide(err)}
	}
	s, err := p.parse(data)
	if err != nil {
		return nil, err
	}
	s.etag, s.modified = resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	return s, nil
}

// hide takes the address out of an error: it may be a secret.
func hide(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// readFile reads a file; its validator is when it was changed, and how long it is.
func (p *Provider) readFile(escaped, etag string) (*snapshot, error) {
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, &calendar.Error{Kind: calendar.Invalid, Field: "address", Err: err}
	}
	name = fileName(name, onWindows)
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, &calendar.Error{Kind: calendar.NotFound, Err: errors.New("there is no such file")}
	case errors.Is(err, os.ErrPermission):
		return nil, &calendar.Error{Kind: calendar.Forbidden, Err: errors.New("the file may not be read")}
	case err != nil:
		return nil, &calendar.Error{Kind: calendar.Unavailable, Err: err}
	case !info.Mode().IsRegular():
		return nil, &calendar.Error{Kind: calendar.Invalid, Field: "address", Err: errors.New("it is no file")}
	}
	now := fmt.Sprintf("%d-%d", info.ModTime().UnixNano(), info.Size())
	if etag == now {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, &calendar.Error{Kind: calendar.Unavailable, Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFeed+1))
	if err != nil {
		return nil, &calendar.Error{Kind: calendar.Unavailable, Err: err}
	}
	s, err := p.parse(data)
	if err != nil {
		return nil, err
	}
	s.etag = now
	return s, nil
}

// parse believes a feed whole, or not at all.
func (p *Provider) parse(data []byte) (*snapshot, error) {
	if len(data) > maxFeed {
		return nil, &calendar.Error{Err: fmt.Errorf("the feed is larger than %d MB", maxFeed>>20)}
	}
	objects, info, _, err := icalendar.ParseFeed(bytes.NewReader(data), icalendar.Owner{Zone: p.zone})
	switch {
	case err != nil:
		return nil, &calendar.Error{Kind: calendar.Unavailable, Err: fmt.Errorf("what it answers is no calendar (%w)", err)}
	case !info.Complete:
		return nil, &calendar.Error{Kind: calendar.Unavailable, Err: errors.New("the feed was cut off: END:VCALENDAR is missing")}
	case len(objects) > maxEvents:
		return nil, &calendar.Error{Err: fmt.Errorf("the feed holds %d events; at most %d are read", len(objects), maxEvents)}
	}
	s := &snapshot{info: info}
	for _, o := range objects {
		s.events = append(s.events, o.Event())
	}
	return s, nil
}

// refusal says what an answer means that is none.
func refusal(resp *http.Response) error {
	e := &calendar.Error{Kind: calendar.Other, Err: errors.New(strconv.Itoa(resp.StatusCode) + " " + http.StatusText(resp.StatusCode))}
	wait := calendar.WaitAsked(resp.Header.Get("Retry-After"), resp.Header.Get("Date"))
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized:
		e.Kind = calendar.SignedOut
	case status == http.StatusForbidden:
		e.Kind = calendar.Forbidden
	case status == http.StatusNotFound, status == http.StatusGone:
		e.Kind = calendar.NotFound
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable && wait > 0:
		e.Kind, e.RetryAfter = calendar.Throttled, wait
	case status >= 500, status < 400, status == http.StatusRequestTimeout:
		e.Kind = calendar.Unavailable
	}
	return e
}

// at says in an error what was tried, and where.
func at(err error, op string) error {
	var e *calendar.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Op, out.Calendar = op, theCalendar
	return &out
}
