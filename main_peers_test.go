//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/providertest/caldavlab"
)

// peerFigures is what one run of a program cost.
type peerFigures struct {
	wall, cpu time.Duration
	requests  int64
}

// peer keeps two calendars on one server alike, as a program of its own.
type peer interface {
	name() string
	// begin sets it up for Alice's calendar and Bob's.
	begin(b *testing.B, at string, s *caldavlab.Server, alice, bob string)
	sync(b *testing.B) *exec.Cmd
}

// BenchmarkPeers holds Twinday against vdirsyncer: the same events on the same servers,
// in turn, each as a process of its own. TWINDAY_PEERS says how many events.
func BenchmarkPeers(b *testing.B) {
	folder := b.TempDir()
	program := filepath.Join(folder, "twinday")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-ldflags=-w", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	servers := []struct {
		name   string
		start  func(testing.TB) *caldavlab.Server
		copies int // how many events a program can copy there within minutes
	}{
		{"Cyrus", caldavlab.Cyrus, math.MaxInt},
		// It looks through all that is there for each new one: of 5 000 it takes two a second.
		{"Radicale", caldavlab.Radicale, 1000},
	}
	var table strings.Builder
	for _, server := range servers {
		for size := range strings.SplitSeq(cmp.Or(os.Getenv("TWINDAY_PEERS"), "200"), ",") {
			n, err := strconv.Atoi(size)
			if err != nil {
				b.Fatal(err)
			}
			var rows [2][3]peerFigures
			for i, p := range []peer{&vdirsyncer{}, &ourselves{program: program}} {
				b.Run(fmt.Sprintf("%s/%d/%s", server.name, n, p.name()), func(b *testing.B) {
					rows[i] = race(b, server.start(b), p, n, n <= server.copies)
				})
			}
			whats := []string{"first sync", "no change", "10 changes"}
			if n > server.copies {
				whats[0] = "alike before"
			}
			for j, what := range whats {
				v, t := rows[0][j], rows[1][j]
				if v.requests == 0 || t.requests == 0 {
					continue // -bench left one out
				}
				fmt.Fprintf(&table, "%-8s %5d  %-10s  vdirsyncer %7.2fs %6.2fs cpu %5d requests   twinday %7.2fs %6.2fs cpu %5d requests   wall %.2f cpu %.2f\n", server.name, n, what,
					v.wall.Seconds(), v.cpu.Seconds(), v.requests, t.wall.Seconds(), t.cpu.Seconds(), t.requests,
					t.wall.Seconds()/v.wall.Seconds(), t.cpu.Seconds()/v.cpu.Seconds())
			}
		}
	}
	fmt.Printf("twinday beside vdirsyncer; ratios are twinday's part of vdirsyncer's\n%s", &table) // what is logged here is not shown
}

// race has one program go through it all. With copies, the first sync is to copy all
// events; else they are in both calendars before.
func race(b *testing.B, s *caldavlab.Server, p peer, n int, copies bool) (out [3]peerFigures) {
	alice, bob := s.NewCalendarOf(b, s.User, "a"), s.NewCalendarOf(b, s.Neighbour, "b")
	random := rand.New(rand.NewPCG(42, 42))
	texts := map[calendar.RemoteID]string{}
	for i := range n {
		texts[resource(i)] = benchEvent(i, random)
	}
	alice.Fill(texts)
	if !copies {
		bob.Fill(texts)
	}
	to, err := url.Parse(s.Base)
	if err != nil {
		b.Fatal(err)
	}
	var requests atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	counting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	defer counting.Close()
	p.begin(b, counting.URL, s, alice.Path, bob.Path)
	measured := func() peerFigures {
		requests.Store(0)
		c := p.sync(b)
		began := time.Now()
		text, err := c.CombinedOutput()
		f := peerFigures{wall: time.Since(began), requests: requests.Load()}
		if err != nil || strings.Contains(string(text), `"problems":[{`) {
			b.Fatalf("%s: %v\n%.2000s", p.name(), err, text)
		}
		f.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		return f
	}
	out[0] = measured()
	settle := measured() // what each learns of its own writes
	out[1] = measured()
	for i := range 3 {
		alice.EditTitle(resource(i), fmt.Sprint("Edited by Alice ", i))
	}
	alice.Put("new-a.ics", benchEvent(n, random))
	alice.Delete(resource(3))
	theirs := bob.Names()
	if len(theirs) != n {
		b.Fatalf("%s: %d events were to be copied, %d were", p.name(), n, len(theirs))
	}
	edited := 0
	for _, id := range theirs {
		switch title := bob.Title(id); {
		case title == benchTitle(10) || title == benchTitle(11) || title == benchTitle(12):
			bob.EditTitle(id, "Edited by Bob, "+title)
			edited++
		case title == benchTitle(13):
			bob.Delete(id)
			edited++
		}
		if edited == 4 {
			break
		}
	}
	bob.Put("new-b.ics", benchEvent(n+1, random))
	out[2] = measured()
	if a, z := len(alice.Names()), len(bob.Names()); a != n || z != n {
		b.Fatalf("%s: after the changes there are %d and %d events, want %d", p.name(), a, z, n)
	}
	for i, what := range []string{"first sync", "the pass after it", "no change", "10 changes"} {
		f := append([]peerFigures{out[0], settle}, out[1:]...)[i]
		b.Logf("%s: %.2fs, %.2fs CPU, %d requests", what, f.wall.Seconds(), f.cpu.Seconds(), f.requests)
	}
	return out
}

