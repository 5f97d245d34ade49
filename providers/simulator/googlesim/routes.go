package googlesim

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one method of the API as the discovery document declares it. A route
// without a handler is known and answers 501.
type route struct {
	kind, method, path string
	// params are the query parameters as "name:type", type being string, boolean
	// or integer, '*' for repeatable, '!' for required, '=' before its values.
	params string
	// scopes are those that suffice, without their common prefix.
	scopes string
	handle func(*call) (any, error)
	body   shape // of the request, nil if there is none
	answer shape // of the response
}

// commonParams are those that every method takes.
const commonParams = "alt:string=json fields:string key:string oauth_token:string prettyPrint:boolean quotaUser:string userIp:string"

// base is the path below which the API lives.
const base = "/calendar/v3/"

// find returns the route of a request and the unescaped variables of its path.
// Ids may hold an escaped slash, so the escaped path is what is split.
func find(r *http.Request) (*route, map[string]string) {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), base)
	if !ok {
		return nil, nil
	}
	segments := strings.Split(rest, "/")
	var found *route
	var vars map[string]string
	for i := range routes {
		rt := &routes[i]
		if rt.method != r.Method {
			continue
		}
		// A literal segment wins over a variable: events/import over events/{eventId}.
		if v, ok := rt.match(segments); ok && (found == nil || len(v) < len(vars)) {
			found, vars = rt, v
		}
	}
	return found, vars
}

func (rt *route) match(segments []string) (map[string]string, bool) {
	want := strings.Split(rt.path, "/")
	if len(want) != len(segments) {
		return nil, false
	}
	vars := map[string]string{}
	for i, w := range want {
		if !strings.HasPrefix(w, "{") {
			if w != segments[i] {
				return nil, false
			}
			continue
		}
		v, err := url.PathUnescape(segments[i])
		if err != nil || v == "" {
			return nil, false
		}
		vars[strings.Trim(w, "{}")] = v
	}
	return vars, true
}

// write says whether a route asks for a change.
func (rt *route) write() bool {
	return rt.method != http.MethodGet && rt.kind != "freebusy.query"
}

// routes are all methods of the discovery document, revision 20260925.
var routes []route

