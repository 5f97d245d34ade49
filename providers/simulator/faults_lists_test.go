package simulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// titles are those of a list's items, in order, and the token or link that goes on.
func (l *lab) titles(path string) (titles []string, next string) {
	l.t.Helper()
	status, _, body, err := l.do("GET", path, "")
	if err != nil || status != 200 {
		l.t.Fatalf("%s: %d %v %s", path, status, err, body)
	}
	var page struct {
		Items     []struct{ Summary string }
		Value     []struct{ Subject string }
		Token     string `json:"nextSyncToken"`
		DeltaLink string `json:"@odata.deltaLink"`
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		l.t.Fatal(err)
	}
	for _, x := range page.Items {
		titles = append(titles, x.Summary)
	}
	for _, x := range page.Value {
		titles = append(titles, x.Subject)
	}
	return titles, page.Token + page.DeltaLink
}

func TestFaultsSpoilLists(t *testing.T) {
	for service, path := range map[simulator.Service]string{
		simulator.Google:  "calendars/primary/events",
		simulator.Outlook: "me/calendarView/delta?startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z",
	} {
		t.Run(string(service), func(t *testing.T) {
			l := newLab(t, service)
			for i := range 6 {
				l.sim.Mailbox().AddEvent("primary", mailbox.Event{Title: fmt.Sprint(i), Start: mailbox.Moment{Local: "2026-03-03T10:00:00"}, End: mailbox.Moment{Local: "2026-03-03T11:00:00"}})
			}
			whole, token := l.titles(path)
			if len(whole) != 6 || token == "" {
				t.Fatalf("%v %q", whole, token)
			}
			for _, c := range []struct {
				name  string
				fault simulator.Fault
				want  []string
			}{
				{"two left out", simulator.Fault{DropItems: 2}, whole[:4]},
				{"all left out", simulator.Fault{DropItems: -1}, nil},
				{"more left out than there are", simulator.Fault{DropItems: 9}, nil},
				{"the last one twice", simulator.Fault{RepeatItems: true}, append(slices.Clone(whole), whole[5])},
			} {
				l.sim.AddFault(c.fault)
				if got, next := l.titles(path); !slices.Equal(got, c.want) || next == "" {
					t.Errorf("%s: %v, next %q", c.name, got, next)
				}
			}
			shuffled := func(seed uint64) string {
				l.sim.ClearFaults()
				l.sim.AddFault(simulator.Fault{ShuffleItems: true, Seed: seed, Count: -1})
				a, _ := l.titles(path)
				b, _ := l.titles(path)
				if slices.Sort(a); !slices.Equal(a, slices.Sorted(slices.Values(whole))) {
					t.Errorf("shuffled: %v", a)
				}
				return strings.Join(b, "")
			}
			if a, b, c := shuffled(1), shuffled(1), shuffled(2); a != b || a == c || a == strings.Join(whole, "") {
				t.Errorf("shuffles by seed: %s %s %s", a, b, c)
			}
		})
	}
}

func TestAFaultLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, simulator.Google)
		l.sim.AddFault(simulator.Fault{Status: 503, EmptyBody: true, Count: -1, Lasts: 10 * time.Minute})
		for _, c := range []struct {
			after time.Duration
			want  int
		}{{0, 503}, {9*time.Minute + 59*time.Second, 503}, {time.Second, 200}} {
			time.Sleep(c.after)
			if status, header, body, err := l.do("GET", "calendars/primary/events", ""); status != c.want || err != nil || c.want == 503 && (body != "" || header.Get("Content-Type") != "") {
				t.Errorf("%s later: %d %v %q", c.after, status, err, body)
			}
		}
	})
}

// Whoever gives up while the answer hangs cannot know that it took effect.
func TestAnswerThatComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, simulator.Google)
		l.sim.AddFault(simulator.Fault{Match: "events.insert", DelayAfter: time.Minute, Count: 2})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "POST", l.base+"calendars/primary/events", strings.NewReader(newEvent))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+l.token)
		req.Header.Set("Content-Type", "application/json")
		if res, err := l.client.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			t.Errorf("it answered: %d", res.StatusCode)
		}
		synctest.Wait()
		if l.live() != 1 {
			t.Errorf("%d events", l.live())
		}
		began := time.Now()
		if status, _, body, err := l.insert(); status != 200 || err != nil || !json.Valid([]byte(body)) || time.Since(began) != time.Minute {
			t.Errorf("%d %v after %s", status, err, time.Since(began))
		}
	})
}
