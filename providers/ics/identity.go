package ics

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// cursorForm grows when cursors of before cannot be read any more.
const cursorForm = 1

// cursor is what must be known of the last read: what the server calls that state, and
// what each event was called. Many feeds have no UIDs that last: some make new ones at
// every read.
type cursor struct {
	Form     int     `json:"form"`
	At       string  `json:"at"` // digest of the address
	ETag     string  `json:"etag,omitempty"`
	Modified string  `json:"modified,omitempty"`
	Digest   string  `json:"digest"`
	Known    []entry `json:"known,omitempty"`
}

func (c cursor) text() (calendar.Cursor, error) {
	b, err := json.Marshal(c)
	return calendar.Cursor(b), err
}

// entry is an event as it was last read: its id, and by what it is found again, each as a
// digest: its UID, when it starts and how it is called, and all that it says.
type entry struct {
	ID      string `json:"i"`
	UID     string `json:"u,omitempty"`
	Place   string `json:"p"`
	Content string `json:"c"`
}

// short is a digest that is long enough to tell the events of one feed apart.
func short(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
}

func entryOf(e calendar.Event) entry {
	out := entry{
		Place:   short(e.Content.When.Start.Slot(), e.Content.When.Start.Zone, e.Content.Title),
		Content: short(saying(e)),
	}
	if e.UID != "" {
		out.UID = short(e.UID)
	}
	return out
}

// saying is all that an event says, without its UID and its stamps: in many feeds DTSTAMP,
// and even LAST-MODIFIED, is when it was downloaded.
func saying(e calendar.Event) string {
	e.ID, e.Version, e.UID = "", "", ""
	e.Created, e.Updated = time.Time{}, time.Time{}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // plain data always marshals
	}
	return string(b)
}

// name gives the events of a feed the ids that they had. Which one it was says the first of
// these that does: its UID with all that it says, or with when it starts and how it is
// called; all that it says (so much alike is no other event, and a UID may be the number
// of its line); its UID; when it starts and how it is called. An id is taken over once;
// who has none gets a new one. It gives what is to be remembered, too.
func name(events []calendar.Event, known []entry) ([]calendar.Event, []entry) {
	out, now := slices.Clone(events), make([]entry, len(events))
	for i, e := range out {
		now[i] = entryOf(e)
	}
	taken := map[string]bool{}
	for _, by := range []func(entry) string{
		func(x entry) string { return x.UID + " " + x.Content },
		func(x entry) string { return x.UID + " " + x.Place },
		func(x entry) string { return x.Content },
		func(x entry) string { return x.UID },
		func(x entry) string { return x.Place },
	} {
		free := map[string][]string{} // ids that are not taken yet
		for _, k := range known {
			if key := by(k); key != "" && !taken[k.ID] {
				free[key] = append(free[key], k.ID)
			}
		}
		for i := range now {
			key := by(now[i])
			if now[i].ID != "" || key == "" || len(free[key]) == 0 {
				continue
			}
			now[i].ID = free[key][0]
			free[key] = free[key][1:]
			taken[now[i].ID] = true
		}
	}
	next := map[string]int{} // the number that the next one of these is tried with
	for i := range now {
		if now[i].ID != "" {
			continue
		}
		first := now[i].UID
		if first == "" {
			first = now[i].Place
		}
		id := first
		for next[first] = max(next[first], 2); taken[id]; next[first]++ {
			id = first + "-" + strconv.Itoa(next[first])
		}
		now[i].ID, taken[id] = id, true
	}
	for i := range out {
		out[i].ID, out[i].Version = calendar.RemoteID(now[i].ID), calendar.Version(now[i].Content)
	}
	return out, now
}

// digestOf is what a feed says as a whole, in whatever order.
func digestOf(known []entry) string {
	lines := make([]string, 0, len(known))
	for _, k := range known {
		lines = append(lines, k.ID+" "+k.Content)
	}
	slices.Sort(lines)
	return short(lines...)
}

// forEver is where a feed's window ends.
var forEver = time.Date(4500, 1, 1, 0, 0, 0, 0, time.UTC)

// window is the span that a feed covers. Many drop what is over by some weeks: a single
// event that was over before all that are listed, and is past, has left the feed, and was
// not called off.
func window(events []calendar.Event, now time.Time) calendar.Window {
	from := now
	for _, e := range events {
		end, err := e.Content.When.End.Instant()
		if err == nil && e.Content.When.Recurrence.IsZero() && end.Before(from) {
			from = end
		}
	}
	return calendar.Window{From: from, To: forEver}
}
