package icalendar

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// The properties of Twinday's own. The mark of a copy is three; a custom property is one
// each, of a name and a value, both escaped so that no server can read them otherwise.
const (
	markInstallation = "X-TWINDAY-INSTALLATION"
	markMirror       = "X-TWINDAY-MIRROR"
	markEntity       = "X-TWINDAY-ENTITY"
	customProperty   = "X-TWINDAY-PROPERTY"
	wholeCategories  = "X-TWINDAY-CATEGORIES"
	noLength         = "X-TWINDAY-NO-LENGTH" // its one second is none
)

// The properties of others that say what iCalendar has no word for.
const (
	busyStatus  = "X-MICROSOFT-CDO-BUSYSTATUS"  // MS-OXCICAL §2.1.3.1.1.20.31
	allDayEvent = "X-MICROSOFT-CDO-ALLDAYEVENT" // MS-OXCICAL §2.1.3.1.1.20.28
	altNotes    = "X-ALT-DESC"                  // Outlook's, with FMTTYPE=text/html; in wide use
)

// reading is what was read of one component.
type reading struct {
	content calendar.Content
	doubt   string
	err     error // its times make no sense
}

// doubtful keeps the first thing that had to be guessed.
func (r *reading) doubtful(doubt string) {
	r.doubt = cmp.Or(r.doubt, doubt)
}

// read reads one component. Its rules are left out: rulesOf reads them.
func (o *Object) read(c *component) reading {
	var r reading
	r.content = calendar.Content{
		Title:        c.text("SUMMARY"),
		Notes:        o.notesOf(c),
		Place:        c.text("LOCATION"),
		Availability: availabilityOf(c),
		Visibility:   visibilityOf(c),
		Importance:   importanceOf(c),
		Categories:   categoriesOf(c),
		Color:        colorNames[c.colorName()],
		Links:        linksOf(c),
		Properties:   propertiesOf(c),
	}
	if r.content.When, r.err = o.whenOf(c, &r); r.err == nil {
		r.content.Reminders = o.remindersOf(c, r.content.When)
	}
	return r
}

func (o *Object) whenOf(c *component, r *reading) (calendar.When, error) {
	l, ok := c.get("DTSTART")
	if !ok {
		return calendar.When{}, errors.New("DTSTART is missing")
	}
	start, err := o.time(l, l.value())
	if err != nil {
		return calendar.When{}, err
	}
	r.doubtful(start.doubt)
	w := calendar.When{Start: start.Time, End: start.Time}
	if l, ok := c.get("DTEND"); ok {
		end, err := o.time(l, l.value())
		switch {
		case err != nil:
			r.doubtful("its end cannot be read")
		case end.IsDate() != start.IsDate():
			r.doubtful("it begins with a date and ends with a time, or the other way round: the end is left out")
		default:
			r.doubtful(end.doubt)
			w.End = end.Time
		}
	} else if l, ok := c.get("DURATION"); ok {
		d, err := parseDuration(l.value())
		if err == nil {
			w.End, err = d.after(w.Start)
		}
		if err != nil {
			r.doubtful("its duration cannot be read")
			w.End = w.Start
		}
	}
	if !start.IsDate() && c.word(allDayEvent) == "TRUE" && strings.HasSuffix(w.Start.Local, "T00:00:00") && strings.HasSuffix(w.End.Local, "T00:00:00") {
		w.Start, w.End = calendar.Time{Local: w.Start.Local[:10]}, calendar.Time{Local: w.End.Local[:10]}
	}
	from, err1 := w.Start.Instant()
	to, err2 := w.End.Instant()
	if err := errors.Join(err1, err2); err != nil {
		return calendar.When{}, err
	}
	switch {
	case c.word(noLength) == "TRUE" && to.Sub(from) == time.Second:
		w.End = w.Start
	case w.AllDay() && !to.After(from): // RFC 5545 §3.6.1: a date without an end is that day
		if to.Before(from) {
			r.doubtful("it ends before it begins: the end is left out")
		}
		next := from.AddDate(0, 0, 1)
		w.End = calendar.Date(next.Year(), next.Month(), next.Day())
	case to.Before(from):
		r.doubtful("it ends before it begins: the end is left out")
		w.End = w.Start
	}
	return w, nil
}

