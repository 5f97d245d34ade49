package simulator

import (
	"fmt"
	"net/http"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// what of a series a request is about.
type what struct {
	occurrence string // a slot; empty for all of it
	following  bool   // and the occurrences after it
}

func whatOf(r *http.Request) what {
	q := r.URL.Query()
	return what{q.Get("occurrence"), q.Get("following") == "true"}
}

// isSeries reports whether an id is that of a series.
func (c *control) isSeries(cal, id string) bool {
	e := c.mailbox.Event(cal, id)
	return e != nil && (len(e.Recurrence) > 0 || e.Pattern != nil)
}

// controlOccurrence is a meeting in a person's view as the control endpoint
// shows it.
type controlOccurrence struct {
	ID         string    `json:"id"`                   // of the event, or of the series
	Occurrence string    `json:"occurrence,omitempty"` // its original start
	Title      string    `json:"title"`
	Place      string    `json:"place,omitempty"`
	Start      time.Time `json:"start"` // midnight UTC of the day when all-day
	End        time.Time `json:"end"`   // exclusive
	AllDay     bool      `json:"allDay,omitempty"`
}

// agenda lists what a person sees: by default in the 30 days from today on.
func (c *control) agenda(r *http.Request) (any, error) {
	id, _, err := c.calendarOf(r)
	if err != nil {
		return nil, err
	}
	day := func(name string, otherwise time.Time) (time.Time, error) {
		text := r.URL.Query().Get(name)
		if text == "" {
			return otherwise, nil
		}
		t, err := mailbox.At(text, "UTC")
		if err != nil {
			return time.Time{}, fmt.Errorf("%s: %w", name, err)
		}
		return t.UTC, nil
	}
	from, err := day("from", c.options.Now().UTC().Truncate(24*time.Hour))
	if err != nil {
		return nil, err
	}
	to, err := day("to", from.AddDate(0, 0, 30))
	if err != nil {
		return nil, err
	}
	seen, err := c.Agenda(id, from, to)
	if err != nil {
		return nil, err
	}
	list := []controlOccurrence{}
	for _, o := range seen {
		list = append(list, controlOccurrence{o.Series, o.Slot, o.Title, o.Place, o.Start, o.End, o.AllDay})
	}
	return list, nil
}
