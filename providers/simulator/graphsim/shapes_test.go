package graphsim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// misfits says where a value departs from a declared type: an unknown property,
// another type, a member that an enumeration lacks.
func misfits(typ string, v any, at string) []string {
	if v == nil {
		return nil
	}
	if elem, ok := strings.CutPrefix(typ, "[]"); ok {
		list, ok := v.([]any)
		if !ok {
			return []string{at + ": no collection"}
		}
		var out []string
		for i, x := range list {
			out = append(out, misfits(elem, x, fmt.Sprintf("%s[%d]", at, i))...)
		}
		return out
	}
	if members, ok := enums[typ]; ok {
		if text, _ := v.(string); !slices.Contains(members, text) {
			return []string{fmt.Sprintf("%s: %v is no %s", at, v, typ)}
		}
		return nil
	}
	if shape, ok := shapes[typ]; ok {
		m, ok := v.(map[string]any)
		if !ok {
			return []string{at + ": no object"}
		}
		var out []string
		for _, k := range sortedKeys(m) {
			if strings.HasPrefix(k, "@") {
				continue
			}
			p, ok := shape[k]
			if !ok {
				if !slices.Contains(openShapes, typ) {
					out = append(out, at+"."+k+": not declared")
				}
				continue
			}
			out = append(out, misfits(p.typ, m[k], at+"."+k)...)
		}
		return out
	}
	if !isEdm(typ, v) {
		return []string{fmt.Sprintf("%s: %v is no %s", at, v, typ)}
	}
	return nil
}

// numbers decodes again, keeping numbers as they are written.
func numbers(t *testing.T, v any) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(jsonText(v)))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// rich is an event that uses everything that can be written.
var rich = meeting(5, guests("bob"), `"body":{"contentType":"html","content":"<p>Hi</p>"}`, `"importance":"high"`, `"sensitivity":"private"`,
	`"showAs":"oof"`, `"categories":["Red"]`, `"isReminderOn":true`, `"reminderMinutesBeforeStart":30`, `"responseRequested":false`,
	`"allowNewTimeProposals":false`, `"hideAttendees":true`, `"isDraft":false`, `"isOnlineMeeting":true`, `"onlineMeetingProvider":"teamsForBusiness"`,
	`"transactionId":"T1"`, `"locations":[{"displayName":"Hall","locationType":"conferenceRoom","locationUri":"https://example.com","address":{"city":"Bonn"},`+
		`"coordinates":{"latitude":50.7,"longitude":7.1}},{"displayName":"Room"}]`,
	`"singleValueExtendedProperties":[{"id":"String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark","value":"1"}]`,
	`"extensions":[{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"com.example.sync","mark":"a"}]`)

// TestWhatIsSentFitsTheDeclaredShapes looks at every kind of answer.
func TestWhatIsSentFitsTheDeclaredShapes(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Quirks.Teams = true })
	l.scopes = append(l.scopes, "MailboxSettings.Read")
	id, _ := l.add(rich)
	l.add(meeting(6))
	series, _ := l.add(recurring(9, weekly, numbered(3), guests("bob")))
	exception := l.instancesOf(series, march)[1]["id"].(string)
	l.must(200, "PATCH", "/me/events/"+exception, `{"subject":"Edited"}`)
	l.invited()
	expand := "$expand=" + escaped("singleValueExtendedProperties($filter=id eq 'String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark'),extensions,calendar")
	for path, shape := range map[string]string{
		"/me/events/" + id + "?$select=*&" + expand:                        "event",
		"/me/events/" + series + "?$select=*&$expand=exceptionOccurrences": "event",
		"/me/events/" + exception + "?$select=*":                           "event",
		"/me/events/" + series + "/instances?" + march:                     "[]event",
		"/me/events":                       "[]event",
		"/me/calendarView?" + march:        "[]event",
		deltaPath:                          "[]event",
		"/me/calendar":                     "calendar",
		"/me/calendars":                    "[]calendar",
		"/me/calendarGroups":               "[]calendarGroup",
		"/me/outlook/masterCategories":     "[]outlookCategory",
		"/me/events/" + id + "/extensions": "[]openTypeExtension",
	} {
		a := l.must(200, "GET", path, "")
		var v any = a.body
		if strings.HasPrefix(shape, "[]") {
			v = a.body["value"]
			if len(v.([]any)) == 0 {
				t.Errorf("%s is empty", path)
			}
		}
		for _, m := range misfits(shape, numbers(t, v), shape) {
			t.Errorf("%s: %s", path, m)
		}
	}
	l.noUnknown()
}

