package state

import (
	"maps"
	"slices"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// Image is a part of an event's state: some field groups, and some occurrences.
type Image struct {
	Groups  calendar.Groups  `json:"groups,omitempty"`
	Content calendar.Content `json:"content,omitzero"`
	// Slots of a series; one that is not in Overrides is as the rule has it.
	Slots     []string                     `json:"slots,omitempty"`
	Overrides map[string]calendar.Override `json:"overrides,omitempty"`
}

// IsZero reports whether there is nothing in the image.
func (i Image) IsZero() bool { return len(i.Groups) == 0 && len(i.Slots) == 0 }

// With is the image with one field group as c has it.
func (i Image) With(g calendar.Group, c calendar.Content) Image {
	i.Groups, i.Content = i.Groups.With(g), i.Content.Take(g, c)
	return i
}

// WithSlot is the image with one occurrence.
func (i Image) WithSlot(slot string, o calendar.Override) Image {
	if !slices.Contains(i.Slots, slot) {
		i.Slots = append(slices.Clone(i.Slots), slot)
		slices.Sort(i.Slots)
	}
	i.Overrides = calendar.WithOverride(i.Overrides, slot, o)
	return i
}

// Over is the image with what other has laid over it.
func (i Image) Over(other Image) Image {
	for _, g := range other.Groups {
		i = i.With(g, other.Content)
	}
	for _, slot := range other.Slots {
		i = i.WithSlot(slot, other.Overrides[slot])
	}
	return i
}

// Without is the image without some groups and some slots.
func (i Image) Without(groups calendar.Groups, slots []string) Image {
	var out Image
	for _, g := range i.Groups.Without(groups...) {
		out = out.With(g, i.Content)
	}
	for _, slot := range i.Slots {
		if !slices.Contains(slots, slot) {
			out = out.WithSlot(slot, i.Overrides[slot])
		}
	}
	return out
}

// Differs is what an event with this content and these overrides has otherwise than
// the image: field groups, and slots.
func (i Image) Differs(c calendar.Content, overrides map[string]calendar.Override) (calendar.Groups, []string) {
	var groups calendar.Groups
	for _, g := range i.Groups {
		if !calendar.Equal(g, i.Content, c) {
			groups = groups.With(g)
		}
	}
	var slots []string
	for _, slot := range i.Slots {
		if !i.Overrides[slot].Equal(overrides[slot]) {
			slots = append(slots, slot)
		}
	}
	return groups, slots
}

// WholeImage is all of an event.
func WholeImage(c calendar.Content, overrides map[string]calendar.Override) Image {
	return Image{Groups: slices.Clone(calendar.AllGroups), Content: c, Slots: slices.Sorted(maps.Keys(overrides)), Overrides: maps.Clone(overrides)}
}

// Wish is what the person's undo asks of an entity. It is stored before anything is
// written, and folded into the base like an edit made at home when it was asked for.
type Wish struct {
	Image
	Asked  time.Time `json:"asked"`
	Undoes []uint64  `json:"undoes"` // entries of the history
	Mirror MirrorID  `json:"mirror,omitempty"`
	Gone   bool      `json:"gone,omitempty"` // the event goes, everywhere
	Back   bool      `json:"back,omitempty"` // it is made again where it is missing
	Out    []Ref     `json:"out,omitempty"`  // copies that go, and are not made again
	In     []Ref     `json:"in,omitempty"`   // copies that were out, and are made again
	// Folded: it is in the base, and told as the reason until all of it is written.
	Folded bool `json:"folded,omitempty"`
}

// Conflict is a field group or an occurrence that was changed on two sides.
type Conflict struct {
	Fact  string `json:"fact"`  // identifies the edits
	Later Ref    `json:"later"` // where the later one was made, as it was found first
}
