package calendar

import "testing"

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
