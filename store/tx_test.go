package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	s := tempStore(t)
	view(t, s, func(tx *Tx) error {
		_, account, err1 := tx.Account("a")
		_, mirror, err2 := tx.Mirror("m")
		_, cursor, err3 := tx.Cursor(work)
		_, rep, err4 := tx.Replica(work, "r")
		_, ent, err5 := tx.Entity("e")
		_, of, err6 := tx.EntityOf(work, "r")
		_, held, err7 := tx.Held("h")
		_, setting := tx.Setting("s")
		if account || mirror || cursor || rep || ent || of || held || setting {
			t.Error("something was found in an empty store")
		}
		if n := tx.CountLinked(work); n != 0 || tx.LastPass() != 0 || tx.AlikeByUID(work, "u") != nil {
			t.Error("an empty store counts")
		}
		return errors.Join(err1, err2, err3, err4, err5, err6, err7)
	})
	update(t, s, func(tx *Tx) error { // deleting it is no error either
		return errors.Join(tx.DeleteAccount("a"), tx.DeleteMirror("m"), tx.DropCursor(work), tx.DeleteReplica(work, "r"),
			tx.DropReplicas(work), tx.DeleteEntity("e"), tx.ClearDirty(work, "r"), tx.ClearPending("e"), tx.DeleteIntent("i"), tx.DeleteHeld("h"))
	})
}

// full is an entity in which every kind of field that is stored has a value.
func full(id state.EntityID) state.Entity {
	content := replica("x", "Lunch <b>&</b> \u2028 café").Event.Content
	content.When.Recurrence = calendar.Recurrence{Rules: []string{"RRULE:FREQ=WEEKLY"}}
	content.Reminders = calendar.Reminders{Before: []time.Duration{5 * time.Minute}}
	content.Properties = map[string]string{"a": "b"}
	return state.Entity{
		ID: id, Home: work, Base: content, UID: "uid", Made: noon, Answer: calendar.Declined,
		Facts: calendar.Facts{Type: calendar.FocusTime, Organizer: calendar.Person{Name: "Grace"}, Guests: []calendar.Guest{{Person: calendar.Person{Email: "bob@x.test"}}},
			MyResponse: calendar.Maybe, Responses: map[string]calendar.Response{"20260329T120000Z": calendar.Declined}, WebLink: "https://x.test"},
		Overrides: map[string]calendar.Override{"20260322T120000Z": {Original: content.When.Start, Cancelled: true}},
		Records: map[state.Ref]state.Record{
			work: {Parts: []state.Part{{ID: "a", Version: "1", Wrote: content, Read: content}}},
			home: {Mirror: "m1", Adopted: true, Kept: true, Parts: []state.Part{
				{ID: "A/b=", Version: "2", Generation: 3, Wrote: content, Read: content, Dirty: calendar.Groups{calendar.GroupTitle},
					Rewrites: map[string]state.Rewrite{"title": {Found: "f", Wanted: "w", Count: 2, Quick: 3, Last: noon}}},
				{Slot: "20260329T120000Z", Wrote: content, Refused: "no"}, // still to be made
			}},
		},
	}
}

