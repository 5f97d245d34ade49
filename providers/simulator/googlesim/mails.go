package googlesim

import (
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// mail sends one mail to a guest, if the request asked for mails: events mail
// nobody by default (reference, parameter sendUpdates).
func (c *call) mail(kind string, to mailbox.Attendee, cal *mailbox.Calendar, e *mailbox.Event) {
	if to.Type == "resource" || c.isSelf(cal, to.Email) || !c.wantsMail(to.Email, e) {
		return
	}
	c.Mailbox.Send(mailbox.Mail{Kind: kind, To: to.Email, EventID: e.ID, Title: e.Title})
}

func (c *call) wantsMail(email string, e *mailbox.Event) bool {
	mode := c.query.Get("sendUpdates")
	if mode == "" && c.query.Get("sendNotifications") == "true" {
		mode = "all" // the deprecated form
	}
	switch mode {
	case "all":
		return true
	case "externalOnly":
		if c.Switches.OwnDomainIsInternal {
			return !strings.EqualFold(domain(email), domain(e.Organizer.Email))
		}
		// 'Notifications are sent to non-Google Calendar guests only.'
		return !slices.Contains([]string{"gmail.com", "googlemail.com"}, strings.ToLower(domain(email)))
	}
	return false
}

func domain(email string) string { return email[strings.LastIndexByte(email, '@')+1:] }

// mailCancellations tells the guests of a deleted event, or its organizer that
// this guest will not come.
func (c *call) mailCancellations(cal *mailbox.Calendar, e *mailbox.Event) {
	if !c.isSelf(cal, e.Organizer.Email) {
		if slices.ContainsFunc(e.Attendees, func(a mailbox.Attendee) bool { return c.isSelf(cal, a.Email) }) {
			c.mail("response", mailbox.Attendee{Person: e.Organizer}, cal, e)
		}
		return
	}
	for _, a := range e.Attendees {
		c.mail("cancellation", a, cal, e)
	}
}

// privateMembers are those whose change concerns nobody else.
var privateMembers = []string{"reminders", "colorId", "transparency", "visibility", "source", "sequence"}

// mailChange tells the guests of a changed event: the new ones are invited, the
// removed ones are told so, the others get an update if something they share changed.
func (c *call) mailChange(cal *mailbox.Calendar, before, after *mailbox.Event, changed []string) {
	has := func(e *mailbox.Event, email string) (mailbox.Attendee, bool) {
		i := slices.IndexFunc(e.Attendees, func(a mailbox.Attendee) bool { return strings.EqualFold(a.Email, email) })
		if i < 0 {
			return mailbox.Attendee{}, false
		}
		return e.Attendees[i], true
	}
	for _, a := range before.Attendees {
		if _, ok := has(after, a.Email); !ok {
			c.mail("cancellation", a, cal, after)
		}
	}
	shared := slices.ContainsFunc(changed, func(n string) bool {
		return !slices.Contains(privateMembers, n) && n != "attendees"
	})
	for _, a := range after.Attendees {
		old, ok := has(before, a.Email)
		switch {
		case !ok:
			c.mail("invitation", a, cal, after)
		case shared:
			c.mail("update", a, cal, after)
		case c.isSelf(cal, a.Email) && old.Response != a.Response:
			c.mail("response", mailbox.Attendee{Person: after.Organizer}, cal, after)
		}
	}
}
