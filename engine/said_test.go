package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// All that the engine said to a person while the tests of this package ran must have its
// words in each language (assets/said).
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		code = unsaid()
	}
	os.Exit(code)
}

var heardSaid = struct {
	sync.Mutex
	sentences map[string]bool
}{sentences: map[string]bool{}}

// forPeople are the fields that hold a sentence for a person.
var forPeople = map[string]bool{
	"Status.Summary": true, "ProblemNote.What": true, "ProblemNote.WayOut": true, "MirrorState.Trouble": true,
	"AccountState.Words": true, "WayOut.Text": true, "Account.Trouble": true, "Disconnected.Words": true, "Error.Message": true,
	"Step.Reason": true, "HistoryEntry.Why": true, "HistoryDetail.CannotUndo": true, "UndoNote.Says": true,
	"DuplicateEvent.Why": true, "LeftMirror.Why": true, "ExtraInfo.Reason": true, "Preview.Skipped": true,
	"Check.Says": true, "Check.WayOut": true, "Explanation.Born": true, "Explanation.Waits": true, "Reach.Says": true,
}

// hear listens for sentences in what the engine answers.
func hear[T any](v T, err error) (T, error) {
	if *simSteps != 0 { // it goes on for long
		return v, err
	}
	heardSaid.Lock()
	defer heardSaid.Unlock()
	if e, ok := errors.AsType[*control.Error](err); ok {
		listen(reflect.ValueOf(*e), "")
	}
	listen(reflect.ValueOf(v), "")
	return v, err
}

func listen(v reflect.Value, field string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				listen(v.Field(i), v.Type().Name()+"."+f.Name)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			listen(v.Index(i), field)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			listen(v.Elem(), field)
		}
	case reflect.String:
		if forPeople[field] && v.Len() > 0 {
			heardSaid.sentences[v.String()] = true
		}
	}
}

// hearStore listens to what the store remembers.
func hearStore(s *store.Store) {
	_ = s.View(func(tx *store.Tx) error {
		_, err := hear(tx.History(store.HistoryFilter{}))
		_, held := hear(tx.AllHeld())
		return errors.Join(err, held)
	})
}

// heard is a backend whose answers are listened to.
type heard struct{ control.Backend }

