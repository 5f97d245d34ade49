package engine_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// What people do that leaves the engine with marks alone: they move events between the
// calendars of an account, and lose the store.

// worldOf is the world of a seed; in a quarter of them the first two calendars are of one
// account.
func worldOf(seed uint64) setup {
	su := setupOf(seed)
	if su.siblings = seed%4 == 3 && !left("moveto"); su.siblings {
		su.kinds = slices.Clone(su.kinds)
		su.kinds[1] = su.kinds[0]
	}
	return su
}

// siblings are calendars of one account: a fake each. What an account does is the same for
// all of them.
type siblings map[calendar.CalendarID]*fake

func (s siblings) ids() []calendar.CalendarID { return slices.Sorted(maps.Keys(s)) }

func (s siblings) Capabilities() calendar.Capabilities { return s[s.ids()[0]].Capabilities() }

func (s siblings) Calendars(ctx context.Context) (out []calendar.Calendar, err error) {
	for _, id := range s.ids() {
		list, err := s[id].Calendars(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			c.ID, c.Name, c.Primary = id, string(id), len(out) == 0
			out = append(out, c)
		}
	}
	return out, nil
}

func (s siblings) Changes(ctx context.Context, cal calendar.CalendarID, since calendar.Cursor) (calendar.Changes, error) {
	return s[cal].Changes(ctx, cal, since)
}

func (s siblings) Get(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID) (calendar.Event, error) {
	return s[cal].Get(ctx, cal, id)
}

func (s siblings) Create(ctx context.Context, cal calendar.CalendarID, d calendar.Draft) (calendar.Event, error) {
	return s[cal].Create(ctx, cal, d)
}

func (s siblings) Update(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version, c calendar.Change) (calendar.Event, error) {
	return s[cal].Update(ctx, cal, id, v, c)
}

func (s siblings) Respond(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version, r calendar.Response) error {
	return s[cal].Respond(ctx, cal, id, v, r)
}

func (s siblings) Delete(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version) error {
	return s[cal].Delete(ctx, cal, id, v)
}

func (s siblings) Marked(ctx context.Context, cal calendar.CalendarID, since time.Time) (map[calendar.RemoteID]calendar.Mark, int, error) {
	return s[cal].Marked(ctx, cal, since)
}

// settleIn gives a calendar its place in an account.
func (s *sim) settleIn(i int, f *fake) {
	who := fmt.Sprintf("ann@%c.test", 'a'+i)
	ref := state.Ref{Account: state.AccountID(who), Calendar: calID}
	if s.siblings && i < 2 {
		f.own = s.name(i)
		who = "ann@a.test"
		ref = state.Ref{Account: state.AccountID(who), Calendar: calendar.CalendarID("main " + f.own)}
		if s.connector.siblings == nil {
			s.connector.siblings = map[string]siblings{who: {}}
		}
		s.connector.siblings[who][ref.Calendar] = f
	} else {
		s.connector.fakes[who] = f
	}
	s.fakes, s.refs = append(s.fakes, f), append(s.refs, ref)
}

// moveTo moves an event to another calendar of its account. Its UID stays, what is hidden
// in it too, and at Google its id (https://developers.google.com/workspace/calendar/api/v3/reference/events/move);
// at Outlook it is another item in one half of the worlds, and in the other keeps its id, as
// immutable ids are to (https://learn.microsoft.com/graph/outlook-immutable-id). The meeting
// is the same; a moved copy is the person's own, unless the engine takes it for what it was.
func (p *person) moveTo() string {
	h := p.one(mine)
	if h == nil || !p.siblings || p.i > 1 {
		return ""
	}
	to := p.at(1 - p.i)
	// Nobody moves a meeting to where it is already as an event of the person's, or with
	// guests of its own: both stay then, as two events (TestMovedOntoAnother). What came out
	// of the bin may yet turn out to be that, whichever of both did.
	for _, o := range to.f.live() {
		same := p.root(o.soul.of) == p.root(h.soul.of) || (o.soul.back || h.soul.back) && p.family(p.root(o.soul.of)) == p.family(p.root(h.soul.of))
		if same && (!o.soul.made || o.HasGuests()) {
			return ""
		}
	}
	x := &held{Event: h.Event, soul: h.soul, from: reconcile.Found{Ref: p.refs[p.i], ID: h.ID}}
	if p.f.unsure && p.seed%8 == 3 {
		x.ID = calendar.RemoteID(fmt.Sprintf("moved-%s%d", to.f.own, len(to.f.events)))
	}
	copied := h.soul.made || h.soul.back && p.linkedAsCopy(p.i, h)
	if x.soul.moved = true; copied {
		slot := h.soul.slot
		x.soul = p.newSoul(h.soul.of)
		x.soul.slot, x.soul.back, x.soul.moved = slot, true, true
	}
	if !copied {
		delete(p.deleted, p.root(h.soul.of)) // it was its copy that was deleted, and this is the later word
	}
	if copied && p.invitation(h) { // should the other half of the move come late, its copy is deleted
		p.hidden[[2]int{p.root(h.soul.of), p.i}] = true
	}
	p.touch(h.soul.of, p.i)
	p.touch(x.soul.of, to.i)
	p.ended[p.family(p.root(h.soul.of))] = true // where it was
	h.dead, h.soul.away = true, true
	p.f.touch(h)
	to.f.events[x.ID] = x
	to.f.touch(x)
	for i, l := range to.f.late { // by more lists than one that is read a minute after: see reconcile, lateList
		if l.event.ID == x.ID {
			to.f.late[i].late = min(l.late, 2)
		}
	}
	return fmt.Sprintf("%s %q to %s as %s", h.ID, h.Content.Title, to.name(to.i), x.ID)
}

