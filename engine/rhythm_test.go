package engine_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// keeps changes the settings of a running engine.
func (x *trio) keeps(r state.Rhythm) {
	x.Helper()
	if _, err := x.engine.ChangeSettings(x.Context(), control.Settings{Rhythm: r}); err != nil {
		x.Fatal(err)
	}
}

func TestThePersonSaysHowOftenToLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTrio(t)
		x.keeps(state.Rhythm{Minutes: 30})
		time.Sleep(engine.ActiveFor + time.Minute) // no change is near any more
		if took := x.crossing("First", x.b, 31*time.Minute); took < 20*time.Minute {
			t.Errorf("it crossed after %v, though it is looked every 30 minutes", took)
		}
		if took := x.crossing("Second", x.b, 31*time.Minute); took > engine.ActiveInterval+time.Second {
			t.Errorf("while changes flow it took %v", took)
		}
	})
}

func TestNothingIsSyncedByItselfInQuietHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTrio(t) // at noon
		x.keeps(state.Rhythm{Quiet: "11:00-19:00"})
		synctest.Wait()
		s, err := x.engine.Status(t.Context())
		if err != nil || s.Quiet.Format(time.TimeOnly) != "19:00:00" || !s.NextSync.Equal(s.Quiet) || s.Activity == control.Paused {
			t.Errorf("quiet until %v, next sync at %v, %q, %v", s.Quiet, s.NextSync, s.Activity, err)
		}
		if took := x.crossing("By itself", x.b, 8*time.Hour); took < 6*time.Hour {
			t.Errorf("it crossed after %v, in the quiet hours", took)
		}
		time.Sleep(17 * time.Hour)
		x.a.add("Asked for")
		if _, err := x.engine.Sync(t.Context(), control.SyncRequest{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(x.b.titles(), "Asked for") {
			t.Error("what was asked for did not happen")
		}
	})
}

func TestSettingsThatNoFaceKnowsAreRefused(t *testing.T) {
	b := newBench(t)
	for _, s := range []control.Settings{
		{Rhythm: state.Rhythm{Minutes: -5}}, {Rhythm: state.Rhythm{Quiet: "late"}},
		{Faces: control.Faces{Theme: "pink"}}, {Faces: control.Faces{Notify: "loudly"}}, {Faces: control.Faces{Language: "not a tag"}},
	} {
		if _, err := b.face.ChangeSettings(t.Context(), s); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	want := control.Faces{Language: "de", Theme: control.DarkTheme, Notify: control.NotifyChanges, ToldToClose: true}
	if _, err := b.face.ChangeSettings(t.Context(), control.Settings{Faces: want}); err != nil {
		t.Fatal(err)
	}
	b.restart()
	if s, err := b.face.Status(t.Context()); err != nil || s.Faces != want {
		t.Errorf("after a restart the faces are %+v, %v", s.Faces, err)
	}
}

// The timers of a machine that sleeps stand still, its clock does not: when it wakes up,
// calendars are looked at at once, and quiet hours that ended meanwhile are over.
func TestAMachineThatWakesUpLooksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slept atomic.Int64
		x := newTrio(t, func(o *engine.Options) {
			o.Now = func() time.Time { return time.Now().Add(time.Duration(slept.Load())) }
		})
		x.keeps(state.Rhythm{Minutes: 600, Quiet: "22:00-07:00"})
		time.Sleep(engine.ActiveFor + time.Minute)
		slept.Store(int64(2 * time.Hour)) // in the afternoon
		if took := x.crossing("Before the night", x.b, time.Minute); took > 30*time.Second {
			t.Errorf("after a nap it crossed after %v", took)
		}
		time.Sleep(8 * time.Hour) // the quiet hours have begun
		slept.Add(int64(4 * time.Hour))
		x.a.add("In the night")
		time.Sleep(time.Minute)
		if strings.Contains(x.b.titles(), "In the night") {
			t.Error("it crossed in the quiet hours")
		}
		slept.Add(int64(5 * time.Hour)) // over the end of the quiet hours
		if took := x.crossing("In the morning", x.b, time.Minute); took > 30*time.Second {
			t.Errorf("after the night it crossed after %v", took)
		}
	})
}

// While the window is open a person sees what is new within seconds, however calm their
// calendars are; once it is closed, or was killed, things go at the set pace again.
func TestAnOpenWindowIsNotKeptWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTrio(t)
		x.keeps(state.Rhythm{Minutes: 30})
		time.Sleep(engine.ActiveFor + time.Minute) // no change is near any more
		looks := func(long time.Duration) {
			for until := time.Now().Add(long); time.Now().Before(until); time.Sleep(15 * time.Second) {
				if err := x.engine.Attend(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		x.a.add("There before")
		looks(time.Second)
		if !strings.Contains(x.b.titles(), "There before") {
			t.Error("what was new when the window was opened did not cross")
		}
		looks(2 * engine.ActiveFor)
		if took := x.crossing("While it is open", x.b, time.Minute); took > engine.ActiveInterval+time.Second {
			t.Errorf("with the window open it took %v", took)
		}
		time.Sleep(engine.ActiveFor + control.AttendedFor + time.Minute)
		if took := x.crossing("Once it is closed", x.b, 31*time.Minute); took < 20*time.Minute {
			t.Errorf("it crossed after %v, though the window is closed", took)
		}
		x.keeps(state.Rhythm{Quiet: "00:00-23:59"})
		x.a.add("In quiet hours")
		looks(time.Minute)
		if strings.Contains(x.b.titles(), "In quiet hours") {
			t.Error("it crossed in quiet hours")
		}
	})
}
