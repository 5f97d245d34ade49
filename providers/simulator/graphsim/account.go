package graphsim

import (
	"net/http"
	"slices"
	"strings"
)

// me is the signed-in user.
func (c *call) me() (*reply, *apiError) {
	if err := c.allowQuery("$select"); err != nil {
		return nil, err
	}
	first, last, _ := strings.Cut(c.mb.Owner.Name, " ")
	user := map[string]any{
		"@odata.context": c.base() + "/v1.0/$metadata#users/$entity",
		"id":             longGUID(0), "displayName": c.mb.Owner.Name, "givenName": first, "surname": last,
		"mail": c.mb.Owner.Email, "userPrincipalName": c.mb.Owner.Email, "businessPhones": []any{},
		"jobTitle": nil, "mobilePhone": nil, "officeLocation": nil, "preferredLanguage": nil,
	}
	if sel, ok := c.param("$select"); ok {
		keep := strings.Split(sel, ",")
		for k := range user {
			if !strings.HasPrefix(k, "@") && !slices.Contains(keep, k) {
				delete(user, k)
			}
		}
	}
	return &reply{status: http.StatusOK, body: user}, nil
}

// mailboxSettings tells the mailbox's zone, by its Windows name.
func (c *call) mailboxSettings() (*reply, *apiError) {
	if err := c.allowQuery("$select"); err != nil {
		return nil, err
	}
	zone := windowsName(c.mb.Zone)
	if c.name == "timeZone" {
		return &reply{status: http.StatusOK, body: map[string]any{
			"@odata.context": c.base() + "/v1.0/$metadata#users('me')/mailboxSettings/timeZone", "value": zone,
		}}, nil
	}
	return &reply{status: http.StatusOK, body: map[string]any{
		"@odata.context": c.base() + "/v1.0/$metadata#users('me')/mailboxSettings", "timeZone": zone,
		"dateFormat": "yyyy-MM-dd", "timeFormat": "HH:mm", "language": map[string]any{"locale": "en-US", "displayName": "English (United States)"},
	}}, nil
}

// masterCategories are the categories in use, each with a colour.
func (c *call) masterCategories() (*reply, *apiError) {
	if err := c.allowQuery("$top", "$skip"); err != nil {
		return nil, err
	}
	var names []string
	for _, cal := range c.mb.Calendars {
		for _, e := range c.mb.Live(cal) {
			names = append(names, e.Categories...)
		}
	}
	slices.Sort(names)
	items := []any{}
	for i, n := range slices.Compact(names) {
		color := enums["categoryColor"][1+i%10]
		items = append(items, map[string]any{"id": longGUID(uint64(i) + 1<<32), "displayName": n, "color": color})
	}
	return &reply{status: http.StatusOK, body: map[string]any{
		"@odata.context": c.base() + "/v1.0/$metadata#users('me')/outlook/masterCategories", "value": items,
	}}, nil
}

// timeZones lists the zones by their Windows or their IANA names.
func (c *call) timeZones() (*reply, *apiError) {
	items := []any{}
	for w, iana := range windowsZones {
		alias := w
		if strings.Contains(c.name, "Iana") {
			alias = iana
		}
		items = append(items, map[string]any{"alias": alias, "displayName": alias})
	}
	slices.SortFunc(items, func(a, b any) int {
		return strings.Compare(a.(map[string]any)["alias"].(string), b.(map[string]any)["alias"].(string))
	})
	return &reply{status: http.StatusOK, body: map[string]any{
		"@odata.context": c.base() + "/v1.0/$metadata#Collection(microsoft.graph.timeZoneInformation)", "value": items,
	}}, nil
}
