package caldav

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/icalendar"
)

var (
	errNothingToAnswer = errors.New("there is nothing to answer: it is the owner's own, or they are not invited")
	errMails           = errors.New("this server mails the organizer whatever an app says: answer in its own app")
)

// Respond implements calendar.Provider. A server that does scheduling mails the organizer
// when an answer is written, and cannot be told not to (RFC 6638 §3.2.2.1); there it is
// Forbidden.
func (p *Provider) Respond(ctx context.Context, cal calendar.CalendarID, id calendar.RemoteID, v calendar.Version, answer calendar.Response) error {
	r := request{op: "caldav: answer an invitation", cal: cal, event: id}
	_, err := p.rewrite(ctx, r, v, func(obj *icalendar.Object) error {
		if obj.Event().Organized || !obj.Respond(answer, p.now()) {
			return r.fail(calendar.Invalid, errNothingToAnswer)
		}
		mails, err := p.schedules(ctx, r)
		if err == nil && mails {
			err = r.fail(calendar.Forbidden, errMails)
		}
		return err
	})
	return err
}

// schedules reports whether the server sends scheduling messages by itself (RFC 6638 §2).
func (p *Provider) schedules(ctx context.Context, r request) (bool, error) {
	at, err := p.collection(r)
	if err != nil {
		return false, err
	}
	resp, _, err := p.wire.send(ctx, r.to(http.MethodOptions, at.String()))
	if err != nil {
		return false, err
	}
	resp.Body.Close()
	return strings.Contains(strings.Join(resp.Header.Values("DAV"), ","), "calendar-auto-schedule"), nil
}
