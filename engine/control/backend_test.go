package control

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twinday/twinday/store/state"
)

// recorder is a Backend that notes what it is asked and answers with values in
// which every field is set, so that nothing can get lost on the way unseen.
type recorder struct {
	fail error // if set, the answer to everything but Watch

	mu    sync.Mutex
	asked []string

	meet  func()           // if set, called by Sync
	watch func() []*Status // if set, what Watch says before it waits
	left  chan struct{}    // if set, told when Watch ends
}

var _ Backend = (*recorder)(nil)

func (r *recorder) note(name string, args ...any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, name+spell(reflect.ValueOf(args)))
	return r.fail
}

// forget returns what was asked so far, and starts anew.
func (r *recorder) forget() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

// answer is a full value, or the failure.
func answer[T any](err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return full[T](), nil
}

func (r *recorder) Status(context.Context) (Status, error) { return answer[Status](r.note("Status")) }

func (r *recorder) Watch(ctx context.Context, f func(Status) error) error {
	_ = r.note("Watch")
	if r.left != nil {
		defer close(r.left)
	}
	if r.watch != nil {
		for _, s := range r.watch() {
			if err := f(*s); err != nil {
				return err
			}
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func (r *recorder) BeginSignIn(_ context.Context, req NewAccount) (SignIn, error) {
	return answer[SignIn](r.note("BeginSignIn", req))
}

func (r *recorder) FinishSignIn(_ context.Context, id string) (state.Account, error) {
	return answer[state.Account](r.note("FinishSignIn", id))
}

func (r *recorder) CancelSignIn(_ context.Context, id string) error {
	return r.note("CancelSignIn", id)
}

func (r *recorder) Accounts(context.Context) ([]AccountState, error) {
	return answer[[]AccountState](r.note("Accounts"))
}

func (r *recorder) Agenda(_ context.Context, q AgendaQuery) (Agenda, error) {
	return answer[Agenda](r.note("Agenda", q))
}

func (r *recorder) Days(_ context.Context, n int) ([]DayCount, error) {
	return answer[[]DayCount](r.note("Days", n))
}

func (r *recorder) Providers(context.Context) ([]ProviderInfo, error) {
	return answer[[]ProviderInfo](r.note("Providers"))
}

func (r *recorder) Settings(context.Context) (Settings, error) {
	return answer[Settings](r.note("Settings"))
}

func (r *recorder) ChangeSettings(_ context.Context, s Settings) (Settings, error) {
	return answer[Settings](r.note("ChangeSettings", s))
}

func (r *recorder) Setup(context.Context) (Setup, error) { return answer[Setup](r.note("Setup")) }

func (r *recorder) TakeSetup(_ context.Context, req TakeSetup) (TakenOver, error) {
	return answer[TakenOver](r.note("TakeSetup", req))
}

func (r *recorder) Diagnostics(context.Context) (Diagnostics, error) {
	return answer[Diagnostics](r.note("Diagnostics"))
}

func (r *recorder) Checkup(context.Context) ([]Check, error) {
	return answer[[]Check](r.note("Checkup"))
}

func (r *recorder) CheckClient(_ context.Context, req CheckClient) (state.Client, error) {
	return answer[state.Client](r.note("CheckClient", req))
}

func (r *recorder) Unlock(_ context.Context, passphrase string) error {
	return r.note("Unlock", passphrase)
}

func (r *recorder) RemoveAccount(_ context.Context, req RemoveAccount) (Disconnected, error) {
	return answer[Disconnected](r.note("RemoveAccount", req))
}

func (r *recorder) MakeCalendar(_ context.Context, req NewCalendar) (state.Calendar, error) {
	return answer[state.Calendar](r.note("MakeCalendar", req))
}

func (r *recorder) Calendars(_ context.Context, account state.AccountID, fresh bool) ([]state.Calendar, error) {
	return answer[[]state.Calendar](r.note("Calendars", account, fresh))
}

func (r *recorder) Mirrors(context.Context) ([]MirrorState, error) {
	return answer[[]MirrorState](r.note("Mirrors"))
}

func (r *recorder) AddMirror(_ context.Context, req NewMirror) (state.Mirror, error) {
	return answer[state.Mirror](r.note("AddMirror", req))
}

func (r *recorder) ChangeMirror(_ context.Context, req ChangeMirror) (state.Mirror, error) {
	return answer[state.Mirror](r.note("ChangeMirror", req))
}

func (r *recorder) PlanMirror(_ context.Context, m state.Mirror) (Report, error) {
	return answer[Report](r.note("PlanMirror", m))
}

func (r *recorder) Preview(_ context.Context, req PreviewRequest) ([]Preview, error) {
	return answer[[]Preview](r.note("Preview", req))
}

func (r *recorder) Duplicates(_ context.Context, id state.MirrorID) (Duplicates, error) {
	return answer[Duplicates](r.note("Duplicates", id))
}

func (r *recorder) CleanUp(_ context.Context, req CleanUp) (Report, error) {
	return answer[Report](r.note("CleanUp", req))
}

func (r *recorder) TakeOver(_ context.Context, id state.MirrorID) error {
	return r.note("TakeOver", id)
}

func (r *recorder) RemoveMirror(_ context.Context, req RemoveMirror) (Report, error) {
	return answer[Report](r.note("RemoveMirror", req))
}

func (r *recorder) Sync(_ context.Context, req SyncRequest) (Report, error) {
	if r.meet != nil {
		r.meet()
	}
	return answer[Report](r.note("Sync", req))
}

func (r *recorder) Pause(_ context.Context, until time.Time) error { return r.note("Pause", until) }

func (r *recorder) History(_ context.Context, q HistoryQuery) ([]state.HistoryEntry, error) {
	return answer[[]state.HistoryEntry](r.note("History", q))
}

func (r *recorder) HistoryPage(_ context.Context, q HistoryQuery) (HistoryPage, error) {
	return answer[HistoryPage](r.note("HistoryPage", q))
}

func (r *recorder) HistoryDetail(_ context.Context, seq uint64) (HistoryDetail, error) {
	return answer[HistoryDetail](r.note("HistoryDetail", seq))
}

func (r *recorder) Undo(_ context.Context, req UndoRequest) (UndoReport, error) {
	return answer[UndoReport](r.note("Undo", req))
}

func (r *recorder) Why(_ context.Context, req WhyRequest) ([]Explanation, error) {
	return answer[[]Explanation](r.note("Why", req))
}

func (r *recorder) Held(context.Context) ([]state.Held, error) {
	return answer[[]state.Held](r.note("Held"))
}

func (r *recorder) Decide(_ context.Context, d Decide) error { return r.note("Decide", d) }

func (r *recorder) Attend(context.Context) error { return r.note("Attend") }

func (r *recorder) ShowWindow(context.Context) error { return r.note("ShowWindow") }

func (r *recorder) Quit(context.Context) error { return r.note("Quit") }

// spell is a value in words, as %+v, with what its pointers lead to: a mapping's
// lenses are not told apart by where they lie.
func spell(v reflect.Value) string {
	if s, ok := v.Interface().(fmt.Stringer); ok {
		return s.String()
	}
	var parts []string
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
		return spell(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			parts = append(parts, v.Type().Field(i).Name+":"+spell(v.Field(i)))
		}
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, spell(v.Index(i)))
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			parts = append(parts, spell(k)+":"+spell(v.MapIndex(k)))
		}
		slices.Sort(parts)
	default:
		return fmt.Sprint(v)
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// full is a value with every field set, no two strings or numbers of it alike.
func full[T any]() T {
	var v T
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fill(v reflect.Value, n *int) {
	*n++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Date(2026, 3, 15, 12, 0, *n, 0, time.UTC)
		return
	case *state.Ref:
		*x = state.Ref{Account: state.AccountID(fmt.Sprint("a", *n)), Calendar: "c/with/slashes"}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d é ✓ </a?b=c&d>", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 8)
	case reflect.Uint64:
		v.SetUint(1<<53 + uint64(*n)) // more than a float holds
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("fill: no idea of " + v.Type().String())
	}
}
