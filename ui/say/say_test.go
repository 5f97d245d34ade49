package say

import "testing"

func TestHalfSentencesBecomeWhole(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "new in “Work”": "New in “Work”.", "über Nacht": "Über Nacht.", "is it there?": "Is it there?", "Done.": "Done.", "…": "….",
	} {
		if got := Sentence(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