func init() { // a plain initialisation would be a cycle through the handlers
	routes = []route{
		{
			kind: "acl.delete", method: "DELETE", path: "calendars/{calendarId}/acl/{ruleId}",
			scopes: "calendar calendar.acls",
		},
		{
			kind: "acl.get", method: "GET", path: "calendars/{calendarId}/acl/{ruleId}",
			scopes: "calendar calendar.acls calendar.acls.readonly calendar.readonly",
		},
		{
			kind: "acl.insert", method: "POST", path: "calendars/{calendarId}/acl",
			params: "sendNotifications:boolean",
			scopes: "calendar calendar.acls",
		},
		{
			kind: "acl.list", method: "GET", path: "calendars/{calendarId}/acl",
			params: "maxResults:integer pageToken:string showDeleted:boolean syncToken:string",
			scopes: "calendar calendar.acls calendar.acls.readonly",
		},
		{
			kind: "acl.patch", method: "PATCH", path: "calendars/{calendarId}/acl/{ruleId}",
			params: "sendNotifications:boolean",
			scopes: "calendar calendar.acls",
		},
		{
			kind: "acl.update", method: "PUT", path: "calendars/{calendarId}/acl/{ruleId}",
			params: "sendNotifications:boolean",
			scopes: "calendar calendar.acls",
		},
		{
			kind: "acl.watch", method: "POST", path: "calendars/{calendarId}/acl/watch",
			params: "maxResults:integer pageToken:string showDeleted:boolean syncToken:string",
			scopes: "calendar calendar.acls calendar.acls.readonly",
		},
		{
			kind: "calendarList.delete", method: "DELETE", path: "users/me/calendarList/{calendarId}",
			scopes: "calendar calendar.app.created calendar.calendarlist",
		},
		{
			kind: "calendarList.get", method: "GET", path: "users/me/calendarList/{calendarId}",
			scopes: "calendar calendar.app.created calendar.calendarlist calendar.calendarlist.readonly calendar.readonly",
			handle: (*call).getEntry, answer: entryShape,
		},
		{
			kind: "calendarList.insert", method: "POST", path: "users/me/calendarList",
			params: "colorRgbFormat:boolean",
			scopes: "calendar calendar.calendarlist",
		},
		{
			kind: "calendarList.list", method: "GET", path: "users/me/calendarList",
			params: "maxResults:integer minAccessRole:string=freeBusyReader|owner|reader|writer|writerWithoutPrivateAccess pageToken:string showDeleted:boolean showHidden:boolean showOwnOrganizationOnly:boolean syncToken:string",
			scopes: "calendar calendar.calendarlist calendar.calendarlist.readonly calendar.readonly",
			handle: (*call).listCalendars, answer: entriesShape,
		},
		{
			kind: "calendarList.patch", method: "PATCH", path: "users/me/calendarList/{calendarId}",
			params: "colorRgbFormat:boolean",
			scopes: "calendar calendar.app.created calendar.calendarlist",
			handle: (*call).patchEntry, body: entryShape, answer: entryShape,
		},
		{
			kind: "calendarList.update", method: "PUT", path: "users/me/calendarList/{calendarId}",
			params: "colorRgbFormat:boolean",
			scopes: "calendar calendar.app.created calendar.calendarlist",
		},
		{
			kind: "calendarList.watch", method: "POST", path: "users/me/calendarList/watch",
			params: "maxResults:integer minAccessRole:string=freeBusyReader|owner|reader|writer|writerWithoutPrivateAccess pageToken:string showDeleted:boolean showHidden:boolean showOwnOrganizationOnly:boolean syncToken:string",
			scopes: "calendar calendar.calendarlist calendar.calendarlist.readonly calendar.readonly",
		},
		{
			kind: "calendars.clear", method: "POST", path: "calendars/{calendarId}/clear",
			scopes: "calendar calendar.calendars",
		},
		{
			kind: "calendars.delete", method: "DELETE", path: "calendars/{calendarId}",
			scopes: "calendar calendar.app.created calendar.calendars",
			handle: (*call).deleteCalendar,
		},
		{
			kind: "calendars.get", method: "GET", path: "calendars/{calendarId}",
			scopes: "calendar calendar.app.created calendar.calendars calendar.calendars.readonly calendar.readonly",
			handle: (*call).getCalendar, answer: calendarShape,
		},
		{
			kind: "calendars.insert", method: "POST", path: "calendars",
			scopes: "calendar calendar.app.created calendar.calendars",
			handle: (*call).insertCalendar, body: calendarShape, answer: calendarShape,
		},
		{
			kind: "calendars.patch", method: "PATCH", path: "calendars/{calendarId}",
			scopes: "calendar calendar.app.created calendar.calendars",
			handle: (*call).patchCalendar, body: calendarShape, answer: calendarShape,
		},
		{
			kind: "calendars.transferOwnership", method: "POST", path: "calendars/{calendarId}/transferOwnership",
			params: "newDataOwner:string! useAdminAccess:boolean!",
			scopes: "calendar calendar.calendars",
		},
		{
			kind: "calendars.update", method: "PUT", path: "calendars/{calendarId}",
			scopes: "calendar calendar.app.created calendar.calendars",
		},
		{
			kind: "channels.stop", method: "POST", path: "channels/stop",
			scopes: "calendar calendar.acls calendar.acls.readonly calendar.app.created calendar.calendarlist calendar.calendarlist.readonly calendar.events calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly calendar.events.public.readonly calendar.events.readonly calendar.readonly calendar.settings calendar.settings.readonly",
		},
		{
			kind: "colors.get", method: "GET", path: "colors",
			scopes: "calendar calendar.app.created calendar.calendarlist calendar.calendarlist.readonly calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly calendar.events.public.readonly calendar.readonly",
			handle: (*call).getColors, answer: colorsShape,
		},
		{
			kind: "events.delete", method: "DELETE", path: "calendars/{calendarId}/events/{eventId}",
			params: "sendNotifications:boolean sendUpdates:string=all|externalOnly|none",
			scopes: "calendar calendar.app.created calendar.events calendar.events.owned",
			handle: (*call).deleteEvent,
		},
		{
			kind: "events.get", method: "GET", path: "calendars/{calendarId}/events/{eventId}",
			params: "alwaysIncludeEmail:boolean maxAttendees:integer timeZone:string",
			scopes: "calendar calendar.app.created calendar.events calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly calendar.events.public.readonly calendar.events.readonly calendar.readonly",
			handle: (*call).getEvent, answer: eventShape,
		},
		{
			kind: "events.import", method: "POST", path: "calendars/{calendarId}/events/import",
			params: "conferenceDataVersion:integer eventLabelVersion:integer supportsAttachments:boolean",
			scopes: "calendar calendar.app.created calendar.events calendar.events.owned",
			handle: (*call).importEvent, body: eventShape, answer: eventShape,
		},
		{
			kind: "events.insert", method: "POST", path: "calendars/{calendarId}/events",
			params: "conferenceDataVersion:integer eventLabelVersion:integer maxAttendees:integer sendNotifications:boolean sendUpdates:string=all|externalOnly|none supportsAttachments:boolean",
			scopes: "calendar calendar.app.created calendar.events calendar.events.owned",
			handle: (*call).insertEvent, body: eventShape, answer: eventShape,
		},
		{
			kind: "events.instances", method: "GET", path: "calendars/{calendarId}/events/{eventId}/instances",
			params: "alwaysIncludeEmail:boolean maxAttendees:integer maxResults:integer originalStart:string pageToken:string showDeleted:boolean timeMax:string timeMin:string timeZone:string",
			scopes: "calendar calendar.app.created calendar.events calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly calendar.events.public.readonly calendar.events.readonly calendar.readonly",
			handle: (*call).instances, answer: eventsShape,
		},
		{
			kind: "events.list", method: "GET", path: "calendars/{calendarId}/events",
			params: "alwaysIncludeEmail:boolean eventTypes:string*=birthday|default|focusTime|fromGmail|outOfOffice|workingLocation iCalUID:string maxAttendees:integer maxResults:integer orderBy:string=startTime|updated pageToken:string privateExtendedProperty:string* q:string sharedExtendedProperty:string* showDeleted:boolean showHiddenInvitations:boolean singleEvents:boolean syncToken:string timeMax:string timeMin:string timeZone:string updatedMin:string",
			scopes: "calendar calendar.app.created calendar.events calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly calendar.events.public.readonly calendar.events.readonly calendar.readonly",
			handle: (*call).listEvents, answer: eventsShape,
		},
		{
			kind: "events.move", method: "POST", path: "calendars/{calendarId}/events/{eventId}/move",
			params: "destination:string! sendNotifications:boolean sendUpdates:string=all|externalOnly|none",
			scopes: "calendar calendar.events calendar.events.owned",
			handle: (*call).moveEvent, answer: eventShape,
		},
		{
			kind: "events.patch", method: "PATCH", path: "calendars/{calendarId}/events/{eventId}",
			params: "alwaysIncludeEmail:boolean conferenceDataVersion:integer eventLabelVersion:integer maxAttendees:integer sendNotifications:boolean sendUpdates:string=all|externalOnly|none supportsAttachments:boolean",
			scopes: "calendar calendar.app.created calendar.events calendar.events.owned",
			handle: (*call).patchEvent, body: eventShape, answer: eventShape,
		},
		{
			kind: "events.quickAdd", method: "POST", path: "calendars/{calendarId}/events/quickAdd",
			params: "sendNotifications:boolean sendUpdates:string=all|externalOnly|none text:string!",
			scopes: "calendar calendar.app.created calendar.events calendar.events.owned",
		},
		{
			kind: "events.update", method: "PUT", path: "calendars/{calendarId}/events/{eventId}",
			params: "alwaysIncludeEmail:boolean conferenceDataVersion:integer eventLabelVersion:integer maxAttendees:integer sendNotifications:boolean sendUpdates:string=all|externalOnly|none supportsAttachments:boolean",
			scopes: "calendar calendar.app.created calendar.events calendar.events.owned",
			handle: (*call).updateEvent, body: eventShape, answer: eventShape,
		},
		{
			kind: "events.watch", method: "POST", path: "calendars/{calendarId}/events/watch",
			params: "alwaysIncludeEmail:boolean eventTypes:string*=birthday|default|focusTime|fromGmail|outOfOffice|workingLocation iCalUID:string maxAttendees:integer maxResults:integer orderBy:string=startTime|updated pageToken:string privateExtendedProperty:string* q:string sharedExtendedProperty:string* showDeleted:boolean showHiddenInvitations:boolean singleEvents:boolean syncToken:string timeMax:string timeMin:string timeZone:string updatedMin:string",
			scopes: "calendar calendar.app.created calendar.events calendar.events.freebusy calendar.events.owned calendar.events.owned.readonly calendar.events.public.readonly calendar.events.readonly calendar.readonly",
		},
		{
			kind: "freebusy.query", method: "POST", path: "freeBusy",
			scopes: "calendar calendar.events.freebusy calendar.freebusy calendar.readonly",
			handle: (*call).queryFreeBusy, body: freeBusyRequestShape, answer: freeBusyResponseShape,
		},
		{
			kind: "settings.get", method: "GET", path: "users/me/settings/{setting}",
			scopes: "calendar calendar.readonly calendar.settings calendar.settings.readonly",
			handle: (*call).getSetting, answer: settingShape,
		},
		{
			kind: "settings.list", method: "GET", path: "users/me/settings",
			params: "maxResults:integer pageToken:string syncToken:string",
			scopes: "calendar calendar.readonly calendar.settings calendar.settings.readonly",
			handle: (*call).listSettings, answer: settingsShape,
		},
		{
			kind: "settings.watch", method: "POST", path: "users/me/settings/watch",
			params: "maxResults:integer pageToken:string syncToken:string",
			scopes: "calendar calendar.readonly calendar.settings calendar.settings.readonly",
		},
	}
}