// showMoved has the lists show what was moved to their calendars once the store has known for
// a minute that it is gone from where it was: that they are late is counted in lists, and none
// is late by more (see moveTo).
func (s *sim) showMoved() {
	_ = s.store.View(func(tx *store.Tx) error {
		for _, f := range s.fakes {
			for i, l := range f.late {
				h := f.events[l.event.ID]
				if h == nil || h.from.ID == "" {
					continue
				}
				if was, _, err := tx.Replica(h.from.Ref, h.from.ID); err != nil {
					return err
				} else if was.Deleted && s.clock.Sub(was.Seen) >= time.Minute {
					f.late[i].late = 1
				}
			}
		}
		return nil
	})
}

// ownBeside takes note that a copy was given guests where its meeting was moved to just now:
// it would go there, and guests would hear of that, so both stay, as two events.
func (p *person) ownBeside(h *held) {
	if h.soul.made && slices.ContainsFunc(p.f.live(), func(x *held) bool { return x.soul.moved && p.root(x.soul.of) == p.root(h.soul.of) }) {
		p.tell("  %s is an event of its own: what it is a copy of was moved here", h.ID)
		slot := h.soul.slot
		h.soul = p.newSoul(h.soul.of)
		h.soul.slot, h.soul.back = slot, true
	}
}

// keepLeft takes note that the person has what a move left behind for an event of its own.
func (s *sim) keepLeft(id state.EntityID) {
	_ = s.store.View(func(tx *store.Tx) error {
		e, ok, err := tx.Entity(id)
		if ok && e.Left {
			s.ownNow(e)
		}
		return err
	})
}

// keptLeft takes note of the same where a rule has meetings with guests kept as they are, and
// where their meeting was moved to where no mirror leads from to them.
func (s *sim) keptLeft() {
	for _, h := range s.history() {
		kept := h.Rule == "guests: revert" && strings.HasPrefix(h.Why, "Its deletion is taken back: guests were invited meanwhile")
		stays := strings.HasSuffix(h.Why, "; it stays there, as an event of its own")
		if !kept && !stays {
			continue
		}
		_ = s.store.View(func(tx *store.Tx) error {
			return tx.Entities(func(e state.Entity) error {
				home := s.homeOf(e)
				if kept && e.ID == h.Entity || stays && e.Home == h.Ref && home != nil && s.root(home.soul.of) == s.root(s.soulOf[h.Entity]) {
					s.ownNow(e)
				}
				return nil
			})
		})
	}
}

// nearAgain takes note that a copy which was out of sight when its store was lost came near,
// and looks otherwise than it did: no store can know it from a clone, so it is an event of the
// person's, and has copies of its own.
func (s *sim) nearAgain() {
	_ = s.store.View(func(tx *store.Tx) error {
		return tx.Entities(func(e state.Entity) error {
			home := s.homeOf(e)
			if home == nil || !home.soul.made || !s.outOfSight(slices.Index(s.refs, e.Home), home) {
				return nil
			}
			s.ownNow(e)
			for ref, rec := range e.Records {
				for _, p := range rec.Parts {
					if h := s.held(ref, p.ID); h != nil && h.soul.made {
						h.soul.of = home.soul.of
					}
				}
			}
			return nil
		})
	})
}

// homeOf is an entity's event at home, nil if there is none.
func (s *sim) homeOf(e state.Entity) *held {
	if p := e.Part(e.Home, ""); p != nil {
		return s.held(e.Home, p.ID)
	}
	return nil
}

// ownNow makes the copies that are an entity's home events of their own.
func (s *sim) ownNow(e state.Entity) {
	for _, p := range e.Records[e.Home].Parts {
		if h := s.held(e.Home, p.ID); h != nil && h.soul.made {
			slot := h.soul.slot
			h.soul = s.newSoul(h.soul.of)
			h.soul.slot, h.soul.back = slot, true
		}
	}
}

// recalled is what a lost store knew, and no other can know.
type recalled struct {
	told    map[int]string  // by soul: what the history said
	left    map[int]bool    // by soul: the history says that it is left as it is
	adopted map[[2]int]bool // souls, and the calendars in which they were found
	out     map[[2]int]bool // souls, and the calendars in which the making of a copy was undone
	first   map[[2]int]bool // copies that came out of the bin before what they are of: changed meanwhile, they are linked as they are then
	alone   map[*held]bool  // copies that were kept for their guests when their event went, or of which there were several
	bore    map[*held]bool  // events with its mark; that is replaced when they are written
	at      time.Time       // when it was set up again, or took the mirror over last
	unseen  map[[2]int]bool // souls, and where a copy of them (-1: they themselves) was beyond what is listed
	pass    uint64          // the last one in which what was there was found again
}

