package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// eventColors are the names that Google's web page has for the event colours 1 to
// 11, in this order.
var eventColors = []string{
	"lavender", "sage", "grape", "flamingo", "banana", "tangerine", "peacock", "graphite", "blueberry", "basil", "tomato",
}

// ControlDetail is what an event has besides its text and time. Services differ in
// what of it they have.
type ControlDetail struct {
	Organizer   string              `json:"organizer,omitempty"`   // mail address, where it is not the calendar's owner
	Responses   map[string]string   `json:"responses,omitempty"`   // answers of guests by mail address, where they gave one
	Color       string              `json:"color,omitempty"`       // Google: "lavender" to "tomato"
	Categories  []string            `json:"categories,omitempty"`  // Outlook
	Importance  string              `json:"importance,omitempty"`  // Outlook: low, normal, high
	Type        string              `json:"type,omitempty"`        // Google: focusTime, outOfOffice, workingLocation, ...
	Properties  map[string]string   `json:"properties,omitempty"`  // Google: shared extended properties
	Conference  string              `json:"conference,omitempty"`  // address to join at
	Attachments []ControlAttachment `json:"attachments,omitempty"` // names and addresses
	Reminders   *[]int              `json:"reminders,omitempty"`   // minutes before; absent: the calendar's default
}

// ControlAttachment is a file by its name and address.
type ControlAttachment struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

func (c *control) showDetail(e *mailbox.Event) ControlDetail {
	out := ControlDetail{Categories: e.Categories, Importance: e.Importance, Properties: e.Shared, Conference: e.Conference}
	if e.Organizer.Email != c.options.Owner.Email {
		out.Organizer = e.Organizer.Email
	}
	if e.Type != "default" {
		out.Type = e.Type
	}
	if i, err := strconv.Atoi(e.ColorID); err == nil && i >= 1 && i <= len(eventColors) {
		out.Color = eventColors[i-1]
	}
	for _, a := range e.Attendees {
		if a.Response == "" || a.Response == "needsAction" {
			continue
		}
		if out.Responses == nil {
			out.Responses = map[string]string{}
		}
		out.Responses[a.Email] = a.Response
	}
	for _, a := range e.Attachments {
		out.Attachments = append(out.Attachments, ControlAttachment{a.Title, a.URL})
	}
	if e.Reminders != nil {
		minutes := []int{}
		for _, r := range *e.Reminders {
			minutes = append(minutes, r.Minutes)
		}
		out.Reminders = &minutes
	}
	return out
}

// detailEdit is what a request says of these fields; what it leaves out stays.
type detailEdit struct {
	Organizer   *controlPerson      `json:"organizer"`
	Guests      []controlPerson     `json:"guests"`
	Color       *string             `json:"color"`
	Categories  []string            `json:"categories"`
	Importance  *string             `json:"importance"`
	Type        *string             `json:"type"`
	Properties  map[string]string   `json:"properties"`
	Conference  *string             `json:"conference"`
	Attachments []ControlAttachment `json:"attachments"`
	Reminders   *controlReminders   `json:"reminders"`
}

// controlPerson is a mail address, or more of a person: {"email": …, "name": …,
// "response": "accepted", "optional": true}.
type controlPerson struct {
	Email    string `json:"email"`
	Name     string `json:"name"`
	Response string `json:"response"`
	Optional bool   `json:"optional"`
	Resource bool   `json:"resource"`
}

// UnmarshalJSON reads either form.
func (p *controlPerson) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte(`"`)) {
		return json.Unmarshal(b, &p.Email)
	}
	type plain controlPerson
	return readJSON(bytes.NewReader(b), (*plain)(p))
}

// controlReminders are minutes before the start, or "default".
type controlReminders struct{ list *[]mailbox.Reminder }

// UnmarshalJSON reads either form.
func (r *controlReminders) UnmarshalJSON(b []byte) error {
	var word string
	if json.Unmarshal(b, &word) == nil {
		if word != "default" {
			return fmt.Errorf("reminders: %q is neither a list of minutes nor \"default\"", word)
		}
		return nil
	}
	var minutes []int
	if err := json.Unmarshal(b, &minutes); err != nil {
		return fmt.Errorf("reminders: %w", err)
	}
	list := []mailbox.Reminder{}
	for _, m := range minutes {
		list = append(list, mailbox.Reminder{Method: "popup", Minutes: m})
	}
	r.list = &list
	return nil
}

