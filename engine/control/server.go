package control

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/twinday/twinday/store/state"
)

// maxBody bounds a request's body: the largest is a mirror with its mappings.
const maxBody = 1 << 20

// Handler serves a Backend. Paths, all below /v1:
//
//	GET    /status                       Status
//	GET    /watch                        server-sent events, each a Status
//	GET    /accounts                     [AccountState]
//	GET    /providers                    [ProviderInfo]
//	GET    /settings                     Settings
//	PUT    /settings                     Settings → Settings
//	GET    /setup                        Setup
//	POST   /setup                        TakeSetup → TakenOver
//	GET    /diagnostics                  Diagnostics
//	GET    /checkup                      [Check], within seconds
//	POST   /clients/check                CheckClient → Client
//	POST   /unlock                       UnlockRequest
//	POST   /accounts                     NewAccount → SignIn
//	POST   /signins/{id}/finish          → state.Account, when the person is through
//	DELETE /signins/{id}
//	DELETE /accounts/{id}?copies=keep    or remove → Disconnected
//	GET    /calendars?account=ID&fresh=true   [state.Calendar]
//	POST   /calendars                    NewCalendar → state.Calendar
//	GET    /mirrors                      [MirrorState]
//	POST   /mirrors                      NewMirror → state.Mirror
//	PUT    /mirrors/{id}                 ChangeMirror → state.Mirror
//	POST   /mirrors/plan                 state.Mirror → Report, of a pass if it were there; nothing is written
//	POST   /mirrors/{id}/plan            state.Mirror → Report, of a pass under it; nothing is written
//	POST   /preview                      PreviewRequest → [Preview]
//	POST   /mirrors/{id}/remove          RemoveMirror → Report
//	POST   /mirrors/{id}/take-over
//	GET    /duplicates?mirror=           Duplicates
//	POST   /duplicates                   CleanUp → Report
//	POST   /sync                         SyncRequest → Report
//	POST   /pause                        PauseRequest
//	GET    /history?limit=&before=&mirror=&entity=&text=&pass=&event=&calendar=&kind=&amiss=&since=&until=   [state.HistoryEntry]
//	GET    /history/page?…               HistoryPage, of the same query
//	GET    /history/{seq}                HistoryDetail
//	POST   /undo                         UndoRequest → UndoReport
//	POST   /why                          WhyRequest → [Explanation]
//	GET    /agenda?from=&to=             Agenda
//	GET    /days?n=                      [DayCount], of the last n days
//	GET    /held                         [state.Held]
//	POST   /held                         Decide
//	POST   /attend
//	POST   /window
//	POST   /quit
//
// A failure answers 400 (usage), 404 (not found), 409 (secrets), 423 (locked) or 500, with an
// Error as its body. If token is not empty, every request must carry it as a
// bearer token.
func Handler(b Backend, token string) http.Handler {
	mux := http.NewServeMux()
	route(mux, "GET", "/status", func(r *http.Request, _ nothing) (Status, error) { return b.Status(r.Context()) })
	route(mux, "GET", "/accounts", func(r *http.Request, _ nothing) ([]AccountState, error) { return b.Accounts(r.Context()) })
	route(mux, "GET", "/providers", func(r *http.Request, _ nothing) ([]ProviderInfo, error) { return b.Providers(r.Context()) })
	route(mux, "GET", "/settings", func(r *http.Request, _ nothing) (Settings, error) { return b.Settings(r.Context()) })
	route(mux, "PUT", "/settings", func(r *http.Request, q Settings) (Settings, error) { return b.ChangeSettings(r.Context(), q) })
	route(mux, "GET", "/setup", func(r *http.Request, _ nothing) (Setup, error) { return b.Setup(r.Context()) })
	route(mux, "POST", "/setup", func(r *http.Request, q TakeSetup) (TakenOver, error) { return b.TakeSetup(r.Context(), q) })
	route(mux, "GET", "/diagnostics", func(r *http.Request, _ nothing) (Diagnostics, error) { return b.Diagnostics(r.Context()) })
	route(mux, "GET", "/checkup", func(r *http.Request, _ nothing) ([]Check, error) { return b.Checkup(r.Context()) })
	route(mux, "POST", "/clients/check", func(r *http.Request, q CheckClient) (state.Client, error) { return b.CheckClient(r.Context(), q) })
	route(mux, "POST", "/unlock", func(r *http.Request, q UnlockRequest) (nothing, error) {
		return nothing{}, b.Unlock(r.Context(), q.Passphrase)
	})
	route(mux, "POST", "/accounts", func(r *http.Request, q NewAccount) (SignIn, error) { return b.BeginSignIn(r.Context(), q) })
	route(mux, "POST", "/signins/{id}/finish", func(r *http.Request, _ nothing) (state.Account, error) {
		return b.FinishSignIn(r.Context(), r.PathValue("id"))
	})
	route(mux, "DELETE", "/signins/{id}", func(r *http.Request, _ nothing) (nothing, error) {
		return nothing{}, b.CancelSignIn(r.Context(), r.PathValue("id"))
	})
	route(mux, "DELETE", "/accounts/{id}", func(r *http.Request, _ nothing) (Disconnected, error) {
		copies := r.FormValue("copies")
		if copies != "" && copies != "keep" && copies != "remove" {
			return Disconnected{}, &Error{Code: CodeUsage, Message: fmt.Sprintf("copies is keep or remove, not %q", copies)}
		}
		return b.RemoveAccount(r.Context(), RemoveAccount{ID: state.AccountID(r.PathValue("id")), RemoveCopies: copies == "remove"})
	})
	route(mux, "GET", "/calendars", func(r *http.Request, _ nothing) ([]state.Calendar, error) {
		return b.Calendars(r.Context(), state.AccountID(r.FormValue("account")), r.FormValue("fresh") == "true")
	})
	route(mux, "POST", "/calendars", func(r *http.Request, q NewCalendar) (state.Calendar, error) { return b.MakeCalendar(r.Context(), q) })
	route(mux, "GET", "/mirrors", func(r *http.Request, _ nothing) ([]MirrorState, error) { return b.Mirrors(r.Context()) })
	route(mux, "POST", "/mirrors", func(r *http.Request, q NewMirror) (state.Mirror, error) { return b.AddMirror(r.Context(), q) })
	route(mux, "PUT", "/mirrors/{id}", func(r *http.Request, q ChangeMirror) (state.Mirror, error) {
		q.ID = state.MirrorID(r.PathValue("id"))
		return b.ChangeMirror(r.Context(), q)
	})
	route(mux, "POST", "/mirrors/plan", func(r *http.Request, m state.Mirror) (Report, error) {
		m.ID = ""
		return b.PlanMirror(r.Context(), m)
	})
	route(mux, "POST", "/mirrors/{id}/plan", func(r *http.Request, m state.Mirror) (Report, error) {
		m.ID = state.MirrorID(r.PathValue("id"))
		return b.PlanMirror(r.Context(), m)
	})
	route(mux, "POST", "/preview", func(r *http.Request, q PreviewRequest) ([]Preview, error) { return b.Preview(r.Context(), q) })
	route(mux, "POST", "/mirrors/{id}/remove", func(r *http.Request, q RemoveMirror) (Report, error) {
		q.ID = state.MirrorID(r.PathValue("id"))
		return b.RemoveMirror(r.Context(), q)
	})
	route(mux, "POST", "/mirrors/{id}/take-over", func(r *http.Request, _ nothing) (nothing, error) {
		return nothing{}, b.TakeOver(r.Context(), state.MirrorID(r.PathValue("id")))
	})
	route(mux, "GET", "/duplicates", func(r *http.Request, _ nothing) (Duplicates, error) {
		return b.Duplicates(r.Context(), state.MirrorID(r.FormValue("mirror")))
	})
	route(mux, "POST", "/duplicates", func(r *http.Request, q CleanUp) (Report, error) { return b.CleanUp(r.Context(), q) })
	route(mux, "POST", "/sync", func(r *http.Request, q SyncRequest) (Report, error) { return b.Sync(r.Context(), q) })
	route(mux, "POST", "/pause", func(r *http.Request, q PauseRequest) (nothing, error) {
		return nothing{}, b.Pause(r.Context(), q.Until)
	})
	route(mux, "GET", "/history", func(r *http.Request, _ nothing) ([]state.HistoryEntry, error) {
		q, err := historyQuery(r)
		if err != nil {
			return nil, err
		}
		return b.History(r.Context(), q)
	})
	route(mux, "GET", "/history/page", func(r *http.Request, _ nothing) (HistoryPage, error) {
		q, err := historyQuery(r)
		if err != nil {
			return HistoryPage{}, err
		}
		return b.HistoryPage(r.Context(), q)
	})
	route(mux, "GET", "/history/{seq}", func(r *http.Request, _ nothing) (HistoryDetail, error) {
		seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
		if err != nil {
			return HistoryDetail{}, &Error{Code: CodeUsage, Message: fmt.Sprintf("entry %q is not a number", r.PathValue("seq"))}
		}
		return b.HistoryDetail(r.Context(), seq)
	})
	route(mux, "POST", "/undo", func(r *http.Request, q UndoRequest) (UndoReport, error) { return b.Undo(r.Context(), q) })
	route(mux, "POST", "/why", func(r *http.Request, q WhyRequest) ([]Explanation, error) { return b.Why(r.Context(), q) })
	route(mux, "GET", "/agenda", func(r *http.Request, _ nothing) (Agenda, error) {
		var q AgendaQuery
		for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
			t, err := time.Parse(time.RFC3339, r.FormValue(name))
			if err != nil {
				return Agenda{}, &Error{Code: CodeUsage, Message: fmt.Sprintf("%s %q is no time like %s", name, r.FormValue(name), time.RFC3339)}
			}
			*at = t
		}
		return b.Agenda(r.Context(), q)
	})
	route(mux, "GET", "/days", func(r *http.Request, _ nothing) ([]DayCount, error) {
		n, err := strconv.Atoi(r.FormValue("n"))
		if err != nil {
			return nil, &Error{Code: CodeUsage, Message: fmt.Sprintf("n %q is not a number", r.FormValue("n"))}
		}
		return b.Days(r.Context(), n)
	})
	route(mux, "GET", "/held", func(r *http.Request, _ nothing) ([]state.Held, error) { return b.Held(r.Context()) })
	route(mux, "POST", "/held", func(r *http.Request, q Decide) (nothing, error) { return nothing{}, b.Decide(r.Context(), q) })
	route(mux, "POST", "/attend", func(r *http.Request, _ nothing) (nothing, error) { return nothing{}, b.Attend(r.Context()) })
	route(mux, "POST", "/window", func(r *http.Request, _ nothing) (nothing, error) { return nothing{}, b.ShowWindow(r.Context()) })
	route(mux, "POST", "/quit", func(r *http.Request, _ nothing) (nothing, error) { return nothing{}, b.Quit(r.Context()) })
	mux.HandleFunc(fmt.Sprintf("GET /v%d/watch", Version), func(w http.ResponseWriter, r *http.Request) { watch(b, w, r) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, &Error{Code: CodeNotFound, Message: fmt.Sprintf("no such call: %s %s (this engine speaks version %d)", r.Method, r.URL.Path, Version)})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+token)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// PauseRequest is the body of POST /pause; the zero time resumes.
