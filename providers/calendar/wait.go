package calendar

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// maxWait bounds what is believed of a wait: a typing error must not stop an account for ever.
const maxWait = 24 * time.Hour

// WaitAsked is the wait that an answer's Retry-After asks for: seconds, which some servers
// give with a fraction, or a date (RFC 9110 §10.2.3), which is taken against the answer's own
// Date so that this machine's clock does not matter. 0 if it asks for none or cannot be read,
// a day at most.
func WaitAsked(retryAfter, date string) time.Duration {
	if s, err := strconv.ParseFloat(strings.TrimSpace(retryAfter), 64); err == nil {
		if math.IsNaN(s) {
			return 0
		}
		return time.Duration(max(0, min(s, maxWait.Seconds())) * float64(time.Second))
	}
	then, err := httpTime(retryAfter)
	if err != nil {
		return 0
	}
	now, err := httpTime(date)
	if err != nil {
		return 0
	}
	return max(0, min(then.Sub(now), maxWait))
}

// httpTime reads a date as HTTP writes them, the two obsolete ways included (RFC 9110 §5.6.7).
func httpTime(s string) (t time.Time, err error) {
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} {
		if t, err = time.Parse(layout, strings.TrimSpace(s)); err == nil {
			break
		}
	}
	return t, err
}
