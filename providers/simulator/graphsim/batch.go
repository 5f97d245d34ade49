package graphsim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// inner is one request of a batch.
type inner struct {
	id, method, url string
	headers         map[string]any
	body            any
	after           []string
}

// batch runs up to 20 requests (Microsoft "JSON batching"). The outer answer is
// 200 even if all inner ones fail; what depends on a failure is not run. Answers
// come in another order than the requests.
func (c *call) batch() (*reply, *apiError) {
	list, err := c.parseBatch()
	if err != nil {
		return nil, err
	}
	status := map[string]int{}
	answers := []any{}
	for len(status) < len(list) {
		before := len(status)
		for _, in := range list {
			if _, done := status[in.id]; done || slices.ContainsFunc(in.after, func(id string) bool { return status[id] == 0 }) {
				continue
			}
			if slices.ContainsFunc(in.after, func(id string) bool { return status[id] >= 400 }) {
				status[in.id] = http.StatusFailedDependency
				answers = append(answers, map[string]any{"id": in.id, "status": http.StatusFailedDependency, "headers": map[string]any{},
					"body": map[string]any{"error": map[string]any{"code": "FailedDependency", "message": "A request that this one depends on failed."}}})
				continue
			}
			code, answer := c.runInner(in)
			status[in.id] = code
			answers = append(answers, answer)
		}
		if len(status) == before {
			return nil, badRequest("BadRequest", "The batch has a circular dependency.")
		}
	}
	slices.Reverse(answers)
	return &reply{status: http.StatusOK, body: map[string]any{"responses": answers}}, nil
}

func (c *call) parseBatch() ([]inner, *apiError) {
	malformed := func(why string) ([]inner, *apiError) {
		return nil, badRequest("BadRequest", "Invalid batch payload format: "+why)
	}
	raw, ok := c.body["requests"].([]any)
	if !ok || len(raw) == 0 {
		return malformed("requests are missing.")
	}
	if len(raw) > maxBatch {
		return nil, badRequest("MaximumValueExceeded", "Number of batch request steps exceeds the maximum value of 20.")
	}
	var list []inner
	ids := map[string]bool{}
	for _, x := range raw {
		m, _ := x.(map[string]any)
		var in inner
		in.id, _ = m["id"].(string)
		in.method, _ = m["method"].(string)
		in.url, _ = m["url"].(string)
		in.headers, _ = m["headers"].(map[string]any)
		in.body = m["body"]
		deps, _ := m["dependsOn"].([]any)
		for _, d := range deps {
			id, _ := d.(string)
			if !ids[id] {
				return malformed("dependsOn names a request that does not come before.")
			}
			in.after = append(in.after, id)
		}
		switch {
		case in.id == "" || ids[in.id]:
			return malformed("ids must be unique.")
		case in.method == "" || !strings.HasPrefix(in.url, "/") || strings.HasPrefix(in.url, "/$batch"):
			return malformed("method or relative url is not valid.")
		}
		ids[in.id] = true
		for k := range m {
			if !slices.Contains([]string{"id", "method", "url", "headers", "body", "dependsOn"}, k) {
				c.s.opts.Record.Unknown("batch member " + k)
				return malformed("unknown member " + k + ".")
			}
		}
		list = append(list, in)
	}
	return list, nil
}

// runInner serves one request as if it had come alone.
func (c *call) runInner(in inner) (int, map[string]any) {
	var payload []byte
	if in.body != nil {
		payload, _ = json.Marshal(in.body) // it came from JSON
	}
	w := &memory{header: http.Header{}}
	fail := func(err *apiError) (int, map[string]any) {
		c.s.answer(w, c.r, nil, err)
		return w.status, w.answer(in.id)
	}
	u, err := url.Parse("/v1.0" + in.url)
	if err != nil {
		return fail(badRequest("BadRequest", "The url of a batched request is not valid."))
	}
	r, err := http.NewRequestWithContext(c.r.Context(), strings.ToUpper(in.method), u.String(), bytes.NewReader(payload))
	if err != nil {
		return fail(badRequest("BadRequest", "The method of a batched request is not valid."))
	}
	r.Host, r.TLS = c.r.Host, c.r.TLS
	for k, v := range in.headers {
		if text, ok := v.(string); ok {
			r.Header.Set(k, text)
		}
	}
	if r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", c.r.Header.Get("Authorization"))
	}
	kind, write := c.s.Kind(r)
	c.s.opts.Record.Request(kind, write)
	c.s.headers(w, r)
	c.s.serve(w, r)
	return w.status, w.answer(in.id)
}

// memory takes an inner answer.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (m *memory) Header() http.Header         { return m.header }
func (m *memory) WriteHeader(status int)      { m.status = status }
func (m *memory) Write(b []byte) (int, error) { return m.body.Write(b) }

func (m *memory) answer(id string) map[string]any {
	headers := map[string]any{}
	for k := range m.header {
		headers[k] = m.header.Get(k)
	}
	out := map[string]any{"id": id, "status": m.status, "headers": headers}
	if m.body.Len() > 0 {
		var v any
		if json.Unmarshal(m.body.Bytes(), &v) != nil {
			v = base64.StdEncoding.EncodeToString(m.body.Bytes())
		}
		out["body"] = v
	}
	return out
}
