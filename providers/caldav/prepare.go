package caldav

import (
	"context"

	"github.com/twinday/twinday/providers/calendar"
)

// maxPrepared bounds what is read ahead and not yet used.
const maxPrepared = 1000

type preparedKey struct {
	cal calendar.CalendarID
	id  calendar.RemoteID
}

// Prepare implements calendar.Preparer: the events that are about to be changed are read
// together, where each update would read its own.
func (p *Provider) Prepare(ctx context.Context, cal calendar.CalendarID, ids []calendar.RemoteID) {
	if len(ids) > maxPrepared {
		return
	}
	r := request{op: "caldav: read events", cal: cal}
	at, err := p.collection(r)
	if err != nil {
		return
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	found := map[preparedKey]item{}
	// What fails here fails again, and is told, where an update reads for itself.
	_, _ = p.fetch(ctx, r, at.String(), names, func(name string, i item) error {
		if !i.removed {
			found[preparedKey{cal, calendar.RemoteID(name)}] = i
		}
		return nil
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.prepared)+len(found) > maxPrepared { // leftovers of updates that never came
		clear(p.prepared)
	}
	for k, i := range found {
		p.prepared[k] = i
	}
}

// taken is an event that was read ahead, if that is what the version stands for. Whether
// it still is, If-Match tells.
func (p *Provider) taken(r request, v calendar.Version) (item, bool) {
	k := preparedKey{r.cal, r.event}
	p.mu.Lock()
	defer p.mu.Unlock()
	i, ok := p.prepared[k]
	delete(p.prepared, k)
	return i, ok && i.etag != "" && i.version() == v
}
