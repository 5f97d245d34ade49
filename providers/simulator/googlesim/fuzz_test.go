package googlesim

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzRecurrence sends any rule, and asks for what it accepted in every way: the
// server must answer, and show each instance that it lists.
func FuzzRecurrence(f *testing.F) {
	for _, rule := range []string{
		"RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;COUNT=5", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"RRULE:FREQ=SECONDLY", "RRULE:FREQ=DAILY;INTERVAL=0", "RDATE:20260401T090000Z", "EXRULE:FREQ=DAILY",
		"RRULE:FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD;RSCALE=GREGORIAN", "RRULE:FREQ=DAILY;UNTIL=20200101T000000Z",
	} {
		f.Add(rule)
	}
	f.Fuzz(func(t *testing.T, rule string) {
		line, err := json.Marshal(strings.ToValidUTF8(rule, ""))
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t)
		a := b.do("POST", events, `{"id":"fu11e",`+zoned+`,"recurrence":["RRULE:FREQ=WEEKLY;COUNT=3",`+string(line)+`]}`)
		if a.status != 200 {
			if a.status != 400 {
				t.Fatalf("%s: %d %s", line, a.status, a.raw)
			}
			return
		}
		for _, i := range b.want(200, "GET", events+"/fu11e/instances?maxResults=20", "").items() {
			b.want(200, "GET", events+"/"+i["id"].(string), "")
		}
		b.want(200, "GET", events+"?singleEvents=true&timeMin=2030-01-01T00:00:00Z&timeMax=2030-02-01T00:00:00Z", "")
		b.want(200, "GET", events+"?timeMin=2030-01-01T00:00:00Z", "")
	})
}
