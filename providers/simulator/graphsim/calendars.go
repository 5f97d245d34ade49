package graphsim

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// calendarJSON has no time zone and no etag: Graph's calendars have neither.
func (c *call) calendarJSON(cal *mailbox.Calendar) map[string]any {
	color, _ := cal.Entry["color"].(string)
	providers, def := []string{}, "unknown"
	if c.quirks.Teams && cal.Role == "owner" {
		providers, def = []string{"teamsForBusiness"}, "teamsForBusiness"
	}
	key := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64([]byte("calendar"), cal.Change))
	return map[string]any{
		"id": cal.ID, "name": cal.Name, "color": orElse(color, "auto"), "hexColor": cal.Color, "changeKey": key,
		"isDefaultCalendar": cal.Primary, "canEdit": canEdit(cal), "canShare": cal.Role == "owner",
		"canViewPrivateItems": seesPrivate(cal), "isRemovable": !cal.Primary, "isTallyingResponses": cal.Primary,
		"allowedOnlineMeetingProviders": providers, "defaultOnlineMeetingProvider": def,
		"owner": addressJSON(calendarOwner(c.mb, cal)),
	}
}

func (c *call) oneCalendar(status int, cal *mailbox.Calendar) *reply {
	body := c.calendarJSON(cal)
	body["@odata.context"] = c.base() + "/v1.0/$metadata#users('me')/calendars/$entity"
	return &reply{status: status, body: body}
}

// listCalendars is paged like everything else.
func (c *call) listCalendars() (*reply, *apiError) {
	if err := c.allowQuery("$select", "$top", "$skip", "$count", "$orderby"); err != nil {
		return nil, err
	}
	if c.route.name != "" && c.route.name != groupID(c.mb) {
		return nil, notFound()
	}
	live := slices.DeleteFunc(slices.Clone(c.mb.Calendars), func(cal *mailbox.Calendar) bool { return cal.Deleted })
	page, next, err := pageOf(c, live)
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, cal := range page {
		m, err := c.selectCalendar(c.calendarJSON(cal))
		if err != nil {
			return nil, err
		}
		items = append(items, m)
	}
	return c.listed("users('me')/calendars", items, next, len(live)), nil
}

func (c *call) selectCalendar(m map[string]any) (map[string]any, *apiError) {
	text, ok := c.param("$select")
	if !ok || text == "" || text == "*" {
		return m, nil
	}
	keep := strings.Split(text, ",")
	for _, k := range keep {
		if _, ok := shapes["calendar"][k]; !ok {
			c.s.opts.Record.Unknown("property calendar." + k + " in a query")
			return nil, badRequest("RequestBroker--ParseUri", "Could not find a property named '"+k+"' on type 'microsoft.graph.calendar'.")
		}
	}
	for k := range m {
		if !strings.HasPrefix(k, "@") && k != "id" && !slices.Contains(keep, k) {
			delete(m, k)
		}
	}
	return m, nil
}

// aCalendar is the calendar of the path, seen even without the right to read its
// events.
func (c *call) aCalendar() (*mailbox.Calendar, *apiError) {
	cal := c.mb.Calendar(c.calendar)
	switch {
	case cal == nil && !wellFormed(c.calendar):
		return nil, malformedID()
	case cal == nil:
		return nil, notFound()
	}
	return cal, nil
}

func (c *call) getCalendar() (*reply, *apiError) {
	if err := c.allowQuery("$select"); err != nil {
		return nil, err
	}
	cal, err := c.aCalendar()
	if err != nil {
		return nil, err
	}
	rep := c.oneCalendar(http.StatusOK, cal)
	_, err = c.selectCalendar(rep.body.(map[string]any))
	return rep, err
}

func (c *call) createCalendar() (*reply, *apiError) {
	if err := c.allowQuery(); err != nil {
		return nil, err
	}
	if err := c.accept("calendar", c.body, true); err != nil {
		return nil, err
	}
	name, _ := c.body["name"].(string)
	if err := c.freeName(name, nil); err != nil {
		return nil, err
	}
	cal := &mailbox.Calendar{Name: name, Entry: map[string]any{}}
	if v, ok := c.body["color"].(string); ok {
		cal.Entry["color"] = v
	}
	c.mb.InsertCalendar(cal)
	return c.oneCalendar(http.StatusCreated, cal), nil
}

// freeName: calendars are folders, whose names are unique.
func (c *call) freeName(name string, but *mailbox.Calendar) *apiError {
	if strings.TrimSpace(name) == "" {
		return badRequest("ErrorInvalidRequest", "The name of a calendar may not be empty.")
	}
	for _, cal := range c.mb.Calendars {
		if !cal.Deleted && cal != but && strings.EqualFold(cal.Name, name) {
			return fault(http.StatusConflict, "ErrorFolderExists", "A folder with the specified name already exists.")
		}
	}
	return nil
}

func (c *call) updateCalendar() (*reply, *apiError) {
	if err := c.allowQuery(); err != nil {
		return nil, err
	}
	cal, err := c.aCalendar()
	if err != nil {
		return nil, err
	}
	if err := c.accept("calendar", c.body, false); err != nil {
		return nil, err
	}
	if v, ok := c.body["name"]; ok {
		name, _ := v.(string)
		if err := c.freeName(name, cal); err != nil {
			return nil, err
		}
		cal.Name = name
	}
	if v, ok := c.body["color"].(string); ok {
		if cal.Entry == nil {
			cal.Entry = map[string]any{}
		}
		cal.Entry["color"] = v
	}
	if v, _ := c.body["isDefaultCalendar"].(bool); v && cal.Role == "owner" {
		for _, other := range c.mb.Calendars {
			other.Primary = other == cal
		}
	}
	c.mb.TouchCalendar(cal)
	return c.oneCalendar(http.StatusOK, cal), nil
}

func (c *call) deleteCalendar() (*reply, *apiError) {
	if err := c.allowQuery(); err != nil {
		return nil, err
	}
	cal, err := c.aCalendar()
	if err != nil {
		return nil, err
	}
	if cal.Primary {
		return nil, badRequest("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
	}
	cal.Deleted = true
	c.mb.TouchCalendar(cal)
	return &reply{status: http.StatusNoContent}, nil
}

// groupID is the id of the one group, My Calendars.
func groupID(m *mailbox.Mailbox) string { return longID("AAMkAGdy", m.Owner.Email) }

func (c *call) group() map[string]any {
	return map[string]any{
		"id": groupID(c.mb), "name": "My Calendars", "classId": "0006f0b7-0000-0000-c000-000000000046", "changeKey": "NreqLYgxdE2DpHBBId74XwAAAAAGZw==",
	}
}

func (c *call) listGroups() (*reply, *apiError) {
	if err := c.allowQuery("$select", "$top", "$skip"); err != nil {
		return nil, err
	}
	return c.listed("users('me')/calendarGroups", []any{c.group()}, "", 1), nil
}

func (c *call) getGroup() (*reply, *apiError) {
	if err := c.allowQuery("$select"); err != nil {
		return nil, err
	}
	if c.name != groupID(c.mb) {
		return nil, notFound()
	}
	return &reply{status: http.StatusOK, body: c.group()}, nil
}