// TestWritablePropertiesAreRead writes everything and finds it again.
func TestWritablePropertiesAreRead(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Quirks.Teams = true })
	id, _ := l.add(rich)
	var sent map[string]any
	if err := json.Unmarshal([]byte(rich), &sent); err != nil {
		t.Fatal(err)
	}
	got := l.must(200, "GET", "/me/events/"+id, "").body
	for name, p := range shapes["event"] {
		want, wasSent := sent[name]
		if p.access == readOnly || !wasSent {
			continue
		}
		switch name {
		case "start", "end", "body", "attendees", "locations", "singleValueExtendedProperties", "extensions":
			continue // shown in the service's own way; tested elsewhere
		}
		if jsonText(got[name]) != jsonText(want) {
			t.Errorf("%s: wrote %v, read %v", name, want, got[name])
		}
	}
	locs := got["locations"].([]any)
	if first := locs[0].(map[string]any); len(locs) != 2 || first["locationType"] != "conferenceRoom" || first["address"].(map[string]any)["city"] != "Bonn" {
		t.Errorf("locations %v", locs)
	}
	if got["location"].(map[string]any)["displayName"] != "Hall; Room" {
		t.Errorf("location %v", got["location"])
	}
}

// declared is what is read of Microsoft's metadata.
type declared struct {
	Enums []struct {
		Name   string `xml:",attr"`
		Member []struct {
			Name string `xml:",attr"`
		}
	} `xml:"EnumType"`
	Complex []declaredType `xml:"ComplexType"`
	Entity  []declaredType `xml:"EntityType"`
	Action  []struct {
		Name      string `xml:",attr"`
		Parameter []struct {
			Name string `xml:",attr"`
			Type string `xml:",attr"`
		}
	}
}

type declaredType struct {
	Name, BaseType string `xml:",attr"`
	Property       []declaredProperty
	Navigation     []declaredProperty `xml:"NavigationProperty"`
}

type declaredProperty struct {
	Name string `xml:",attr"`
	Type string `xml:",attr"`
}

// shared reads a file of the folder that may lie beside the project.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "data", name))
	if err != nil {
		t.Skip("the published metadata and samples are not here: " + name)
	}
	return b
}

// TestShapesAreMicrosofts compares our table with the published metadata, both
// ways for events and calendars.
func TestShapesAreMicrosofts(t *testing.T) {
	var d declared
	if err := xml.Unmarshal(shared(t, "graph-v1.0-calendar.csdl.xml"), &d); err != nil {
		t.Fatal(err)
	}
	types := map[string]declaredType{}
	for _, x := range append(d.Complex, d.Entity...) {
		types[x.Name] = x
	}
	members := map[string][]string{}
	for _, e := range d.Enums {
		for _, m := range e.Member {
			members[e.Name] = append(members[e.Name], m.Name)
		}
	}
	short := func(typ string) string {
		prefix := ""
		if inner, ok := strings.CutPrefix(typ, "Collection("); ok {
			typ, prefix = strings.TrimSuffix(inner, ")"), "[]"
		}
		return prefix + strings.TrimPrefix(strings.TrimPrefix(typ, "graph."), "Edm.")
	}
	all := func(name string) map[string]string {
		out := map[string]string{}
		for name != "" {
			x, ok := types[name]
			if !ok {
				break
			}
			for _, p := range append(x.Property, x.Navigation...) {
				out[p.Name] = short(p.Type)
			}
			name = short(x.BaseType)
		}
		return out
	}
	for name, shape := range shapes {
		want := all(name)
		if len(want) == 0 {
			t.Errorf("there is no type %s", name)
		}
		for k, p := range shape {
			got := want[k]
			if got == "[]extension" { // of which open ones are the only kind here
				got = "[]openTypeExtension"
			}
			if got != p.typ {
				t.Errorf("%s.%s is %q, declared is %q", name, k, p.typ, got)
			}
		}
		if name == "event" || name == "calendarGroup" {
			for k := range want {
				if _, ok := shape[k]; !ok && k != "calendars" {
					t.Errorf("%s.%s is missing", name, k)
				}
			}
		}
	}
	for name, list := range enums {
		for _, m := range list {
			if !slices.Contains(members[name], m) {
				t.Errorf("%s has no member %q", name, m)
			}
		}
		if name != "categoryColor" && len(list) != len(members[name]) {
			t.Errorf("%s: %d members, declared are %d", name, len(list), len(members[name]))
		}
	}
	for _, a := range d.Action {
		params, ok := actionParams[a.Name]
		if !ok {
			continue
		}
		for _, p := range a.Parameter[1:] {
			if !slices.Contains(params, strings.ToLower(p.Name)) {
				t.Errorf("action %s lacks %s", a.Name, p.Name)
			}
		}
		if len(params) != len(a.Parameter)-1 {
			t.Errorf("action %s has %v", a.Name, params)
		}
	}
}

