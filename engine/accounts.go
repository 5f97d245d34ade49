package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// signInFor is how long a person has to get through a sign-in.
const signInFor = 10 * time.Minute

// signIn is a sign-in under way.
type signIn struct {
	flow    SignInFlow
	req     control.NewAccount
	client  state.Client
	keeper  secrets.Keeper
	expires time.Time
}

func usage(format string, args ...any) error {
	return &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf(format, args...)}
}

func (e *Engine) noProvider(kind state.ProviderKind) error {
	var known []string
	for k := range e.Connectors {
		known = append(known, string(k))
	}
	slices.Sort(known)
	return usage("there is no provider %q; there are %s", kind, strings.Join(known, ", "))
}

var accountIDs = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,99}$`)

// BeginSignIn starts connecting an account.
func (e *Engine) BeginSignIn(ctx context.Context, req control.NewAccount) (control.SignIn, error) {
	c, ok := e.Connectors[req.Provider]
	if !ok {
		return control.SignIn{}, e.noProvider(req.Provider)
	}
	if req.ID != "" && !accountIDs.MatchString(string(req.ID)) {
		return control.SignIn{}, usage("%q cannot be an account's name: use lower-case letters, digits and . - _ @ +", req.ID)
	}
	feed := c.Offers().Feed
	for name, u := range map[string]string{"endpoint": req.Endpoint.BaseURL, "authorize URL": req.Endpoint.AuthURL, "token URL": req.Endpoint.TokenURL} {
		if p, err := url.Parse(u); u != "" && !feed && (err != nil || p.Host == "" || p.Scheme != "https" && p.Scheme != "http") {
			return control.SignIn{}, usage("the %s %q is no address like https://host/path", name, u)
		}
	}
	if err := intoCloud(c.Offers(), &req); err != nil {
		return control.SignIn{}, err
	}
	if err := e.asBefore(c.Offers(), &req); err != nil {
		return control.SignIn{}, err
	}
	if err := offered(c.Offers(), req); err != nil {
		return control.SignIn{}, err
	}
	client, err := e.client(c, req)
	if err != nil {
		return control.SignIn{}, e.notSignedIn(req, err)
	}
	if err := e.knownInCloud(c.Offers(), req, client); err != nil {
		return control.SignIn{}, err
	}
	keeper, err := e.keeper(req)
	if err != nil {
		return control.SignIn{}, err
	}
	at := state.Account{Endpoint: req.Endpoint, Client: client}.Reach()
	wish := SignInWish{Endpoint: at, Access: *req.Access, Device: req.Device}
	if req.Login != nil {
		wish.Login, req.Login = *req.Login, nil // it is the flow's alone from here on
	}
	flow, err := c.BeginSignIn(ctx, wish)
	if err != nil {
		return control.SignIn{}, e.notSignedIn(req, err)
	}
	s := &signIn{flow: flow, req: req, client: client, keeper: keeper, expires: e.Now().Add(signInFor)}
	id := rand.Text()
	e.mu.Lock()
	e.signIns[id] = s
	e.mu.Unlock()
	return control.SignIn{ID: id, URL: flow.URL(), Code: flow.Code(), Expires: s.expires}, nil
}

// asBefore fills in, of a sign-in of a known account, what it does not say.
func (e *Engine) asBefore(o Offers, req *control.NewAccount) error {
	err := e.Store.View(func(tx *store.Tx) error {
		a, ok, err := tx.Account(req.ID)
		if !ok || a.Provider != req.Provider {
			return err
		}
		if req.Endpoint == (state.Endpoint{}) && !o.Feed { // of a feed it is not all that is to be known
			req.Endpoint = a.Endpoint
		}
		if req.Access == nil {
			req.Access = &a.Access
			req.Access.Extras = slices.DeleteFunc(req.Access.Extras, func(x calendar.Extra) bool { // an older Twinday had more
				return !slices.ContainsFunc(o.Extras, func(p calendar.Permission) bool { return p.Extra == x })
			})
		}
		return nil
	})
	if req.Access == nil {
		req.Access = &calendar.Access{}
	}
	if o.Feed {
		req.Access = &calendar.Access{ReadOnly: true, Extras: req.Access.Extras}
	}
	return err
}

// offered refuses to ask a provider for what it does not have.
func offered(o Offers, req control.NewAccount) error {
	for _, x := range req.Access.Extras {
		if !slices.ContainsFunc(o.Extras, func(p calendar.Permission) bool { return p.Extra == x }) {
			return usage("%s needs no permission for %q, or has no such thing: leave it out", req.Provider, x)
		}
	}
	if req.Access.ReadOnly && req.Access.Has(calendar.CopiesCalendar) {
		return usage("an account that is only read needs no calendar for copies: leave one of the two out")
	}
	switch {
	case o.Password && (req.Login == nil || req.Login.Token == "" && (req.Login.User == "" || req.Login.Password == "")):
		return usage("%s lets accounts in by a name and a password: give both", req.Provider)
	case o.Feed && req.Endpoint.BaseURL == "":
		return usage("a published calendar is known by its address: say it")
	case o.Feed && req.Login != nil && (req.Login.Token != "" || req.Login.User == "" || req.Login.Password == ""):
		return usage("a published calendar that is not open to all wants a name and a password: give both, or none")
	case o.Password && req.Endpoint.BaseURL == "":
		return usage("%s is spoken by many services: say the address of yours", req.Provider)
	case !o.Password && !o.Feed && req.Login != nil:
		return usage("%s lets nobody in by a password: sign in with a browser", req.Provider)
	}
	if req.Device && !o.Device {
		return usage("%s lets nobody into calendars by a code that is typed elsewhere: sign in with a browser", req.Provider)
	}
	return nil
}

// FinishSignIn waits until the person is through.
func (e *Engine) FinishSignIn(ctx context.Context, id string) (state.Account, error) {
	e.mu.Lock()
	s, ok := e.signIns[id]
	delete(e.signIns, id)
	e.mu.Unlock()
	if !ok {
		return state.Account{}, notFound("that sign-in is over; begin another")
	}
	defer s.flow.Close()
	ctx, cancel := context.WithTimeout(ctx, s.expires.Sub(e.Now()))
	defer cancel()
	defer context.AfterFunc(e.ctx, cancel)()
	who, err := s.flow.Wait(ctx)
	if err != nil {
		return state.Account{}, e.notSignedIn(s.req, err)
	}
	at := e.Now()
	a := state.Account{ID: s.req.ID, Provider: s.req.Provider, Email: who.Email, Name: who.Name, Identity: who.Identity, Endpoint: s.req.Endpoint, Client: s.client,
		Access: *s.req.Access, Lacks: who.Lacks, Added: at, SignedIn: at}
	if who.BaseURL != "" {
		a.Endpoint.BaseURL = who.BaseURL
	}
	if a.ID, err = e.accountID(a); err != nil {
		return a, err
	}
	if err := s.keeper.Save(string(a.ID), who.Secret); err != nil {
		return a, fmt.Errorf("sign-in: keep it: %w", err)
	}
	defer e.alone()()
	e.forget(a.ID)
	err = e.Store.Update(func(tx *store.Tx) error {
		if err := tx.SetSetting(placeSetting(a.ID), string(e.placeOf(s.keeper))); err != nil {
			return err
		}
		if before, ok, err := tx.Account(a.ID); err != nil {
			return err
		} else if ok {
			a.Added = before.Added
		}
		return tx.PutAccount(a)
	})
	if err != nil {
		return a, fmt.Errorf("sign-in: %w", err)
	}
	e.forgetElsewhere(a.ID, s.keeper)
	if _, err := e.list(ctx, a); err != nil {
		e.trouble(ctx, state.Ref{Account: a.ID}, err)
	}
	e.statusChanged()
	e.poke()
	return a, nil
}

// samePerson reports whether two accounts are one at the provider. An address may pass
// to another account, and a work and a personal one may share it: where both are known
// by their identities, those tell.
func samePerson(a, b state.Account) bool {
	if a.Provider != b.Provider || a.Endpoint.BaseURL != b.Endpoint.BaseURL {
		return false
	}
	if a.Identity != "" && b.Identity != "" {
		return a.Identity == b.Identity
	}
	return b.Email != "" && strings.EqualFold(a.Email, b.Email)
}

// accountID names an account: as asked, else by its mail address. The same
// identity again takes its own name, so that it is signed in anew, not twice.
func (e *Engine) accountID(a state.Account) (state.AccountID, error) {
	accounts, err := e.accounts()
	if err != nil {
		return "", err
	}
	for _, b := range accounts {
		same := samePerson(a, b)
		if a.ID == b.ID && a.Provider == b.Provider && e.feed(a.Provider) {
			same = true // whatever its address is by now
		}
		if same && (a.ID == "" || a.ID == b.ID) {
			return b.ID, nil
		}
		if same {
			return "", usage("%s is connected already, as %q", cmp.Or(a.Email, a.Name), b.ID)
		}
		if a.ID == b.ID {
			return "", usage("there is an account %q already, for %s; choose another name", b.ID, cmp.Or(b.Email, b.Name))
		}
	}
	if a.ID != "" {
		return a.ID, nil
	}
	base := strings.Map(func(r rune) rune {
		if accountIDs.MatchString("a" + string(r)) {
			return r
		}
		return '-'
	}, strings.ToLower(cmp.Or(a.Email, a.Name, string(a.Provider))))
	id := state.AccountID(strings.TrimLeft(base, ".-_@+"))
	if id == "" {
		id = state.AccountID(a.Provider)
	}
	taken := func(id state.AccountID) bool {
		return slices.ContainsFunc(accounts, func(b state.Account) bool { return b.ID == id })
	}
	for n, plain := 2, id; taken(id); n++ {
		id = state.AccountID(fmt.Sprintf("%s-%d", plain, n))
	}
	return id, nil
}

// feed reports whether a provider's accounts are addresses that are read.
func (e *Engine) feed(kind state.ProviderKind) bool {
	c, ok := e.Connectors[kind]
	return ok && c.Offers().Feed
}

// CancelSignIn gives a sign-in up.
func (e *Engine) CancelSignIn(_ context.Context, id string) error {
	e.mu.Lock()
	s, ok := e.signIns[id]
	delete(e.signIns, id)
	e.mu.Unlock()
	if ok {
		s.flow.Close()
	}
	return nil
}

// Accounts lists the accounts.
func (e *Engine) Accounts(context.Context) ([]control.AccountState, error) {
	accounts, err := e.accounts()
	if err != nil {
		return nil, err
	}
	return e.accountStates(accounts)
}

func (e *Engine) accounts() (list []state.Account, err error) {
	err = e.Store.View(func(tx *store.Tx) error { list, err = tx.Accounts(); return err })
	return list, err
}

// Providers lists what can be connected, and what can be ticked.
func (e *Engine) Providers(ctx context.Context) ([]control.ProviderInfo, error) {
	list := []control.ProviderInfo{}
	s, err := e.Settings(ctx)
	if err != nil {
		return nil, err
	}
	for _, kind := range slices.Sorted(maps.Keys(e.Connectors)) {
		o := e.Connectors[kind].Offers()
		info := control.ProviderInfo{Provider: kind, Device: o.Device, Password: o.Password, Feed: o.Feed, Extras: []control.ExtraInfo{}}
		switch {
		case s.Clients[kind].ID != "":
			info.Client = control.OwnClient
		case e.Clients[kind].ID != "":
			info.Client = control.BuiltInClient
		}
		for _, c := range o.Clouds {
			info.Clouds = append(info.Clouds, control.CloudInfo{Name: c.Name, What: c.What})
		}
		for _, p := range o.Presets {
			info.Presets = append(info.Presets, control.PresetInfo(p))
		}
		for _, p := range o.Extras {
			info.Extras = append(info.Extras, control.ExtraInfo{Extra: p.Extra, Reason: p.Reason})
		}
		list = append(list, info)
	}
	return list, nil
}

// unlink takes records out of all entities; an entity that loses its home, or
// whose copies are all gone, is forgotten. Nothing is written anywhere.
func unlink(tx *store.Tx, drop func(state.Ref, state.Record) bool) error {
	var changed []state.Entity
	err := tx.Entities(func(ent state.Entity) error {
		before := len(ent.Records)
		for ref, rec := range ent.Records {
			if drop(ref, rec) {
				delete(ent.Records, ref)
			}
		}
		if len(ent.Records) != before {
			changed = append(changed, ent)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, ent := range changed {
		if _, home := ent.Records[ent.Home]; !home || len(ent.Records) < 2 {
			err = tx.DeleteEntity(ent.ID)
		} else {
			err = tx.PutEntity(ent)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Calendars lists the calendars of one account, of all if empty.
func (e *Engine) Calendars(ctx context.Context, account state.AccountID, fresh bool) ([]state.Calendar, error) {
	accounts, err := e.accounts()
	if err != nil {
		return nil, err
	}
	if account != "" && !slices.ContainsFunc(accounts, func(a state.Account) bool { return a.ID == account }) {
		return nil, notFound("there is no account %q; `twinday account list` shows them", account)
	}
	if fresh {
		var troubles []error
		for _, a := range accounts {
			if account != "" && a.ID != account {
				continue
			}
			if _, err := e.list(ctx, a); err != nil {
				e.trouble(ctx, state.Ref{Account: a.ID}, err)
				troubles = append(troubles, fmt.Errorf("%s: %w", a.ID, err))
			}
		}
		if len(troubles) > 0 {
			return nil, errors.Join(troubles...)
		}
	}
	list := []state.Calendar{}
	err = e.Store.View(func(tx *store.Tx) error {
		l, err := tx.Calendars(account)
		list = append(list, l...)
		return err
	})
	return list, err
}

// list asks an account for its calendars and keeps them.
func (e *Engine) list(ctx context.Context, a state.Account) ([]state.Calendar, error) {
	p, err := e.provider(a)
	if err != nil {
		return nil, err
	}
	p.Hurry()
	if err := p.Knock(ctx); err != nil {
		return nil, err
	}
	found, err := p.Calendars(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]state.Calendar, len(found))
	for i, c := range found {
		c.Writable = c.Writable && !a.Access.ReadOnly
		list[i] = state.Calendar{Ref: state.Ref{Account: a.ID, Calendar: c.ID}, Calendar: c}
	}
	return list, e.keepList(a.ID, list)
}

// ShowWindow asks the tray to open the window.
func (e *Engine) ShowWindow(context.Context) error {
	if e.Options.ShowWindow == nil {
		return &control.Error{Code: control.CodeFailed, Message: "this Twinday runs without a window"}
	}
	return e.Options.ShowWindow()
}

// Quit ends the program that runs this engine.
func (e *Engine) Quit(context.Context) error {
	if e.Options.Quit == nil {
		return &control.Error{Code: control.CodeFailed, Message: "this Twinday ends by itself"}
	}
	e.Options.Quit()
	return nil
}
