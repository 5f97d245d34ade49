package main

import (
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/assets"
)

// What a provider says of itself before an account is connected is in no sentence of the
// engine's, and is shown all the same.
func TestWhatProvidersOfferIsGermanToo(t *testing.T) {
	assets.Speak("de")
	t.Cleanup(func() { assets.Speak("en") })
	for kind, c := range connectors(time.Now, nil) {
		o := c.Offers()
		var says []string
		for _, x := range o.Extras {
			says = append(says, x.Reason)
		}
		for _, x := range o.Clouds {
			says = append(says, x.What)
		}
		for _, x := range o.Presets {
			says = append(says, x.Hint)
		}
		for _, s := range says {
			if strings.EqualFold(assets.Said(s), s) {
				t.Errorf("%s: %q has no German words", kind, s)
			}
		}
	}
}