func resource(i int) calendar.RemoteID { return calendar.RemoteID(fmt.Sprintf("ev%06d.ics", i)) }

func benchTitle(i int) string { return fmt.Sprintf("Meeting %d with the team", i) }

// benchEvent is one of the coming year (Twinday leaves the past alone): of ten, seven are
// timed, one is all-day, two repeat.
func benchEvent(i int, random *rand.Rand) string {
	at := time.Now().UTC().Truncate(24*time.Hour).Add(8*time.Hour).AddDate(0, 0, 1+random.IntN(365)).Add(time.Duration(random.IntN(40)) * 15 * time.Minute)
	start, end := ";TZID=Europe/Berlin:"+at.Format("20060102T150405"), ";TZID=Europe/Berlin:"+at.Add(time.Hour).Format("20060102T150405")
	rule := ""
	switch {
	case i%10 == 7:
		start, end = ";VALUE=DATE:"+at.Format("20060102"), ";VALUE=DATE:"+at.AddDate(0, 0, 1).Format("20060102")
	case i%10 > 7:
		rule = []string{"FREQ=WEEKLY;COUNT=20", "FREQ=DAILY;COUNT=30", "FREQ=MONTHLY;COUNT=12", "FREQ=WEEKLY;INTERVAL=2;COUNT=10"}[random.IntN(4)]
	}
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//EN", caldavlab.Berlin, "BEGIN:VEVENT", fmt.Sprintf("UID:ev%06d@bench.example", i),
		"DTSTAMP:20260101T000000Z", "DTSTART" + start, "DTEND" + end, "SUMMARY:" + benchTitle(i), fmt.Sprint("LOCATION:Room ", random.IntN(40)), "TRANSP:OPAQUE"}
	for range 1 + random.IntN(6) {
		lines = append(lines, fmt.Sprintf("COMMENT:Agenda item %d", random.IntN(100)))
	}
	if rule != "" {
		lines = append(lines, "RRULE:"+rule)
	}
	return strings.ReplaceAll(strings.Join(append(lines, "END:VEVENT", "END:VCALENDAR", ""), "\n"), "\n", "\r\n")
}

// vdirsyncer is Debian's.
type vdirsyncer struct{ config string }

func (*vdirsyncer) name() string { return "vdirsyncer" }

func (v *vdirsyncer) begin(b *testing.B, at string, s *caldavlab.Server, alice, bob string) {
	folder := b.TempDir()
	v.config = filepath.Join(folder, "config")
	storage := func(name, user, path string) string {
		return fmt.Sprintf("[storage %s]\ntype = \"caldav\"\nurl = %q\nusername = %q\npassword = %q\n", name, at+path, user, caldavlab.Password)
	}
	text := fmt.Sprintf("[general]\nstatus_path = %q\n[pair p]\na = \"x\"\nb = \"y\"\ncollections = null\n", filepath.Join(folder, "status")) +
		storage("x", s.User, alice) + storage("y", s.Neighbour, bob)
	if err := os.WriteFile(v.config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	c := exec.CommandContext(b.Context(), "vdirsyncer", "-c", v.config, "discover")
	c.Stdin = strings.NewReader("y\ny\n")
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("vdirsyncer discover: %v\n%s", err, out)
	}
}

func (v *vdirsyncer) sync(b *testing.B) *exec.Cmd {
	return exec.CommandContext(b.Context(), "vdirsyncer", "-c", v.config, "-v", "warning", "sync")
}

// ourselves is Twinday as it was built.
type ourselves struct{ program, data string }

func (*ourselves) name() string { return "twinday" }

func (o *ourselves) begin(b *testing.B, at string, s *caldavlab.Server, alice, bob string) {
	o.data = b.TempDir()
	for _, user := range []string{s.User, s.Neighbour} {
		c := o.command(b.Context(), "account", "add", "caldav", "--id", user, "--url", at, "--user", user, "--plain-secrets")
		c.Stdin = strings.NewReader(caldavlab.Password + "\n")
		if out, err := c.CombinedOutput(); err != nil {
			b.Fatalf("account add: %v\n%s", err, out)
		}
	}
	if out, err := o.command(b.Context(), "mirror", "add", "--member", s.User+"/"+alice, "--member", s.Neighbour+"/"+bob).CombinedOutput(); err != nil {
		b.Fatalf("mirror add: %v\n%s", err, out)
	}
}

func (o *ourselves) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, o.program, append([]string{"--data", o.data}, args...)...)
	c.Env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(o.data, "none"))
	return c
}

func (o *ourselves) sync(b *testing.B) *exec.Cmd { return o.command(b.Context(), "sync", "--json") }
