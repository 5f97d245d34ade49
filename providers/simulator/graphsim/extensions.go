package graphsim

import (
	"net/http"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// extensionPrefix stands before the name in an open extension's id.
const extensionPrefix = "Microsoft.OutlookServices.OpenTypeExtension."

// setExtension stores an open extension from a body.
func setExtension(e *mailbox.Event, body map[string]any) *apiError {
	name, _ := body["extensionName"].(string)
	if name == "" {
		return badRequest("ErrorInvalidRequest", "The extension needs an extensionName.")
	}
	if e.Extensions == nil {
		e.Extensions = map[string]map[string]any{}
	}
	e.Extensions[name] = members(body)
	return nil
}

// members are the extension's own properties.
func members(body map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range body {
		if k != "id" && k != "extensionName" && !strings.Contains(k, "@") {
			out[k] = v
		}
	}
	return out
}

func extensionJSON(name string, e *mailbox.Event) map[string]any {
	out := map[string]any{"@odata.type": "#microsoft.graph.openTypeExtension", "id": extensionPrefix + name, "extensionName": name}
	for k, v := range e.Extensions[name] {
		out[k] = v
	}
	return out
}

// extensionsJSON are the extensions that a view names, by short name or id.
func extensionsJSON(e *mailbox.Event, v view) []any {
	out := []any{}
	for _, name := range extensionNames(e) {
		if v.everyExt || slices.Contains(v.extensions, name) || slices.Contains(v.extensions, extensionPrefix+name) {
			out = append(out, extensionJSON(name, e))
		}
	}
	return out
}

func extensionNames(e *mailbox.Event) []string {
	var names []string
	for name := range e.Extensions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (c *call) listExtensions() (*reply, *apiError) {
	if err := c.allowQuery("$select", "$filter"); err != nil {
		return nil, err
	}
	_, e, err := c.find(false)
	if err != nil {
		return nil, err
	}
	return c.listed("extensions", extensionsJSON(e.Event, view{everyExt: true}), "", len(e.Extensions)), nil
}

// extension finds the event and the extension that the path names.
func (c *call) extension(write bool) (*mailbox.Calendar, item, string, *apiError) {
	if err := c.allowQuery("$select"); err != nil {
		return nil, item{}, "", err
	}
	cal, e, err := c.find(write)
	if err != nil {
		return nil, item{}, "", err
	}
	name := strings.TrimPrefix(c.name, extensionPrefix)
	if _, ok := e.Extensions[name]; !ok {
		return nil, item{}, "", notFound()
	}
	if write && e.master != nil {
		e.Event = e.Clone() // an occurrence shares what it has from its master
	}
	return cal, e, name, nil
}

func (c *call) getExtension() (*reply, *apiError) {
	_, e, name, err := c.extension(false)
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, body: extensionJSON(name, e.Event)}, nil
}

func (c *call) createExtension() (*reply, *apiError) {
	if err := c.allowQuery(); err != nil {
		return nil, err
	}
	cal, e, err := c.find(true)
	if err != nil {
		return nil, err
	}
	if err := c.accept("openTypeExtension", c.body, true); err != nil {
		return nil, err
	}
	if e.master != nil {
		e.Event = e.Clone()
	}
	if err := setExtension(e.Event, c.body); err != nil {
		return nil, err
	}
	c.extended(cal, e)
	return &reply{status: http.StatusCreated, body: extensionJSON(c.body["extensionName"].(string), e.Event)}, nil
}

// updateExtension merges; a member cannot be removed by null (observed by third
// parties), only with the whole extension.
func (c *call) updateExtension() (*reply, *apiError) {
	cal, e, name, err := c.extension(true)
	if err != nil {
		return nil, err
	}
	for k, v := range members(c.body) {
		if v != nil {
			e.Extensions[name][k] = v
		}
	}
	c.extended(cal, e)
	return &reply{status: http.StatusOK, body: extensionJSON(name, e.Event)}, nil
}

func (c *call) deleteExtension() (*reply, *apiError) {
	cal, e, name, err := c.extension(true)
	if err != nil {
		return nil, err
	}
	delete(e.Extensions, name)
	c.extended(cal, e)
	return &reply{status: http.StatusNoContent}, nil
}

// extended records that an event's extensions changed; an occurrence becomes an
// exception by it.
func (c *call) extended(cal *mailbox.Calendar, it item) {
	if it.master != nil {
		setException(it, it.Event, []string{"extensions"})
	}
	c.mb.Touch(cal, it.stored())
}