func (h heard) Status(ctx context.Context) (control.Status, error) {
	return hear(h.Backend.Status(ctx))
}
func (h heard) Checkup(ctx context.Context) ([]control.Check, error) {
	return hear(h.Backend.Checkup(ctx))
}
func (h heard) Accounts(ctx context.Context) ([]control.AccountState, error) {
	return hear(h.Backend.Accounts(ctx))
}
func (h heard) Providers(ctx context.Context) ([]control.ProviderInfo, error) {
	return hear(h.Backend.Providers(ctx))
}
func (h heard) BeginSignIn(ctx context.Context, q control.NewAccount) (control.SignIn, error) {
	return hear(h.Backend.BeginSignIn(ctx, q))
}
func (h heard) FinishSignIn(ctx context.Context, id string) (state.Account, error) {
	return hear(h.Backend.FinishSignIn(ctx, id))
}
func (h heard) ChangeSettings(ctx context.Context, q control.Settings) (control.Settings, error) {
	return hear(h.Backend.ChangeSettings(ctx, q))
}
func (h heard) TakeSetup(ctx context.Context, q control.TakeSetup) (control.TakenOver, error) {
	return hear(h.Backend.TakeSetup(ctx, q))
}
func (h heard) CheckClient(ctx context.Context, q control.CheckClient) (state.Client, error) {
	return hear(h.Backend.CheckClient(ctx, q))
}
func (h heard) Unlock(ctx context.Context, word string) error {
	_, err := hear(0, h.Backend.Unlock(ctx, word))
	return err
}
func (h heard) RemoveAccount(ctx context.Context, q control.RemoveAccount) (control.Disconnected, error) {
	return hear(h.Backend.RemoveAccount(ctx, q))
}
func (h heard) MakeCalendar(ctx context.Context, q control.NewCalendar) (state.Calendar, error) {
	return hear(h.Backend.MakeCalendar(ctx, q))
}
func (h heard) AddMirror(ctx context.Context, q control.NewMirror) (state.Mirror, error) {
	return hear(h.Backend.AddMirror(ctx, q))
}
func (h heard) ChangeMirror(ctx context.Context, q control.ChangeMirror) (state.Mirror, error) {
	return hear(h.Backend.ChangeMirror(ctx, q))
}
func (h heard) PlanMirror(ctx context.Context, m state.Mirror) (control.Report, error) {
	return hear(h.Backend.PlanMirror(ctx, m))
}
func (h heard) Preview(ctx context.Context, q control.PreviewRequest) ([]control.Preview, error) {
	return hear(h.Backend.Preview(ctx, q))
}
func (h heard) RemoveMirror(ctx context.Context, q control.RemoveMirror) (control.Report, error) {
	return hear(h.Backend.RemoveMirror(ctx, q))
}
func (h heard) TakeOver(ctx context.Context, id state.MirrorID) error {
	_, err := hear(0, h.Backend.TakeOver(ctx, id))
	return err
}
func (h heard) Duplicates(ctx context.Context, id state.MirrorID) (control.Duplicates, error) {
	return hear(h.Backend.Duplicates(ctx, id))
}
func (h heard) CleanUp(ctx context.Context, q control.CleanUp) (control.Report, error) {
	return hear(h.Backend.CleanUp(ctx, q))
}
func (h heard) Sync(ctx context.Context, q control.SyncRequest) (control.Report, error) {
	return hear(h.Backend.Sync(ctx, q))
}
func (h heard) HistoryDetail(ctx context.Context, seq uint64) (control.HistoryDetail, error) {
	return hear(h.Backend.HistoryDetail(ctx, seq))
}
func (h heard) Undo(ctx context.Context, q control.UndoRequest) (control.UndoReport, error) {
	return hear(h.Backend.Undo(ctx, q))
}
func (h heard) Why(ctx context.Context, q control.WhyRequest) ([]control.Explanation, error) {
	return hear(h.Backend.Why(ctx, q))
}
func (h heard) Agenda(ctx context.Context, q control.AgendaQuery) (control.Agenda, error) {
	return hear(h.Backend.Agenda(ctx, q))
}
func (h heard) Days(ctx context.Context, n int) ([]control.DayCount, error) {
	return hear(h.Backend.Days(ctx, n))
}
func (h heard) Decide(ctx context.Context, q control.Decide) error {
	_, err := hear(0, h.Backend.Decide(ctx, q))
	return err
}

// unsaid lists what has no words in a language, or not in all of it.
func unsaid() (code int) {
	defer assets.Speak("en")
	for _, l := range assets.Languages {
		if l.Tag == "en" {
			continue
		}
		assets.Speak(l.Tag)
		missing := map[string]bool{}
		for s := range heardSaid.sentences {
			if said := assets.Said(s); english.MatchString(ownWords(said)) {
				missing[ownWords(said)] = true
			}
		}
		for _, s := range slices.Sorted(maps.Keys(missing)) {
			fmt.Printf("assets/said/%s.json has no words for %q\n", l.Tag, s)
			code = 1
		}
	}
	return code
}

// english are words that no other language has.
var english = regexp.MustCompile(`\b([Tt]he|is|were|[Ii]ts?|of|and|or|to|has|have|by|be|been|not|no|for|on|at|with|[Cc]hanged|[Dd]eleted|new)\b`)

// quotes are names and titles, and commands.
var quotes = regexp.MustCompile("“[^“”]*”|„[^„“]*“|`[^`]*`|\"[^\"]*\"")

// ownWords is a sentence without what it quotes, and without the providers' own words.
func ownWords(s string) string {
	s = quotes.ReplaceAllString(s, "…")
	for _, theirs := range theirWords {
		s = strings.ReplaceAll(s, theirs, "…")
	}
	return s
}

// theirWords are what the fakes say in their providers' name.
var theirWords = []string{"on purpose", "it was revoked", "no (title)", "not here (place)", "too rude", "it would pass its neighbour", "the title … is not liked",
	"that is no client id", "make a calendar for copies", "the cloud on Mars", "no route to host", "no space left on device", "certificate signed by unknown authority",
	"event … of ann@y.test/main is already part of entity", "Outlook has no such rule", "write it with what it speaks"}
