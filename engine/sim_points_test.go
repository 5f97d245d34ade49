package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine"
	"github.com/twinday/twinday/store/state"
)

// standard is a day with everything in it: events made, edited, deleted and adopted, a
// series with occurrences of its own and a new time, and a change that waits for a decision.
const standard = "add:0:11:7,add:0:12:8,add:0:205:7,add:1:13:9,twin:0:0:1,paste:0:1:3,pass," +
	"edit:0:0:21,edit:1:1:35,occur:0:2:1,occur:1:2:0,cancel:0:2:2,pass," +
	"guests:0:0:1,pass,edit:1:0:8,move:0:1:5,move:0:2:9,split:0:0:1,delete:1:3:2,invite:0:1:6,pass,decide:0:0:1,answer:0:0:1,plain:0:0:0,pass,undo:0:3:1"

// The process dies at every I/O point of a standard day in turn: before and after each
// request, and each transaction. Whatever it was, the next one brings about the same:
// nothing twice, nothing lost, nothing left open.
func TestCrashAtEveryPoint(t *testing.T) {
	defer engine.OneByOne()()
	for _, kinds := range [][]kind{{google, outlook}, {outlook, google}} {
		su := setup{kinds: kinds, directions: make([]state.Direction, 2), shows: looks[0]}
		t.Run(su.String(), func(t *testing.T) {
			day, err := parseScript(standard)
			if err != nil {
				t.Fatal(err)
			}
			clean, s := run(t, su, day, nil)
			if clean.failure != "" {
				t.Fatalf("with no crash at all: %s", clean.failure)
			}
			kinds := map[string]int{}
			crashes := 0
			n := 0
			for at, e := range day {
				if e.verb != "pass" && e.verb != "undo" {
					continue
				}
				for p := range s.perPass[n] {
					script := slices.Insert(slices.Clone(day), at, entry{verb: "crash", at: p + 1})
					if r, _ := run(t, su, script, nil); r.failure != "" {
						var told strings.Builder
						run(t, su, script, func(format string, args ...any) { fmt.Fprintf(&told, "  "+format+"\n", args...) })
						t.Fatalf("died at point %d of pass %d, %s: %s\n%s", p+1, n+1, s.points[n][p], r.failure, told.String())
					} else if r.crashes == 1 {
						crashes++
					}
					kinds[strings.TrimSuffix(strings.TrimSuffix(s.points[n][p], " in A"), " in B")]++
				}
				n++
			}
			for _, k := range slices.Sorted(maps.Keys(kinds)) {
				t.Logf("%4d %s", kinds[k], k)
			}
			fmt.Printf("crash points of a standard day, %s and %s: %d, died at each in turn\n", su.kinds[0].name, su.kinds[1].name, crashes)
		})
	}
}

// run simulates a script in a quiet world: lists are in time.
func run(t *testing.T, su setup, script []entry, say func(string, ...any)) (result, *sim) {
	s, err := newSim(1, su, say)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.tidyLists = true
	s.play(script)
	return result{failure: s.failure, counts: s.counts}, s
}
