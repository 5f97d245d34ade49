package graphsim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// access says who may write a property.
type access int

const (
	readOnly   access = iota // sent by a client it changes nothing; it is noted
	writable                 // POST and PATCH
	createOnly               // POST
)

// property is one declared property: its type is an Edm type, an enumeration or
// another shape, "[]" in front makes it a collection.
type property struct {
	typ    string
	access access
}

// shapes are the declared types of what is sent and accepted, after Microsoft's
// published metadata of v1.0, limited to what the simulator serves.
var shapes = map[string]map[string]property{
	"event": {
		"id": {"String", readOnly}, "changeKey": {"String", readOnly},
		"createdDateTime": {"DateTimeOffset", readOnly}, "lastModifiedDateTime": {"DateTimeOffset", readOnly},
		"categories": {"[]String", writable}, "allowNewTimeProposals": {"Boolean", writable},
		"attendees": {"[]attendee", writable}, "body": {"itemBody", writable}, "bodyPreview": {"String", readOnly},
		"cancelledOccurrences": {"[]String", readOnly}, "end": {"dateTimeTimeZone", writable},
		"hasAttachments": {"Boolean", readOnly}, "hideAttendees": {"Boolean", writable},
		"iCalUId": {"String", readOnly}, "importance": {"importance", writable}, "isAllDay": {"Boolean", writable},
		"isCancelled": {"Boolean", readOnly}, "isDraft": {"Boolean", writable}, // writable though undocumented
		"isOnlineMeeting": {"Boolean", writable}, "isOrganizer": {"Boolean", readOnly}, "isReminderOn": {"Boolean", writable},
		"location": {"location", writable}, "locations": {"[]location", writable},
		"onlineMeeting": {"onlineMeetingInfo", readOnly}, "onlineMeetingProvider": {"onlineMeetingProviderType", writable},
		"onlineMeetingUrl": {"String", readOnly}, "organizer": {"recipient", readOnly},
		"originalEndTimeZone": {"String", readOnly}, "originalStart": {"DateTimeOffset", readOnly},
		"originalStartTimeZone": {"String", readOnly}, "recurrence": {"patternedRecurrence", writable},
		"reminderMinutesBeforeStart": {"Int32", writable}, "responseRequested": {"Boolean", writable},
		"responseStatus": {"responseStatus", readOnly}, "sensitivity": {"sensitivity", writable},
		"seriesMasterId": {"String", readOnly}, "showAs": {"freeBusyStatus", writable}, "start": {"dateTimeTimeZone", writable},
		"subject": {"String", writable}, "transactionId": {"String", createOnly}, "type": {"eventType", readOnly},
		"webLink": {"String", readOnly}, "attachments": {"[]attachment", createOnly}, "calendar": {"calendar", readOnly},
		"exceptionOccurrences": {"[]event", readOnly}, "instances": {"[]event", readOnly},
		"extensions":                    {"[]openTypeExtension", createOnly},
		"multiValueExtendedProperties":  {"[]multiValueLegacyExtendedProperty", writable},
		"singleValueExtendedProperties": {"[]singleValueLegacyExtendedProperty", writable},
	},
	"calendar": {
		"id": {"String", readOnly}, "changeKey": {"String", readOnly}, "name": {"String", writable}, "color": {"calendarColor", writable},
		"hexColor": {"String", readOnly}, "isDefaultCalendar": {"Boolean", writable},
		"allowedOnlineMeetingProviders": {"[]onlineMeetingProviderType", readOnly},
		"defaultOnlineMeetingProvider":  {"onlineMeetingProviderType", readOnly},
		"canEdit":                       {"Boolean", readOnly}, "canShare": {"Boolean", readOnly}, "canViewPrivateItems": {"Boolean", readOnly},
		"isRemovable": {"Boolean", readOnly}, "isTallyingResponses": {"Boolean", readOnly}, "owner": {"emailAddress", readOnly},
	},
	"calendarGroup": {
		"id": {"String", readOnly}, "changeKey": {"String", readOnly}, "classId": {"Guid", readOnly}, "name": {"String", writable},
	},
	"attendee": {
		"emailAddress": {"emailAddress", writable}, "type": {"attendeeType", writable},
		"status": {"responseStatus", writable}, "proposedNewTime": {"timeSlot", writable}, // both are ignored
	},
	"recipient":      {"emailAddress": {"emailAddress", writable}},
	"emailAddress":   {"name": {"String", writable}, "address": {"String", writable}},
	"responseStatus": {"response": {"responseType", writable}, "time": {"DateTimeOffset", writable}},
	"timeSlot":       {"start": {"dateTimeTimeZone", writable}, "end": {"dateTimeTimeZone", writable}},
	"dateTimeTimeZone": {
		"dateTime": {"String", writable}, "timeZone": {"String", writable},
	},
	"itemBody": {"content": {"String", writable}, "contentType": {"bodyType", writable}},
	"location": {
		"displayName": {"String", writable}, "locationType": {"locationType", writable}, "uniqueId": {"String", writable},
		"uniqueIdType": {"locationUniqueIdType", writable}, "address": {"physicalAddress", writable},
		"coordinates": {"outlookGeoCoordinates", writable}, "locationEmailAddress": {"String", writable}, "locationUri": {"String", writable},
	},
	"physicalAddress": {
		"city": {"String", writable}, "countryOrRegion": {"String", writable}, "postalCode": {"String", writable},
		"state": {"String", writable}, "street": {"String", writable},
	},
	"outlookGeoCoordinates": {
		"accuracy": {"Double", writable}, "altitude": {"Double", writable}, "altitudeAccuracy": {"Double", writable},
		"latitude": {"Double", writable}, "longitude": {"Double", writable},
	},
	"onlineMeetingInfo": {
		"conferenceId": {"String", readOnly}, "joinUrl": {"String", readOnly}, "quickDial": {"String", readOnly},
		"tollFreeNumbers": {"[]String", readOnly}, "tollNumber": {"String", readOnly},
	},
	"patternedRecurrence": {"pattern": {"recurrencePattern", writable}, "range": {"recurrenceRange", writable}},
	"recurrencePattern": {
		"dayOfMonth": {"Int32", writable}, "daysOfWeek": {"[]dayOfWeek", writable}, "firstDayOfWeek": {"dayOfWeek", writable},
		"index": {"weekIndex", writable}, "interval": {"Int32", writable}, "month": {"Int32", writable}, "type": {"recurrencePatternType", writable},
	},
	"recurrenceRange": {
		"endDate": {"Date", writable}, "numberOfOccurrences": {"Int32", writable}, "recurrenceTimeZone": {"String", writable},
		"startDate": {"Date", writable}, "type": {"recurrenceRangeType", writable},
	},
	"singleValueLegacyExtendedProperty": {"id": {"String", writable}, "value": {"String", writable}},
	"multiValueLegacyExtendedProperty":  {"id": {"String", writable}, "value": {"[]String", writable}},
	"openTypeExtension":                 {"id": {"String", writable}, "extensionName": {"String", writable}},
	"attachment": {
		"id": {"String", readOnly}, "contentType": {"String", readOnly}, "isInline": {"Boolean", readOnly},
		"lastModifiedDateTime": {"DateTimeOffset", readOnly}, "name": {"String", readOnly}, "size": {"Int32", readOnly},
	},
	"outlookCategory": {"id": {"String", readOnly}, "displayName": {"String", writable}, "color": {"categoryColor", writable}},
}

