package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// icsSeries is a series of one file: its master and its overrides, in the order
// of the occurrences that they stand for.
type icsSeries struct {
	icsEvent
	rules     *mailbox.Rules
	overrides []icsEvent
}

// recurrence fills in what makes the event a series or a part of one.
func (l *icsLoader) recurrence(c *icsComponent, e icsEvent, floating string) (icsEvent, bool) {
	if p, ok := c.get("RECURRENCE-ID"); ok {
		at, err := l.moment(p, e.UID, floating)
		if err != nil {
			l.problem(p.line, e.UID, "left out: RECURRENCE-ID: %v", err)
			return icsEvent{}, false
		}
		if strings.EqualFold(p.Params.Get("RANGE"), "THISANDFUTURE") {
			// RFC 5545 §3.2.13; hardly any program writes it, and most read it so.
			l.problem(p.line, e.UID, "RANGE=THISANDFUTURE is taken for this occurrence alone: the following ones stay as they were")
		}
		e.original = at
		return e, true
	}
	// An empty RRULE is no rule: holiday calendars have one in every event.
	rules := slices.DeleteFunc(c.all("RRULE", "RDATE", "EXRULE"), func(p icsProp) bool { return strings.TrimSpace(p.Value) == "" })
	if len(rules) == 0 || !slices.ContainsFunc(rules, func(p icsProp) bool { return p.Name != "EXRULE" }) {
		return e, true // nothing repeats it, and what takes away takes nothing from a single event
	}
	e.ruleLine = rules[0].line
	for _, p := range rules {
		line, err := l.recurrenceLine(p, e, floating)
		if err != nil {
			l.problem(p.line, e.UID, "left out: %s: %v", p.Name, err)
			return icsEvent{}, false
		}
		e.Recurrence = append(e.Recurrence, line)
	}
	for _, p := range c.all("EXDATE") {
		list, err := l.dates(p, e, floating)
		if err != nil {
			l.problem(p.line, e.UID, "left out: EXDATE: %v", err)
			return icsEvent{}, false
		}
		e.without = append(e.without, list...)
	}
	return e, true
}

// ruleParts are the parts of a rule: RFC 5545 §3.3.10, RFC 7529.
var ruleParts = strings.Fields("FREQ UNTIL COUNT INTERVAL BYSECOND BYMINUTE BYHOUR BYDAY BYMONTHDAY BYYEARDAY BYWEEKNO BYMONTH BYSETPOS WKST RSCALE SKIP")

// recurrenceLine reads a rule or date list and writes it as services take it:
// UNTIL in the form of the start, dates in UTC. It refuses what nobody could read
// the same way twice.
func (l *icsLoader) recurrenceLine(p icsProp, e icsEvent, floating string) (string, error) {
	if p.Name == "RDATE" {
		list, err := l.dates(p, e, floating)
		return dateLine("RDATE", list), err
	}
	var parts []string
	freq := false
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(p.Value), ";"), ";") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.ToUpper(strings.TrimSpace(name)), strings.ToUpper(strings.TrimSpace(value))
		if !slices.Contains(ruleParts, name) || value == "" {
			return "", fmt.Errorf("%s is no part of a rule", quoteStart(part))
		}
		freq = freq || name == "FREQ"
		if name == "UNTIL" {
			until, err := l.until(value, e)
			if err != nil {
				return "", fmt.Errorf("UNTIL: %w", err)
			}
			value = until
		}
		parts = append(parts, name+"="+value)
	}
	if !freq {
		return "", errors.New("FREQ is missing")
	}
	return p.Name + ":" + strings.Join(parts, ";"), nil
}

// until brings UNTIL into the form of the start, as RFC 5545 §3.3.10 demands and
// many forget: a date for dates, else an instant; a date then means all of that
// day, and a time without a zone is one in the zone of the start.
func (l *icsLoader) until(value string, e icsEvent) (string, error) {
	p := icsProp{}
	p.Value = value
	at, err := l.moment(p, e.UID, cmp.Or(e.Start.Zone, "UTC"))
	switch {
	case err != nil:
		return "", err
	case e.AllDay && at.Date == "":
		return strings.ReplaceAll(at.Local[:len(time.DateOnly)], "-", ""), nil
	case !e.AllDay && at.Date != "":
		if at, err = mailbox.At(at.Date+"T23:59:59", e.Start.Zone); err != nil {
			return "", err
		}
	}
	return at.Slot(), nil
}

