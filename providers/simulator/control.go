package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/providers/simulator/oauthsim"
)

// maxControlBody bounds a request: an event's notes are the largest thing in it.
const maxControlBody = 8 << 20

// ControlHandler is the simulator's other side, for tests and scripts: it reads
// the counters, edits events as 'another client' (the service's web page, a
// telephone) and sets faults. It lives under ControlPath, speaks JSON, and asks
// for no sign-in; docs/simulators.md shows each call.
//
//	GET    counters                requests by kind, writes, mails, unknown requests
//	POST   counters/reset          start them anew
//	GET    calendars
//	GET    events?calendar=        the live events
//	GET    agenda?from=&to=&calendar=        what a person sees between two days
//	POST   events?calendar=        add one, or with "recurrence" a series
//	PATCH  events/{id}?calendar=   change what is named
//	DELETE events/{id}?calendar=
//	GET    mails                   what the real service would have sent
//	POST   faults                  one fault, or a list
//	DELETE faults                  all of them
//	POST   expire-cursors?calendar=
//	POST   sign-in                 {"autoApprove": bool, "expireAccessTokens": true, "revoke": true,
//	                               "expireRefreshTokens": true, "changePassword": true, "rule": "blocked"|"admin first"|"",
//	                               "grant": [scopes], "failAuthorize": {"error", "aadsts"}, "failToken": {"error", "aadsts", "status"}}
//
// PATCH and DELETE of a series are 'all events'; with ?occurrence= (its original
// start, as the agenda shows it) that one alone, and with &following=true this one
// and the following.
//
// The calendar is the primary one if it is not given. An error is
// {"error": "…"} with status 400, 404 or 405.
func ControlHandler(s *Simulator) http.Handler {
	c := &control{s}
	mux := http.NewServeMux()
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"GET counters":        c.counters,
		"POST counters/reset": c.reset,
		"GET calendars":       c.calendars,
		"GET events":          c.events,
		"GET agenda":          c.agenda,
		"POST events":         c.add,
		"PATCH events/{id}":   c.edit,
		"DELETE events/{id}":  c.remove,
		"GET mails":           c.mails,
		"POST faults":         c.addFaults,
		"DELETE faults":       c.clearFaults,
		"POST expire-cursors": c.expireCursors,
		"POST sign-in":        c.signIn,
		"GET {$}":             c.help,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" "+ControlPath+path, controlCall(f))
	}
	return mux
}

type control struct{ *Simulator }

// controlCall runs f and writes what it returns.
func controlCall(f func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
		status := http.StatusOK
		answer, err := f(r)
		if err != nil {
			status = http.StatusBadRequest
			if errors.Is(err, mailbox.ErrNoCalendar) || errors.Is(err, mailbox.ErrNoEvent) || errors.Is(err, mailbox.ErrNoOccurrence) {
				status = http.StatusNotFound
			}
			answer = map[string]string{"error": err.Error()}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(answer) // a client that went away is its own affair
	})
}

// done is the answer where there is nothing to tell.
var done = map[string]bool{"ok": true}

func (c *control) help(*http.Request) (any, error) {
	return map[string]any{"service": c.service, "calls": []string{
		"GET counters", "POST counters/reset", "GET calendars", "GET events", "GET agenda", "POST events", "PATCH events/{id}",
		"DELETE events/{id}", "GET mails", "POST faults", "DELETE faults", "POST expire-cursors", "POST sign-in",
	}}, nil
}

func (c *control) counters(*http.Request) (any, error) { return c.Counters(), nil }

func (c *control) reset(*http.Request) (any, error) { c.ResetCounters(); return done, nil }

// controlCalendar is a calendar as the control endpoint shows it.
type controlCalendar struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Zone    string `json:"zone"`
	Primary bool   `json:"primary,omitempty"`
	Role    string `json:"role"`
	Events  int    `json:"events"` // live ones
}

func (c *control) calendars(*http.Request) (any, error) {
	m := c.mailbox
	m.Lock()
	defer m.Unlock()
	list := []controlCalendar{}
	for _, cal := range m.Calendars {
		if !cal.Deleted {
			list = append(list, controlCalendar{cal.ID, cal.Name, cal.Zone, cal.Primary, cal.Role, len(m.Live(cal))})
		}
	}
	return list, nil
}

