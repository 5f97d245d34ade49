package steady_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinday/twinday/engine/steady"
	"github.com/twinday/twinday/providers/calendar"
)

// server is a provider that answers as it is told, one answer after another.
type server struct {
	calendar.Provider
	caps    calendar.Capabilities
	mu      sync.Mutex
	answers []error // nil: well; after the last, all is well
	takes   time.Duration
	calls   []time.Duration // when they came, since began
	began   time.Time
}

func (s *server) answer(ctx context.Context) error {
	s.mu.Lock()
	s.calls = append(s.calls, time.Since(s.began))
	var err error
	if len(s.answers) > 0 {
		err, s.answers = s.answers[0], s.answers[1:]
	}
	takes := s.takes
	s.mu.Unlock()
	select {
	case <-time.After(takes):
		return err
	case <-ctx.Done():
		return fail(calendar.Unavailable, 0)
	}
}

func (s *server) Capabilities() calendar.Capabilities { return s.caps }
func (s *server) Calendars(ctx context.Context) ([]calendar.Calendar, error) {
	return nil, s.answer(ctx)
}
func (s *server) Get(ctx context.Context, _ calendar.CalendarID, id calendar.RemoteID) (calendar.Event, error) {
	return calendar.Event{ID: id}, s.answer(ctx)
}
func (s *server) Create(ctx context.Context, _ calendar.CalendarID, _ calendar.Draft) (calendar.Event, error) {
	return calendar.Event{ID: "made"}, s.answer(ctx)
}
func (s *server) Update(ctx context.Context, _ calendar.CalendarID, id calendar.RemoteID, _ calendar.Version, _ calendar.Change) (calendar.Event, error) {
	return calendar.Event{ID: id}, s.answer(ctx)
}
func (s *server) Delete(ctx context.Context, _ calendar.CalendarID, _ calendar.RemoteID, _ calendar.Version) error {
	return s.answer(ctx)
}

func fail(k calendar.Kind, after time.Duration) error {
	return &calendar.Error{Op: "test", Kind: k, RetryAfter: after, Err: errors.New(k.String())}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// around makes s steady, with no chance in it.
func around(s *server) *steady.Provider {
	s.began = time.Now()
	return steady.New(s, steady.Options{Now: time.Now, Sleep: sleep, Random: func() float64 { return 0 }})
}

func (s *server) times() string {
	var out []string
	for _, d := range s.calls {
		out = append(out, d.String())
	}
	return strings.Join(out, " ")
}

func TestReadsAreTriedAgain(t *testing.T) {
	un := fail(calendar.Unavailable, 0)
	for _, c := range []struct {
		name    string
		answers []error
		kind    calendar.Kind // of what comes of it
		times   string
	}{
		{"all well", nil, -1, "0s"},
		{"one failure", []error{un}, -1, "0s 1s"},
		{"two", []error{un, un}, -1, "0s 1s 3s"},
		{"no answer at all: left alone", []error{un, un, un}, calendar.Unavailable, "0s 1s 3s"},
		{"too fast, briefly", []error{fail(calendar.Throttled, 5*time.Second)}, -1, "0s 5s"},
		{"too fast, without a time", []error{fail(calendar.Throttled, 0), fail(calendar.Throttled, 0)}, -1, "0s 1s 3s"},
		{"too fast, for long: the engine's affair", []error{fail(calendar.Throttled, time.Minute)}, calendar.Throttled, "0s"},
		{"too fast, again and again: bounded in all", []error{fail(calendar.Throttled, 9*time.Second), fail(calendar.Throttled, 9*time.Second), fail(calendar.Throttled, 9*time.Second)}, calendar.Throttled, "0s 9s 18s"},
		{"a sign-in refused for a moment", []error{fail(calendar.SignedOut, 0)}, -1, "0s 1s"},
		{"a sign-in that has ended", []error{fail(calendar.SignedOut, 0), fail(calendar.SignedOut, 0)}, calendar.SignedOut, "0s 1s"},
		{"what asking again does not mend", []error{fail(calendar.NotFound, 0)}, calendar.NotFound, "0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{answers: c.answers}
				_, err := around(s).Get(t.Context(), "c", "e")
				if calendar.KindOf(err) != c.kind || s.times() != c.times {
					t.Errorf("%v, asked at %s; want %v at %s", err, s.times(), c.kind, c.times)
				}
			})
		})
	}
}

func TestWritesAreMadeOnce(t *testing.T) {
	for _, k := range []calendar.Kind{calendar.Unavailable, calendar.Throttled, calendar.Other, calendar.Conflict} {
		synctest.Test(t, func(t *testing.T) {
			s := &server{answers: []error{fail(k, 0)}}
			if err := around(s).Delete(t.Context(), "c", "e", "v"); calendar.KindOf(err) != k || len(s.calls) != 1 {
				t.Errorf("%v: %v, asked at %s", k, err, s.times())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // a sign-in that a read shows to be good: nothing was written
		s := &server{answers: []error{fail(calendar.SignedOut, 0)}}
		if err := around(s).Delete(t.Context(), "c", "e", "v"); calendar.KindOf(err) != calendar.Throttled || s.times() != "0s 1s" {
			t.Errorf("%v, asked at %s", err, s.times())
		}
	})
}

// Who asks for patience gets it from the calls that follow too.
func TestTooFastHoldsTheNextCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{answers: []error{fail(calendar.Throttled, 7*time.Second), nil, fail(calendar.Throttled, time.Hour)}}
		p := around(s)
		_ = p.Delete(t.Context(), "c", "e", "v")
		if err := p.Delete(t.Context(), "c", "e", "v"); err != nil || s.times() != "0s 7s" {
			t.Errorf("%v, asked at %s", err, s.times())
		}
		_ = p.Delete(t.Context(), "c", "e", "v")
		if err := p.Delete(t.Context(), "c", "e", "v"); calendar.KindOf(err) != calendar.Throttled || calendar.RetryAfter(err) != time.Hour || len(s.calls) != 3 {
			t.Errorf("%v, asked at %s", err, s.times())
		}
	})
}