type PauseRequest struct {
	Until time.Time `json:"until,omitzero"`
}

type nothing struct{}

// route registers one call: a JSON body in (if any), JSON out.
func route[In, Out any](mux *http.ServeMux, method, path string, f func(*http.Request, In) (Out, error)) {
	mux.HandleFunc(fmt.Sprintf("%s /v%d%s", method, Version, path), func(w http.ResponseWriter, r *http.Request) {
		var in In
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err == nil && len(body) > 0 {
			err = json.Unmarshal(body, &in)
		}
		if err != nil {
			fail(w, &Error{Code: CodeUsage, Message: fmt.Sprintf("the body of %s %s cannot be read: %v", method, path, err)})
			return
		}
		out, err := f(r, in)
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // the caller has gone, if this fails
	})
}

func fail(w http.ResponseWriter, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Code: CodeFailed, Message: err.Error()}
	}
	status := map[ErrorCode]int{CodeUsage: http.StatusBadRequest, CodeNotFound: http.StatusNotFound, CodeSecrets: http.StatusConflict, CodeLocked: http.StatusLocked}[e.Code]
	if status == 0 {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(e)
}

// watch is the status stream: one "data: {…}" event a status.
func watch(b Backend, w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	err := b.Watch(r.Context(), func(s Status) error {
		body, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", body); err != nil {
			return err
		}
		return flush.Flush()
	})
	if err == nil { // the engine ends: said aloud, so that nobody takes it for a crash
		_, _ = io.WriteString(w, "event: end\n\n")
	}
}

// Serve answers calls that come through l until ctx ends.
func Serve(ctx context.Context, l *Listener, b Backend) error {
	return serve(ctx, l.Listener, Handler(b, l.token))
}

func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