func TestEverythingComesBackAsItWasPut(t *testing.T) {
	path := tempStore(t)
	if err := path.Close(); err != nil {
		t.Fatal(err)
	}
	s := reopen(t, path.Path())
	account := state.Account{ID: "anna@work", Provider: state.Google, Email: "anna@example.org", Added: noon}
	mirror := state.Mirror{ID: "m1", Name: "Both", Members: []state.Member{{Ref: work}, {Ref: home, Direction: state.TakeOnly}}, Created: noon,
		Guests: state.RevertGuests, Invitations: state.DeclineInvitation, Mappings: []state.PairMapping{{To: home, Mapping: state.Mapping{
			Version: state.MappingVersion, Detail: state.BusyOnly, Title: &state.TextLens{Lens: state.TemplateLens, Text: "[Work] {{title}}"},
			Filter: state.Filter{Responses: &[]calendar.Response{}, Days: []state.Weekday{"MO"}}}}}}
	step := state.Step{Kind: state.Create, Entity: "e1", Ref: home, From: work, Reason: "new", Want: full("e1").Base}
	intent := state.Intent{ID: "i1", Step: step, Key: "k", Began: noon, Attempt: 2, Seen: []state.Snapshot{{Content: full("e1").Base}}}
	held := state.Held{ID: "fact", Step: step, Since: noon, Decision: state.Apply}
	rep := replica("A/b=", "Lunch")
	rep.Event.Overrides = full("e1").Overrides
	update(t, s, func(tx *Tx) error {
		return errors.Join(tx.PutAccount(account), tx.PutMirror(mirror), tx.SetCursor(home, "cursor\x00\xff"), tx.PutReplica(home, rep),
			tx.PutEntity(full("e1")), tx.PutIntent(intent), tx.PutHeld(held), tx.SetSetting("theme", ""), tx.MarkDirty(home, "A/b="), tx.SetPending("e1"))
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s.Path())
	view(t, s, func(tx *Tx) error {
		gotAccount, _, err1 := tx.Account("anna@work")
		gotMirror, _, err2 := tx.Mirror("m1")
		gotRep, _, err3 := tx.Replica(home, "A/b=")
		gotEntity, _, err4 := tx.Entity("e1")
		gotIntents, err5 := tx.Intents()
		gotHeld, _, err6 := tx.Held("fact")
		cursor, _, err7 := tx.Cursor(home)
		setting, ok := tx.Setting("theme")
		same(t, "account", gotAccount, account)
		same(t, "mirror", gotMirror, mirror)
		same(t, "replica", gotRep, rep)
		same(t, "entity", gotEntity, full("e1"))
		same(t, "intents", gotIntents, []state.Intent{intent})
		same(t, "held", gotHeld, held)
		same(t, "cursor", cursor, calendar.Cursor("cursor\x00\xff"))
		same(t, "dirty", tx.DirtyEvents(), []DirtyEvent{{home, "A/b="}})
		same(t, "pending", tx.PendingEntities(), []state.EntityID{"e1"})
		if setting != "" || !ok {
			t.Errorf("an empty setting is %q, %v", setting, ok)
		}
		return errors.Join(err1, err2, err3, err4, err5, err6, err7)
	})
}

func TestIdsThatNoKeyCanHoldAreRefused(t *testing.T) {
	s := tempStore(t)
	for name, put := range map[string]func(*Tx) error{
		"an account with a slash":      func(tx *Tx) error { return tx.PutAccount(state.Account{ID: "a/b"}) },
		"an account without an id":     func(tx *Tx) error { return tx.PutAccount(state.Account{}) },
		"a calendar with a zero byte":  func(tx *Tx) error { return tx.SetCursor(state.Ref{Account: "a", Calendar: "b\x00c"}, "x") },
		"an event without an id":       func(tx *Tx) error { return tx.PutReplica(work, state.Replica{}) },
		"an event that is no UTF-8":    func(tx *Tx) error { return tx.PutReplica(work, replica("\xff", "x")) },
		"an event id of a page":        func(tx *Tx) error { return tx.PutReplica(work, replica(strings.Repeat("x", maxID+1), "x")) },
		"a dirty event without an id":  func(tx *Tx) error { return tx.MarkDirty(work, "") },
		"a replica of no calendar":     func(tx *Tx) error { return tx.PutReplica(state.Ref{}, replica("a", "x")) },
		"a record in no calendar":      func(tx *Tx) error { return tx.PutEntity(entity("e", map[state.Ref][]string{{}: {"a"}})) },
		"an entity without an id":      func(tx *Tx) error { return tx.PutEntity(entity("", map[state.Ref][]string{work: {"a"}})) },
		"a held step without a fact":   func(tx *Tx) error { return tx.PutHeld(state.Held{}) },
		"a calendar of someone else's": func(tx *Tx) error { return tx.PutCalendars("x", []state.Calendar{{Ref: work}}) },
	} {
		if err := s.Update(put); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

func TestACalendarThatVanishesStaysMissingWhileAMirrorNamesIt(t *testing.T) {
	s := tempStore(t)
	cal := func(id string, missing bool) state.Calendar {
		return state.Calendar{Ref: state.Ref{Account: "a", Calendar: calendar.CalendarID(id)}, Calendar: calendar.Calendar{ID: calendar.CalendarID(id)}, Missing: missing}
	}
	bare := func(id string) state.Calendar {
		return state.Calendar{Calendar: calendar.Calendar{ID: calendar.CalendarID(id)}}
	}
	list := func(want ...state.Calendar) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			got, err := tx.Calendars("a")
			same(t, "calendars", got, want)
			return err
		})
	}
	update(t, s, func(tx *Tx) error {
		return errors.Join(
			tx.PutCalendars("a", []state.Calendar{bare("2"), bare("1"), bare("3")}),
			tx.PutCalendars("ab", []state.Calendar{bare("other")}),
			tx.PutMirror(state.Mirror{ID: "m1", Members: []state.Member{{Ref: cal("1", false).Ref}}}))
	})
	list(cal("1", false), cal("2", false), cal("3", false))
	update(t, s, func(tx *Tx) error { return tx.PutCalendars("a", []state.Calendar{bare("3")}) })
	list(cal("1", true), cal("3", false))
	update(t, s, func(tx *Tx) error { return tx.PutCalendars("a", []state.Calendar{bare("1")}) })
	list(cal("1", false))
	update(t, s, func(tx *Tx) error { return errors.Join(tx.DeleteMirror("m1"), tx.PutCalendars("a", nil)) })
	list()
	view(t, s, func(tx *Tx) error {
		all, err := tx.Calendars("")
		if len(all) != 1 || all[0].Ref.Account != "ab" {
			t.Errorf("all calendars: %v", all)
		}
		return err
	})
}