// 1 000 creates, or 300 updates that cost three, take as long as the rate says, and
// no minute holds more than the quota behind it.
func TestRate(t *testing.T) {
	for _, update := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &server{caps: calendar.Capabilities{WriteRate: 8, UpdateCost: 3}}
			p := around(s)
			n, cost := 1000, 1
			if update {
				n, cost = 300, 3
			}
			for range n {
				var err error
				if update {
					_, err = p.Update(t.Context(), "c", "e", "v", calendar.Change{})
				} else {
					_, err = p.Create(t.Context(), "c", calendar.Draft{})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			want := time.Duration(float64(n*cost-80)/8) * time.Second
			if took := time.Since(s.began); took < want || took > want+2*time.Second {
				t.Errorf("%d at %d each took %s, want %s", n, cost, took, want)
			}
			most := 0
			for i := range s.calls {
				j := i
				for j < len(s.calls) && s.calls[j]-s.calls[i] < time.Minute {
					j++
				}
				most = max(most, (j-i)*cost)
			}
			if most > 600 {
				t.Errorf("%d units in a minute", most)
			}
		})
	}
}

func TestCallsThatHangEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{takes: time.Hour}
		p := around(s)
		if _, err := p.Create(t.Context(), "c", calendar.Draft{}); calendar.KindOf(err) != calendar.Unavailable || time.Since(s.began) != 30*time.Second {
			t.Errorf("%v after %s", err, time.Since(s.began))
		}
		if _, on := p.Rest(); !on {
			t.Error("a hang is not enough to leave it alone")
		}
		if _, err := p.Create(t.Context(), "c", calendar.Draft{}); calendar.KindOf(err) != calendar.Throttled || len(s.calls) != 1 {
			t.Errorf("it is asked all the same: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // one who hangs up is not the provider's fault
		s := &server{takes: time.Hour}
		p := around(s)
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		_, _ = p.Create(ctx, "c", calendar.Draft{})
		if _, on := p.Rest(); on {
			t.Error("left alone for nothing")
		}
	})
}

func TestRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		un := fail(calendar.Unavailable, 0)
		s := &server{}
		for range 100 {
			s.answers = append(s.answers, un)
		}
		p := around(s)
		_, _ = p.Get(t.Context(), "c", "e")
		var rests []string
		for range 8 {
			rest, on := p.Rest()
			if !on {
				t.Fatal("it answers?")
			}
			rests = append(rests, time.Until(rest.Until).String())
			if err := p.Knock(t.Context()); calendar.KindOf(err) != calendar.Throttled {
				t.Errorf("a knock during a rest: %v", err)
			}
			time.Sleep(time.Until(rest.Until))
			before := len(s.calls)
			if err := p.Knock(t.Context()); calendar.KindOf(err) != calendar.Unavailable || len(s.calls) != before+1 {
				t.Errorf("a knock is one call: %v", err)
			}
		}
		if got, want := strings.Join(rests, " "), "15s 30s 1m0s 2m0s 4m0s 8m0s 10m0s 10m0s"; got != want {
			t.Errorf("rests %s, want %s", got, want)
		}
		p.Hurry()
		s.answers = nil
		if err := p.Knock(t.Context()); err != nil {
			t.Error(err)
		}
		if _, on := p.Rest(); on {
			t.Error("one success does not end it")
		}
		s.answers = []error{un, un, un}
		_, _ = p.Get(t.Context(), "c", "e")
		if rest, on := p.Rest(); !on || time.Until(rest.Until) != 10*time.Minute {
			t.Errorf("a relapse is a long rest: %v", time.Until(rest.Until))
		}
		time.Sleep(time.Until(func() time.Time { r, _ := p.Rest(); return r.Until }()))
		_ = p.Knock(t.Context())
		time.Sleep(time.Hour)
		s.answers = []error{un, un, un}
		_, _ = p.Get(t.Context(), "c", "e")
		if rest, _ := p.Rest(); time.Until(rest.Until) != 15*time.Second {
			t.Errorf("an hour later it is a new one: %v", time.Until(rest.Until))
		}
	})
}

// Many calls that fail at the same time are one blip; many of the last are a storm.
func TestBlipsAndStorms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		un := fail(calendar.Unavailable, 0)
		s := &server{answers: []error{un, un, un, un}, takes: time.Second}
		p := around(s)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { _ = p.Delete(t.Context(), "c", "e", "v") })
		}
		all.Wait()
		if _, on := p.Rest(); on {
			t.Error("one blip of four calls is enough")
		}
		for range 30 {
			s.answers = []error{un, un, nil}
			for range 3 {
				_ = p.Delete(t.Context(), "c", "e", "v")
			}
		}
		if _, on := p.Rest(); !on {
			t.Error("two of three calls fail for ever, and it is asked on")
		}
	})
}
