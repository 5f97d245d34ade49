package engine_test

import (
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

func TestACloudIsOneName(t *testing.T) {
	b := newBench(t)
	if _, err := b.face.BeginSignIn(t.Context(), control.NewAccount{Provider: state.Google, Cloud: "moon", Endpoint: state.Endpoint{ClientID: "app"}}); err != nil {
		t.Fatal(err)
	}
	if got := b.connector.asked.Endpoint; got.BaseURL != "https://calendars.moon" || got.AuthURL != "" || got.ClientID != "app" {
		t.Errorf("it is asked for at %+v", got)
	}
	for what, req := range map[string]control.NewAccount{
		"there are moon, mars": {Cloud: "venus"},
		"leave those":          {Cloud: "moon", Endpoint: state.Endpoint{ClientID: "app", TokenURL: "https://token.test"}},
		"the cloud on Mars knows only apps that are registered there": {Cloud: "mars"},
	} {
		req.Provider = state.Google
		if _, err := b.face.BeginSignIn(t.Context(), req); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%+v: %v; want %q", req, err, what)
		}
	}
	list, err := b.face.Providers(t.Context())
	if err != nil || len(list) != 1 || len(list[0].Clouds) != 2 || list[0].Clouds[0].Name != "moon" {
		t.Errorf("%+v, %v", list, err)
	}
}
