package googlesim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// obj is a JSON object.
type obj = map[string]any

// shape is what a JSON value must look like: a type name of the discovery
// document ("string", "boolean", "integer", "any"), an object with its members,
// a list or a dictionary.
type shape any

type (
	object map[string]shape
	list   struct{ of shape }
	dict   struct{ of shape }
)

var (
	dateTimeShape   = object{"date": "string", "dateTime": "string", "timeZone": "string"}
	reminderShape   = object{"method": "string", "minutes": "integer"}
	personShape     = object{"id": "string", "email": "string", "displayName": "string", "self": "boolean"}
	conferenceShape = object{
		"conferenceId":       "string",
		"conferenceSolution": object{"iconUri": "string", "key": object{"type": "string"}, "name": "string"},
		"createRequest": object{
			"conferenceSolutionKey": object{"type": "string"},
			"requestId":             "string",
			"status":                object{"statusCode": "string"},
		},
		"entryPoints": list{object{
			"accessCode": "string", "entryPointFeatures": list{"string"}, "entryPointType": "string",
			"label": "string", "meetingCode": "string", "passcode": "string", "password": "string",
			"pin": "string", "regionCode": "string", "uri": "string",
		}},
		"notes":      "string",
		"parameters": object{"addOnParameters": object{"parameters": dict{"string"}}},
		"signature":  "string",
	}

	eventShape = object{
		"anyoneCanAddSelf": "boolean",
		"attachments": list{object{
			"fileId": "string", "fileUrl": "string", "iconLink": "string", "mimeType": "string", "title": "string",
		}},
		"attendees": list{object{
			"additionalGuests": "integer", "asyncOperation": "string", "comment": "string",
			"displayName": "string", "email": "string", "id": "string", "optional": "boolean",
			"organizer": "boolean", "resource": "boolean", "responseStatus": "string", "self": "boolean",
		}},
		"attendeesOmitted":   "boolean",
		"birthdayProperties": object{"contact": "string", "customTypeName": "string", "type": "string"},
		"colorId":            "string",
		"conferenceData":     conferenceShape,
		"created":            "string",
		"creator":            personShape,
		"description":        "string",
		"end":                dateTimeShape,
		"endTimeUnspecified": "boolean",
		"etag":               "string",
		"eventLabelId":       "string",
		"eventType":          "string",
		"extendedProperties": object{"private": dict{"string"}, "shared": dict{"string"}},
		"focusTimeProperties": object{
			"autoDeclineMode": "string", "chatStatus": "string", "declineMessage": "string",
		},
		"gadget": object{
			"display": "string", "height": "integer", "iconLink": "string", "link": "string",
			"preferences": dict{"string"}, "title": "string", "type": "string", "width": "integer",
		},
		"guestsCanInviteOthers":   "boolean",
		"guestsCanModify":         "boolean",
		"guestsCanSeeOtherGuests": "boolean",
		"hangoutLink":             "string",
		"htmlLink":                "string",
		"iCalUID":                 "string",
		"id":                      "string",
		"kind":                    "string",
		"location":                "string",
		"locked":                  "boolean",
		"organizer":               personShape,
		"originalStartTime":       dateTimeShape,
		"outOfOfficeProperties":   object{"autoDeclineMode": "string", "declineMessage": "string"},
		"privateCopy":             "boolean",
		"recurrence":              list{"string"},
		"recurringEventId":        "string",
		"reminders":               object{"overrides": list{reminderShape}, "useDefault": "boolean"},
		"sequence":                "integer",
		"source":                  object{"title": "string", "url": "string"},
		"start":                   dateTimeShape,
		"status":                  "string",
		"summary":                 "string",
		"transparency":            "string",
		"updated":                 "string",
		"visibility":              "string",
		"workingLocationProperties": object{
			"customLocation": object{"label": "string"},
			"homeOffice":     "any",
			"officeLocation": object{
				"buildingId": "string", "deskId": "string", "floorId": "string",
				"floorSectionId": "string", "label": "string",
			},
			"type": "string",
		},
	}
	eventsShape = object{
		"accessRole": "string", "defaultReminders": list{reminderShape}, "description": "string",
		"etag": "string", "items": list{eventShape}, "kind": "string", "nextPageToken": "string",
		"nextSyncToken": "string", "summary": "string", "timeZone": "string", "updated": "string",
	}

	conferencePropertiesShape = object{"allowedConferenceSolutionTypes": list{"string"}}

	calendarShape = object{
		"autoAcceptInvitations": "boolean",
		"conferenceProperties":  conferencePropertiesShape,
		"dataOwner":             "string",
		"description":           "string", "etag": "string", "id": "string", "kind": "string",
		"labelProperties": object{"eventLabels": list{object{"backgroundColor": "string", "id": "string", "name": "string"}}},
		"location":        "string", "summary": "string", "timeZone": "string",
	}
	entryShape = object{
		"accessRole": "string", "autoAcceptInvitations": "boolean", "backgroundColor": "string",
		"colorId": "string", "conferenceProperties": conferencePropertiesShape, "dataOwner": "string",
		"defaultReminders": list{reminderShape}, "deleted": "boolean", "description": "string",
		"etag": "string", "foregroundColor": "string", "hidden": "boolean", "id": "string",
		"kind": "string", "location": "string",
		"notificationSettings": object{"notifications": list{object{"method": "string", "type": "string"}}},
		"primary":              "boolean", "selected": "boolean", "summary": "string",
		"summaryOverride": "string", "timeZone": "string",
	}
	entriesShape = object{
		"etag": "string", "items": list{entryShape}, "kind": "string",
		"nextPageToken": "string", "nextSyncToken": "string",
	}

	colorShape  = object{"background": "string", "foreground": "string"}
	colorsShape = object{
		"calendar": dict{colorShape}, "event": dict{colorShape}, "kind": "string", "updated": "string",
	}

	settingShape  = object{"etag": "string", "id": "string", "kind": "string", "value": "string"}
	settingsShape = object{
		"etag": "string", "items": list{settingShape}, "kind": "string",
		"nextPageToken": "string", "nextSyncToken": "string",
	}

	freeBusyRequestShape = object{
		"calendarExpansionMax": "integer", "groupExpansionMax": "integer",
		"items":   list{object{"id": "string"}},
		"timeMax": "string", "timeMin": "string", "timeZone": "string",
	}
	freeBusyErrorsShape   = list{object{"domain": "string", "reason": "string"}}
	freeBusyResponseShape = object{
		"calendars": dict{object{
			"busy":   list{object{"end": "string", "start": "string"}},
			"errors": freeBusyErrorsShape,
		}},
		"groups": dict{object{"calendars": list{"string"}, "errors": freeBusyErrorsShape}},
		"kind":   "string", "timeMax": "string", "timeMin": "string",
	}
)

