package mailbox

import (
	"sync"
	"time"
)

// zones keeps what LoadZone read; a *time.Location never changes.
var zones sync.Map

// LoadZone is time.LoadLocation that reads each zone once.
func LoadZone(name string) (*time.Location, error) {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, loc)
	}
	return loc, err
}
