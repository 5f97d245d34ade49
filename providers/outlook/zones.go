package outlook

import (
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

// ianaZone finds the IANA zone of a name that Graph stored. Names come as they
// were spelled by whoever wrote the event: Windows names, IANA names, and
// Exchange's own. False if nobody can say which zone is meant, as with
// "tzone://Microsoft/Custom": then only the instant is known.
func ianaZone(name string) (string, bool) {
	name = strings.TrimSpace(name)
	switch name {
	case "tzone://Microsoft/Utc", "Etc/UTC", "Etc/GMT", "GMT":
		return "UTC", true
	}
	if z, ok := calendar.ZoneOfWindows(name); ok {
		return z, true
	}
	if _, err := calendar.LoadZone(name); err != nil {
		return "", false
	}
	return name, true
}

// windowsZone finds a Windows name for an IANA zone: its own, else that of a zone with the
// same clocks, which calendar.Equal takes for the same. Windows has one for Vienna, Rome
// and Zurich, by the name of Berlin.
func windowsZone(iana string) (string, bool) {
	if w, ok := calendar.WindowsOfZone(iana); ok {
		return w, true
	}
	for _, main := range calendar.MainZones() {
		if calendar.SameZone(main, iana) {
			return calendar.WindowsOfZone(main)
		}
	}
	return "", false
}
