package calendar

import "iter"

type occurrenceSet struct{}

func newOccurrenceSet(start Time, rules []string) (*occurrenceSet, error) {
	return nil, invalidRule("expansion is not built yet")
}
func (s *occurrenceSet) moment(t Time) (int64, bool)         { return 0, false }
func (s *occurrenceSet) slots(from, to int64) iter.Seq[slot] { return func(func(slot) bool) {} }
func (o *Occurrences) times(from, to int64) iter.Seq[Time]   { return func(func(Time) bool) {} }
func (s *occurrenceSet) last() (Time, bool)                  { return Time{}, false }