// calendarOf is the calendar a request names, the primary one by default.
func (c *control) calendarOf(r *http.Request) (id, zone string, err error) {
	id = r.URL.Query().Get("calendar")
	if id == "" {
		id = "primary"
	}
	c.mailbox.Lock()
	defer c.mailbox.Unlock()
	cal := c.mailbox.Calendar(id)
	if cal == nil {
		return "", "", fmt.Errorf("%w: %s", mailbox.ErrNoCalendar, id)
	}
	return cal.ID, cal.Zone, nil
}

func (c *control) events(r *http.Request) (any, error) {
	id, _, err := c.calendarOf(r)
	if err != nil {
		return nil, err
	}
	list := []ControlEvent{}
	for _, e := range c.mailbox.Events(id) {
		if e.Series == "" { // Google's exceptions are part of their series
			list = append(list, c.showEvent(&e))
		}
	}
	return list, nil
}

func (c *control) add(r *http.Request) (any, error) {
	id, zone, err := c.calendarOf(r)
	if err != nil {
		return nil, err
	}
	var edit eventEdit
	if err := readJSON(r.Body, &edit); err != nil {
		return nil, err
	}
	e := mailbox.Event{ShowAs: "busy"}
	if err := edit.apply(c.service, &e, zone); err != nil {
		return nil, err
	}
	if len(edit.Recurrence) > 0 {
		series, err := c.AddSeries(id, e)
		if err != nil {
			return nil, err
		}
		return c.showEvent(c.mailbox.Event(id, series)), nil
	}
	stored := c.mailbox.AddEvent(id, e)
	if stored == nil {
		return nil, fmt.Errorf("%w: %s", mailbox.ErrNoCalendar, id)
	}
	return c.showEvent(stored), nil
}

func (c *control) edit(r *http.Request) (any, error) {
	id, zone, err := c.calendarOf(r)
	if err != nil {
		return nil, err
	}
	var edit eventEdit
	if err := readJSON(r.Body, &edit); err != nil {
		return nil, err
	}
	var bad error
	eventID := r.PathValue("id")
	f := func(e *mailbox.Event) {
		changed := e.Clone()
		if bad = edit.apply(c.service, changed, zone); bad == nil {
			*e = *changed
		}
	}
	shown := eventID
	switch w := whatOf(r); {
	case w.following:
		shown, err = c.SplitSeries(id, eventID, w.occurrence, f)
	case w.occurrence != "":
		err = c.EditOccurrence(id, eventID, w.occurrence, f)
	case c.isSeries(id, eventID):
		err = c.EditSeries(id, eventID, f)
	case len(edit.Recurrence) > 0:
		if err = c.ToSeries(id, eventID, edit.Recurrence[0]); err == nil {
			err = c.EditSeries(id, eventID, f)
		}
	default:
		err = c.mailbox.EditEvent(id, eventID, f)
	}
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	return c.showEvent(c.mailbox.Event(id, shown)), nil
}

func (c *control) remove(r *http.Request) (any, error) {
	id, _, err := c.calendarOf(r)
	if err != nil {
		return nil, err
	}
	eventID := r.PathValue("id")
	switch w := whatOf(r); {
	case w.following:
		err = c.DeleteFollowing(id, eventID, w.occurrence)
	case w.occurrence != "":
		err = c.CancelOccurrence(id, eventID, w.occurrence)
	case c.isSeries(id, eventID):
		err = c.DeleteSeries(id, eventID)
	default:
		err = c.mailbox.DeleteEvent(id, eventID)
	}
	return done, err
}

// controlMail is a mail as the control endpoint shows it.
type controlMail struct {
	Kind  string    `json:"kind"`
	To    string    `json:"to"`
	Event string    `json:"event"`
	Title string    `json:"title"`
	Time  time.Time `json:"time"`
}

func (c *control) mails(*http.Request) (any, error) {
	list := []controlMail{}
	for _, m := range c.mailbox.Mails() {
		list = append(list, controlMail{m.Kind, m.To, m.EventID, m.Title, m.Time})
	}
	return list, nil
}

func (c *control) expireCursors(r *http.Request) (any, error) {
	id, _, err := c.calendarOf(r)
	if err != nil {
		return nil, err
	}
	return done, c.mailbox.ExpireCursors(id)
}

