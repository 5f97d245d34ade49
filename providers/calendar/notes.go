package calendar

// Notes is the description of an event, as HTML in one small sanitised subset.
// It is a comparable value in canonical form: make it with NotesFromText or
// NotesFromHTML only.
type Notes struct {
	HTML string `json:"html,omitempty"`
}