// dates reads the values of an RDATE or EXDATE as occurrences of the series. Of a
// period only the start counts.
func (l *icsLoader) dates(p icsProp, e icsEvent, floating string) ([]mailbox.Moment, error) {
	var out []mailbox.Moment
	for item := range strings.SplitSeq(p.Value, ",") {
		item, _, period := strings.Cut(strings.TrimSpace(item), "/")
		if item == "" {
			continue // a comma at the end, or no value at all
		}
		if period {
			l.problem(p.line, e.UID, "an occurrence of a length of its own is taken for one as long as the others")
		}
		one := p
		one.Value = item
		at, err := l.moment(one, e.UID, cmp.Or(e.Start.Zone, floating))
		if err != nil {
			return nil, err
		}
		if at, err = slotLike(e.Start, at); err != nil {
			return nil, err
		}
		out = append(out, at)
	}
	return out, nil
}

// slotLike is the occurrence that a moment means in a series with this start: of
// dates the day that is written, and of a date on a timed series the occurrence
// at the usual time of that day.
func slotLike(start, at mailbox.Moment) (mailbox.Moment, error) {
	switch {
	case start.Date != "" && at.Date == "":
		return mailbox.At(at.Local[:len(time.DateOnly)], "")
	case start.Date == "" && at.Date != "":
		return mailbox.At(at.Date+start.Local[len(time.DateOnly):], start.Zone)
	}
	return at, nil
}

// dateLine writes occurrences as an RDATE or EXDATE line.
func dateLine(name string, list []mailbox.Moment) string {
	var values []string
	for _, m := range list {
		values = append(values, m.Slot())
	}
	if len(list) > 0 && list[0].Date != "" {
		name += ";VALUE=DATE"
	}
	return name + ":" + strings.Join(values, ",")
}

// gather puts overrides and masters together, whatever their order in the file.
func (l *icsLoader) gather(masters, overrides []icsEvent) (singles []icsEvent, series []icsSeries) {
	at := map[string]int{} // in series, by UID
	for _, e := range masters {
		if len(e.Recurrence) == 0 {
			singles = append(singles, e)
			continue
		}
		rules, err := e.Rules()
		if err == nil {
			if _, some := rules.First(); !some {
				err = errors.New("the series has no occurrence")
			}
		}
		if err != nil {
			l.problem(e.ruleLine, e.UID, "left out: %v", err)
			continue
		}
		if e.UID != "" {
			at[e.UID] = len(series)
		}
		series = append(series, icsSeries{icsEvent: e, rules: rules})
	}
	// An override stands for the occurrence that it means, however it is spelled.
	for i, o := range overrides {
		if n, ok := at[o.UID]; ok {
			if slot, err := slotLike(series[n].Start, o.original); err == nil {
				overrides[i].original = slot
			}
		}
	}
	for _, o := range l.newest(overrides) {
		n, ok := at[o.UID]
		switch {
		case ok && slices.ContainsFunc(series[n].without, func(m mailbox.Moment) bool { return m.Slot() == o.original.Slot() }):
			if o.Status != "cancelled" {
				singles = append(singles, l.alone(o, "an EXDATE takes away the occurrence that it changes"))
			}
		case ok && series[n].rules.Has(o.original):
			series[n].overrides = append(series[n].overrides, o)
		case o.Status == "cancelled": // what is not there cannot be called off
		case ok:
			singles = append(singles, l.alone(o, "its series has no occurrence then"))
		default:
			o.UID = aloneUID(o) // invited to this occurrence only
			singles = append(singles, o)
		}
	}
	for _, s := range series {
		slices.SortStableFunc(s.overrides, func(a, b icsEvent) int { return a.original.UTC.Compare(b.original.UTC) })
	}
	return singles, series
}

