package mapping

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/twinday/twinday/providers/calendar"
)

// Fields are the names that a template may hold in double braces.
var Fields = []string{
	"title", "place", "notes", "calendar", "account", "organizer", "guests", "response", "categories", "type", "availability",
}

// template is text with fields, split where a field stands.
type template []piece

// piece is literal text, or a field.
type piece struct{ text, field string }

// parseTemplate reads a template. The error says at which character it is wrong.
func parseTemplate(s string) (template, error) {
	var t template
	rest := s
	at := func(tail string) int { return utf8.RuneCountInString(s[:len(s)-len(tail)]) + 1 }
	for {
		before, after, found := strings.Cut(rest, "{{")
		if before != "" {
			t = append(t, piece{text: before})
		}
		if !found {
			return t, nil
		}
		open := rest[len(before):]
		name, tail, closed := strings.Cut(after, "}}")
		if !closed {
			return nil, fmt.Errorf("at character %d: “{{” is never closed", at(open))
		}
		name = strings.TrimSpace(name)
		if !slices.Contains(Fields, name) {
			return nil, fmt.Errorf("at character %d: there is no field “%s”; there are %s", at(open), name, strings.Join(Fields, ", "))
		}
		t = append(t, piece{field: name})
		rest = tail
	}
}

// split finds the one place where a field stands. ok is false if it stands nowhere
// or more than once: then what surrounds it cannot be taken off again.
func (t template) split(field string) (before, after template, ok bool) {
	at := -1
	for i, p := range t {
		if p.field == field {
			if at >= 0 {
				return nil, nil, false
			}
			at = i
		}
	}
	if at < 0 {
		return nil, nil, false
	}
	return t[:at], t[at+1:], true
}

// render fills the fields in.
func (m *Mapping) render(t template, s Source) string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.text)
		b.WriteString(m.value(p.field, s))
	}
	return b.String()
}

// value is what a field stands for.
func (m *Mapping) value(field string, s Source) string {
	switch field {
	case "title":
		return s.Title
	case "place":
		return s.Place
	case "notes":
		return s.Notes.Text()
	case "calendar":
		return m.home.Name
	case "account":
		return m.home.Account
	case "organizer":
		return personText(s.Facts.Organizer)
	case "guests":
		return guestsText(s.Facts.Guests, maxGuests)
	case "response":
		return string(s.Facts.Response(s.Slot))
	case "categories":
		return strings.Join(tokens(s.Content), ", ")
	case "type":
		if s.Facts.Type == calendar.Meeting {
			return "meeting"
		}
		return string(s.Facts.Type)
	case "availability":
		return string(s.Availability)
	}
	return ""
}