// forget loses the store, when everyone has had a rest: the accounts and the mirror are set
// up again with an empty one. It watches, and when it is told to, takes over.
func (s *sim) forget() {
	s.settle()
	if s.judge(); s.failure != "" {
		return
	}
	s.recall()
	s.tell("the store is lost")
	s.Engine.Close()
	if err := s.store.Close(); err != nil {
		s.fail("E", "the store does not close: %v", err)
		return
	}
	if err := os.RemoveAll(s.dir); err != nil {
		s.fail("E", "%v", err)
	}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		s.fail("E", "%v", err)
	}
	if err := s.open(); err != nil {
		s.fail("E", "no store opens: %v", err)
		return
	}
	was := s.mirror
	for i := range s.fakes {
		if err := s.signIn(i); err != nil {
			s.fail("E", "sign in: %v", err)
		}
	}
	m, err := s.AddMirror(context.Background(), control.NewMirror{Members: was.Members})
	if err != nil {
		s.fail("E", "set the mirror up again: %v", err)
		return
	}
	s.mirror = m
	s.mirror.Guests, s.mirror.Invitations, s.mirror.Conflicts = was.Guests, was.Invitations, was.Conflicts
	if err := s.change(); err != nil {
		s.fail("E", "change the mirror: %v", err)
	}
	s.takeOver()
	s.settle()
	s.recalled.pass = s.lastPass()
	s.calm = false
}

// takeOver has a store that watches keep the mirror.
func (s *sim) takeOver() {
	before, marked := s.counts.writes, false
	for _, f := range s.fakes {
		for _, h := range f.live() {
			// Those out of the window are not looked at, nor is what they are copies of. One whose event is gone may be of a
			// mirror that is not this one: it says nothing of who keeps this one.
			marked = marked || h.soul.made && h.Mark.Mirror != "" && f.sees(h.Event) && len(s.seen([]*held{h})) > 0 && s.hasHome(h, true)
		}
	}
	s.tell("a pass of an empty store")
	s.pass()
	s.recalled.at = s.clock
	ms, err := s.Mirrors(context.Background())
	if err != nil || len(ms) != 1 {
		s.fail("E", "mirrors: %v, %v", ms, err)
		return
	}
	if ms[0].Watching == nil {
		if marked {
			s.fail("I2", "there are copies that another store wrote, and this one does not watch first")
		}
		return
	}
	if n := s.counts.writes - before; n > 0 {
		s.fail("I6", "%d writes while only watching", n)
	}
	s.keep()
}

// keep has the store keep the mirror.
func (s *sim) keep() {
	s.tell("take over")
	if err := s.TakeOver(context.Background(), s.mirror.ID); err != nil {
		s.fail("E", "take over: %v", err)
	}
	s.recalled.at = s.clock
}

// stepsIn has a store that left the mirror to a lost one keep it again. What a person copied
// since with the mark of that one looks like its work, and only they know that it is not.
func (s *sim) stepsIn() bool {
	ms, err := s.Mirrors(context.Background())
	if err != nil || len(ms) != 1 {
		s.fail("E", "mirrors: %v, %v", ms, err)
		return false
	}
	if ms[0].Watching == nil {
		return false
	}
	copied := func(h *held) bool {
		return h.Mark.Mirror != "" && h.Mark.Installation != s.store.Installation() && h.Created.After(s.recalled.at)
	}
	if !slices.ContainsFunc(s.fakes, func(f *fake) bool { return slices.ContainsFunc(slices.Collect(maps.Values(f.events)), copied) }) {
		s.fail("I8", "the mirror is left to another Twinday, and nothing has its mark that was not there before")
	}
	s.keep()
	return true
}

// hasHome reports whether what a copy is of is in some calendar, not called off, and now if
// that matters.
func (s *sim) hasHome(copied *held, now bool) bool {
	return slices.ContainsFunc(s.fakes, func(f *fake) bool {
		return slices.ContainsFunc(f.live(), func(h *held) bool {
			return !h.soul.made && !h.Cancelled && s.root(h.soul.of) == s.root(copied.soul.of) && (!now || len(s.seen([]*held{h})) > 0)
		})
	})
}

func (s *sim) lastPass() (n uint64) {
	_ = s.store.View(func(tx *store.Tx) error { n = tx.LastPass(); return nil })
	return n
}