// alone makes an override an event of its own, and says why.
func (l *icsLoader) alone(o icsEvent, why string) icsEvent {
	l.problem(o.line, o.UID, "kept as an event of its own: %s", why)
	o.UID = aloneUID(o)
	return o
}

// aloneUID is the same for the same occurrence in two files.
func aloneUID(o icsEvent) string {
	if o.UID == "" {
		return ""
	}
	return o.UID + "-" + o.original.Slot()
}

// icsStore puts what was read into the mailbox, as a person of the service would.
type icsStore struct {
	*icsLoader
	m     *mailbox.Mailbox
	hands mailbox.Hands
	cal   string
}

// single stores an event that does not repeat.
func (s *icsStore) single(e icsEvent) {
	s.m.Lock()
	defer s.m.Unlock()
	cal, updated := s.m.Calendar(s.cal), e.Updated
	if s.m.Insert(cal, e.Event); !updated.IsZero() {
		e.Event.Updated = updated
	}
	s.out.Events++
}

// series stores a series with its overrides.
func (s *icsStore) series(x icsSeries) {
	e := *x.Event
	if len(x.without) > 0 {
		e.Recurrence = append(slices.Clone(e.Recurrence), dateLine("EXDATE", x.without))
	}
	id, err := s.hands.AddSeries(s.cal, e)
	if err != nil {
		s.problem(x.ruleLine, x.UID, "left out: %s", plain(err))
		return
	}
	s.out.Series++
	for _, m := range x.without {
		if x.rules.Has(m) {
			s.out.Cancelled++
		}
	}
	// A service may refuse a move across an occurrence that will move away itself,
	// so that the order counts: again, until nothing gives way any more.
	rest := x.overrides
	for before := -1; len(rest) != before; {
		before = len(rest)
		rest = slices.DeleteFunc(rest, func(o icsEvent) bool { return s.override(id, o) == nil })
	}
	for _, o := range rest {
		s.standAlone(id, o, s.override(id, o))
	}
	if !x.Updated.IsZero() {
		s.m.Lock()
		s.m.Calendar(s.cal).Events[id].Updated = x.Updated
		s.m.Unlock()
	}
}

// override changes one occurrence of a stored series. An override is complete: it
// says all of the occurrence, and nothing comes from the master (RFC 5545 §3.8.4.4).
func (s *icsStore) override(id string, o icsEvent) error {
	slot := o.original.Slot()
	if o.Status == "cancelled" {
		err := s.hands.CancelOccurrence(s.cal, id, slot)
		if err == nil {
			s.out.Cancelled++
		}
		return err
	}
	err := s.hands.EditOccurrence(s.cal, id, slot, func(e *mailbox.Event) {
		e.Title, e.Place, e.Body, e.BodyIsHTML = o.Title, o.Place, o.Body, o.BodyIsHTML
		e.Start, e.End = o.Start, o.End
		e.ShowAs, e.Sensitivity, e.Importance, e.Status = o.ShowAs, o.Sensitivity, o.Importance, cmp.Or(o.Status, "confirmed")
		e.Categories, e.Reminders = o.Categories, o.Reminders
		e.Attendees, e.Attachments, e.Conference = o.Attendees, o.Attachments, o.Conference
	})
	if err == nil {
		s.out.Changed++
	}
	return err
}

// standAlone takes an occurrence that the service refuses to change so out of its
// series, and makes it an event of its own: what its person would do.
func (s *icsStore) standAlone(id string, o icsEvent, why error) {
	if err := s.hands.CancelOccurrence(s.cal, id, o.original.Slot()); err != nil {
		s.problem(o.line, o.UID, "left out: %s", plain(err))
		return
	}
	s.out.Cancelled++
	s.single(s.alone(o, plain(why)))
}

// plain is why the service refuses, without the words that every refusal has.
func plain(err error) string {
	text := err.Error()
	for _, prefix := range []string{mailbox.ErrRefused.Error() + ": ", "mailbox: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}
