package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/store/state"
)

// ErrNoEngine says that no engine is running on the data folder.
var ErrNoEngine = errors.New("no Twinday is running on this data folder")

// Client speaks to an engine, in another process or in this one. It is a Backend.
type Client struct {
	http  *http.Client
	token string
	close func()
}

var _ Backend = (*Client)(nil)

// InProcess serves b to a client of its own, over the same wire as Dial's but in
// memory. Close ends it.
func InProcess(b Backend) *Client {
	ctx, cancel := context.WithCancel(context.Background())
	l := newPipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serve(ctx, l, Handler(b, "")) // ends with ctx only
	}()
	c := newClient(func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) }, "")
	idle := c.close
	c.close = func() { idle(); cancel(); _ = l.Close(); <-done }
	return c
}

func newClient(dial func(ctx context.Context, network, addr string) (net.Conn, error), token string) *Client {
	t := &http.Transport{DialContext: dial, DisableCompression: true}
	return &Client{http: &http.Client{Transport: t}, token: token, close: t.CloseIdleConnections}
}

// Close lets go of the engine.
func (c *Client) Close() { c.close() }

// do makes one call. The engine's *Error comes back as it was; an engine that
// cannot be reached is ErrNoEngine.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	res, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("control: %s %s: the answer cannot be read: %w", method, path, err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("control: %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://twinday/v%d%s", Version, path), body)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w (%v)", ErrNoEngine, err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	e := &Error{}
	if json.NewDecoder(io.LimitReader(res.Body, maxBody)).Decode(e) != nil || e.Message == "" {
		return nil, &Error{Code: CodeFailed, Message: fmt.Sprintf("the engine answered %s to %s %s", res.Status, method, path)}
	}
	return nil, e
}

func call[Out any](ctx context.Context, c *Client, method, path string, in any) (Out, error) {
	var out Out
	err := c.do(ctx, method, path, in, &out)
	return out, err
}

// Status asks for the state at a glance.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return call[Status](ctx, c, "GET", "/status", nil)
}