func TestDeleteAccountForgetsWhatWasReadAndNoMore(t *testing.T) {
	s := tempStore(t)
	near := state.Ref{Account: work.Account + "2", Calendar: work.Calendar}
	update(t, s, func(tx *Tx) error {
		var errs []error
		for _, ref := range []state.Ref{work, near} {
			errs = append(errs, tx.PutAccount(state.Account{ID: ref.Account}), tx.SetCursor(ref, "c"), tx.MarkDirty(ref, "a"),
				tx.PutReplica(ref, replica("a", "Lunch")), tx.PutCalendars(ref.Account, []state.Calendar{{Ref: ref}}))
		}
		return errors.Join(append(errs, tx.PutEntity(entity("e1", map[state.Ref][]string{work: {"a"}, near: {"a"}})))...)
	})
	update(t, s, func(tx *Tx) error { return tx.DeleteAccount(work.Account) })
	view(t, s, func(tx *Tx) error {
		accounts, err1 := tx.Accounts()
		calendars, err2 := tx.Calendars("")
		_, cursor, err3 := tx.Cursor(work)
		_, rep, err4 := tx.Replica(work, "a")
		if len(accounts) != 1 || len(calendars) != 1 || cursor || rep || len(tx.AlikeByUID(work, "uid-a")) != 0 {
			t.Errorf("left: %v, %v, cursor %v, replica %v", accounts, calendars, cursor, rep)
		}
		_, cursor, err5 := tx.Cursor(near)
		_, rep, err6 := tx.Replica(near, "a")
		_, ent, err7 := tx.Entity("e1")
		if !cursor || !rep || !ent || tx.CountLinked(work) != 1 {
			t.Error("something of another account, or the entity, went too")
		}
		same(t, "dirty", tx.DirtyEvents(), []DirtyEvent{{near, "a"}})
		return errors.Join(err1, err2, err3, err4, err5, err6, err7)
	})
}

