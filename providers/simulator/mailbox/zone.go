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

// instant is when clocks in an IANA zone show a time: the first of two such
// moments; one that is skipped is read with the offset before the gap (RFC 5545
// section 3.3.5).
func instant(local, zone string) (time.Time, error) {
	loc, err := LoadZone(zone)
	if err != nil {
		return time.Time{}, err
	}
	naive, err := time.Parse("2006-01-02T15:04:05", local)
	if err != nil {
		return time.Time{}, err
	}
	at := func(near time.Duration) time.Time {
		_, offset := naive.Add(near).In(loc).Zone()
		return naive.Add(-time.Duration(offset) * time.Second)
	}
	early, late := at(-24*time.Hour), at(24*time.Hour)
	_, offset := late.In(loc).Zone()
	if _, before := early.In(loc).Zone(); !naive.Equal(early.Add(time.Duration(before)*time.Second)) &&
		naive.Equal(late.Add(time.Duration(offset)*time.Second)) {
		return late, nil
	}
	return early, nil
}
