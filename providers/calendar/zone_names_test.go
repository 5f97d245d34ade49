package calendar

import (
	"strings"
	"testing"
	"time"
)

func TestWindowsZones(t *testing.T) {
	seen := map[string]string{}
	for w, i := range windowsZones {
		if _, err := LoadZone(i); err != nil {
			t.Errorf("%s: %v", w, err)
		}
		if other, twice := seen[i]; twice && !retired[w] && !retired[other] {
			t.Errorf("%s and %s both mean %s", w, other, i)
		}
		seen[i] = w
		if z, ok := ZoneOfWindows(w); !ok || z != i {
			t.Errorf("%s is found to be %q; want %q", w, z, i)
		}
	}
	for _, c := range [][2]string{{"Europe/Berlin", "W. Europe Standard Time"}, {"Asia/Kolkata", "India Standard Time"}, {"UTC", "UTC"}, {"Europe/Vienna", ""}} {
		if w, _ := WindowsOfZone(c[0]); w != c[1] {
			t.Errorf("%s is %q on Windows; want %q", c[0], w, c[1])
		}
	}
	if n := len(MainZones()); n != len(windowsOf) || n < 130 {
		t.Errorf("there are %d main zones", n)
	}
}

// TestNameOf gives names to zones as machines have them: without one, or by one that means
// nothing elsewhere.
func TestNameOf(t *testing.T) {
	vienna, err := LoadZone("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	// A zone file (RFC 8536) without a change, but with the rule of those to come.
	part := "TZif2" + strings.Repeat("\x00", 15+4*4) + "\x00\x00\x00\x01" + "\x00\x00\x00\x04" + "\x00\x00\x0e\x10\x00\x00" + "CET\x00"
	data := []byte(part + part + "\nCET-1CEST,M3.5.0,M10.5.0/3\n")
	local, err := time.LoadLocationFromTZData("Local", data)
	if err != nil {
		t.Fatal(err)
	}
	for want, loc := range map[string]*time.Location{
		"Europe/Vienna":  vienna,
		"Europe/Berlin":  local, // as /etc/localtime is read
		"UTC":            time.UTC,
		"Asia/Kolkata":   time.FixedZone("IST", 19800),
		"Asia/Kathmandu": time.FixedZone("Local", 20700),
	} {
		if got := NameOf(loc); !SameZone(got, want) || want == "Europe/Vienna" && got != want {
			t.Errorf("%v is called %s; want %s", loc, got, want)
		}
	}
	if got := NameOf(time.FixedZone("Local", 1234)); got != "UTC" {
		t.Errorf("a zone of nowhere is called %s", got)
	}
}