func TestLookAlikes(t *testing.T) {
	s := tempStore(t)
	berlin, err := calendar.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	put := func(r state.Replica) func(*Tx) error { return func(tx *Tx) error { return tx.PutReplica(work, r) } }
	lunch := replica("a", "  Team   LUNCH\tStraẞe ")
	update(t, s, put(lunch))
	start, end := lunch.Event.Content.When.Start, lunch.Event.Content.When.End
	for _, tt := range []struct {
		name, title string
		start, end  calendar.Time
		want        int
	}{
		{"other case and spacing", "team lunch straße", start, end, 1},
		{"the same moment in another zone", "Team Lunch Straße", calendar.At(noon, berlin), calendar.At(noon.Add(time.Hour), berlin), 1},
		{"another title", "Team Lunches Straße", start, end, 0},
		{"another end", "Team Lunch Straße", start, calendar.At(noon.Add(2*time.Hour), time.UTC), 0},
		{"all day", "Team Lunch Straße", calendar.Date(2026, 3, 15), calendar.Date(2026, 3, 16), 0},
	} {
		view(t, s, func(tx *Tx) error {
			if got := tx.AlikeByLook(work, tt.title, tt.start, tt.end); len(got) != tt.want {
				t.Errorf("%s: %v", tt.name, got)
			}
			if got := tx.AlikeByLook(home, tt.title, tt.start, tt.end); len(got) != 0 {
				t.Errorf("%s, in another calendar: %v", tt.name, got)
			}
			return nil
		})
	}
	twin := lunch
	twin.Event.ID = "b"
	update(t, s, put(twin))
	find := func(what string, want ...calendar.RemoteID) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			same(t, what+", by look", tx.AlikeByLook(work, "team lunch straße", start, end), want)
			same(t, what+", by UID", tx.AlikeByUID(work, "uid-a"), want)
			return nil
		})
	}
	find("twins", "a", "b")
	lunch.Deleted = true
	update(t, s, put(lunch))
	find("one deleted", "b")
	lunch.Deleted = false
	update(t, s, put(lunch))
	find("and back", "a", "b")
	moved := twin
	moved.Event.Content.Title, moved.Event.UID = "Dinner", ""
	update(t, s, put(moved))
	find("the twin changed", "a")
	update(t, s, func(tx *Tx) error { return tx.DeleteReplica(work, "a") })
	find("none left")
	view(t, s, func(tx *Tx) error {
		if got := tx.AlikeByUID(work, ""); got != nil {
			t.Errorf("events without a UID are alike: %v", got)
		}
		return nil
	})
}

func TestWhetherAnEntityIsAsItWas(t *testing.T) {
	s := tempStore(t)
	update(t, s, func(tx *Tx) error { return tx.PutEntity(entity("e1", map[state.Ref][]string{work: {"a"}})) })
	var was []byte
	view(t, s, func(tx *Tx) error {
		was = tx.StoredEntity("e1")
		if !tx.HasEntity("e1") || tx.HasEntity("e2") {
			t.Error("it is not said which there are")
		}
		return nil
	})
	for _, c := range []struct {
		name string
		do   func(*Tx) error
		same bool
	}{
		{"stored again as it is", func(tx *Tx) error { return tx.PutEntity(entity("e1", map[state.Ref][]string{work: {"a"}})) }, true},
		{"changed", func(tx *Tx) error { return tx.PutEntity(entity("e1", map[state.Ref][]string{work: {"b"}})) }, false},
		{"deleted", func(tx *Tx) error { return tx.DeleteEntity("e1") }, false},
	} {
		update(t, s, c.do)
		view(t, s, func(tx *Tx) error {
			if got := tx.UnchangedEntity("e1", was); got != c.same {
				t.Errorf("%s: %t", c.name, got)
			}
			if tx.UnchangedEntity("e1", tx.StoredEntity("e2")) || tx.UnchangedEntity("e2", nil) {
				t.Error("one that never was is as it was")
			}
			return nil
		})
	}
}

