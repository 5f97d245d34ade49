package engine_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/secrets"
	"github.com/twinday/twinday/store/state"
)

// An account is signed in as the client that was given for it, else as the person's own,
// else as the one that was built in; and stays that one's until it signs in again.
func TestWhichClientAnAccountIsSignedInAs(t *testing.T) {
	b := newBench(t)
	b.connector.fakes["built@in.test"], b.connector.fakes["own@x.test"] = newFake(b.now), newFake(b.now)
	begin := func(id string, e state.Endpoint) (state.Account, error) {
		return b.connects(control.NewAccount{ID: state.AccountID(id), Endpoint: e})
	}
	if _, err := b.face.BeginSignIn(t.Context(), control.NewAccount{Provider: state.Google}); err != nil || b.connector.asked.Endpoint.ClientID != "" {
		t.Errorf("without any: asked as %q, %v", b.connector.asked.Endpoint.ClientID, err)
	}
	b.Engine.Clients = map[state.ProviderKind]state.Client{state.Google: {ID: "built@in.test", Secret: "none"}}
	a, err := begin("built", state.Endpoint{})
	if err != nil || a.Client != (state.Client{ID: "built@in.test", Secret: "none"}) || a.Endpoint != (state.Endpoint{}) {
		t.Fatalf("built in: %+v, %v", a, err)
	}
	client := func() control.ClientSource {
		ps, err := b.face.Providers(t.Context())
		if err != nil || len(ps) != 1 {
			t.Fatal(ps, err)
		}
		return ps[0].Client
	}
	if client() != control.BuiltInClient {
		t.Errorf("there is %q", client())
	}
	s, err := b.face.ChangeSettings(t.Context(), control.Settings{Clients: map[state.ProviderKind]state.Client{state.Google: {ID: " own@x.test\n"}}})
	if err != nil || s.Clients[state.Google].ID != "own@x.test" || client() != control.OwnClient {
		t.Fatalf("%+v, %v, %q", s, err, client())
	}
	b.restart()
	b.Engine.Clients = map[state.ProviderKind]state.Client{state.Google: {ID: "built@in.test"}}
	if got := b.account("built").Reach(); got.ClientID != "built@in.test" || got.ClientSecret != "none" {
		t.Errorf("an account that was there is now signed in as %+v", got)
	}
	if a, err = begin("own", state.Endpoint{}); err != nil || a.Client.ID != "own@x.test" {
		t.Errorf("the person's own: %+v, %v", a, err)
	}
	if a, err = begin("ann@x.test", state.Endpoint{ClientID: "ann@x.test"}); err != nil || a.Client.ID != "ann@x.test" {
		t.Errorf("for this account: %+v, %v", a, err)
	}
	if _, err = begin("", state.Endpoint{ClientID: "bad"}); err == nil || !strings.Contains(err.Error(), "that is no client id") {
		t.Errorf("one that makes no sense: %v", err)
	}
	b.connector.fakes["bad"] = newFake(b.now)
	if _, err := begin("", state.Endpoint{ClientID: "bad", AuthURL: "http://127.0.0.1:1/auth"}); err != nil {
		t.Errorf("at an address of one's own: %v", err)
	}
	if got, err := b.face.CheckClient(t.Context(), control.CheckClient{Provider: state.Google, Client: state.Client{ID: " new@x.test\n"}}); err != nil || got.ID != "new@x.test" {
		t.Errorf("looked at only: %+v, %v", got, err)
	}
	for _, wrong := range []control.CheckClient{{Provider: state.Google, Client: state.Client{ID: "bad"}}, {Provider: "icloud", Client: state.Client{ID: "x"}}} {
		if _, err := b.face.CheckClient(t.Context(), wrong); err == nil {
			t.Errorf("%+v looks right", wrong)
		}
	}
	for _, wrong := range []control.Settings{
		{Clients: map[state.ProviderKind]state.Client{state.Google: {ID: "bad"}}},
		{Clients: map[state.ProviderKind]state.Client{"icloud": {ID: "x"}}},
	} {
		if _, err := b.face.ChangeSettings(t.Context(), wrong); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
	if s, err := b.face.Settings(t.Context()); err != nil || s.Clients[state.Google].ID != "own@x.test" {
		t.Errorf("after what was refused: %+v, %v", s, err)
	}
	if _, err := b.face.ChangeSettings(t.Context(), control.Settings{Clients: map[state.ProviderKind]state.Client{state.Google: {}}}); err != nil || client() != control.BuiltInClient {
		t.Errorf("taken back: %v, %q", err, client())
	}
}

// The network's settings are used at once, by this process and the next; the proxy's
// password is kept with the sign-ins and given to nobody.
func TestTheWayOutIsSet(t *testing.T) {
	b := newBench(t)
	var used []string
	way := func(n state.Network, password string) error {
		if n.Proxy == "ftp://x" {
			return &calendar.Error{Op: "network", Kind: calendar.Invalid, Field: "proxy", Err: errors.New("write it with what it speaks")}
		}
		used = append(used, n.Proxy+" "+n.ProxyUser+":"+password)
		return nil
	}
	b.Engine.Network = way
	set := func(proxy, user, password string) (control.Settings, error) {
		return b.face.ChangeSettings(t.Context(), control.Settings{Network: state.Network{Proxy: proxy, ProxyUser: user}, ProxyPassword: password})
	}
	s, err := set("http://proxy.test:80", "ann", "p@ss")
	if err != nil || s.ProxyPassword != "" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := b.face.Settings(t.Context()); err != nil || s.ProxyPassword != "" || s.Network.ProxyUser != "ann" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := set("socks5://proxy.test:80", "ann", ""); err != nil { // the password stays
		t.Error(err)
	}
	if _, err := set("ftp://x", "ann", "another"); err == nil || !strings.Contains(err.Error(), "the network's proxy: write it") {
		t.Errorf("what makes no sense: %v", err)
	}
	if raw, err := os.ReadFile(b.path); err != nil || bytes.Contains(raw, []byte("p@ss")) {
		t.Errorf("the password is in the store, %v", err)
	}
	b.close()
	if b.store, err = store.Open(b.path, store.Options{}); err != nil {
		t.Fatal(err)
	}
	if b.Engine, err = engine.New(engine.Options{Store: b.store, Secrets: b.secrets, Now: b.now, Network: way,
		Connectors: map[state.ProviderKind]engine.Connector{state.Google: b.connector}}); err != nil {
		t.Fatal(err)
	}
	b.face = control.InProcess(heard{b.Engine})
	if _, err := set("none", "", ""); err != nil {
		t.Error(err)
	}
	if _, err := b.secrets.Load("the proxy's password"); !errors.Is(err, secrets.ErrNone) {
		t.Errorf("the password of a proxy that is used no more: %v", err)
	}
	want := []string{"http://proxy.test:80 ann:p@ss", "socks5://proxy.test:80 ann:p@ss", "socks5://proxy.test:80 ann:p@ss", "none :"}
	if !slices.Equal(used, want) {
		t.Errorf("used %q, want %q", used, want)
	}
}
