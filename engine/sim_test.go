package engine_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinday/twinday/engine"
)

var (
	simSeed   = flag.Uint64("sim.seed", 0, "run the simulation of this seed only, and tell what happens; with -sim.steps, begin with it")
	simScript = flag.String("sim.script", "", "with -sim.seed: what happens, instead of what the seed says")
	simSteps  = flag.Int("sim.steps", 0, "simulate for so many steps, on all cores")
	simFirst  = flag.Bool("sim.first", false, "stop at the first violation, and say no more than which")
	simTold   = flag.Int("sim.told", 3, "how many failures are shrunk and told of")
	simFor    = flag.Duration("sim.for", 0, "how long the simulation may take at most")
)

const (
	// fixedSeeds are simulated by every test run.
	fixedSeeds = 400
	// scriptLength is how much happens in a simulation.
	scriptLength = 40
)

// result is what came of one simulation.
type result struct {
	seed    uint64
	failure string
	counts
	checked, excused int
}

// simulate runs a script in the world of a seed, and lets everyone rest after it.
func simulate(seed uint64, script []entry, say func(string, ...any)) (out result) {
	return simulateIn(worldOf(seed), seed, script, say)
}

func simulateIn(su setup, seed uint64, script []entry, say func(string, ...any)) (out result) {
	out.seed = seed
	s, err := newSim(seed, su, say)
	if err != nil {
		out.failure = "E: " + err.Error()
		return out
	}
	defer func() {
		if r := recover(); r != nil {
			buf := make([]byte, 8<<10)
			out.failure = fmt.Sprintf("E: panic: %v\n%s", r, buf[:runtime.Stack(buf, false)])
		}
		s.close()
	}()
	s.tell("seed %d: %v", seed, s.setup)
	s.play(script)
	if s.failure != "" && say != nil {
		s.recount()
	}
	out.failure, out.counts, out.checked, out.excused = s.failure, s.counts, s.checked, s.excused
	return out
}

// play does what a script says, lets everyone rest, and judges what is then.
func (s *sim) play(script []entry) {
	for _, e := range script {
		if s.do(e); s.failure != "" {
			break
		}
	}
	if s.failure == "" {
		s.settle()
	}
	s.judge()
	s.leave()
}

// sort is which invariant failed: what a smaller script must fail with too.
func (r result) sort() string { what, _, _ := strings.Cut(r.failure, ":"); return what }

// shrink finds a part of a script that fails in the same way, by dropping more and
// more of it (delta debugging).
func shrink(seed uint64, script []entry, sort string, patience time.Duration) []entry {
	until := time.Now().Add(patience)
	for size := len(script) / 2; size >= 1; {
		smaller := false
		for at := 0; at < len(script) && time.Now().Before(until); {
			rest := slices.Concat(script[:at], script[min(at+size, len(script)):])
			if simulate(seed, rest, nil).sort() == sort {
				script, smaller = rest, true
			} else {
				at += size
			}
		}
		if !smaller || size > 1 {
			if size == 1 {
				break
			}
			size /= 2
		}
		if !time.Now().Before(until) {
			break
		}
	}
	return script
}

// report tells of a failure with the smallest script that shows it.
func report(r result, script []entry) string {
	script = shrink(r.seed, script, r.sort(), 20*time.Second)
	var b strings.Builder
	last := simulate(r.seed, script, func(format string, args ...any) { fmt.Fprintf(&b, "  "+format+"\n", args...) })
	return fmt.Sprintf("seed %d: %s\n%sagain: go test ./engine -run 'TestSimulation$' -sim.seed=%d -sim.script=%s\n", r.seed, last.failure, b.String(), r.seed, joinScript(script))
}

// People act on all sides at random, passes run under faults and crashes, and every
// invariant is checked after each of them.
func TestSimulation(t *testing.T) {
	defer engine.OneByOne()()
	if *simSeed != 0 && *simSteps == 0 {
		script := scriptOf(*simSeed, scriptLength)
		if *simScript != "" {
			var err error
			if script, err = parseScript(*simScript); err != nil {
				t.Fatal(err)
			}
		}
		if r := simulate(*simSeed, script, func(format string, args ...any) { fmt.Printf(format+"\n", args...) }); r.failure != "" {
			t.Errorf("%s", r.failure)
			if *simScript == "" {
				t.Log(report(r, script))
			}
		}
		return
	}
	began := time.Now()
	total, failures, n := soak(max(*simSeed, 1), func(done counts, seeds int) bool {
		if *simFor > 0 && time.Since(began) >= *simFor {
			return false
		}
		return *simSteps == 0 && seeds < fixedSeeds || done.steps < *simSteps
	})
	took := time.Since(began)
	if *simFirst {
		if len(failures) > 0 {
			what, _, _ := strings.Cut(failures[0].failure, "\n")
			t.Errorf("seed %d, after %d steps: %s", failures[0].seed, total.steps, what)
		}
		return
	}
	fmt.Printf("simulation: %d steps, %d passes, %d faults, %d crashes at %d I/O points, %d writes, %d occurrences compared (%d left out), %d violations; seeds %d to %d, %.0f steps and %.0f passes a second\n",
		total.steps, total.passes, total.faults, total.crashes, total.points, total.counts.writes, total.checked, total.excused, len(failures),
		max(*simSeed, 1), max(*simSeed, 1)+uint64(n)-1, float64(total.steps)/took.Seconds(), float64(total.passes)/took.Seconds())
	slices.SortFunc(failures, func(a, b result) int { return int(a.seed) - int(b.seed) })
	var sorts []string
	for i, r := range failures {
		sorts = append(sorts, fmt.Sprintf("%d %s", r.seed, r.sort()))
		if i < *simTold {
			t.Errorf("%s", report(r, scriptOf(r.seed, scriptLength)))
		}
	}
	if len(sorts) > 0 {
		t.Errorf("violations by seed: %s", strings.Join(sorts, ", "))
		if os.Getenv("SIM_ALL") != "" {
			for _, r := range failures {
				first, _, _ := strings.Cut(r.failure, "\n")
				t.Logf("%d %s", r.seed, first)
			}
		}
	}
}

// soak simulates seed after seed, on all cores, as long as more says so.
func soak(first uint64, more func(counts, int) bool) (total result, failures []result, n int) {
	var mu sync.Mutex
	var next atomic.Uint64
	next.Store(first)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				mu.Lock()
				if len(failures) >= 40 || *simFirst && len(failures) > 0 || !more(total.counts, n) {
					mu.Unlock()
					return
				}
				n++
				mu.Unlock()
				seed := next.Add(1) - 1
				r := simulate(seed, scriptOf(seed, scriptLength), nil)
				mu.Lock()
				total.counts.add(r.counts)
				total.checked, total.excused = total.checked+r.checked, total.excused+r.excused
				if r.failure != "" {
					failures = append(failures, r)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return total, failures, n
}