func TestEventsBelongToOneEntity(t *testing.T) {
	s := tempStore(t)
	update(t, s, func(tx *Tx) error {
		return errors.Join(tx.PutEntity(entity("e1", map[state.Ref][]string{work: {"a"}, home: {"b", "c", ""}})),
			tx.PutEntity(entity("e2", map[state.Ref][]string{work: {"d"}})))
	})
	of := func(ref state.Ref, id calendar.RemoteID) (by state.EntityID) {
		view(t, s, func(tx *Tx) (err error) { by, _, err = tx.EntityOf(ref, id); return err })
		return by
	}
	counts := func(atWork, atHome int) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			if w, h := tx.CountLinked(work), tx.CountLinked(home); w != atWork || h != atHome {
				t.Errorf("linked: %d at work, %d at home; want %d, %d", w, h, atWork, atHome)
			}
			return nil
		})
	}
	counts(2, 1)
	if of(home, "c") != "e1" || of(work, "c") != "" {
		t.Error("a part is of the wrong entity")
	}

	var taken *TakenError
	err := s.Update(func(tx *Tx) error { return tx.PutEntity(entity("e2", map[state.Ref][]string{work: {"a", "d"}})) })
	if !errors.As(err, &taken) || *taken != (TakenError{work, "a", "e1"}) {
		t.Errorf("an event of another entity: %v", err)
	}
	update(t, s, func(tx *Tx) error { // handed over in one transaction
		return errors.Join(tx.PutEntity(entity("e1", map[state.Ref][]string{home: {"c"}})),
			tx.PutEntity(entity("e2", map[state.Ref][]string{work: {"a", "d"}})))
	})
	if of(work, "a") != "e2" || of(home, "b") != "" {
		t.Error("the index did not follow")
	}
	counts(1, 1)

	gone := entity("e1", map[state.Ref][]string{home: {"c"}})
	gone.Records[home].Parts[0].Gone = true
	update(t, s, func(tx *Tx) error { return tx.PutEntity(gone) })
	if of(home, "c") != "e1" {
		t.Error("a gone part is not found any more")
	}
	counts(1, 0)
	update(t, s, func(tx *Tx) error { return errors.Join(tx.SetPending("e2"), tx.DeleteEntity("e2")) })
	if of(work, "a") != "" {
		t.Error("an event of a deleted entity is still its")
	}
	counts(0, 0)
}