// TestSamplesAreCovered: whatever Microsoft's documentation shows of an event or
// a calendar is a property that we know, of the type we say, and one that our
// own answer has too.
func TestSamplesAreCovered(t *testing.T) {
	raw := bytes.TrimPrefix(shared(t, "graph-docs-samples.json"), []byte("\xef\xbb\xbf"))
	var samples []struct {
		Request  struct{ URL, Method string }
		Response struct{ Body json.RawMessage }
	}
	if err := json.Unmarshal(raw, &samples); err != nil {
		t.Fatal(err)
	}
	l := newLab(t, func(o *Options) { o.Quirks.Teams = true })
	id, _ := l.add(rich)
	ours := map[string]map[string]any{
		"event":         l.must(200, "GET", "/me/events/"+id+"?$select=*&$expand=calendar", "").body,
		"calendar":      l.must(200, "GET", "/me/calendar", "").body,
		"calendarGroup": l.must(200, "GET", "/me/calendarGroups", "").items()[0],
	}
	seen := map[string]int{}
	for _, s := range samples {
		path, _, _ := strings.Cut(strings.TrimPrefix(s.Request.URL, "https://graph.microsoft.com/v1.0"), "?")
		shape := map[string]string{"events": "event", "calendarView": "event", "delta": "event", "instances": "event",
			"calendars": "calendar", "calendar": "calendar", "calendarGroups": "calendarGroup"}[path[strings.LastIndex(path, "/")+1:]]
		if rest, ok := strings.CutSuffix(path, "/*"); ok && shape == "" {
			shape = map[string]string{"/me/events": "event", "/me/calendarGroups": "calendarGroup"}[rest]
		}
		var body map[string]any
		d := json.NewDecoder(bytes.NewReader(s.Response.Body))
		d.UseNumber()
		if shape == "" || d.Decode(&body) != nil {
			continue
		}
		items, ok := body["value"].([]any)
		if !ok {
			items = []any{body}
		}
		for _, it := range items {
			m, _ := it.(map[string]any)
			seen[shape]++
			for k, v := range m {
				if strings.HasPrefix(k, "@") || k == "multiValueExtendedProperties" {
					continue
				}
				if _, ok := shapes[shape][k]; !ok {
					// The documentation writes some names of beta, and a few of Exchange's own.
					if slices.Contains([]string{"occurrenceId", "calendar@odata.associationLink", "calendar@odata.navigationLink"}, k) {
						continue
					}
					t.Errorf("%s %s: %s.%s is not known", s.Request.Method, path, shape, k)
					continue
				}
				if _, ok := ours[shape][k]; !ok {
					t.Errorf("%s %s: %s.%s is shown there, but not by us", s.Request.Method, path, shape, k)
				}
				// Some samples hold placeholders ("datetime-value") and empty
				// enumerations; their types say nothing.
				if text := jsonText(v); strings.Contains(text, "-value") || strings.Contains(text, `"response":""`) || text == "{}" {
					continue
				}
				for _, x := range misfits(shapes[shape][k].typ, v, shape+"."+k) {
					t.Errorf("%s %s: %s", s.Request.Method, path, x)
				}
			}
		}
	}
	if seen["event"] < 10 || seen["calendar"] < 4 || seen["calendarGroup"] < 3 {
		t.Errorf("too few samples were looked at: %v", seen)
	}
}