// openShapes may hold members of their own.
var openShapes = []string{"openTypeExtension"}

// enums are the members of the enumerations, as they are answered. Requests may
// spell them in any case.
var enums = map[string][]string{
	"attendeeType":              {"required", "optional", "resource"},
	"bodyType":                  {"text", "html"},
	"calendarColor":             {"auto", "lightBlue", "lightGreen", "lightOrange", "lightGray", "lightYellow", "lightTeal", "lightPink", "lightBrown", "lightRed", "maxColor"},
	"categoryColor":             {"none", "preset0", "preset1", "preset2", "preset3", "preset4", "preset5", "preset6", "preset7", "preset8", "preset9"},
	"dayOfWeek":                 {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"},
	"eventType":                 {"singleInstance", "occurrence", "exception", "seriesMaster"},
	"freeBusyStatus":            {"unknown", "free", "tentative", "busy", "oof", "workingElsewhere"},
	"importance":                {"low", "normal", "high"},
	"locationType":              {"default", "conferenceRoom", "homeAddress", "businessAddress", "geoCoordinates", "streetAddress", "hotel", "restaurant", "localBusiness", "postalAddress"},
	"locationUniqueIdType":      {"unknown", "locationStore", "directory", "private", "bing"},
	"onlineMeetingProviderType": {"unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness"},
	"recurrencePatternType":     {"daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"},
	"recurrenceRangeType":       {"endDate", "noEnd", "numbered"},
	"responseType":              {"none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded"},
	"sensitivity":               {"normal", "personal", "private", "confidential"},
	"weekIndex":                 {"first", "second", "third", "fourth", "last"},
}

// accept checks a request body against a shape and brings its enumerations into
// their answered spelling. Unknown properties are refused and noted; read-only
// ones are dropped and noted.
func (c *call) accept(shape string, body map[string]any, create bool) *apiError {
	return c.acceptAt(shape, body, create, c.kind+" body")
}

func (c *call) acceptAt(shape string, body map[string]any, create bool, at string) *apiError {
	for _, k := range sortedKeys(body) {
		if strings.Contains(k, "@") { // annotations
			continue
		}
		p, ok := shapes[shape][k]
		if !ok {
			if slices.Contains(openShapes, shape) {
				continue
			}
			c.s.opts.Record.Unknown(at + ": " + shape + "." + k)
			return badRequest("RequestBodyRead", "The property '"+k+"' does not exist on type 'microsoft.graph."+shape+
				"'. Make sure to only use property names that are defined by the type.")
		}
		v, err := c.acceptValue(p.typ, body[k], create, at)
		if err != nil {
			return err
		}
		body[k] = v
		if p.access == readOnly || p.access == createOnly && !create {
			c.s.opts.Record.Unknown(at + ": " + shape + "." + k + " is read-only")
			delete(body, k)
		}
	}
	return nil
}

func (c *call) acceptValue(typ string, v any, create bool, at string) (any, *apiError) {
	wrong := func() (any, *apiError) {
		return nil, badRequest("RequestBodyRead", "Cannot convert a value to the expected type '"+typ+"'.")
	}
	elem, many := strings.CutPrefix(typ, "[]")
	switch {
	case v == nil && many: // a collection is never null in OData's JSON; [] empties it
		return wrong()
	case v == nil:
		return nil, nil
	case many:
		list, ok := v.([]any)
		if !ok {
			return wrong()
		}
		for i := range list {
			if list[i] == nil {
				return wrong()
			}
			x, err := c.acceptValue(elem, list[i], create, at)
			if err != nil {
				return nil, err
			}
			list[i] = x
		}
		return list, nil
	}
	if members, ok := enums[typ]; ok {
		text, ok := v.(string)
		i := slices.IndexFunc(members, func(m string) bool { return strings.EqualFold(m, text) })
		if !ok || i < 0 {
			return nil, badRequest("RequestBodyRead", "Requested value '"+text+"' was not found in '"+typ+"'.")
		}
		return members[i], nil
	}
	if _, ok := shapes[typ]; ok {
		m, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		return m, c.acceptAt(typ, m, create, at)
	}
	if !isEdm(typ, v) {
		return wrong()
	}
	return v, nil
}

// isEdm reports whether a decoded JSON value is of a primitive type.
func isEdm(typ string, v any) bool {
	text, isText := v.(string)
	switch typ {
	case "String", "Guid":
		return isText
	case "Boolean":
		_, ok := v.(bool)
		return ok
	case "Int32":
		n, ok := v.(json.Number)
		if !ok {
			return false
		}
		_, err := strconv.ParseInt(n.String(), 10, 32)
		return err == nil
	case "Double":
		_, ok := v.(json.Number)
		return ok
	case "Date":
		_, err := time.Parse(time.DateOnly, text)
		return isText && err == nil
	case "DateTimeOffset":
		_, err := time.Parse(time.RFC3339Nano, text)
		return isText && err == nil
	}
	return false
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