func TestIdsAreMintedOnceAndSortByAge(t *testing.T) {
	path := tempStore(t)
	s := path
	var entities, intents []string
	for range 3 {
		update(t, s, func(tx *Tx) error {
			for range 40 {
				entities = append(entities, string(tx.NextEntityID()))
				intents = append(intents, tx.NextIntentID())
			}
			return nil
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = reopen(t, s.Path())
	}
	for name, ids := range map[string][]string{"entities": entities, "intents": intents} {
		if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
			t.Errorf("%s: %v", name, ids)
		}
	}
	if !strings.HasPrefix(entities[0], "e"+s.Installation()[:6]) {
		t.Errorf("entity %q does not begin with installation %q", entities[0], s.Installation())
	}
	update(t, s, func(tx *Tx) error {
		if a, b := tx.NextMirrorID(), tx.NextMirrorID(); a != "m1" || b != "m2" {
			t.Errorf("mirrors %q, %q", a, b)
		}
		if a, b := tx.NextPass(), tx.NextPass(); a != 1 || b != 2 || tx.LastPass() != 2 {
			t.Errorf("passes %d, %d, last %d", a, b, tx.LastPass())
		}
		return nil
	})
}

func TestIteratingWhileChanging(t *testing.T) {
	s := tempStore(t)
	const n = 3*eachBatch + 7
	update(t, s, func(tx *Tx) error {
		for i := range n {
			if err := errors.Join(tx.PutReplica(work, replica(counter(uint64(i)), "Lunch")),
				tx.PutEntity(entity(state.EntityID(counter(uint64(i))), nil))); err != nil {
				return err
			}
		}
		return nil
	})
	seen := 0
	update(t, s, func(tx *Tx) error {
		err := tx.EachReplica(work, func(r state.Replica) error {
			seen++
			if seen%2 == 0 {
				return tx.DeleteReplica(work, r.Event.ID)
			}
			r.Event.Content.Title = strings.Repeat("longer ", 50)
			return tx.PutReplica(work, r)
		})
		return errors.Join(err, tx.Entities(func(e state.Entity) error { seen++; return tx.DeleteEntity(e.ID) }))
	})
	if seen != 2*n {
		t.Errorf("saw %d, want %d", seen, 2*n)
	}
	stop := errors.New("enough")
	seen = 0
	err := s.Update(func(tx *Tx) error {
		err := tx.EachReplica(work, func(state.Replica) error { seen++; return tx.DropReplicas(work) })
		if seen == 0 || err != nil {
			t.Errorf("dropping all on the way: saw %d, %v", seen, err)
		}
		return errors.Join(tx.PutReplica(work, replica("a", "x")), tx.EachReplica(work, func(state.Replica) error { return stop }))
	})
	if !errors.Is(err, stop) {
		t.Errorf("the error of the function came back as %v", err)
	}
}

func TestHistoryIsFiltered(t *testing.T) {
	s := tempStore(t)
	start := noon.AddDate(0, 0, -100)
	update(t, s, func(tx *Tx) error {
		for i := range 100 { // one a day, two a pass
			e := state.HistoryEntry{Time: start.AddDate(0, 0, i), Pass: uint64(10 + i/2), Kind: state.Create, Outcome: state.Done, Ref: work, Title: `"kind":"delete"`}
			switch i % 10 {
			case 3:
				e.Kind, e.From = state.Update, home
			case 5:
				e.Kind, e.Outcome = "", state.Reverted // as the mirror's mapping wants it
			case 6:
				e.Outcome, e.Ref = state.Failed, home
			case 9:
				e.Kind, e.Undoes = state.Delete, []uint64{uint64(i - 5), uint64(i)}
			}
			if err := tx.AppendHistory(&e); err != nil {
				return err
			}
		}
		return nil
	})
	for name, c := range map[string]struct {
		f    HistoryFilter
		want []uint64
	}{
		"a pass":                       {HistoryFilter{Pass: 30}, []uint64{42, 41}},
		"a pass that there is not":     {HistoryFilter{Pass: 9}, nil},
		"a kind, which a title quotes": {HistoryFilter{Kinds: []state.StepKind{state.Delete}, Before: 30}, []uint64{20, 10}},
		"two kinds":                    {HistoryFilter{Kinds: []state.StepKind{state.Delete, state.Update}, Before: 20}, []uint64{14, 10, 4}},
		"what is amiss":                {HistoryFilter{Amiss: true, Before: 20}, []uint64{17, 7}},
		"a calendar":                   {HistoryFilter{Calendar: home, Before: 20}, []uint64{17, 14, 7, 4}},
		"undoes":                       {HistoryFilter{Undoing: 14}, []uint64{20}},
		"days":                         {HistoryFilter{Since: start.AddDate(0, 0, 50), Until: start.AddDate(0, 0, 52)}, []uint64{52, 51}},
		"days, and a kind":             {HistoryFilter{Since: start.AddDate(0, 0, 50), Until: start.AddDate(0, 0, 60), Kinds: []state.StepKind{state.Update}}, []uint64{54}},
	} {
		t.Run(name, func(t *testing.T) {
			view(t, s, func(tx *Tx) error {
				var got []uint64
				looked := 0
				for f := c.f; ; {
					page, err := tx.ScanHistory(f, 7)
					if err != nil {
						return err
					}
					if looked += page.Looked; page.Looked > 7 {
						t.Errorf("%d entries were looked at at once", page.Looked)
					}
					for _, e := range page.Entries {
						got = append(got, e.Seq)
					}
					if f.Before = page.Next; page.Next == 0 {
						break
					}
				}
				same(t, "entries", got, c.want)
				if (c.f.Pass > 0 || !c.f.Until.IsZero()) && looked > 20 {
					t.Errorf("%d entries were looked at: the others are of other passes and days", looked)
				}
				return nil
			})
		})
	}
}

func TestHistory(t *testing.T) {
	s := tempStore(t)
	update(t, s, func(tx *Tx) error {
		for i := range 10 {
			e := state.HistoryEntry{Time: noon.Add(time.Duration(i) * time.Hour), Outcome: state.Done, Mirror: "m1", Entity: "e1", Title: "Lunch"}
			if i%2 == 1 {
				e.Mirror, e.Entity, e.Title = "m2", "e2", "Straße  DINNER"
			}
			if err := tx.AppendHistory(&e); err != nil || e.Seq != uint64(i+1) {
				t.Errorf("entry %d got number %d, %v", i, e.Seq, err)
			}
		}
		return nil
	})
	list := func(name string, f HistoryFilter, want ...uint64) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			var got []uint64
			entries, err := tx.History(f)
			for _, e := range entries {
				got = append(got, e.Seq)
			}
			same(t, name, got, want)
			return err
		})
	}
	list("all", HistoryFilter{}, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
	list("the newest", HistoryFilter{Limit: 2}, 10, 9)
	list("the page after", HistoryFilter{Before: 9, Limit: 2}, 8, 7)
	list("before the first", HistoryFilter{Before: 1})
	list("before what is to come", HistoryFilter{Before: 99, Limit: 1}, 10)
	list("a mirror", HistoryFilter{Mirror: "m2", Limit: 2}, 10, 8)
	list("an entity", HistoryFilter{Entity: "e1", Before: 5}, 3, 1)
	list("a word", HistoryFilter{Text: "straße dinner", Before: 5}, 4, 2)
	at := func(hours int) time.Time { return noon.Add(time.Duration(hours) * time.Hour) }
	list("a time", HistoryFilter{Since: at(3), Until: at(5)}, 5, 4)
	list("a time before all", HistoryFilter{Until: noon})
	list("a time after all", HistoryFilter{Since: at(10)})

	prune := func(keep time.Time, limit, want int) {
		t.Helper()
		update(t, s, func(tx *Tx) error {
			beyond, err1 := tx.HistoryBeyond(Retention{Since: keep, Entries: limit})
			n, err2 := tx.DropHistory(beyond, 100)
			if err := errors.Join(err1, err2); n != want || err != nil {
				t.Errorf("dropped %d (%v), want %d", n, err, want)
			}
			return nil
		})
	}
	prune(time.Time{}, 0, 0)
	prune(noon.Add(3*time.Hour), 0, 3)
	prune(time.Time{}, 4, 3)
	prune(noon.Add(2*time.Hour), 5, 0)
	list("what is left", HistoryFilter{}, 10, 9, 8, 7)
	prune(noon.Add(1000*time.Hour), 0, 4)
	prune(noon, 1, 0)
	update(t, s, func(tx *Tx) error {
		e := state.HistoryEntry{Time: noon}
		err := tx.AppendHistory(&e)
		if e.Seq != 11 {
			t.Errorf("after all were dropped, the next is %d", e.Seq)
		}
		return err
	})
}

