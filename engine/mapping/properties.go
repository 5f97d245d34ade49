package mapping

import (
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// propertyLens is the lens of other programs' custom properties. Those that a
// target cannot hold as they are stay at home. Where they do not cross, those on a
// copy are that copy's own.
type propertyLens struct {
	omit   bool
	limits calendar.PropertyLimits
}

func (l propertyLens) get(s Source, c *calendar.Content) {
	c.Properties = nil
	if l.omit {
		return
	}
	size := 0
	for _, k := range slices.Sorted(maps.Keys(s.Properties)) {
		v := s.Properties[k]
		size += len(k) + len(v)
		switch {
		case l.limits.Name > 0 && len(k) > l.limits.Name,
			l.limits.Value > 0 && utf8.RuneCountInString(v) > l.limits.Value,
			l.limits.Bytes > 0 && size > l.limits.Bytes,
			l.limits.Count > 0 && len(c.Properties) >= l.limits.Count:
			size -= len(k) + len(v)
			continue
		}
		if c.Properties == nil {
			c.Properties = map[string]string{}
		}
		c.Properties[k] = v
	}
}

func (l propertyLens) put(s Source, edited calendar.Content) (calendar.Content, Verdict) {
	if l.omit {
		return s.Content, Own
	}
	var shown calendar.Content
	l.get(s, &shown)
	home := s.Content
	home.Properties = maps.Clone(s.Properties)
	maps.DeleteFunc(home.Properties, func(k, _ string) bool {
		_, was := shown.Properties[k]
		_, is := edited.Properties[k]
		return was && !is
	})
	if home.Properties == nil {
		home.Properties = map[string]string{}
	}
	maps.Copy(home.Properties, edited.Properties)
	if len(home.Properties) == 0 {
		home.Properties = nil
	}
	return home, Carried
}

func (l propertyLens) String() string {
	if l.omit {
		return string(state.Omit)
	}
	return string(state.Copy)
}
