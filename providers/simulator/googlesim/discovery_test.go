package googlesim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// discovery is the part of a discovery document that the simulator is held to.
type discovery struct {
	Parameters map[string]property `json:"parameters"`
	Resources  map[string]resource `json:"resources"`
	Schemas    map[string]property `json:"schemas"`
}

type resource struct {
	Methods   map[string]apiMethod `json:"methods"`
	Resources map[string]resource  `json:"resources"`
}

type apiMethod struct {
	ID         string              `json:"id"`
	Method     string              `json:"httpMethod"`
	Path       string              `json:"path"`
	Parameters map[string]property `json:"parameters"`
	Request    property            `json:"request"`
	Response   property            `json:"response"`
	Scopes     []string            `json:"scopes"`
}

type property struct {
	Ref        string              `json:"$ref"`
	Type       string              `json:"type"`
	Location   string              `json:"location"`
	Repeated   bool                `json:"repeated"`
	Required   bool                `json:"required"`
	Enum       []string            `json:"enum"`
	Properties map[string]property `json:"properties"`
	Additional *property           `json:"additionalProperties"`
	Items      *property           `json:"items"`
}

// document reads Google's document from the module that the connector is built on.
var document = sync.OnceValues(func() (*discovery, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "calendar", "v3", "calendar-api.json"))
	if err != nil {
		return nil, err
	}
	var d discovery
	return &d, json.Unmarshal(b, &d)
})

func mustDocument(t *testing.T) *discovery {
	t.Helper()
	d, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *discovery) methods() map[string]apiMethod {
	out := map[string]apiMethod{}
	var walk func(map[string]resource)
	walk = func(rs map[string]resource) {
		for _, r := range rs {
			for _, m := range r.Methods {
				out[strings.TrimPrefix(m.ID, "calendar.")] = m
			}
			walk(r.Resources)
		}
	}
	walk(d.Resources)
	return out
}

func TestEveryMethodIsRoutedAsDeclared(t *testing.T) {
	d := mustDocument(t)
	methods := d.methods()
	if len(methods) != 38 || len(routes) != len(methods) {
		t.Errorf("%d methods are declared, %d routed", len(methods), len(routes))
	}
	for _, rt := range routes {
		m, ok := methods[rt.kind]
		if !ok {
			t.Errorf("%s is not declared", rt.kind)
			continue
		}
		if m.Method != rt.method || m.Path != rt.path {
			t.Errorf("%s: %s %s, declared %s %s", rt.kind, rt.method, rt.path, m.Method, m.Path)
		}
		var want []string
		for name, p := range m.Parameters {
			if p.Location == "path" {
				continue
			}
			s := name + ":" + p.Type
			if p.Repeated {
				s += "*"
			}
			if p.Required {
				s += "!"
			}
			if p.Enum != nil {
				s += "=" + strings.Join(p.Enum, "|")
			}
			want = append(want, s)
		}
		slices.Sort(want)
		if got := slices.Sorted(strings.FieldsSeq(rt.params)); !slices.Equal(got, want) {
			t.Errorf("%s: parameters %v, declared %v", rt.kind, got, want)
		}
		for i, s := range m.Scopes {
			m.Scopes[i] = strings.TrimPrefix(s, scopePrefix)
		}
		if got := strings.Fields(rt.scopes); !slices.Equal(got, m.Scopes) {
			t.Errorf("%s: scopes %v, declared %v", rt.kind, got, m.Scopes)
		}
		if rt.handle != nil && (rt.body != nil) != (m.Request.Ref != "") {
			t.Errorf("%s: takes a body: %v, declared %q", rt.kind, rt.body != nil, m.Request.Ref)
		}
		if rt.body != nil {
			compare(t, d, m.Request.Ref, rt.body, property{Ref: m.Request.Ref})
		}
		if rt.answer != nil {
			compare(t, d, m.Response.Ref, rt.answer, property{Ref: m.Response.Ref})
		}
	}
	for _, p := range strings.Fields(commonParams) {
		name, _, _ := strings.Cut(p, ":")
		if _, ok := d.Parameters[name]; !ok {
			t.Errorf("common parameter %s is not declared", name)
		}
	}
	if got := len(strings.Fields(commonParams)); got != len(d.Parameters) {
		t.Errorf("%d common parameters, declared %d", got, len(d.Parameters))
	}
}

