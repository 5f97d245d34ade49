package graphsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// recurring is the JSON of a series that starts on a day of March 2026, 10 to 11
// in Berlin, with its pattern and range.
func recurring(day int, pattern, rng string, more ...string) string {
	return meeting(day, append([]string{recurrence(pattern, rng+fmt.Sprintf(`,"startDate":"2026-03-%02d"`, day))}, more...)...)
}

func recurrence(pattern, rng string) string {
	return `"recurrence":{"pattern":{` + pattern + `},"range":{` + rng + `}}`
}

const (
	daily  = `"type":"daily","interval":1`
	weekly = `"type":"weekly","interval":1,"daysOfWeek":["monday"]`
	noEnd  = `"type":"noEnd"`
)

func numbered(n int) string { return fmt.Sprintf(`"type":"numbered","numberOfOccurrences":%d`, n) }

func until(date string) string { return `"type":"endDate","endDate":"` + date + `"` }

// instancesOf lists a series over a window, following pages.
func (l *lab) instancesOf(id, window string) []map[string]any {
	l.t.Helper()
	var out []map[string]any
	for path := "/me/events/" + id + "/instances?" + window + "&$top=500"; path != ""; {
		a := l.must(200, "GET", path, "")
		out = append(out, a.items()...)
		path = a.text("@odata.nextLink")
	}
	return out
}

// starts are the starts in UTC, "03-02T09:00" for one of March 2026 in winter.
func starts(items []map[string]any) []string {
	out := []string{}
	for _, it := range items {
		text := it["start"].(map[string]any)["dateTime"].(string)
		out = append(out, strings.TrimPrefix(text[:16], "2026-"))
	}
	return out
}

func types(items []map[string]any) string {
	var out []string
	for _, it := range items {
		if _, gone := it["@removed"]; gone {
			out = append(out, "removed")
		} else {
			out = append(out, it["type"].(string))
		}
	}
	slices.Sort(out)
	var b strings.Builder
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && out[j] == out[i] {
			j++
		}
		if b.Len() > 0 {
			b.WriteString(" ")
		}
		fmt.Fprintf(&b, "%d %s", j-i, out[i])
		i = j
	}
	return b.String()
}