// recall keeps what the judge is to know of a store that is lost. What people typed and
// only the history held is lost with it, by the nature of the thing.
func (s *sim) recall() {
	r := s.recalled
	if r.told == nil {
		r = recalled{told: map[int]string{}, left: map[int]bool{}, adopted: map[[2]int]bool{}, out: map[[2]int]bool{}, alone: map[*held]bool{}, bore: map[*held]bool{}, unseen: map[[2]int]bool{}, first: map[[2]int]bool{}}
	}
	hist := s.history()
	_ = s.store.View(func(tx *store.Tx) error {
		return tx.Entities(func(e state.Entity) error {
			of := s.root(s.soulOf[e.ID])
			for _, h := range hist {
				if h.Entity != e.ID {
					continue
				}
				r.told[of] += h.Why + "\n"
				r.left[of] = r.left[of] || stays(h)
			}
			for j, ref := range s.refs {
				rec := e.Records[ref]
				if s.adopted[e.ID][ref] || r.adopted[[2]int{of, j}] || rec.Kept { // found again as it is then
					r.adopted[[2]int{of, j}] = true
				}
				if rec.Out {
					r.out[[2]int{of, j}] = true
				}
				if s.adopted[e.ID][ref] { // and which of both was the home
					r.adopted[[2]int{of, slices.Index(s.refs, e.Home)}] = true
				}
				live := slices.DeleteFunc(slices.Clone(rec.Parts), func(p state.Part) bool { return !p.Live() })
				home := s.homeOf(e)
				for _, p := range live { // a twin that shows its home's title no more is like any other event
					h := s.held(ref, p.ID)
					if ref != e.Home && rec.Adopted && h != nil && home != nil && !h.soul.made && h.Mark == (calendar.Mark{}) && !strings.Contains(h.Content.Title, home.Content.Title) {
						h.soul = s.newSoul(h.soul.of)
					}
				}
				for _, p := range live { // which occurrence each of them was
					if h := s.held(ref, p.ID); rec.Kept && len(live) > 1 && h != nil && h.soul.made {
						r.alone[h] = true
					}
				}
			}
			return nil
		})
	})
	s.recalled = r
	live := ""
	for i, f := range s.fakes {
		for _, h := range f.live() {
			if where := i; !f.sees(h.Event) {
				if !h.soul.made {
					where = -1
				}
				r.unseen[[2]int{s.root(h.soul.of), where}] = true
			}
			r.bore[h] = r.bore[h] || h.Mark.Mirror != ""
			r.alone[h] = r.alone[h] || h.soul.made && len(h.Guests) > 0 && !s.hasHome(h, false)
			live += text(h.Event)
		}
	}
	for t, x := range s.tokens {
		x.given = x.given || !strings.Contains(live, t)
	}
	clear(s.deleted)
}

// stays reports whether the history says that an event is left as it is.
func stays(h state.HistoryEntry) bool {
	return strings.Contains(h.Why, "each time it is written") || h.Outcome == state.Failed
}

// insisted reports whether the history leaves a copy as it is since somebody made an edit
// that is taken back there again and again: by the third time in a day nobody can know a
// person from a service that has a habit (reconcile, sameRewrites). It has to tell of the
// ones before, of the same edit in the same calendar.
func insisted(hist []state.HistoryEntry, h state.HistoryEntry) bool {
	if h.Outcome != state.Noted || !strings.Contains(h.Why, "is changed each time, by the service or another program: it is left so") {
		return false
	}
	n := 0
	for _, x := range hist {
		same := x.Entity == h.Entity && x.Ref == h.Ref && slices.Equal(x.Groups, h.Groups) && text(x.Before) == text(h.After)
		if age := h.Time.Sub(x.Time); same && x.Outcome == state.Reverted && age > 0 && age < 24*time.Hour {
			n++
		}
	}
	return n >= 2
}

// wasAdopted reports whether the copy of a meeting in a calendar was there before Twinday.
func (s *sim) wasAdopted(e state.EntityID, of, j int) bool {
	if s.adopted[e][s.refs[j]] {
		return true
	}
	return s.recalls(s.recalled.adopted, of, j)
}

// recalls reports whether something of a meeting in a calendar is among what a lost store knew.
func (s *sim) recalls(l map[[2]int]bool, of, j int) bool {
	for k := range l {
		if k[1] == j && s.root(k[0]) == s.root(of) {
			return true
		}
	}
	return false
}

// orphaned reports whether an event bears the mark of a store that was lost, and nothing
// that is linked bears it too: no store can know whether it is a copy, whose meeting is gone
// or out of sight, or was copied from one by a person. It is left alone. So it is where the
// marks of a series that is told one by one are all the same, or may be of one that was.
func (s *sim) orphaned(tx *store.Tx, here int, h *held, linked bool) bool {
	if linked || h.Mark.Mirror == "" || h.Mark.Installation == s.store.Installation() {
		return false
	}
	for i, f := range s.fakes {
		for _, x := range f.live() {
			id, known, _ := tx.EntityOf(s.refs[i], x.ID)
			e, _, _ := tx.Entity(id)
			told := h.Created.Before(s.recalled.at) && (h.HasGuests() || h.Content.When.Recurrence.IsZero() && !e.Base.When.Recurrence.IsZero())
			if known && x.Mark == h.Mark && len(e.Records[s.refs[here]].Parts) < 2 && !told {
				return false
			}
		}
	}
	return true
}

// linkedNow reports whether the store knows to what an event belongs.
func (s *sim) linkedNow(i int, h *held) (linked bool) {
	_ = s.store.View(func(tx *store.Tx) (err error) { _, linked, err = tx.EntityOf(s.refs[i], h.ID); return err })
	return linked
}

// linkedAsCopy reports whether the store takes what came back for the copy of an event.
func (s *sim) linkedAsCopy(i int, h *held) (copied bool) {
	_ = s.store.View(func(tx *store.Tx) error {
		id, linked, err := tx.EntityOf(s.refs[i], h.ID)
		if err != nil || !linked {
			return err
		}
		e, _, err := tx.Entity(id)
		copied = e.Home != s.refs[i]
		return err
	})
	return copied
}