func TestRebuildIndexesMendsThemAll(t *testing.T) {
	s := tempStore(t)
	update(t, s, func(tx *Tx) error {
		return errors.Join(tx.PutReplica(work, replica("a", "Lunch")), tx.PutReplica(home, replica("b", "Lunch")),
			tx.PutEntity(entity("e1", map[state.Ref][]string{work: {"a"}, home: {"b"}})))
	})
	err := s.Update(func(tx *Tx) error { // break every one of them
		return errors.Join(tx.dropByRef(bucketIndex, work), tx.dropByRef(bucketAlike, home), tx.count(work, 41),
			tx.SetPending("nobody"), tx.byRef(bucketIndex, home).Put([]byte("c"), []byte("e1")))
	})
	if err != nil {
		t.Fatal(err)
	}
	broken := s.Check()
	for _, name := range []string{"index: ", "alike: ", "linked: ", "pending: "} {
		if broken == nil || !strings.Contains(broken.Error(), name) {
			t.Errorf("Check does not see what is wrong with %q: %v", name, broken)
		}
	}
	update(t, s, (*Tx).RebuildIndexes)
	view(t, s, func(tx *Tx) error {
		same(t, "dirty", tx.DirtyEvents(), []DirtyEvent{{home, "b"}, {work, "a"}})
		same(t, "pending", tx.PendingEntities(), []state.EntityID{"e1"})
		return nil
	})
}
