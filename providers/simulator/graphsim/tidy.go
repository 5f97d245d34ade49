package graphsim

import (
	"strings"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// tidyLine is what the tidy-up rule adds to notes.
const tidyLine = "checked by compliance"

// tidy is GraphSwitches.Rewrites at work on what a client just wrote: title and
// place in capitals, a line at the end of the notes. What is tidy already keeps
// its changeKey, so that a single write causes a single further change.
func (s *Server) tidy(cal *mailbox.Calendar, it item) {
	next := it.Clone()
	if it.master != nil { // as it is after the write
		now, ok := seriesOf(it.master, s.look().LaterReading).at(it.day)
		if !ok {
			return
		}
		next = now.Clone()
	}
	var changed []string
	if up := strings.ToUpper(next.Title); up != next.Title {
		next.Title, changed = up, append(changed, "subject")
	}
	if up := strings.ToUpper(next.Place); up != next.Place {
		next.Place, changed = up, append(changed, "location")
		delete(next.Extra, "locations")
	}
	if body := storedBody(next); !strings.Contains(body, tidyLine) {
		at := strings.LastIndex(body, "</body>")
		if at < 0 {
			at = len(body)
		}
		next.Body, next.BodyIsHTML = body[:at]+"<div>"+tidyLine+"</div>"+body[at:], true
		changed = append(changed, "body")
	}
	if len(changed) == 0 {
		return
	}
	if it.master != nil {
		setException(it, next, changed)
		s.mb.Touch(cal, it.master)
		return
	}
	s.replace(cal, it.Event, next)
}
