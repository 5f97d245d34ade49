package control

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// AgendaQuery asks what lies between two moments. For all-day events their dates count,
// as the moments have them in their own zones.
type AgendaQuery struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Agenda is what the mirrored calendars hold between two moments, as they were last
// read: in order of time, each meeting once.
type Agenda struct {
	Entries []AgendaEntry `json:"entries"`
	// More says that there is more than is told.
	More bool `json:"more,omitempty"`
}

// AgendaEntry is one meeting, or one occurrence of a series, wherever it stands.
type AgendaEntry struct {
	Entity state.EntityID `json:"entity,omitempty"` // none if it is in one calendar only
	Slot   string         `json:"slot,omitempty"`   // of an occurrence: its original start
	Title  string         `json:"title,omitempty"`
	Place  string         `json:"place,omitempty"`
	Start  calendar.Time  `json:"start"`
	End    calendar.Time  `json:"end"`
	Series bool           `json:"series,omitempty"`
	// Availability and Declined are as where it was born, or as the first of Places has it.
	Availability calendar.Availability `json:"availability,omitempty"`
	Declined     bool                  `json:"declined,omitempty"`
	// Places are where it stands, its home first.
	Places []AgendaPlace `json:"places"`
}

// AgendaPlace is a meeting in one calendar.
type AgendaPlace struct {
	Ref   state.Ref         `json:"ref"`
	Event calendar.RemoteID `json:"event"`
	Title string            `json:"title,omitempty"` // as it stands there
	Home  bool              `json:"home,omitempty"`
	// Detail is the level in force for the copy: less than its mirror's for a private
	// meeting. None at home, and of what is linked with nothing.
	Detail state.Detail `json:"detail,omitempty"`
}

// DayCount is how much was done on one day.
type DayCount struct {
	Day      string `json:"day"`      // 2006-01-02, on the engine's wall clock
	Changes  int    `json:"changes"`  // made in calendars
	Requests int    `json:"requests"` // made to the services, changes included
}

// Progress is how far the writing of a pass has come.
type Progress struct {
	Done  int       `json:"done"`
	Total int       `json:"total"`
	Began time.Time `json:"began"`
	// Rate is how many a minute, Left how long the rest takes at that rate; zero until
	// there is enough to go by.
	Rate float64       `json:"rate,omitempty"`
	Left time.Duration `json:"left,omitempty"`
}

// Agenda asks what lies between two moments.
func (c *Client) Agenda(ctx context.Context, q AgendaQuery) (Agenda, error) {
	v := url.Values{"from": {q.From.Format(time.RFC3339)}, "to": {q.To.Format(time.RFC3339)}}
	return call[Agenda](ctx, c, "GET", "/agenda?"+v.Encode(), nil)
}

// Days asks how much was done on each of the last days, oldest first.
func (c *Client) Days(ctx context.Context, n int) ([]DayCount, error) {
	return call[[]DayCount](ctx, c, "GET", "/days?n="+strconv.Itoa(n), nil)
}