func TestASeriesIsKeptAndReadBackWithDefaults(t *testing.T) {
	for name, tc := range map[string]struct{ pattern, rng, want string }{
		"daily": {daily, noEnd, `{"pattern":{"dayOfMonth":0,"firstDayOfWeek":"sunday","index":"first","interval":1,"month":0,"type":"daily"},` +
			`"range":{"endDate":"0001-01-01","numberOfOccurrences":0,"recurrenceTimeZone":"Europe/Berlin","startDate":"2026-03-02","type":"noEnd"}}`},
		"weekly": {`"type":"Weekly","interval":2,"daysOfWeek":["Friday","monday"],"firstDayOfWeek":"Monday","dayOfMonth":4,"index":"last"`, until("2026-05-31"),
			`{"pattern":{"dayOfMonth":0,"daysOfWeek":["monday","friday"],"firstDayOfWeek":"monday","index":"first","interval":2,"month":0,"type":"weekly"},` +
				`"range":{"endDate":"2026-05-31","numberOfOccurrences":0,"recurrenceTimeZone":"Europe/Berlin","startDate":"2026-03-02","type":"endDate"}}`},
		"day of the month": {`"type":"absoluteMonthly","interval":1,"dayOfMonth":2`, numbered(3) + `,"recurrenceTimeZone":"W. Europe Standard Time","endDate":"2026-04-01"`,
			`{"pattern":{"dayOfMonth":2,"firstDayOfWeek":"sunday","index":"first","interval":1,"month":0,"type":"absoluteMonthly"},` +
				`"range":{"endDate":"0001-01-01","numberOfOccurrences":3,"recurrenceTimeZone":"W. Europe Standard Time","startDate":"2026-03-02","type":"numbered"}}`},
		"first Monday of March": {`"type":"relativeYearly","interval":1,"month":3,"daysOfWeek":["monday"]`, noEnd,
			`{"pattern":{"dayOfMonth":0,"daysOfWeek":["monday"],"firstDayOfWeek":"sunday","index":"first","interval":1,"month":3,"type":"relativeYearly"},` +
				`"range":{"endDate":"0001-01-01","numberOfOccurrences":0,"recurrenceTimeZone":"Europe/Berlin","startDate":"2026-03-02","type":"noEnd"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			a := l.must(201, "POST", "/me/events", recurring(2, tc.pattern, tc.rng))
			if got := jsonText(a.body["recurrence"]); got != tc.want || a.text("type") != "seriesMaster" {
				t.Errorf("%s\n got %s\nwant %s", a.text("type"), got, tc.want)
			}
			if again := l.must(200, "GET", "/me/events/"+a.text("id"), ""); jsonText(again.body["recurrence"]) != tc.want {
				t.Error("read again it is another")
			}
			l.noUnknown()
		})
	}
}

func TestRecurrencesThatAreRefused(t *testing.T) {
	const failed = "ErrorPropertyValidationFailure"
	for name, tc := range map[string]struct{ pattern, rng, code string }{
		"no type":                       {`"interval":1`, noEnd, failed},
		"no interval":                   {`"type":"daily"`, noEnd, failed},
		"interval 0":                    {`"type":"daily","interval":0`, noEnd, failed},
		"weekly without days":           {`"type":"weekly","interval":1`, noEnd, failed},
		"monthly without day":           {`"type":"absoluteMonthly","interval":1`, noEnd, failed},
		"relative without days":         {`"type":"relativeMonthly","interval":1,"index":"last"`, noEnd, failed},
		"yearly without month":          {`"type":"absoluteYearly","interval":1,"dayOfMonth":2`, noEnd, failed},
		"relative yearly without month": {`"type":"relativeYearly","interval":1,"daysOfWeek":["monday"]`, noEnd, failed},
		"30 February":                   {`"type":"absoluteYearly","interval":1,"dayOfMonth":30,"month":2`, noEnd, failed},
		"an ignored day of the month":   {daily + `,"dayOfMonth":32`, noEnd, failed},
		"an ignored month":              {daily + `,"month":13`, noEnd, failed},
		"an ignored index":              {daily + `,"index":"fifth"`, noEnd, "RequestBodyRead"},
		"an ignored number":             {daily, noEnd + `,"numberOfOccurrences":-1`, failed},
		"unknown type":                  {`"type":"hourly","interval":1`, noEnd, "RequestBodyRead"},
		"unknown weekday":               {`"type":"weekly","interval":1,"daysOfWeek":["moonday"]`, noEnd, "RequestBodyRead"},
		"day subset":                    {`"type":"relativeMonthly","interval":1,"daysOfWeek":["thursday","friday"]`, noEnd, "ErrorInvalidRecurrencePattern"},
		"no range type":                 {daily, `"endDate":"2026-04-01"`, failed},
		"no end date":                   {daily, `"type":"endDate"`, failed},
		"no number":                     {daily, `"type":"numbered"`, failed},
		"1000 occurrences":              {daily, numbered(1000), failed},
		"end before start":              {daily, until("2026-03-01"), "ErrorInvalidRecurrenceRange"},
		"end after 4500":                {daily, until("4500-09-02"), "ErrorRecurrenceEndDateTooBig"},
		"no occurrence":                 {`"type":"weekly","interval":1,"daysOfWeek":["sunday"]`, until("2026-03-06"), "ErrorRecurrenceHasNoOccurrence"},
		"another zone":                  {daily, noEnd + `,"recurrenceTimeZone":"Asia/Tokyo"`, failed},
		"unknown zone":                  {daily, noEnd + `,"recurrenceTimeZone":"Mars/Olympus"`, "TimeZoneNotSupportedException"},
	} {
		l := newLab(t)
		if a := l.call("POST", "/me/events", recurring(2, tc.pattern, tc.rng)); a.status != 400 || a.code() != tc.code {
			t.Errorf("%s: %d %s, want %s", name, a.status, a.code(), tc.code)
		}
	}
	l := newLab(t)
	for name, body := range map[string]string{
		"start date of another day": meeting(2, recurrence(daily, noEnd+`,"startDate":"2026-03-03"`)),
		"longer than the interval": `{"start":{"dateTime":"2026-03-02T10:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-03-03T10:00:01","timeZone":"UTC"},` +
			recurrence(daily, noEnd+`,"startDate":"2026-03-02"`) + `}`,
		"no start date": meeting(2, recurrence(daily, noEnd)),
		"no range":      meeting(2, `"recurrence":{"pattern":{`+daily+`}}`),
	} {
		if a := l.call("POST", "/me/events", body); a.status != 400 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	l = newLab(t, func(o *Options) { o.Switches.AcceptDaySubsets = true })
	a := l.must(201, "POST", "/me/events", recurring(2, `"type":"relativeMonthly","interval":1,"daysOfWeek":["thursday","friday"],"index":"last"`, numbered(3)))
	if got := starts(l.instancesOf(a.text("id"), year)); !slices.Equal(got, []string{"03-27T09:00", "04-30T08:00", "05-29T08:00"}) {
		t.Errorf("day subset by switch: %v", got)
	}
}

const year = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"

func TestOccurrencesFollowTheirPattern(t *testing.T) {
	for name, tc := range map[string]struct {
		day          int
		pattern, rng string
		want         []string
	}{
		"every day over the change of clocks": {27, daily, numbered(4), []string{"03-27T09:00", "03-28T09:00", "03-29T08:00", "03-30T08:00"}},
		"a start that does not fit moves on":  {4, weekly, numbered(2), []string{"03-09T09:00", "03-16T09:00"}},
		"every other week from Monday":        {6, `"type":"weekly","interval":2,"daysOfWeek":["friday","sunday"],"firstDayOfWeek":"monday"`, numbered(3), []string{"03-06T09:00", "03-08T09:00", "03-20T09:00"}},
		"every other week from Sunday":        {6, `"type":"weekly","interval":2,"daysOfWeek":["friday","sunday"]`, numbered(3), []string{"03-06T09:00", "03-15T09:00", "03-20T09:00"}},
		"the end date is inclusive":           {2, weekly, until("2026-03-16"), []string{"03-02T09:00", "03-09T09:00", "03-16T09:00"}},
		"31 means the last day":               {31, `"type":"absoluteMonthly","interval":1,"dayOfMonth":31`, numbered(3), []string{"03-31T08:00", "04-30T08:00", "05-31T08:00"}},
		"29 in February":                      {29, `"type":"absoluteMonthly","interval":11,"dayOfMonth":29`, numbered(2), []string{"03-29T08:00", "2027-02-28T09:00"}},
		"last weekday":                        {31, `"type":"relativeMonthly","interval":1,"daysOfWeek":["monday","tuesday","wednesday","thursday","friday"],"index":"last"`, numbered(3), []string{"03-31T08:00", "04-30T08:00", "05-29T08:00"}},
		"first Thursday, next month":          {30, `"type":"relativeMonthly","interval":1,"daysOfWeek":["thursday"],"index":"first"`, numbered(2), []string{"04-02T08:00", "05-07T08:00"}},
		"29 February":                         {1, `"type":"absoluteYearly","interval":1,"month":2,"dayOfMonth":29`, numbered(2), []string{"2027-02-28T09:00", "2028-02-29T09:00"}},
		"second Sunday of May, every 2 years": {1, `"type":"relativeYearly","interval":2,"month":5,"daysOfWeek":["sunday"],"index":"second"`, numbered(2), []string{"05-10T08:00", "2028-05-14T08:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			id, _ := l.add(recurring(tc.day, tc.pattern, tc.rng))
			items := l.instancesOf(id, "startDateTime=2026-01-01T00:00:00Z&endDateTime=2030-01-01T00:00:00Z")
			if got := starts(items); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			master := l.must(200, "GET", "/me/events/"+id, "").body
			if got := starts([]map[string]any{master})[0]; got != tc.want[0] {
				t.Errorf("the master starts %s, want the first occurrence %s", got, tc.want[0])
			}
		})
	}
}
