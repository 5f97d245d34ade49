package graphsim

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// view is how events are shown: which properties, and what is expanded.
type view struct {
	sel        []string // nil: all but originalStart and cancelledOccurrences, which want to be named
	properties []string // ids of extended properties
	extensions []string // names of open extensions
	everyExt   bool
	calendar   bool
	lists      []string // expanded collections; of a single event they are empty
}

// parseView reads $select and $expand.
func (c *call) parseView() (view, *apiError) {
	var v view
	if text, ok := c.param("$select"); ok && text != "" {
		for name := range strings.SplitSeq(text, ",") {
			name = strings.TrimSpace(name)
			if name == "*" {
				for k := range shapes["event"] {
					v.sel = append(v.sel, k)
				}
				continue
			}
			if _, ok := shapes["event"][name]; !ok {
				return v, c.noProperty(name)
			}
			v.sel = append(v.sel, name)
		}
	}
	text, ok := c.param("$expand")
	if !ok || text == "" {
		return v, nil
	}
	for _, item := range splitQuoted(text, ',') {
		name, opts, _ := strings.Cut(strings.TrimSpace(item), "(")
		ids, err := c.idsOf(strings.TrimSuffix(opts, ")"))
		if err != nil {
			return v, err
		}
		switch name {
		case "singleValueExtendedProperties":
			if len(ids) == 0 {
				return v, badRequest("ErrorInvalidUrlQueryFilter", "Expanding extended properties needs a $filter by id.")
			}
			v.properties = append(v.properties, ids...)
		case "extensions":
			v.extensions = append(v.extensions, ids...)
			v.everyExt = v.everyExt || len(ids) == 0
		case "calendar":
			v.calendar = true
		case "instances": // its window has no place in the request
			c.s.opts.Record.NotImplemented("$expand=instances")
			return v, notImplemented("$expand=instances")
		case "attachments", "exceptionOccurrences", "multiValueExtendedProperties":
			v.lists = append(v.lists, name)
		default:
			return v, c.noProperty(name)
		}
	}
	return v, nil
}

var idTerm = regexp.MustCompile(`^\s*(?:[a-z]+/)?id eq '((?:[^']|'')*)'\s*$`)

// idsOf reads the options of an expansion: $filter=id eq 'a' or id eq 'b'.
func (c *call) idsOf(opts string) ([]string, *apiError) {
	opts, ok := strings.CutPrefix(strings.TrimSpace(opts), "$filter=")
	if !ok {
		if opts != "" {
			c.s.opts.Record.Unknown("option " + opts + " of $expand")
			return nil, badRequest("BadRequest", "The query specified in the URI is not valid.")
		}
		return nil, nil
	}
	var ids []string
	for term := range strings.SplitSeq(opts, " or ") {
		m := idTerm.FindStringSubmatch(term)
		if m == nil {
			return nil, badRequest("ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")
		}
		ids = append(ids, strings.ReplaceAll(m[1], "''", "'"))
	}
	return ids, nil
}

func (c *call) noProperty(name string) *apiError {
	c.s.opts.Record.Unknown("property event." + name + " in a query")
	return badRequest("RequestBroker--ParseUri", "Could not find a property named '"+name+"' on type 'microsoft.graph.event'.")
}

// show is the event as the view wants it. The etag and the id are always there.
func (c *call) show(cal *mailbox.Calendar, it item, v view) map[string]any {
	e := it.Event
	out := c.eventJSON(cal, it)
	if slices.Contains(v.sel, "originalStart") {
		out["originalStart"] = c.originalStart(it)
	}
	if slices.Contains(v.sel, "cancelledOccurrences") {
		out["cancelledOccurrences"] = c.cancelledOccurrences(it)
	}
	if v.sel != nil {
		for k := range out {
			if !strings.HasPrefix(k, "@") && k != "id" && !slices.Contains(v.sel, k) {
				delete(out, k)
			}
		}
	}
	if props := propertiesJSON(e, v.properties); len(props) > 0 {
		out["singleValueExtendedProperties"] = props
	}
	if v.everyExt || len(v.extensions) > 0 {
		out["extensions"] = extensionsJSON(e, v)
	}
	if v.calendar {
		out["calendar"] = c.calendarJSON(cal)
	}
	for _, name := range v.lists {
		if name != "multiValueExtendedProperties" { // absent when there is none
			out[name] = []any{}
		}
		if name == "attachments" {
			list := []any{}
			for i, a := range e.Attachments {
				list = append(list, attachmentJSON(e, i, a, nil))
			}
			out[name] = list
		}
		if name == "exceptionOccurrences" {
			out[name] = c.exceptionOccurrences(cal, it)
		}
	}
	return out
}

// propertiesJSON are the extended properties with exactly these ids.
func propertiesJSON(e *mailbox.Event, ids []string) []any {
	var out []any
	for _, id := range ids {
		if v, ok := e.Private[id]; ok {
			out = append(out, map[string]any{"id": id, "value": v})
		}
	}
	return out
}

