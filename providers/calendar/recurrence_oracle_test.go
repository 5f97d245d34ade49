package calendar_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// oracleCase is a recurrence on whose occurrences independent implementations
// (python-dateutil, ical.js, libical) agree.
type oracleCase struct {
	ID       string   `json:"id"`
	RRule    string   `json:"rrule"`
	DTStart  string   `json:"dtstart"`
	Zone     string   `json:"tz"`
	Value    string   `json:"value"`
	Exdates  []string `json:"exdates"`
	Expected []string `json:"expected"`
	Complete bool     `json:"complete"`
}

func (c oracleCase) when() calendar.When {
	w := calendar.When{Start: calendar.Time{Local: c.DTStart, Zone: c.Zone}}
	if c.Value == "DATE" {
		w.Start.Zone = ""
	}
	w.Recurrence.Rules = []string{"RRULE:" + c.RRule}
	for _, x := range c.Exdates {
		x = strings.NewReplacer("-", "", ":", "").Replace(x)
		if c.Value == "DATE" {
			x = "EXDATE;VALUE=DATE:" + x
		} else {
			x = "EXDATE;TZID=" + c.Zone + ":" + x
		}
		w.Recurrence.Rules = append(w.Recurrence.Rules, x)
	}
	return w
}

func oracleCases(t testing.TB) []oracleCase {
	t.Helper()
	f, err := os.Open(cmp.Or(os.Getenv("RRULE_ORACLE"), "testdata/rrule_oracle.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []oracleCase
	for lines := bufio.NewScanner(f); ; {
		if !lines.Scan() {
			if err := lines.Err(); err != nil {
				t.Fatal(err)
			}
			break
		}
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var c oracleCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("line %d: %v", len(cases)+1, err)
		}
		cases = append(cases, c)
	}
	if len(cases) == 0 {
		t.Fatal("the oracle has no cases")
	}
	return cases
}

// firstInstants are at most n occurrences as the oracle writes them.
func firstInstants(t testing.TB, w calendar.When, n int) []string {
	t.Helper()
	o, err := w.Occurrences()
	if err != nil {
		t.Fatalf("%v %q: %v", w.Start, w.Recurrence.Rules, err)
	}
	got := []string{}
	for at := range o.All() {
		if len(got) == n {
			break
		}
		got = append(got, instant(t, at))
	}
	return got
}

func instant(t testing.TB, at calendar.Time) string {
	t.Helper()
	if at.IsDate() {
		return at.Local
	}
	i, err := at.Instant()
	if err != nil {
		t.Fatal(err)
	}
	return i.Format(time.RFC3339)
}

func TestOracleOfRecurrences(t *testing.T) {
	cases, wrong := oracleCases(t), 0
	for _, c := range cases {
		// One more than expected shows an occurrence too many.
		n := len(c.Expected)
		if c.Complete {
			n++
		}
		if got := firstInstants(t, c.when(), n); !slices.Equal(got, c.Expected) {
			wrong++
			t.Errorf("%s: %s from %s in %q\n got %v\nwant %v", c.ID, c.RRule, c.DTStart, c.Zone, got, c.Expected)
		}
	}
	t.Logf("%d cases, %d wrong", len(cases), wrong)
}

// A window opened late, the canonical spelling, the lookups by slot and the last
// occurrence must all tell the same story as the list from the start.
func TestOracleSeenFromEverySide(t *testing.T) {
	cases := oracleCases(t)
	for _, c := range cases {
		w := c.when()
		o, err := w.Occurrences()
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		if n := len(c.Expected); n > 0 {
			var all []calendar.Time
			for at := range o.All() {
				if all = append(all, at); len(all) == n {
					break
				}
			}
			middle, err := all[n/2].Instant()
			if err != nil {
				t.Fatal(err)
			}
			end, err := all[n-1].Instant()
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Collect(o.Between(middle, end)); !slices.Equal(got, all[n/2:n-1]) {
				t.Errorf("%s: %s: between %v and %v: %v, want %v", c.ID, c.RRule, middle, end, got, all[n/2:n-1])
			}
			for i, at := range all {
				if !o.Has(at) {
					t.Errorf("%s: %s: has no %v", c.ID, c.RRule, at)
				}
				if k, ok := o.Ordinal(at); !ok || k < i+1 || len(c.Exdates) == 0 && k != i+1 {
					t.Errorf("%s: %s: %v is number %d, want %d", c.ID, c.RRule, at, k, i+1)
				}
			}
			if last, ok := o.Last(); c.Complete && (!ok || last != all[n-1]) {
				t.Errorf("%s: %s: last is %v %v, want %v", c.ID, c.RRule, last, ok, all[n-1])
			}
		}
		rules, _, err := calendar.SplitExdates(w.Start, w.Recurrence.Rules)
		if err != nil {
			t.Fatal(err)
		}
		canonical, err := calendar.CanonicalRules(w.Start, w.Recurrence.Rules)
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		plain := calendar.When{Start: w.Start, Recurrence: calendar.Recurrence{Rules: rules}}
		spelled := calendar.When{Start: w.Start, Recurrence: calendar.Recurrence{Rules: canonical}}
		if a, b := firstInstants(t, plain, 40), firstInstants(t, spelled, 40); !slices.Equal(a, b) {
			t.Errorf("%s: %s from %s is not %s\n%v\n%v", c.ID, c.RRule, c.DTStart, canonical, a, b)
		}
		if again, err := calendar.CanonicalRules(w.Start, canonical); err != nil || !slices.Equal(again, canonical) {
			t.Errorf("%s: %q becomes %q, then %q (%v)", c.ID, c.RRule, canonical, again, err)
		}
	}
	t.Logf("%d cases", len(cases))
}