// notesOf reads DESCRIPTION, which is plain text. The HTML that some programs put beside it
// counts as long as it says the same: a program that edits the one may leave the other as
// it was.
func (o *Object) notesOf(c *component) calendar.Notes {
	text := c.text("DESCRIPTION")
	for _, l := range c.all(altNotes, "STYLED-DESCRIPTION") { // the latter is RFC 9073 §6.5
		if !strings.EqualFold(l.param("FMTTYPE"), "text/html") {
			continue
		}
		if n := calendar.NotesFromHTML(l.unescaped()); words(n.Text()) == words(text) {
			return n
		}
	}
	// Google's own files have its HTML in DESCRIPTION.
	if strings.HasPrefix(o.root.text("PRODID"), "-//Google Inc//Google Calendar") && htmlHint.MatchString(text) {
		if !htmlLines.MatchString(text) {
			text = strings.ReplaceAll(text, "\n", "<br>")
		}
		return calendar.NotesFromHTML(text)
	}
	return calendar.NotesFromText(text)
}

// words is a text without its white space: programs break lines as they like.
func words(s string) string { return strings.Join(strings.Fields(s), "") }

var (
	htmlHint  = regexp.MustCompile(`(?i)</?(a|b|strong|i|em|u|br|p|div|span|font|ul|ol|li|html|html-blob)(\s[^<>]*)?/?>|&(lt|gt|amp|quot|nbsp|#\d+);`)
	htmlLines = regexp.MustCompile(`(?i)<(br|p|div|ul|ol|li|html|html-blob)(\s[^<>]*)?/?>`)
)

// availabilityOf reads what three properties say. TRANSP decides whether the time is
// taken, for every program keeps it; STATUS says tentative; Microsoft's refines it, and
// is not believed where it contradicts the two: who edited them may not know it.
func availabilityOf(c *component) calendar.Availability {
	transp, microsoft := c.word("TRANSP"), c.word(busyStatus)
	switch {
	case transp == "TRANSPARENT", transp == "" && microsoft == "FREE":
		if microsoft == "WORKINGELSEWHERE" {
			return calendar.Elsewhere
		}
		return calendar.Free
	case c.word("STATUS") == "TENTATIVE":
		return calendar.Tentative
	case microsoft == "OOF":
		return calendar.Away
	case microsoft == "WORKINGELSEWHERE":
		return calendar.Elsewhere
	case microsoft == "TENTATIVE" && c.word("STATUS") == "":
		return calendar.Tentative
	}
	return calendar.Busy
}

// visibilityOf reads CLASS. PUBLIC is its default (RFC 5545 §3.8.1.3), which some programs
// write everywhere: it is no wish to show an event to the world. What is not known counts
// as PRIVATE.
func visibilityOf(c *component) calendar.Visibility {
	switch c.word("CLASS") {
	case "", "PUBLIC":
		return calendar.DefaultVisibility
	case "CONFIDENTIAL":
		return calendar.Confidential
	}
	return calendar.Private
}

// importanceOf reads PRIORITY (RFC 5545 §3.8.1.9): 1 to 4 are high, 6 to 9 low.
func importanceOf(c *component) calendar.Importance {
	n, err := strconv.Atoi(c.word("PRIORITY"))
	switch {
	case err != nil || n < 1 || n > 9 || n == 5:
		return calendar.NormalImportance
	case n < 5:
		return calendar.HighImportance
	}
	return calendar.LowImportance
}

