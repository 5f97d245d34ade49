package graphsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// route is what a request asks for, read from its method and path alone.
type route struct {
	kind  string // "events.list": what is counted
	write bool
	run   func(*call) (*reply, *apiError)

	calendar string // id as it stands in the path; "" without one
	whole    bool   // /me/events, /me/calendarView: no calendar in the path
	event    string
	name     string // of an extension or an action
}

// verbs are the handlers of one path by method.
type verbs map[string]route

// route finds the handler. Paths are case-sensitive, functions and actions may
// carry the namespace and empty brackets, as the SDKs send them.
func (s *Server) route(r *http.Request) (route, *apiError) {
	segs := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, sg := range segs {
		u, err := url.PathUnescape(sg)
		if err != nil {
			return route{}, badRequest("BadRequest", "The path cannot be decoded.")
		}
		segs[i] = u
	}
	if segs[0] != "v1.0" {
		return route{}, badRequest("BadRequest", "Invalid version: "+segs[0])
	}
	segs = segs[1:]
	if len(segs) == 1 && segs[0] == "$batch" {
		return pickVerb(r, verbs{"POST": {kind: "batch", run: (*call).batch}})
	}
	switch {
	case len(segs) > 0 && segs[0] == "me":
		segs = segs[1:]
	case len(segs) > 1 && segs[0] == "users":
		// The SDKs write /me as this user and rewrite it in a middleware that a
		// client may lack.
		if segs[1] != "me-token-to-replace" && !strings.EqualFold(segs[1], s.mb.Owner.Email) {
			return route{}, fault(http.StatusNotFound, "ErrorInvalidUser", "The requested user '"+segs[1]+"' is invalid.")
		}
		segs = segs[2:]
	default:
		return route{}, noSegment(segs)
	}
	v, rt, ok := resolve(segs)
	if !ok {
		return route{}, noSegment(segs)
	}
	found, err := pickVerb(r, v)
	found.calendar, found.whole, found.event, found.name = rt.calendar, rt.whole, rt.event, rt.name
	return found, err
}

func noSegment(segs []string) *apiError {
	last := ""
	if len(segs) > 0 {
		last = segs[len(segs)-1]
	}
	return badRequest("BadRequest", "Resource not found for the segment '"+last+"'.")
}