// controlFault is a Fault with its times as people write them: "2s", "150ms".
type controlFault struct {
	Fault
	Delay      textDuration `json:"delay"`
	RetryAfter textDuration `json:"retryAfter"`
	DelayAfter textDuration `json:"delayAfter"`
	Lasts      textDuration `json:"lasts"`
}

type textDuration time.Duration

// UnmarshalText reads "2s".
func (d *textDuration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err == nil && v < 0 {
		err = fmt.Errorf("%s lies in the past", b)
	}
	*d = textDuration(v)
	return err
}

func (c *control) addFaults(r *http.Request) (any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var list []controlFault
	if text := strings.TrimSpace(string(body)); strings.HasPrefix(text, "[") {
		err = readJSON(strings.NewReader(text), &list)
	} else {
		list = make([]controlFault, 1)
		err = readJSON(strings.NewReader(text), &list[0])
	}
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		f.Fault.Delay, f.Fault.RetryAfter = time.Duration(f.Delay), time.Duration(f.RetryAfter)
		f.Fault.DelayAfter, f.Fault.Lasts = time.Duration(f.DelayAfter), time.Duration(f.Lasts)
		c.AddFault(f.Fault)
	}
	return map[string]int{"added": len(list)}, nil
}

func (c *control) clearFaults(*http.Request) (any, error) { c.ClearFaults(); return done, nil }

func (c *control) signIn(r *http.Request) (any, error) {
	var req struct {
		AutoApprove        *bool `json:"autoApprove"`
		ExpireAccessTokens bool  `json:"expireAccessTokens"`
		Revoke             bool  `json:"revoke"`

		ExpireRefreshTokens bool           `json:"expireRefreshTokens"`
		ChangePassword      bool           `json:"changePassword"`
		Rule                *oauthsim.Rule `json:"rule"`
		// Grant limits what is granted from now on to these scopes; an empty list lifts it.
		Grant         *[]string    `json:"grant"`
		FailAuthorize *signInFault `json:"failAuthorize"`
		FailToken     *signInFault `json:"failToken"`
	}
	if err := readJSON(r.Body, &req); err != nil {
		return nil, err
	}
	server := c.SignIn()
	if req.AutoApprove != nil {
		server.SetAutoApprove(*req.AutoApprove)
	}
	if req.ExpireAccessTokens {
		server.ExpireAccessTokens()
	}
	if req.Revoke {
		server.RevokeAll()
	}
	if req.ExpireRefreshTokens {
		server.ExpireRefreshTokens()
	}
	if req.ChangePassword {
		server.ChangePassword()
	}
	if req.Rule != nil {
		switch *req.Rule {
		case oauthsim.NoRule, oauthsim.AdminFirst, oauthsim.Blocked:
			server.SetRule(*req.Rule)
		default:
			return nil, fmt.Errorf("rule is %q, %q or empty", oauthsim.AdminFirst, oauthsim.Blocked)
		}
	}
	if req.Grant != nil && len(*req.Grant) == 0 {
		server.NarrowScopes(nil)
	} else if req.Grant != nil {
		server.NarrowScopes(*req.Grant)
	}
	if f := req.FailAuthorize; f != nil {
		server.FailNextAuthorizeAs(f.Error, f.AADSTS)
	}
	if f := req.FailToken; f != nil {
		server.FailNextTokenAs(cmp.Or(f.Status, http.StatusBadRequest), f.Error, f.AADSTS)
	}
	return done, nil
}

// signInFault is how the sign-in service refuses its next request of a kind.
type signInFault struct {
	Error  string `json:"error"`
	AADSTS int    `json:"aadsts"` // Microsoft's number
	Status int    `json:"status"` // of a token request; 400 if left out
}

// readJSON reads one value, and refuses fields that it does not know: a
// misspelt edit that does nothing would make a test pass.
func readJSON(r io.Reader, v any) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

// ControlEvent is an event as the control endpoint shows it.
type ControlEvent struct {
	ID           string   `json:"id"`
	UID          string   `json:"uid"`
	Title        string   `json:"title"`
	Start        string   `json:"start"` // "2026-07-14" (all-day) or "2026-07-14T14:00:00"
	End          string   `json:"end"`   // exclusive
	Zone         string   `json:"zone,omitempty"`
	Place        string   `json:"place,omitempty"`
	Notes        string   `json:"notes,omitempty"`
	NotesAreHTML bool     `json:"notesAreHTML,omitempty"`
	ShowAs       string   `json:"showAs"`
	Sensitivity  string   `json:"sensitivity,omitempty"`
	Status       string   `json:"status"`
	Guests       []string `json:"guests,omitempty"` // mail addresses
	Series       bool     `json:"series,omitempty"`
	ControlDetail
}