// pageOf cuts a page out of a list by $skip and $top, or maxpagesize: offsets
// into data that may change between the pages, as on the real service.
func pageOf[T any](c *call, all []T) (page []T, next string, err *apiError) {
	size, skip := defaultPage, 0
	if c.prefer.maxPage > 0 {
		size = c.prefer.maxPage
	}
	if text, ok := c.param("$top"); ok {
		n, perr := strconv.Atoi(text)
		if perr != nil || n < 1 {
			return nil, "", badRequest("ErrorInvalidUrlQuery", "The value of '$top' is not valid.")
		}
		size = min(n, maxPage)
	}
	if text, ok := c.param("$skip"); ok {
		n, perr := strconv.Atoi(text)
		if perr != nil || n < 0 {
			return nil, "", badRequest("ErrorInvalidUrlQuery", "The value of '$skip' is not valid.")
		}
		skip = n
	}
	from := min(skip, len(all))
	to := min(from+size, len(all))
	if to < len(all) {
		q := url.Values{}
		for k, v := range c.query {
			if !strings.EqualFold(k, "$skip") {
				q[k] = v
			}
		}
		q.Set("$skip", strconv.Itoa(skip+size))
		next = c.link(q)
	}
	return all[from:to], next, nil
}

// link is this request's address with other parameters.
func (c *call) link(q url.Values) string {
	base := c.base()
	if h := c.quirks.ForeignHost; h != "" {
		base = "https://" + h
	}
	// Graph leaves the dollar of its parameters as it is.
	return base + c.r.URL.EscapedPath() + "?" + strings.ReplaceAll(q.Encode(), "%24", "$")
}

// listed answers a page.
func (c *call) listed(context string, items []any, next string, count int) *reply {
	body := map[string]any{"@odata.context": c.base() + "/v1.0/$metadata#" + context, "value": items}
	if next != "" {
		body["@odata.nextLink"] = next
	}
	if v, _ := c.param("$count"); strings.EqualFold(v, "true") {
		body["@odata.count"] = count
	}
	return &reply{status: http.StatusOK, body: body}
}

// order sorts by $orderby; without one by the given default.
func (c *call) order(events []item, byStart bool) *apiError {
	text, ok := c.param("$orderby")
	cmpBy := func(key func(item) string, desc bool) {
		type keyed struct {
			key string
			it  item
		}
		list := make([]keyed, len(events)) // each key is made once
		for i, e := range events {
			list[i] = keyed{key(e), e}
		}
		slices.SortStableFunc(list, func(a, b keyed) int {
			if desc {
				a, b = b, a
			}
			return strings.Compare(a.key, b.key)
		})
		for i := range list {
			events[i] = list[i].it
		}
	}
	cmpBy(func(e item) string { return e.Created.UTC().Format(sortable) + e.ID }, false)
	if !ok || text == "" {
		if byStart {
			cmpBy(sortKeys["start/dateTime"], false)
		}
		return nil
	}
	terms := strings.Split(text, ",")
	slices.Reverse(terms) // stable sorts: the last term first
	for _, term := range terms {
		name, dir, _ := strings.Cut(strings.TrimSpace(term), " ")
		key, ok := sortKeys[name]
		if !ok || dir != "" && dir != "asc" && dir != "desc" {
			return badRequest("ErrorInvalidUrlQuery", "Sorting by '"+term+"' is not supported.")
		}
		cmpBy(key, dir == "desc")
	}
	return nil
}

var sortKeys = map[string]func(item) string{
	"start/dateTime":       func(e item) string { return instant(e.Start).Format(sortable) },
	"end/dateTime":         func(e item) string { return instant(e.End).Format(sortable) },
	"subject":              func(e item) string { return strings.ToLower(e.Title) },
	"createdDateTime":      func(e item) string { return e.Created.UTC().Format(sortable) },
	"lastModifiedDateTime": func(e item) string { return e.Updated.UTC().Format(sortable) },
}

// visible are the live events of a calendar that lists show already.
func (c *call) visible(cal *mailbox.Calendar) []*mailbox.Event {
	all := c.mb.Live(cal)
	if c.quirks.DeltaLag <= 0 {
		return all
	}
	upto := c.lagged(cal)
	return slices.DeleteFunc(all, func(e *mailbox.Event) bool { return e.Change > upto })
}

// lagged is the last change that lists and delta show already.
func (c *call) lagged(cal *mailbox.Calendar) uint64 {
	if c.quirks.DeltaLag <= 0 {
		return c.mb.Seq()
	}
	cut, upto := c.s.now().Add(-c.quirks.DeltaLag), uint64(0)
	for _, ch := range cal.Log {
		if ch.Time.After(cut) {
			break
		}
		upto = ch.Seq
	}
	return upto
}

// window reads the two parameters of a calendar view.
func (c *call) window() (from, to time.Time, err *apiError) {
	a, _ := c.param("startDateTime")
	b, _ := c.param("endDateTime")
	if a == "" || b == "" {
		return from, to, badRequest("ErrorInvalidParameter",
			"This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.")
	}
	from, ok1 := windowTime(a)
	to, ok2 := windowTime(b)
	if !ok1 || !ok2 {
		return from, to, badRequest("ErrorInvalidParameter", "The value of StartDateTime or EndDateTime is not valid.")
	}
	if to.Before(from) {
		return from, to, badRequest("ErrorInvalidParameter", "The EndDateTime is earlier than the StartDateTime.")
	}
	return from, to, nil
}