func categoriesOf(c *component) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, l := range c.all("CATEGORIES") {
		for _, s := range splitText(l.value(), ',') {
			if s = strings.TrimSpace(s); !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	if whole := wholeNames(c); len(whole) > 0 && slices.Equal(atCommas(whole), atCommas(out)) {
		return whole
	}
	return out
}

// wholeNames are the categories as they were written beside CATEGORIES, where one has a
// comma in its name: Cyrus and Xandikos forget that it is escaped, and make two of it.
// (In base64, since the library under Xandikos takes %2C for an escape as well.)
func wholeNames(c *component) (out []string) {
	b, err := base64.RawURLEncoding.DecodeString(c.text(wholeCategories))
	if err != nil || json.Unmarshal(b, &out) != nil {
		return nil
	}
	return out
}

// atCommas are names taken apart at their commas, in order of the alphabet.
func atCommas(names []string) (out []string) {
	for s := range strings.SplitSeq(strings.Join(names, ","), ",") {
		out = append(out, strings.TrimSpace(s))
	}
	slices.Sort(out)
	return out
}

// colorName is COLOR (RFC 7986 §5.9), a name of CSS 3.
func (c *component) colorName() string { return strings.ToLower(strings.TrimSpace(c.text("COLOR"))) }

// colorNames are the colours of events by the name of CSS 3 that comes nearest and is not
// taken; a name not among them is no colour that another provider has.
var colorNames = map[string]string{
	"lavender": "lavender", "mediumslateblue": "lavender",
	"mediumseagreen": "sage", "darkseagreen": "sage",
	"darkorchid": "grape", "purple": "grape",
	"lightcoral": "flamingo", "salmon": "flamingo",
	"gold": "banana", "yellow": "banana",
	"orangered": "tangerine", "orange": "tangerine",
	"deepskyblue": "peacock", "turquoise": "peacock",
	"dimgray": "graphite", "gray": "graphite", "grey": "graphite", "dimgrey": "graphite",
	"royalblue": "blueberry", "blue": "blueberry",
	"seagreen": "basil", "green": "basil",
	"tomato": "tomato", "red": "tomato", "crimson": "tomato",
}

// colorWords are the names that are written.
var colorWords = map[string]string{
	"lavender": "lavender", "sage": "mediumseagreen", "grape": "darkorchid", "flamingo": "lightcoral", "banana": "gold",
	"tangerine": "orangered", "peacock": "deepskyblue", "graphite": "dimgray", "blueberry": "royalblue", "basil": "seagreen", "tomato": "tomato",
}

func propertiesOf(c *component) map[string]string {
	var out map[string]string
	for _, l := range c.all(customProperty) {
		if name, value, ok := strings.Cut(l.unescaped(), "="); ok {
			name, err1 := url.QueryUnescape(name)
			value, err2 := url.QueryUnescape(value)
			if name == "" || err1 != nil || err2 != nil {
				continue
			}
			if out == nil {
				out = map[string]string{}
			}
			out[name] = value
		}
	}
	return out
}

func markOf(c *component) calendar.Mark {
	return calendar.Mark{Installation: c.text(markInstallation), Mirror: c.text(markMirror), Entity: c.text(markEntity)}
}

// linksOf reads the address to join, and attachments that are links.
func linksOf(c *component) calendar.Links {
	var out calendar.Links
	for _, l := range c.all("CONFERENCE") { // RFC 7986 §5.11
		video := slices.ContainsFunc(l.paramList("FEATURE"), func(f string) bool { return strings.EqualFold(f, "VIDEO") })
		if u := webLink(l.value()); u != "" && (out.Conference == "" || video) {
			out.Conference = u
		}
	}
	for _, name := range []string{"X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK"} {
		if out.Conference == "" {
			out.Conference = webLink(c.text(name))
		}
	}
	for _, l := range c.all("ATTACH") {
		u := webLink(l.value())
		if u == "" {
			continue
		}
		name := l.param("FILENAME") // RFC 8607 §4.2
		if name == "" {
			name = l.param("X-FILENAME")
		}
		out.Attachments = append(out.Attachments, calendar.Attachment{Name: name, URL: u})
	}
	return out
}

// webLink is an address of the web, "" if it is none.
func webLink(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return s
}

// remindersOf reads the alarms that show or sound before the start; mails are no alarm
// that a copy could repeat.
func (o *Object) remindersOf(c *component, w calendar.When) calendar.Reminders {
	var out calendar.Reminders
	for _, alarm := range c.subs("VALARM") {
		if before, ok := o.reminderOf(alarm, w); ok {
			out.Before = append(out.Before, before)
		}
	}
	slices.Sort(out.Before)
	out.Before = slices.Compact(out.Before)
	return out
}

// reminderOf is how long before the start an alarm goes off; false if it is none that a
// copy could have. A snoozed one (RFC 9074 §7) belongs to this device's moment.
func (o *Object) reminderOf(alarm *component, w calendar.When) (time.Duration, bool) {
	switch alarm.word("ACTION") {
	case "DISPLAY", "AUDIO":
	default:
		return 0, false
	}
	if l, ok := alarm.get("RELATED-TO"); ok && strings.EqualFold(l.param("RELTYPE"), "SNOOZE") {
		return 0, false
	}
	l, ok := alarm.get("TRIGGER")
	if !ok {
		return 0, false
	}
	start, err1 := w.Start.Instant()
	end, err2 := w.End.Instant()
	if err1 != nil || err2 != nil {
		return 0, false
	}
	var before time.Duration
	switch d, err := parseDuration(l.value()); {
	case err == nil && strings.EqualFold(l.param("RELATED"), "END"):
		before = start.Sub(end.Add(d.exact()))
	case err == nil:
		before = -d.exact()
	default:
		at, err := o.time(l, l.value())
		if err != nil || w.AllDay() {
			return 0, false
		}
		moment, err := at.Instant()
		if err != nil {
			return 0, false
		}
		before = start.Sub(moment)
	}
	return before, before >= 0 && before <= maxReminder
}

// maxReminder is how early an alarm is believed to be meant: Apple marks alarms that are
// off with a moment in 1976.
const maxReminder = 366 * 24 * time.Hour

// people reads organizer and guests of all components: whoever is invited to one
// occurrence hears of changes too.
func (o *Object) people(e *calendar.Event, events []*component) {
	rows := 0
	seen := map[string]bool{}
	for i, c := range events {
		if l, ok := c.get("ORGANIZER"); ok && e.Organizer == (calendar.Person{}) {
			e.Organizer = personOf(l)
			e.Organized = o.owner.is(l.value()) || o.owner.is(l.param("EMAIL"))
		}
		for _, l := range c.all("ATTENDEE") {
			rows++
			if o.owner.is(l.value()) || o.owner.is(l.param("EMAIL")) {
				if i == 0 {
					e.MyResponse = responseOf(l.param("PARTSTAT"))
				}
				continue
			}
			g := guestOf(l)
			if who := cmp.Or(g.Email, g.Name); !seen[who] {
				seen[who] = true
				e.Guests = append(e.Guests, g)
			}
		}
	}
	e.Organized = e.Organized || rows == 0
	if e.Organized {
		e.MyResponse = calendar.NoResponse
	}
}

func personOf(l line) calendar.Person {
	p := calendar.Person{Name: l.param("CN"), Email: mailOf(l.value())}
	if email := mailOf(l.param("EMAIL")); email != "" { // RFC 7986 §6.2
		p.Email = email
	}
	if !strings.Contains(p.Email, "@") { // a principal's address, "/principals/…" or "urn:uuid:…"
		p.Email = ""
	}
	return p
}

func guestOf(l line) calendar.Guest {
	kind := strings.ToUpper(l.param("CUTYPE"))
	role := strings.ToUpper(l.param("ROLE"))
	return calendar.Guest{
		Person:   personOf(l),
		Optional: role == "OPT-PARTICIPANT" || role == "NON-PARTICIPANT",
		Resource: kind == "RESOURCE" || kind == "ROOM",
		Response: responseOf(l.param("PARTSTAT")),
	}
}

func responseOf(s string) calendar.Response {
	switch strings.ToUpper(s) {
	case "ACCEPTED":
		return calendar.Accepted
	case "TENTATIVE":
		return calendar.Maybe
	case "DECLINED":
		return calendar.Declined
	}
	return calendar.NeedsAction // the default (RFC 5545 §3.2.12)
}