func (c *control) showEvent(e *mailbox.Event) ControlEvent {
	out := ControlEvent{
		ID: e.ID, UID: e.UID, Title: e.Title, Start: e.Start.Local, End: e.End.Local, Zone: e.Start.Zone,
		Place: e.Place, Notes: e.Body, NotesAreHTML: e.BodyIsHTML, ShowAs: e.ShowAs,
		Sensitivity: e.Sensitivity, Status: e.Status, Series: len(e.Recurrence) > 0 || e.Pattern != nil,
	}
	if e.AllDay {
		out.Start, out.End, out.Zone = e.Start.Date, e.End.Date, ""
	}
	for _, a := range e.Attendees {
		out.Guests = append(out.Guests, a.Email)
	}
	out.ControlDetail = c.showDetail(e)
	return out
}

// eventEdit is what a request says about an event; what it leaves out stays.
type eventEdit struct {
	UID          *string  `json:"uid"`
	Title        *string  `json:"title"`
	Start        *string  `json:"start"`
	End          *string  `json:"end"`
	Zone         *string  `json:"zone"`
	Place        *string  `json:"place"`
	Notes        *string  `json:"notes"`
	NotesAreHTML *bool    `json:"notesAreHTML"`
	ShowAs       *string  `json:"showAs"`
	Sensitivity  *string  `json:"sensitivity"`
	Status       *string  `json:"status"`
	Recurrence   []string `json:"recurrence"` // RFC 5545 lines: "RRULE:FREQ=WEEKLY"
	detailEdit
}

// apply changes e as asked. Without a zone, times are in the event's, else in
// the calendar's.
func (x *eventEdit) apply(s Service, e *mailbox.Event, calendarZone string) error {
	for _, f := range []struct{ to, from *string }{
		{&e.UID, x.UID}, {&e.Title, x.Title}, {&e.Place, x.Place}, {&e.Sensitivity, x.Sensitivity},
		{&e.ShowAs, x.ShowAs}, {&e.Status, x.Status},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if x.ShowAs != nil && !slices.Contains([]string{"free", "tentative", "busy", "oof", "workingElsewhere"}, *x.ShowAs) {
		return fmt.Errorf("showAs: %q is none of free, tentative, busy, oof, workingElsewhere", *x.ShowAs)
	}
	if x.Notes != nil {
		e.Body, e.BodyIsHTML = *x.Notes, false
	}
	if x.Recurrence != nil {
		e.Recurrence = x.Recurrence
	}
	if x.NotesAreHTML != nil {
		e.BodyIsHTML = *x.NotesAreHTML
	}
	if err := x.applyDetail(s, e); err != nil {
		return err
	}
	for _, t := range []struct {
		name string
		to   *mailbox.Moment
		from *string
	}{{"start", &e.Start, x.Start}, {"end", &e.End, x.End}} {
		if t.from == nil && x.Zone == nil {
			continue
		}
		text, zone := t.to.Local, t.to.Zone
		if t.to.Date != "" {
			text = t.to.Date
		}
		if t.from != nil {
			text = *t.from
		}
		switch {
		case x.Zone != nil:
			zone = *x.Zone
		case zone == "" && e.Start.Zone != "":
			zone = e.Start.Zone // an end beside a start
		case zone == "":
			zone = calendarZone
		}
		at, err := mailbox.At(text, zone)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		*t.to = at
	}
	switch {
	case e.Start == (mailbox.Moment{}) || e.End == (mailbox.Moment{}):
		return errors.New("start and end are needed, as \"2026-07-14\" or \"2026-07-14T14:00:00\"")
	case (e.Start.Date == "") != (e.End.Date == ""):
		return errors.New("start and end are not both dates or both times")
	case e.End.UTC.Before(e.Start.UTC) || e.Start.Date != "" && e.Start.Date == e.End.Date:
		return errors.New("the event ends before it starts (the end of an all-day event is the day after)")
	}
	e.AllDay = e.Start.Date != ""
	return nil
}
