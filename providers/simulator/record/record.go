// Package record holds what a simulator notes about the requests it served. It
// is shared by the two services and the simulator around them, and imports
// nothing of this project.
package record

import (
	"maps"
	"slices"
	"sync"
)

// Recorder counts requests. It is safe for use by several requests at once.
type Recorder struct {
	mu     sync.Mutex
	counts Counts
}

// Counts is what was seen since the start or the last Reset.
type Counts struct {
	// Kinds counts requests by kind: "events.list", "events.insert", "delta",
	// "oauth.token"... Every request has one kind; those that a fault swallowed count too.
	Kinds map[string]int `json:"kinds"`
	// Requests is how many requests to the service there were (OAuth excepted).
	Requests int `json:"requests"`
	// Writes is how many of them asked for a change, whether it was granted or not.
	Writes int `json:"writes"`
	// Unknown names every unknown route, parameter and body field, in the order
	// of its coming, each once. A client must leave it empty.
	Unknown []string `json:"unknown"`
	// NotImplemented names what the real service can do and the simulator cannot yet.
	NotImplemented []string `json:"notImplemented"`
	// Faults is how many requests were answered by a fault.
	Faults int `json:"faults"`
	// Mails is how many mails the real service would have sent, by kind
	// ("invitation", "update", "cancellation", "response").
	Mails map[string]int `json:"mails"`
}

// Request counts a request of the service under its kind.
func (r *Recorder) Request(kind string, write bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kind(kind)
	r.counts.Requests++
	if write {
		r.counts.Writes++
	}
}

// SignIn counts a request of the sign-in endpoints under its kind.
func (r *Recorder) SignIn(kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kind(kind)
}

// Unknown notes an unknown route, parameter or body field.
func (r *Recorder) Unknown(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Unknown = note(r.counts.Unknown, what)
}

// NotImplemented notes what the simulator cannot do yet.
func (r *Recorder) NotImplemented(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.NotImplemented = note(r.counts.NotImplemented, what)
}

// Fault counts a request that a fault answered.
func (r *Recorder) Fault() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Faults++
}

// Snapshot returns the counts so far; Mails is for the caller to fill.
func (r *Recorder) Snapshot() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts
	c.Kinds = maps.Clone(c.Kinds)
	if c.Kinds == nil {
		c.Kinds = map[string]int{}
	}
	c.Unknown = append([]string{}, c.Unknown...)
	c.NotImplemented = append([]string{}, c.NotImplemented...)
	c.Mails = map[string]int{}
	return c
}

// Reset starts the counts anew.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts = Counts{}
}

func (r *Recorder) kind(kind string) {
	if r.counts.Kinds == nil {
		r.counts.Kinds = map[string]int{}
	}
	r.counts.Kinds[kind]++
}

// maxNotes bounds the lists: a client that is wrong is wrong without end.
const maxNotes = 200

func note(list []string, what string) []string {
	if len(list) >= maxNotes || slices.Contains(list, what) {
		return list
	}
	return append(list, what)
}