func pickVerb(r *http.Request, v verbs) (route, *apiError) {
	rt, ok := v[r.Method]
	if !ok {
		e := fault(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
		return route{}, e
	}
	return rt, nil
}

// resolve reads the path behind /me.
func resolve(segs []string) (verbs, route, bool) {
	var rt route
	if len(segs) == 0 {
		return verbs{"GET": {kind: "me.get", run: (*call).me}}, rt, true
	}
	head, rest := segs[0], segs[1:]
	switch head {
	case "events":
		rt.whole = true
		return resolveEvents(rest, rt)
	case "calendarView":
		rt.whole = true
		return resolveView(rest, rt)
	case "calendar":
		rt.calendar = "primary"
		return resolveCalendar(rest, rt)
	case "calendars":
		return resolveCalendars(rest, rt)
	case "calendarGroups":
		switch {
		case len(rest) == 0:
			return verbs{"GET": {kind: "calendarGroups.list", run: (*call).listGroups}, "POST": todo("calendarGroups.create")}, rt, true
		case len(rest) == 1:
			rt.name = rest[0]
			return verbs{"GET": {kind: "calendarGroups.get", run: (*call).getGroup},
				"PATCH": todo("calendarGroups.update"), "DELETE": todo("calendarGroups.delete")}, rt, true
		case rest[1] == "calendars":
			return resolveCalendars(rest[2:], rt)
		}
	case "mailboxSettings":
		if len(rest) == 0 || len(rest) == 1 && rest[0] == "timeZone" {
			rt.name = strings.Join(rest, "")
			return verbs{"GET": {kind: "mailboxSettings.get", run: (*call).mailboxSettings}, "PATCH": todo("mailboxSettings.update")}, rt, true
		}
	case "outlook":
		switch {
		case len(rest) == 1 && rest[0] == "masterCategories":
			return verbs{"GET": {kind: "outlook.categories", run: (*call).masterCategories}, "POST": todo("outlook.categories.create")}, rt, true
		case len(rest) == 1 && strings.HasPrefix(rest[0], "supportedTimeZones"):
			rt.name = rest[0]
			return verbs{"GET": {kind: "outlook.timeZones", run: (*call).timeZones}}, rt, true
		}
	}
	return nil, rt, false
}

func resolveCalendars(rest []string, rt route) (verbs, route, bool) {
	if len(rest) == 0 {
		return verbs{
			"GET":  {kind: "calendars.list", run: (*call).listCalendars},
			"POST": {kind: "calendars.create", write: true, run: (*call).createCalendar},
		}, rt, true
	}
	rt.calendar = rest[0]
	return resolveCalendar(rest[1:], rt)
}

func resolveCalendar(rest []string, rt route) (verbs, route, bool) {
	if len(rest) == 0 {
		return verbs{
			"GET":    {kind: "calendars.get", run: (*call).getCalendar},
			"PATCH":  {kind: "calendars.update", write: true, run: (*call).updateCalendar},
			"DELETE": {kind: "calendars.delete", write: true, run: (*call).deleteCalendar},
		}, rt, true
	}
	switch function(rest[0]) {
	case "events":
		return resolveEvents(rest[1:], rt)
	case "calendarView":
		return resolveView(rest[1:], rt)
	case "getSchedule":
		return verbs{"POST": todo("calendars.getSchedule")}, rt, len(rest) == 1
	case "calendarPermissions":
		return verbs{"GET": todo("calendars.permissions")}, rt, len(rest) == 1
	}
	return nil, rt, false
}

func resolveView(rest []string, rt route) (verbs, route, bool) {
	switch {
	case len(rest) == 0:
		return verbs{"GET": {kind: "calendarView.list", run: (*call).listView}}, rt, true
	case len(rest) == 1 && function(rest[0]) == "delta":
		return verbs{"GET": {kind: "calendarView.delta", run: (*call).deltaView}}, rt, true
	}
	return nil, rt, false
}

func resolveEvents(rest []string, rt route) (verbs, route, bool) {
	if len(rest) == 0 {
		return verbs{
			"GET":  {kind: "events.list", run: (*call).listEvents},
			"POST": {kind: "events.create", write: true, run: (*call).createEvent},
		}, rt, true
	}
	if function(rest[0]) == "delta" {
		return verbs{"GET": {kind: "events.delta", run: (*call).deltaEvents}}, rt, len(rest) == 1
	}
	rt.event = rest[0]
	if len(rest) == 1 {
		return verbs{
			"GET":    {kind: "events.get", run: (*call).getEvent},
			"PATCH":  {kind: "events.update", write: true, run: (*call).updateEvent},
			"DELETE": {kind: "events.delete", write: true, run: (*call).deleteEvent},
		}, rt, true
	}
	f := function(rest[1])
	if len(rest) == 2 && slices.Contains(actions, f) {
		rt.name = f
		return verbs{"POST": {kind: "events." + f, write: true, run: (*call).act}}, rt, true
	}
	switch {
	case len(rest) == 2 && f == "instances":
		return verbs{"GET": {kind: "events.instances", run: (*call).instances}}, rt, true
	case len(rest) == 2 && f == "calendar":
		return verbs{"GET": {kind: "events.calendar", run: (*call).calendarOfEvent}}, rt, true
	case len(rest) == 2 && f == "attachments":
		return verbs{"GET": {kind: "events.attachments", run: (*call).attachments}, "POST": todo("events.attachments.create")}, rt, true
	case len(rest) == 2 && f == "extensions":
		return verbs{
			"GET":  {kind: "extensions.list", run: (*call).listExtensions},
			"POST": {kind: "extensions.create", write: true, run: (*call).createExtension},
		}, rt, true
	case len(rest) == 3 && f == "extensions":
		rt.name = rest[2]
		return verbs{
			"GET":    {kind: "extensions.get", run: (*call).getExtension},
			"PATCH":  {kind: "extensions.update", write: true, run: (*call).updateExtension},
			"DELETE": {kind: "extensions.delete", write: true, run: (*call).deleteExtension},
		}, rt, true
	}
	return nil, rt, false
}

// actions are what may be posted to an event.
var actions = []string{"accept", "tentativelyAccept", "decline", "cancel", "forward", "snoozeReminder", "dismissReminder", "permanentDelete"}

// function strips the namespace and the brackets of a bound function or action.
func function(seg string) string {
	return strings.TrimSuffix(strings.TrimPrefix(seg, "microsoft.graph."), "()")
}

// todo is a route of the real service that the simulator lacks.
func todo(kind string) route {
	write := !strings.HasSuffix(kind, "permissions") && !strings.HasSuffix(kind, "getSchedule")
	return route{kind: kind, write: write, run: func(c *call) (*reply, *apiError) {
		c.s.opts.Record.NotImplemented(kind)
		return nil, notImplemented(kind)
	}}
}
