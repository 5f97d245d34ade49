package googlesim

import (
	"fmt"
	"strings"
)

// mask is a parsed 'fields' parameter: the members to keep, each with the mask
// of what lies below (nil: all of it).
type mask map[string]mask

// parseMask reads a partial-response selection such as
// items(id,start/dateTime),nextPageToken and checks it against the answer's
// shape (Google guide 'Work with partial resources').
func parseMask(text string, answer shape) (mask, error) {
	p := &maskParser{text: text}
	m, err := p.list(answer)
	if err != nil {
		return nil, err
	}
	if p.at < len(text) {
		return nil, p.fail(text[p.at:])
	}
	return m, nil
}

type maskParser struct {
	text string
	at   int
}

func (p *maskParser) fail(what string) error {
	e := badParameter("fields", "Invalid field selection "+what)
	e.unknown = "field selection " + what
	return e
}

func (p *maskParser) list(s shape) (mask, error) {
	m := mask{}
	for {
		name, sub, err := p.item(s)
		if err != nil {
			return nil, err
		}
		if old, ok := m[name]; ok && old != nil && sub != nil {
			for k, v := range sub {
				old[k] = v
			}
		} else {
			m[name] = sub
		}
		if p.at >= len(p.text) || p.text[p.at] != ',' {
			return m, nil
		}
		p.at++
	}
}

func (p *maskParser) item(s shape) (string, mask, error) {
	end := strings.IndexAny(p.text[p.at:], ",()/")
	if end < 0 {
		end = len(p.text) - p.at
	}
	name := p.text[p.at : p.at+end]
	p.at += end
	below, ok := member(s, name)
	if !ok {
		return "", nil, p.fail(fmt.Sprintf("%q", name))
	}
	if p.at >= len(p.text) {
		return name, nil, nil
	}
	switch p.text[p.at] {
	case '/':
		p.at++
		n, sub, err := p.item(below)
		return name, mask{n: sub}, err
	case '(':
		p.at++
		sub, err := p.list(below)
		if err != nil {
			return "", nil, err
		}
		if p.at >= len(p.text) || p.text[p.at] != ')' {
			return "", nil, p.fail(p.text)
		}
		p.at++
		return name, sub, nil
	}
	return name, nil, nil
}

// member finds what lies below a name; lists are transparent.
func member(s shape, name string) (shape, bool) {
	if l, ok := s.(list); ok {
		s = l.of
	}
	switch s := s.(type) {
	case object:
		if name == "*" {
			return "any", true
		}
		below, ok := s[name]
		return below, ok
	case dict:
		return s.of, name != ""
	}
	return "any", s == "any" && name != ""
}

// apply keeps what the mask names.
func (m mask) apply(v any) any {
	if m == nil {
		return v
	}
	switch v := v.(type) {
	case obj:
		out := obj{}
		for k, x := range v {
			if sub, ok := m[k]; ok {
				out[k] = sub.apply(x)
			} else if sub, ok := m["*"]; ok {
				out[k] = sub.apply(x)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = m.apply(x)
		}
		return out
	}
	return v
}