// compare holds a shape against a declared schema, both ways.
func compare(t *testing.T, d *discovery, path string, s shape, p property) {
	t.Helper()
	if p.Ref != "" {
		p = d.Schemas[p.Ref]
	}
	switch s := s.(type) {
	case object:
		for _, name := range slices.Sorted(maps.Keys(s)) {
			below, ok := p.Properties[name]
			if !ok {
				t.Errorf("%s.%s is not declared", path, name)
				continue
			}
			compare(t, d, path+"."+name, s[name], below)
		}
		for name := range p.Properties {
			if _, ok := s[name]; !ok {
				t.Errorf("%s.%s is declared and not known here", path, name)
			}
		}
	case list:
		if p.Type != "array" {
			t.Errorf("%s is declared as %s, not a list", path, p.Type)
			return
		}
		compare(t, d, path+"[]", s.of, *p.Items)
	case dict:
		if p.Additional == nil {
			t.Errorf("%s is declared as no dictionary", path)
			return
		}
		compare(t, d, path+"{}", s.of, *p.Additional)
	default:
		if s != p.Type {
			t.Errorf("%s is declared as %s, not %s", path, p.Type, s)
		}
	}
}

// checkAgainstDiscovery holds a success answer against the declared response.
func checkAgainstDiscovery(t *testing.T, s *Server, r *http.Request, a answer) {
	t.Helper()
	if a.status != http.StatusOK {
		return
	}
	d := mustDocument(t)
	kind, _ := s.Kind(r)
	m, ok := d.methods()[kind]
	if !ok {
		t.Errorf("an answer to %s, which is not declared", kind)
		return
	}
	for _, e := range d.hold(kind, a.body, m.Response) {
		t.Error(e)
	}
}

// hold returns how a value differs from its declared schema.
func (d *discovery) hold(path string, v any, p property) []string {
	if p.Ref != "" {
		p = d.Schemas[p.Ref]
	}
	var out []string
	ok := true
	switch p.Type {
	case "object":
		m, is := v.(obj)
		ok = is
		for k, x := range m {
			if below, declared := p.Properties[k]; declared {
				out = append(out, d.hold(path+"."+k, x, below)...)
			} else if p.Additional != nil {
				out = append(out, d.hold(path+"."+k, x, *p.Additional)...)
			} else {
				out = append(out, fmt.Sprintf("%s.%s is sent and not declared", path, k))
			}
		}
	case "array":
		l, is := v.([]any)
		ok = is
		for i, x := range l {
			out = append(out, d.hold(fmt.Sprintf("%s[%d]", path, i), x, *p.Items)...)
		}
	case "string":
		_, ok = v.(string)
	case "boolean":
		_, ok = v.(bool)
	case "integer":
		var f float64
		f, ok = v.(float64)
		ok = ok && f == float64(int64(f))
	}
	if !ok {
		out = append(out, fmt.Sprintf("%s is sent as %T, declared as %s", path, v, p.Type))
	}
	return out
}

func TestTheCheckAgainstTheDocumentBites(t *testing.T) {
	d := mustDocument(t)
	wrong := obj{
		"summary": 5.0, "attendees": obj{}, "start": obj{"dateTime": true}, "sequence": 1.5,
		"attendees2": []any{}, "extendedProperties": obj{"private": obj{"k": 1.0}},
	}
	if got := d.hold("Event", wrong, property{Ref: "Event"}); len(got) != 6 {
		t.Errorf("found %d of 6 faults: %v", len(got), got)
	}
}