// Watch calls f with each status, until ctx ends or f returns an error; nil when
// the engine ends, ErrNoEngine when it is gone without a word.
func (c *Client) Watch(ctx context.Context, f func(Status) error) error {
	res, err := c.send(ctx, "GET", "/watch", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		if lines.Text() == "event: end" {
			return nil
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var s Status
		if err := json.Unmarshal([]byte(data), &s); err != nil {
			return fmt.Errorf("control: watch: %w", err)
		}
		if err := f(s); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ErrNoEngine
}

// BeginSignIn starts connecting an account.
func (c *Client) BeginSignIn(ctx context.Context, req NewAccount) (SignIn, error) {
	return call[SignIn](ctx, c, "POST", "/accounts", req)
}

// FinishSignIn waits for the end of a sign-in.
func (c *Client) FinishSignIn(ctx context.Context, id string) (state.Account, error) {
	return call[state.Account](ctx, c, "POST", "/signins/"+url.PathEscape(id)+"/finish", nil)
}

// CancelSignIn gives a sign-in up.
func (c *Client) CancelSignIn(ctx context.Context, id string) error {
	return c.do(ctx, "DELETE", "/signins/"+url.PathEscape(id), nil, &nothing{})
}

// Accounts lists the accounts.
func (c *Client) Accounts(ctx context.Context) ([]AccountState, error) {
	return call[[]AccountState](ctx, c, "GET", "/accounts", nil)
}

// Providers lists what can be connected.
func (c *Client) Providers(ctx context.Context) ([]ProviderInfo, error) {
	return call[[]ProviderInfo](ctx, c, "GET", "/providers", nil)
}

// Settings asks what holds for all accounts.
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	return call[Settings](ctx, c, "GET", "/settings", nil)
}

// ChangeSettings replaces the settings.
func (c *Client) ChangeSettings(ctx context.Context, s Settings) (Settings, error) {
	return call[Settings](ctx, c, "PUT", "/settings", s)
}

// Setup asks for what the person has set up.
func (c *Client) Setup(ctx context.Context) (Setup, error) {
	return call[Setup](ctx, c, "GET", "/setup", nil)
}

// TakeSetup has a setup taken over.
func (c *Client) TakeSetup(ctx context.Context, req TakeSetup) (TakenOver, error) {
	return call[TakenOver](ctx, c, "POST", "/setup", req)
}

// Diagnostics asks for a report for people who help.
func (c *Client) Diagnostics(ctx context.Context) (Diagnostics, error) {
	return call[Diagnostics](ctx, c, "GET", "/diagnostics", nil)
}

// Checkup looks at all that the engine needs.
func (c *Client) Checkup(ctx context.Context) ([]Check, error) {
	return call[[]Check](ctx, c, "GET", "/checkup", nil)
}

// CheckClient tells whether a client id looks like one.
func (c *Client) CheckClient(ctx context.Context, req CheckClient) (state.Client, error) {
	return call[state.Client](ctx, c, "POST", "/clients/check", req)
}

// Unlock opens the file of sign-ins.
func (c *Client) Unlock(ctx context.Context, passphrase string) error {
	return c.do(ctx, "POST", "/unlock", UnlockRequest{passphrase}, &nothing{})
}

// RemoveAccount disconnects an account.
func (c *Client) RemoveAccount(ctx context.Context, req RemoveAccount) (Disconnected, error) {
	copies := map[bool]string{false: "keep", true: "remove"}[req.RemoveCopies]
	return call[Disconnected](ctx, c, "DELETE", "/accounts/"+url.PathEscape(string(req.ID))+"?copies="+copies, nil)
}

// Calendars lists calendars.
func (c *Client) Calendars(ctx context.Context, account state.AccountID, fresh bool) ([]state.Calendar, error) {
	q := url.Values{"account": {string(account)}, "fresh": {strconv.FormatBool(fresh)}}
	return call[[]state.Calendar](ctx, c, "GET", "/calendars?"+q.Encode(), nil)
}

// MakeCalendar makes a calendar in an account.
func (c *Client) MakeCalendar(ctx context.Context, req NewCalendar) (state.Calendar, error) {
	return call[state.Calendar](ctx, c, "POST", "/calendars", req)
}

// Mirrors lists the mirrors and how they fare.
func (c *Client) Mirrors(ctx context.Context) ([]MirrorState, error) {
	return call[[]MirrorState](ctx, c, "GET", "/mirrors", nil)
}

// AddMirror makes a mirror.
func (c *Client) AddMirror(ctx context.Context, req NewMirror) (state.Mirror, error) {
	return call[state.Mirror](ctx, c, "POST", "/mirrors", req)
}

// ChangeMirror replaces a mirror.
func (c *Client) ChangeMirror(ctx context.Context, req ChangeMirror) (state.Mirror, error) {
	return call[state.Mirror](ctx, c, "PUT", "/mirrors/"+url.PathEscape(string(req.ID)), req)
}

// PlanMirror asks what the next pass would do if the mirror were as it is here.
func (c *Client) PlanMirror(ctx context.Context, m state.Mirror) (Report, error) {
	path := "/mirrors/plan"
	if m.ID != "" {
		path = "/mirrors/" + url.PathEscape(string(m.ID)) + "/plan"
	}
	return call[Report](ctx, c, "POST", path, m)
}

// Preview asks what copies of an event look like.
func (c *Client) Preview(ctx context.Context, req PreviewRequest) ([]Preview, error) {
	return call[[]Preview](ctx, c, "POST", "/preview", req)
}

// RemoveMirror ends a mirror.
func (c *Client) RemoveMirror(ctx context.Context, req RemoveMirror) (Report, error) {
	return call[Report](ctx, c, "POST", "/mirrors/"+url.PathEscape(string(req.ID))+"/remove", req)
}

// TakeOver has this installation keep a mirror that another one keeps.
func (c *Client) TakeOver(ctx context.Context, id state.MirrorID) error {
	return c.do(ctx, "POST", "/mirrors/"+url.PathEscape(string(id))+"/take-over", nil, &nothing{})
}

// Duplicates lists what is there several times.
func (c *Client) Duplicates(ctx context.Context, id state.MirrorID) (Duplicates, error) {
	return call[Duplicates](ctx, c, "GET", "/duplicates?"+url.Values{"mirror": {string(id)}}.Encode(), nil)
}

// CleanUp removes duplicates.
func (c *Client) CleanUp(ctx context.Context, req CleanUp) (Report, error) {
	return call[Report](ctx, c, "POST", "/duplicates", req)
}

// Sync runs a pass and waits for its end.
func (c *Client) Sync(ctx context.Context, req SyncRequest) (Report, error) {
	return call[Report](ctx, c, "POST", "/sync", req)
}

// Pause stops syncing until the time given; the zero time resumes.
func (c *Client) Pause(ctx context.Context, until time.Time) error {
	return c.do(ctx, "POST", "/pause", PauseRequest{until}, &nothing{})
}

// History lists entries, newest first.
func (c *Client) History(ctx context.Context, q HistoryQuery) ([]state.HistoryEntry, error) {
	return call[[]state.HistoryEntry](ctx, c, "GET", "/history?"+q.values().Encode(), nil)
}

// HistoryPage looks through a part of the history.
func (c *Client) HistoryPage(ctx context.Context, q HistoryQuery) (HistoryPage, error) {
	return call[HistoryPage](ctx, c, "GET", "/history/page?"+q.values().Encode(), nil)
}

// HistoryDetail asks for one entry field by field.
func (c *Client) HistoryDetail(ctx context.Context, seq uint64) (HistoryDetail, error) {
	return call[HistoryDetail](ctx, c, "GET", "/history/"+strconv.FormatUint(seq, 10), nil)
}

// Undo takes changes back.
func (c *Client) Undo(ctx context.Context, req UndoRequest) (UndoReport, error) {
	return call[UndoReport](ctx, c, "POST", "/undo", req)
}

// Why asks why an event is where it is.
func (c *Client) Why(ctx context.Context, req WhyRequest) ([]Explanation, error) {
	return call[[]Explanation](ctx, c, "POST", "/why", req)
}

// Held lists what waits for a decision.
func (c *Client) Held(ctx context.Context) ([]state.Held, error) {
	return call[[]state.Held](ctx, c, "GET", "/held", nil)
}

// Decide says what to do with held steps.
func (c *Client) Decide(ctx context.Context, d Decide) error {
	return c.do(ctx, "POST", "/held", d, &nothing{})
}

// Attend says that a person has Twinday open before them.
func (c *Client) Attend(ctx context.Context) error {
	return c.do(ctx, "POST", "/attend", nil, &nothing{})
}

// ShowWindow asks the running tray to open the window.
func (c *Client) ShowWindow(ctx context.Context) error {
	return c.do(ctx, "POST", "/window", nil, &nothing{})
}

// Quit ends the running engine.
func (c *Client) Quit(ctx context.Context) error {
	return c.do(ctx, "POST", "/quit", nil, &nothing{})
}