// outOfSight reports whether a copy was beyond what its service lists when its store was
// lost, or its event is. (To look for it by the marks, which are listed of all events, would
// take a request for every copy that was ever made.)
func (s *sim) outOfSight(i int, h *held) bool {
	for k := range s.recalled.unseen {
		if s.root(k[0]) == s.root(h.soul.of) && (k[1] == i || k[1] == -1) {
			return true
		}
	}
	return false
}

// Scripts of moves and lost stores in which the simulation once found something.
func TestFoundWithALostStore(t *testing.T) {
	defer engine.OneByOne()()
	for name, c := range map[string]struct {
		seed   uint64
		script string
	}{
		"a copy with guests of an invitation is a copy":      {1123, "invite:2:73:263,pass,guests@12:1:18:994,pass,forget:2:496:432"},
		"a clone that looks as its original does":            {316, "add:5:307:186,pass,paste@8:4:364:506,pass,forget:0:987:68"},
		"moved home before its deletion came":                {21399, "add:5:809:551,pass,occur:5:865:90,pass,cancel:0:586:256,occur:3:177:912,pass,move:4:909:560,delete:0:383:879,pass,clear:4:554:74,moveto@28:5:163:237,pass"},
		"made again beside what came back":                   {3200750, "add:5:312:216,pass,pass,private:0:358:54,delete:5:441:419,pass,restore:1:479:923,forget:0:965:274"},
		"changed, and not to be deleted after all":           {3202324, "delete:2:365:68,edit:1:603:87,delete:3:241:272,pass,pass,restore:5:338:418,split:2:406:629,clear:5:180:881,pass,forget:5:493:111,add:2:753:328,readonly:4:359:44,pass,pass,twin:3:354:808,down@3:0:0:82,pass,clear:5:151:810,pass,move:0:502:805,restore:5:966:247,mapping:1:622:668,pass"},
		"moved there and back in a pass":                     {3663, "add:5:700:294,pass,moveto:5:20:533,moveto@2:0:716:428,occur:4:975:497,pass"},
		"a copy of what looks like one without a copy":       {1449, "add:1:320:777,pass,paste:5:260:470,undo:5:788:445,forget:4:358:767"},
		"a home that an undo made again":                     {1746, "pass,add:1:749:372,pass,delete:3:384:257,pass,undo:3:734:466,invite:0:48:375,delete:0:281:730,forget:5:466:907"},
		"a copy with guests of what is gone, and without":    {1268, "invite@11:2:650:913,pass,pass,pass,guests@2:1:21:997,pass,delete:4:714:667,forget:5:21:655,guests@2:1:533:980,pass"},
		"one of several with one mark, restored":             {2022214, "add:5:122:387,repeat:5:645:37,pass,clear:4:383:561,forget:2:89:797,restore:4:235:171"},
		"what a move left is not to be deleted":              {2042703, "pass,clear:4:909:222,cancel@6:0:287:307,pass,repeat:2:419:292,pass,clear:4:926:112,crash@8,pass,moveto:4:46:355,pass"},
		"a copy beyond what is listed":                       {2042746, "add:2:675:955,pass,move:1:670:366,forget:3:805:196"},
		"a copy with guests that are taken off later":        {2042674, "add:2:927:832,pass,guests:3:7:824,edit:2:284:189,forget:0:701:301,guests:0:622:539"},
		"a move that shows late beside an edit":              {2040891, "add:4:205:882,lost@9:0:0:455,pass,invite:2:183:434,pass,occur:3:184:812,moveto:4:293:171"},
		"moved to what only receives and is off":             {2050631, "add:2:530:531,pass,pass,private:5:866:593,down@5:0:0:67,pass,paste:0:913:87,down@24:0:0:469,pass,moveto:3:753:649,lost@11:0:0:346,pass,off:1:940:316,pass"},
		"moved before its copy was deleted":                  {2050751, "pass,add:3:129:914,out@17:0:0:623,pass,moveto:3:511:22,pass,pass,pass,split:2:834:296,pass,delete:5:104:987,pass"},
		"a copy that came near after the store was lost":     {2051814, "add:0:761:221,pass,move@8:1:661:242,pass,forget:1:532:489,move:3:929:266"},
		"a clone that looks like another one's work":         {2052869, "add:4:198:502,forget:4:647:185,paste:3:199:628,move:3:682:903"},
		"a stray mark beside its home":                       {2050660, "add:2:851:35,pass,paste:2:412:32,paste:1:966:387,guests:1:709:461,move:0:798:400,forget:5:533:499"},
		"a copy with guests of what is gone":                 {513, "add:2:931:413,pass,guests:3:817:88,clear:0:69:781,forget:1:382:466"},
		"a copy with guests of what is gone, in an account":  {32339, "add:5:51:712,pass,guests:3:930:616,delete:1:572:896,forget:5:3:98"},
		"a move that shows late, and guests of a copy":       {31631, "add:0:229:111,pass,pass,guests@5:5:11:682,pass,moveto:0:412:888"},
		"a move that shows late, to a calendar that is off":  {31791, "add@3:1:350:228,pass,off:2:222:120,clear:4:776:49,moveto:3:89:862,split:4:566:227,pass"},
		"moved to what is off, while an edit waits":          {9601199, "add:0:501:194,off:1:627:457,pass,move:2:744:603,moveto:3:813:98,pass"},
		"moved to what is off, an occurrence cancelled":      {3003395, "add@9:0:973:981,pass,off:4:484:632,pass,cancel:2:997:521,moveto:0:315:959,pass,edit:4:562:157"},
		"a clone at another time, its original restored":     {9703052, "pass,add:2:985:207,cancel:0:393:847,pass,delete:2:173:93,pass,add:3:299:610,pass,pass,delete:3:262:844,paste:2:75:225,pass,expire@7:0:0:456,out@13:0:0:55,restore:3:159:838,pass"},
		"moved to where it is beyond what is listed":         {9601907, "add:4:226:423,pass,move:5:188:808,move:3:947:585,crash@57,pass,moveto:4:534:172,pass,pass,delete:1:540:332"},
		"a move to beyond what is listed":                    {31791, "add@3:1:350:228,pass,move:2:409:198,pass,clear:4:776:49,moveto:3:89:862,split:4:566:227"},
		"a clone with a mark that was replaced meanwhile":    {2350, "add:4:558:517,forget:5:855:212,mapping:5:939:396,paste:5:78:933"},
		"moved back, its copy restored":                      {3101491, "add@12:3:593:698,pass,pass,pass,add:0:280:661,add:1:316:241,move:4:550:966,pass,split:5:553:996,crash@14,pass,moveto:5:232:198,pass,restore:2:455:259,moveto:2:355:370"},
		"made again by an undo":                              {3100789, "add:4:365:480,pass,delete:0:626:708,add:0:509:909,pass,undo:3:277:774,add:1:107:762,forget:4:674:931"},
		"restored beside what was made again":                {3208716, "add:4:452:553,forget:5:615:956,delete:1:658:825,edit:0:936:402,pass,restore:5:952:610,forget:5:56:467"},
		"restored where nothing is taken from":               {7200462, "add:3:935:436,pass,delete:0:139:889,pass,restore:2:301:865,forget:1:526:964"},
		"a copy with guests where its meeting was moved to":  {3214299, "add@5:1:308:165,moveto@6:3:580:624,pass,guests:2:515:143,pass,pass,delete:3:210:796"},
		"a copy with guests that changed places":             {3207183, "add:2:303:268,pass,pass,moveto:2:36:772,moveto:1:997:820,guests:4:396:151,pass,forget:0:775:390"},
		"kept one by one, and a series that could be told":   {3215026, "add:0:361:643,invite:3:727:697,pass,guests:1:781:856,move:0:480:542,forget:5:121:729"},
		"one of several that is kept beside its series":      {7204393, "add:2:161:644,add:2:93:872,pass,guests:5:761:806,move:0:774:715,forget:3:457:450"},
		"a series that is kept beside its occurrences":       {7204492, "pass,add:4:78:763,pass,edit:4:338:732,pass,add:0:421:713,pass,guests:1:479:320,repeat:0:327:443,forget:5:987:975"},
		"far ahead when the store was lost":                  {7201555, "pass,add:5:237:602,pass,move:0:755:930,forget:0:377:136,move:5:236:788"},
		"moved to what came out of the bin":                  {7100019, "add:0:853:323,pass,twin:0:165:45,delete@10:3:887:707,pass,restore:3:811:608,moveto:4:89:196,out@8:0:0:690,pass"},
		"given guests where it was moved to, and died":       {7500567, "add:0:269:769,bump:4:786:85,pass,moveto:0:889:722,guests:3:883:999,crash@18,pass"},
		"pasted, its mark replaced after the store was lost": {7501307, "off:5:566:804,pass,add:4:277:279,invite:3:760:525,pass,paste:1:43:281,invite:5:688:763,forget:3:333:722,edit:5:411:765"},
		"moved there and back, and only its return shows":    {7600871, "pass,add:3:910:118,pass,add:1:843:355,pass,moveto@1:1:111:935,moveto:3:301:548,pass"},
		"kept as a series that is told one by one":           {7700860, "add:3:329:200,pass,guests@1:1:987:805,pass,repeat:5:267:269,forget:4:971:129"},
		"found, and home the other way round":                {7700880, "pass,add@13:2:629:173,out@3:0:0:92,pass,paste:0:616:256,pass,forget:0:987:464"},
		"shown late beside its copy, with guests by then":    {2003551, "add:4:677:179,pass,off:3:81:47,moveto:2:952:269,guests@1:5:927:759,pass"},
		"seen late beside its copy, with guests by then":     {2005971, "pass,add:2:734:24,pass,moveto:2:408:313,off:0:186:877,guests@3:1:917:526,pass"},
		"shown late beside a twin that was found first":      {2011107, "off:5:506:95,add:4:594:850,pass,edit:2:103:50,repeat:4:339:200,pass,pass,occur:0:299:553,edit:4:630:175,pass,twin:2:615:120,moveto:0:907:299"},
		"shown late beside what was pasted from it":          {2021023, "add@7:4:196:556,pass,crash@9,pass,move:2:185:655,out@15:0:0:836,pass,add:4:73:199,split:0:91:649,moveto:4:721:446,paste:5:242:913"},
		"moved between the readings of two calendars":        {7801015, "moveto@4:4:714:98,add:0:301:956,pass"},
		"moved to where the making of its copy is undone":    {2017495, "pass,moveto@7:0:227:399,add:2:61:324,pass,guests:3:984:188,pass,pass,undo:1:119:52"},
		"a twin of what crosses nowhere crosses by itself":   {9607331, "out@5:0:0:935,add:0:140:388,twin:3:521:708,edit@1:0:875:894,pass,mapping:3:734:814"},
		"moved to what only sends, its copy changed":         {2008319, "pass,add:1:493:273,pass,moveto:4:383:744,move@9:5:876:715,pass"},
		"moved out of the bin to its copy with guests":       {2005003, "add:2:646:481,pass,pass,readonly:5:682:536,delete:2:348:579,pass,pass,pass,guests:3:154:633,restore@14:2:926:171,pass,moveto:4:667:122"},
		"moved to where its copy may just have been made":    {9100071, "add:2:40:235,pass,crash@18,pass,moveto:0:185:603,repeat:5:843:481,slow@7:0:0:593,pass"},
		"a twin beside a copy that may have been made":       {9301639, "readonly:0:137:263,pass,add:1:589:102,crash@19,pass,add:4:701:265,edit:1:480:294,twin@8:3:496:770,pass"},
		"guests of a copy that was not wholly made":          {9302211, "add:1:999:132,pass,moveto:5:249:579,pass,occur:5:713:220,moveto:4:311:814,pass,restore@3:1:217:10,lost@9:0:0:97,pass,guests:4:401:655"},
		"what looks as it did before it was moved":           {9302247, "invite:3:521:831,pass,paste:2:183:440,pass,pass,paste:3:80:787,move:1:238:20,moveto:2:754:265"},
		"a copy out of the bin that is moved":                {9302339, "add:5:969:719,pass,guests@6:0:798:84,delete:3:71:33,restore:3:275:84,move:1:131:446,pass,moveto:0:510:19"},
		"moved, and its old list is late for long":           {2005015, "add:5:547:542,moveto:3:208:172"},
		"a twin of what may have been moved":                 {9041987, "add:3:645:304,pass,moveto:0:481:24,twin:4:206:783,lost@3:0:0:626,pass"},
		"moved there and back before it was first listed":    {9020679, "add:3:99:643,guests:5:294:959,bump:5:562:490,moveto:5:507:141,moveto:2:928:5"},
		"cancelled in a twin without the occurrence's title": {9801011, "pass,add:3:230:837,moveto@7:3:296:817,out@8:0:0:343,crash@14,add:2:643:457,pass,occur:5:661:978,twin:2:587:929,pass,cancel:0:666:258"},
		"edited, deleted, and crossing no more by then":      {4000210, "pass,add@7:5:714:941,pass,occur:2:156:416,delete:4:949:698,pass,clear:3:313:236,move:1:755:482,crash@17,pass,down@13:0:0:552,pass,mapping:1:338:740"},
		"moved to its copy, whose guests are gone again":     {7509679, "add:2:539:67,pass,guests:1:191:457,pass,off:0:107:410,guests:5:176:747,pass,moveto:2:436:327"},
		"moved to its copy, whose guests kept it only":       {7509591, "add:1:479:0,pass,guests:0:688:779,pass,guests:0:718:389,mapping:4:166:16,moveto:3:110:329,pass,delete:4:200:762,pass,mapping:3:253:92,occur@19:1:326:524,pass"},
		"restored on both sides, and its mapping is another": {7505946, "add:1:657:382,pass,delete:3:535:743,pass,restore:5:178:317,out@13:0:0:442,pass,restore:2:265:830,mapping:2:48:570"},
		"moved to what is off, and back on an hour later":    {8001847, "add:4:48:780,pass,guests:2:69:274,off:5:550:837,repeat:3:687:382,private@2:5:743:154,pass,add:5:446:228,edit:5:255:64,moveto:0:386:776,pass"},
		"edited late in a twin that was linked without it":   {8001341, "pass,add:3:368:194,pass,pass,add:1:101:326,pass,edit:4:537:776,private:0:678:206,pass,split:1:662:529,off:4:3:768,split:5:541:33,edit:1:587:836,edit:2:143:520,pass"},
		"moved to what is off, its deletion undone":          {10501907, "add:1:5:468,pass,off:0:727:178,moveto:1:13:328,pass,undo:0:960:760"},
		"moved out of what is off, and days go by":           {10503167, "add:0:237:541,pass,off:3:631:660,pass,pass,pass,pass,moveto:0:129:253,pass,add:4:361:469,wait:3:993:575,guests:2:555:594,undo:5:68:261"},
		"moved while its copy's edit is on its way to it":    {10503195, "add:1:832:647,pass,allday:5:600:655,pass,pass,pass,pass,pass,pass,pass,edit:3:160:602,twin:5:158:29,pass,add:3:499:941,crash@12,pass,edit:3:280:87,add:1:774:512,moveto@16:2:219:39,crash@41,pass"},
		"an occurrence dropped with a time that was refused": {10505612, "add:4:109:611,occur@7:2:492:964,pass,move@11:5:516:163,odd@7:0:0:184,pass"},
		"edited and deleted before its making was settled":   {11007954, "add:5:728:27,add:3:972:544,pass,pass,pass,add:5:372:772,lost@6:0:0:982,pass,move:2:203:463,lost@8:0:0:297,pass,delete:0:23:134"},
		"moved, and a copy got guests that a rule keeps":     {11500643, "add:0:75:943,pass,guests:2:430:813,moveto:3:456:254"},
		"a twin that a prefix gave another look":             {7711432, "add:3:510:302,crash@3,pass,paste@13:3:582:714,lost@1:0:0:465,pass,pass,mapping:5:156:754,forget:2:145:744"},
		"pasted from the copy of a private event":            {14005189, "pass,add:1:164:812,pass,occur:0:255:234,paste:0:343:12,crash@7,pass,private@19:3:426:907,pass,forget:2:793:333"},
		"linked with what its home never had, and deleted":   {14008432, "add:4:833:567,occur:1:128:673,paste:4:558:797,slow@10:0:0:151,pass,delete:2:238:677"},
		"an occurrence that its home refuses":                {14506919, "add:1:801:843,private:4:451:936,pass,repeat:0:616:134,occur:0:300:898,move:4:898:886"},
		"restored as a series, and its home as what it was":  {14507113, "add:5:908:255,pass,repeat:2:252:970,delete:0:888:356,forget:2:809:859,restore@16:0:657:359,pass,restore:5:109:282"},
		"moved into sight after the store was lost":          {15503968, "add:5:690:156,pass,move:2:706:829,forget:0:579:905,move@2:4:330:95,pass"},
		"pasted twice, before and after the store was lost":  {15505522, "invite:5:646:392,pass,paste:3:298:891,paste:3:154:55,expire@1:0:0:943,pass,forget:4:581:220"},
		"brought back to where nothing is written":           {15510407, "add:0:41:732,pass,invite:0:592:627,edit:3:482:145,off:1:788:746,delete:0:554:375,pass,add:0:52:235,pass,undo:0:626:252"},
		"an occurrence that stayed for guests, once more":    {16002210, "readonly:4:108:605,add:0:275:1,pass,occur:2:436:153,move:1:825:694,pass,split:2:221:649"},
		"a copy whose making was undone":                     {16005301, "add:3:953:396,pass,undo:2:788:22,twin:3:404:390,twin:0:459:333,forget:4:745:348"},
		"a twin that shows a busy time":                      {16008854, "add:5:676:464,pass,twin:1:766:546,edit@18:3:414:874,pass,forget:2:339:552"},
		"a twin of a private event whose copy was undone":    {16501807, "add:1:778:238,twin:3:191:5,private@8:1:589:218,pass,undo:2:711:954,forget:0:161:559"},
		"guests of a copy that is not as its home is":        {16505272, "add:2:163:63,pass,move:0:645:147,guests@15:1:562:388,undo:0:22:490,forget:3:238:580,guests:1:478:84"},
		"a copy that was restored and moved before its home": {19002505, "add@1:0:461:97,pass,delete:3:933:359,forget:5:193:495,restore@5:3:800:761,pass,move:5:367:781,restore:4:423:23"},
		"a long title that was cut behind its prefix":        {19509017, "add@6:5:266:51,lost@10:0:0:326,pass,delete:0:82:594,restore@5:3:240:628,pass,forget:4:966:281"},
		"a copy with guests whose home takes only now":       {20500559, "add:1:699:614,pass,guests:5:692:720,pass,moveto:4:623:5"},
		"guests of a copy whose home moved out of sight":     {19509953, "add:0:350:502,pass,guests:2:292:240,move:3:283:804,forget:4:299:872"},
		"deleted while its making was settled":               {19002905, "add:3:515:655,edit@28:4:256:182,lost@15:0:0:731,pass,add:0:922:710,crash@15,pass,delete:4:452:802"},
		"moved to where a look-alike is still to come":       {19005763, "add:3:708:848,pass,readonly:1:433:143,moveto:3:440:219,pass,undo:4:865:728,moveto:2:141:232"},
		"moved by a person right after its guests heard":     {19007087, "add:4:616:570,pass,edit:5:104:910,pass,pass,guests:4:250:94,edit:3:976:347,pass,pass,pass,private@6:2:665:287,decide:2:325:4,moveto@32"},
		"made again without its guests, and listed late":     {12502450, "add:2:409:212,resume:1:535:395,pass,cancel:1:688:68,mapping:2:666:392,reorganize:5:442:135,pass,moveto:4:338:782,plain:0:679:743,edit:1:562:409,pass,repeat:1:300:336,undo:1:493:792,pass,occur:4:872:16,repeat:3:948:154,pass,resume:5:645:169,occur:2:443:541,pass,wait:1:852:568,out@10:0:0:706,pass,pass,delete:5:332:153,resume:0:575:138,moveto:2:349:403,pass,edit:1:76:267,add:3:19:636,pass"},
		"moved there and back, and a list is late for long":  {2004843, "off:2:951:282,add:5:608:448,pass,clear:0:541:227,pass,edit:5:895:273,edit:0:882:805,invite:4:375:291,bump:5:674:284,guests:0:931:847,pass,pass,add:2:631:9,moveto:2:706:412,edit:2:60:151,edit:5:692:995,move:3:848:579,pass,pass,moveto@7:1:795:574,pass"},
	} {
		t.Run(name, func(t *testing.T) {
			script, err := parseScript(c.script)
			if err != nil {
				t.Fatal(err)
			}
			if r := simulate(c.seed, script, nil); r.failure != "" {
				t.Error(strings.TrimSpace(r.failure))
			}
		})
	}
}
