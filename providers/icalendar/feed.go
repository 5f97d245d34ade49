package icalendar

import (
	"io"
	"slices"
	"strings"
	"time"
)

const (
	// maxFeed bounds one file of many events: the largest real export seen was under
	// 10 MB, and everything is held in memory.
	maxFeed = 64 << 20
	// maxRefresh is the longest interval that is believed of a feed: a typing error
	// must not stop it.
	maxRefresh = 7 * 24 * time.Hour
)

// FeedInfo is what a feed says of itself as a whole.
type FeedInfo struct {
	Name    string        // NAME or X-WR-CALNAME
	Color   string        // "#rrggbb", "" if none is given that way
	Zone    string        // IANA name of X-WR-TIMEZONE, "" if none
	Refresh time.Duration // how often it asks to be read; 0 if it does not say
	// Complete says that every calendar in it was there to its END: what is not is cut off.
	Complete bool
}

// ParseFeed reads a file of many events, one object a UID. Events without a UID are an
// object each, and so are those that share one and are no revisions of each other: some
// programs give one UID to all that they write. Times without a zone are read in the feed's own, else the owner's. What
// cannot be used is complained of; it is an error if the file is no calendar at all, or
// too large. A feed that was cut off is no error, but not Complete.
func ParseFeed(r io.Reader, owner Owner) ([]*Object, FeedInfo, []Complaint, error) {
	var info FeedInfo
	data, err := readAll(r, maxFeed)
	if err != nil {
		return nil, info, nil, err
	}
	lines, err := unfold(data)
	if err != nil {
		return nil, info, nil, err
	}
	roots, complaints, err := tree(lines)
	if err != nil {
		return nil, info, complaints, err
	}
	roots = slices.DeleteFunc(roots, func(c *component) bool { return c.name != "VCALENDAR" })
	if len(roots) == 0 {
		return nil, info, complaints, errNotCalendar
	}
	var events, defined []*component
	for _, root := range roots {
		events = append(events, root.subs("VEVENT")...)
		defined = append(defined, root.subs("VTIMEZONE")...)
	}
	zones := newZones(defined, events)
	info.Complete = true
	for _, root := range roots {
		info.Complete = info.Complete && root.closed
		info.read(root, zones)
	}
	if info.Zone != "" {
		owner.Zone = info.Zone
	}
	var header []item
	for _, it := range roots[0].items {
		if it.sub == nil {
			header = append(header, it)
		}
	}
	var objects []*Object
	byUID := map[string]gathered{}
	for _, event := range events {
		uid := event.text("UID")
		g, ok := byUID[uid]
		if !ok || uid == "" || g.another(event) {
			g = gathered{starts: map[string]string{},
				Object: &Object{root: &component{name: "VCALENDAR", closed: true, items: header[:len(header):len(header)]}, zones: zones, owner: owner}}
			if !ok {
				byUID[uid] = g
			}
			objects = append(objects, g.Object)
		}
		if len(g.root.items) > len(header)+maxParts {
			return nil, info, complaints, errParts
		}
		g.add(event)
	}
	return objects, info, complaints, nil
}

// read takes what a calendar says of itself (RFC 7986 §5, and the X-properties that are
// older than that).
func (f *FeedInfo) read(root *component, zones *zones) {
	for _, name := range []string{"NAME", "X-WR-CALNAME"} {
		if f.Name == "" {
			f.Name = strings.TrimSpace(root.text(name))
		}
	}
	for _, name := range []string{"COLOR", "X-APPLE-CALENDAR-COLOR"} {
		if c := strings.ToLower(strings.TrimSpace(root.text(name))); f.Color == "" && len(c) >= 7 && c[0] == '#' {
			f.Color = c[:7] // Apple's has the opacity behind it
		}
	}
	if f.Zone == "" {
		f.Zone, _ = zones.named(root.text("X-WR-TIMEZONE"))
	}
	for _, name := range []string{"REFRESH-INTERVAL", "X-PUBLISHED-TTL"} {
		if l, ok := root.get(name); ok && f.Refresh == 0 {
			if d, err := parseDuration(l.value()); err == nil && d.exact() > 0 {
				f.Refresh = min(d.exact(), maxRefresh)
			}
		}
	}
}

// gathered is an object of which components are still to come.
type gathered struct {
	*Object
	starts map[string]string // of the event itself, by revision (SEQUENCE)
}

// another reports whether a component is an event besides the object's own: neither an
// occurrence of it, nor the same event in another revision.
func (g gathered) another(c *component) bool {
	start, ok := g.starts[c.word("SEQUENCE")]
	return ok && !c.has("RECURRENCE-ID") && start != c.word("DTSTART")
}

func (g gathered) add(c *component) {
	g.root.items = append(g.root.items, item{sub: c})
	if !c.has("RECURRENCE-ID") {
		g.starts[c.word("SEQUENCE")] = c.word("DTSTART")
	}
}