// applyDetail changes e as asked, or says what the service does not have: an edit
// that does nothing would make a test pass.
func (x *detailEdit) applyDetail(s Service, e *mailbox.Event) error {
	for _, f := range []struct {
		name  string
		given bool
		of    Service
	}{
		{"color", x.Color != nil, Google}, {"type", x.Type != nil, Google}, {"properties", x.Properties != nil, Google},
		{"categories", x.Categories != nil, Outlook}, {"importance", x.Importance != nil, Outlook},
	} {
		if f.given && f.of != s {
			return fmt.Errorf("%s: %s has none", f.name, s)
		}
	}
	if err := x.applyPeople(e); err != nil {
		return err
	}
	if x.Color != nil {
		i := slices.Index(eventColors, *x.Color)
		if i < 0 && *x.Color != "" {
			return fmt.Errorf("color: %q is none of %v", *x.Color, eventColors)
		}
		if e.ColorID = ""; i >= 0 {
			e.ColorID = strconv.Itoa(i + 1)
		}
	}
	if x.Importance != nil {
		if !slices.Contains([]string{"low", "normal", "high"}, *x.Importance) {
			return fmt.Errorf("importance: %q is none of low, normal, high", *x.Importance)
		}
		e.Importance = *x.Importance
	}
	if x.Categories != nil {
		e.Categories = x.Categories
	}
	if x.Properties != nil {
		e.Shared = maps.Clone(x.Properties)
	}
	if x.Conference != nil {
		e.Conference = *x.Conference
		delete(e.Extra, "conferenceData") // that of the one before
	}
	if x.Attachments != nil {
		e.Attachments = nil
		for _, a := range x.Attachments {
			e.Attachments = append(e.Attachments, mailbox.Attachment{Title: a.Name, URL: a.URL})
		}
	}
	if x.Reminders != nil {
		e.Reminders = x.Reminders.list
	}
	return x.applyType(e)
}

func (x *detailEdit) applyPeople(e *mailbox.Event) error {
	if x.Organizer != nil {
		e.Organizer = mailbox.Person{Name: x.Organizer.Name, Email: x.Organizer.Email}
		e.Creator = e.Organizer
	}
	if x.Guests != nil {
		e.Attendees = nil
	}
	for _, g := range x.Guests {
		a := mailbox.Attendee{Person: mailbox.Person{Name: g.Name, Email: g.Email}, Type: "required", Response: g.Response}
		switch {
		case g.Email == "":
			return fmt.Errorf("guests: one has no mail address")
		case g.Response == "":
			a.Response = "needsAction"
		case !slices.Contains([]string{"needsAction", "accepted", "tentative", "declined"}, g.Response):
			return fmt.Errorf("guests: response: %q is none of needsAction, accepted, tentative, declined", g.Response)
		}
		if g.Optional {
			a.Type = "optional"
		}
		if g.Resource {
			a.Type = "resource"
		}
		e.Attendees = append(e.Attendees, a)
	}
	return nil
}

// applyType gives the event what Google asks of its type (guide 'Event types').
func (x *detailEdit) applyType(e *mailbox.Event) error {
	if x.Type == nil {
		return nil
	}
	if !slices.Contains([]string{"default", "focusTime", "outOfOffice", "workingLocation", "birthday", "fromGmail"}, *x.Type) {
		return fmt.Errorf("type: %q is none of default, focusTime, outOfOffice, workingLocation, birthday, fromGmail", *x.Type)
	}
	e.Type = *x.Type
	if e.Type == "workingLocation" {
		e.Sensitivity, e.ShowAs = "public", "free"
		if e.Extra == nil {
			e.Extra = map[string]any{}
		}
		e.Extra["workingLocationProperties"] = map[string]any{"type": "homeOffice", "homeOffice": map[string]any{}}
	}
	return nil
}
