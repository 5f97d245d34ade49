package mailbox

import (
	"maps"
	"slices"
)

// Clone returns a deep copy: nothing that is done to it is seen in e.
func (e *Event) Clone() *Event {
	if e == nil {
		return nil
	}
	c := *e
	c.Categories = slices.Clone(e.Categories)
	c.Recurrence = slices.Clone(e.Recurrence)
	c.Own = slices.Clone(e.Own)
	c.Attachments = slices.Clone(e.Attachments)
	c.Attendees = slices.Clone(e.Attendees)
	for i := range c.Attendees {
		c.Attendees[i].Extra = cloneTree(c.Attendees[i].Extra)
	}
	if e.Reminders != nil {
		r := slices.Clone(*e.Reminders)
		c.Reminders = &r
	}
	c.Private = maps.Clone(e.Private)
	c.Shared = maps.Clone(e.Shared)
	c.Extra = cloneTree(e.Extra)
	c.Pattern = cloneTree(e.Pattern)
	if e.Extensions != nil {
		c.Extensions = make(map[string]map[string]any, len(e.Extensions))
		for name, ext := range e.Extensions {
			c.Extensions[name] = cloneTree(ext)
		}
	}
	if e.Exceptions != nil {
		c.Exceptions = make(map[string]*Event, len(e.Exceptions))
		for slot, x := range e.Exceptions {
			c.Exceptions[slot] = x.Clone()
		}
	}
	return &c
}

// cloneTree copies decoded JSON.
func cloneTree(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	return cloneValue(m).(map[string]any)
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, x := range v {
			c[k] = cloneValue(x)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, x := range v {
			c[i] = cloneValue(x)
		}
		return c
	}
	return v
}