// check compares a value with a shape. null stands for any value: it clears.
// Whole numbers become int64 in the returned value.
func check(path string, v any, want shape) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch want := want.(type) {
	case object:
		m, ok := v.(obj)
		if !ok {
			return nil, mismatch(path, "an object")
		}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			s, ok := want[name]
			if !ok {
				return nil, unknownInput("field "+path+"."+name, fmt.Sprintf(
					"Invalid JSON payload received. Unknown name %q at '%s': Cannot find field.", name, path))
			}
			c, err := check(path+"."+name, m[name], s)
			if err != nil {
				return nil, err
			}
			m[name] = c
		}
		return m, nil
	case dict:
		m, ok := v.(obj)
		if !ok {
			return nil, mismatch(path, "an object")
		}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			c, err := check(path+"."+name, m[name], want.of)
			if err != nil {
				return nil, err
			}
			m[name] = c
		}
		return m, nil
	case list:
		l, ok := v.([]any)
		if !ok {
			return nil, mismatch(path, "a list")
		}
		for i := range l {
			c, err := check(path+"["+strconv.Itoa(i)+"]", l[i], want.of)
			if err != nil {
				return nil, err
			}
			l[i] = c
		}
		return l, nil
	}
	switch want {
	case "string":
		if _, ok := v.(string); !ok {
			return nil, mismatch(path, "a string")
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return nil, mismatch(path, "a boolean")
		}
	case "integer":
		n, ok := v.(json.Number)
		if !ok {
			return nil, mismatch(path, "an integer")
		}
		i, err := n.Int64()
		if err != nil {
			return nil, mismatch(path, "an integer")
		}
		return i, nil
	}
	return v, nil
}

func mismatch(path, want string) error {
	return unknownInput("type of "+path, fmt.Sprintf(
		"Invalid JSON payload received. Invalid value at '%s': want %s.", path, want))
}
