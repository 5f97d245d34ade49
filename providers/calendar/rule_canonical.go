package calendar

// CanonicalRules returns the RRULE and RDATE lines of a Recurrence that begins at
// start in one spelling, whichever provider wrote them: lines that generate the
// same occurrences from the same start compare equal, as far as spellings in use
// go. Parts are in a fixed order; what start implies (the weekday of a weekly
// rule, the day of a monthly one, day and month of a yearly one) is written out;
// INTERVAL=1, a WKST and a time of day that change nothing are left out; UNTIL
// is the last occurrence itself, in UTC or as a date; RDATE lines are one line of
// moments in UTC or of dates. EXDATE lines are left out: see SplitExdates.
//
// It is idempotent. Errors are those of ParseRule and When.Occurrences.
func CanonicalRules(start Time, rules []string) ([]string, error) {
	return nil, invalidRule("canonical rules are not built yet")
}
