package mapping

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// divider stands between the home's notes and what Twinday tells below them. Below
// it, lines that begin with one of the labels are Twinday's; all else is a person's.
const divider = "———"

// The labels of what is told.
const (
	labelOrganizer   = "Organizer: "
	labelGuests      = "Guests: "
	labelJoin        = "Join: "
	labelAttachments = "Attachments: "
	labelImportance  = "Importance: "
	labelOriginal    = "Original: "
)

var labels = []string{labelOrganizer, labelGuests, labelJoin, labelAttachments, labelImportance, labelOriginal}

// maxGuests are told by name; of more, how many there are. A list of hundreds
// would take the place of the notes.
const maxGuests = 50

// notesLens is the lens of the notes: stages over the home's notes, then the block
// of what has no other place on the copy.
type notesLens struct {
	m      *Mapping
	stages []notesStage
	limit  int
	held   bool // the home holds the link to join in its notes: they cannot be written there
	// What the block tells.
	guests, join, attachments, importance, original bool
	words                                           string
}

// notesStage is one step from the home's notes to what the copy shows of them.
type notesStage interface {
	get(s Source, in calendar.Notes) calendar.Notes
	put(s Source, in, edited calendar.Notes) (calendar.Notes, bool)
}

func (m *Mapping) newNotesLens(r state.Mapping) (lens, error) {
	l := notesLens{m: m, limit: m.target.Capabilities.NotesLimit, held: m.home.Capabilities.NotesHoldJoin, words: textWords(*r.Notes),
		guests:      r.Guests == state.AsText,
		join:        r.Conference == state.AsText || r.Conference == state.InNotes,
		attachments: r.Attachments == state.AsText,
		importance:  r.Importance.Lens == state.CopyLens && !m.target.Capabilities.Groups.Has(calendar.GroupImportance),
		original:    r.Link == state.AsText,
	}
	if n := r.Notes.Limit; n > 0 && (l.limit == 0 || n < l.limit) {
		l.limit = n
	}
	for i, rule := range r.Notes.Replace {
		re, err := regexp.Compile(rule.Find)
		if err != nil {
			return nil, fmt.Errorf("find/replace rule %d: %w", i+1, err)
		}
		l.stages = append(l.stages, notesReplace{replace{re, rule.With}})
	}
	var before, after template
	switch r.Notes.Lens {
	case state.OmitLens:
		l.stages = []notesStage{notesInstead{m, nil}}
	case state.ConstantLens:
		l.stages = []notesStage{notesInstead{m, template{{text: r.Notes.Text}}}}
	case state.TemplateLens:
		t, err := parseTemplate(r.Notes.Text)
		if err != nil {
			return nil, fmt.Errorf("the template “%s” is wrong %w", r.Notes.Text, err)
		}
		var ok bool
		if before, after, ok = t.split("notes"); !ok {
			l.stages = append(l.stages, notesInstead{m, t})
		}
	default:
		before, after = template{{text: r.Notes.Prefix}}, template{{text: r.Notes.Suffix}}
	}
	if r.Notes.Prefix != "" || r.Notes.Suffix != "" || len(before)+len(after) > 0 && r.Notes.Lens == state.TemplateLens {
		l.stages = append(l.stages, notesWrap{m, before, after})
	}
	if !m.home.Capabilities.Read().Has(calendar.GroupNotes) {
		l.stages = []notesStage{notesInstead{m, nil}} // there are none to show, and no edit of them could go home
	}
	return l, nil
}

func (l notesLens) String() string {
	words := []string{l.words}
	for _, x := range []struct {
		on   bool
		word string
	}{{l.guests, "guests"}, {l.join, "link to join"}, {l.attachments, "attachments"}, {l.original, "link to the original"}} {
		if x.on {
			words = append(words, x.word)
		}
	}
	if len(words) == 1 {
		return words[0]
	}
	return words[0] + ", with " + strings.Join(words[1:], ", ")
}

func (l notesLens) get(s Source, c *calendar.Content) {
	b := l.block(s)
	c.Notes = l.fit(l.body(s), b).Then(b.notes)
}

// OnlyGuests reports whether the notes of a copy, as they were and as they shall be, differ
// in whom they name as guests alone.
func OnlyGuests(was, shall calendar.Notes) bool {
	rest := func(n calendar.Notes) string {
		return strings.TrimSpace(strings.Join(slices.DeleteFunc(strings.Split(n.Text(), "\n"), func(line string) bool {
			return line == divider || strings.HasPrefix(line, labelOrganizer) || strings.HasPrefix(line, labelGuests)
		}), "\n"))
	}
	return was.Text() != shall.Text() && rest(was) == rest(shall)
}

// body is what the copy shows of the home's notes, at full length.
func (l notesLens) body(s Source) calendar.Notes {
	n := s.Notes
	for _, st := range l.stages {
		n = st.get(s, n)
	}
	return n
}

// fit cuts the body to what the target holds beside the block.
func (l notesLens) fit(body calendar.Notes, b block) calendar.Notes {
	if l.limit == 0 {
		return body
	}
	return body.Cut(max(0, l.limit-b.taken), ellipsis)
}

// block is what a copy tells below its notes.
type block struct {
	notes calendar.Notes // zero if there is nothing to tell
	taken int            // how much of the limit it takes, with the empty line above it
}

// block takes half of the limit at most, with fewer guests by name where it must.
func (l notesLens) block(s Source) block {
	for _, names := range []int{maxGuests, 10, 0} {
		lines := l.lines(s, names)
		if len(lines) == 0 {
			return block{}
		}
		text := divider + "\n" + strings.Join(lines, "\n")
		b := block{notes: calendar.NotesFromText(text)}
		b.taken = max(calendar.TextLen(b.notes.HTML), calendar.TextLen(text)) + len("<br><br>")
		if l.limit == 0 || 2*b.taken <= l.limit {
			return b
		}
	}
	return block{} // not even so: the notes come first
}

// lines are those of the block.
func (l notesLens) lines(s Source, names int) []string {
	var lines []string
	tell := func(on bool, label, text string) {
		if on && text != "" {
			lines = append(lines, label+oneLine(text))
		}
	}
	if !s.Facts.Organized {
		tell(l.guests, labelOrganizer, personText(s.Facts.Organizer))
	}
	tell(l.guests, labelGuests, guestsText(s.Facts.Guests, names))
	tell(l.join, labelJoin, s.Links.Conference)
	tell(l.attachments, labelAttachments, attachmentsText(s.Links.Attachments))
	tell(l.importance, labelImportance, string(s.Importance))
	tell(l.original, labelOriginal, s.Facts.WebLink)
	return lines
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// personText is a person by name, else by address.
func personText(p calendar.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return p.Email
}

var answers = map[calendar.Response]string{calendar.Accepted: " (accepted)", calendar.Maybe: " (tentative)", calendar.Declined: " (declined)"}

// guestsText names guests with their answers, the first ones of many.
func guestsText(guests []calendar.Guest, most int) string {
	var names []string
	for _, g := range guests[:min(len(guests), most)] {
		names = append(names, personText(g.Person)+answers[g.Response])
	}
	switch rest := len(guests) - len(names); {
	case rest > 0 && len(names) > 0:
		names = append(names, fmt.Sprintf("and %d more", rest))
	case rest == 1:
		names = append(names, "1 person")
	case rest > 0:
		names = append(names, fmt.Sprintf("%d people", rest))
	}
	return strings.Join(names, ", ")
}

func attachmentsText(all []calendar.Attachment) string {
	var out []string
	for _, a := range all {
		switch {
		case a.Name == "" || a.Name == a.URL:
			out = append(out, a.URL)
		case a.URL == "":
			out = append(out, a.Name)
		default:
			out = append(out, a.Name+" "+a.URL)
		}
	}
	return strings.Join(out, ", ")
}

// put takes the block off, and carries the rest back.
func (l notesLens) put(s Source, edited calendar.Content) (calendar.Content, Verdict) {
	if l.held && s.Links.Conference != "" {
		return s.Content, Refused
	}
	text, b, body := edited.Notes, l.block(s), l.body(s)
	shown := l.fit(body, b)
	if !b.notes.IsZero() && blocks(text) > blocks(shown) { // else the person took it off
		text = stripBlock(text)
	}
	if shown != body {
		if text == shown {
			text = body
		} else if whole, ok := body.Uncut(shown, text, ellipsis); ok {
			text = whole
		} else {
			return s.Content, Refused // it would cost the rest
		}
	}
	home := s.Content
	var ok bool
	if home.Notes, ok = unwindNotes(s, l.stages, s.Notes, text); !ok {
		return s.Content, Refused
	}
	return home, Carried
}

// unwindNotes carries an edited result back through the stages.
func unwindNotes(s Source, stages []notesStage, in, edited calendar.Notes) (calendar.Notes, bool) {
	if len(stages) == 0 {
		return edited, true
	}
	out := stages[0].get(s, in)
	wanted, ok := unwindNotes(s, stages[1:], out, edited)
	if !ok {
		return in, false
	}
	if wanted == out {
		return in, true
	}
	return stages[0].put(s, in, wanted)
}

// blockStart is a divider on a line of its own, in canonical notes.
var blockStart = regexp.MustCompile(`(?:^|<br>|</ul>|</ol>)` + divider + `(?:<br>|$)`)

// blocks is how many blocks notes have, those of a person's own making included.
func blocks(n calendar.Notes) int {
	found := 0
	for _, at := range blockStart.FindAllStringIndex(n.HTML, -1) {
		if first, _, _ := strings.Cut(n.HTML[at[1]:], "<br>"); labelled(first) {
			found++
		}
	}
	return found
}

// stripBlock takes the block off notes as a person left them. What they wrote
// below it, or between its lines, stays.
func stripBlock(n calendar.Notes) calendar.Notes {
	starts := blockStart.FindAllStringIndex(n.HTML, -1)
	for _, at := range slices.Backward(starts) {
		var theirs []string
		lines := strings.Split(n.HTML[at[1]:], "<br>")
		for _, line := range lines {
			if !labelled(line) {
				theirs = append(theirs, line)
			}
		}
		if len(theirs) == len(lines) {
			continue // a divider of the person's own
		}
		above := n.HTML[:at[0]]
		if tag := n.HTML[at[0]:at[1]]; strings.HasPrefix(tag, "</") {
			above += tag[:len("</ul>")]
		}
		return calendar.NotesFromHTML(above).Then(calendar.NotesFromHTML(strings.Join(theirs, "<br>")))
	}
	return n
}

// WithoutOldBlock takes off edited notes the block that the copy was written with, where
// there is none any more: Put looks for one only where there is.
func (m *Mapping) WithoutOldBlock(s Source, wrote, edited calendar.Content) calendar.Content {
	shown := m.Get(s).Notes
	if stripBlock(wrote.Notes) != wrote.Notes && stripBlock(shown) == shown {
		edited.Notes = stripBlock(edited.Notes)
	}
	return edited
}

// labelled reports whether a line of HTML is one of the block's.
func labelled(line string) bool {
	text := calendar.NotesFromHTML(line).Text()
	return slices.ContainsFunc(labels, func(l string) bool {
		return strings.HasPrefix(text, l) || text == strings.TrimSpace(l)
	})
}

// notesInstead shows something else than the notes.
type notesInstead struct {
	m *Mapping
	t template
}

func (i notesInstead) get(s Source, _ calendar.Notes) calendar.Notes {
	return calendar.NotesFromText(i.m.render(i.t, s))
}

func (notesInstead) put(_ Source, in, _ calendar.Notes) (calendar.Notes, bool) { return in, false }

// notesReplace replaces in the text of the notes, not in their markup.
type notesReplace struct{ replace }

func (r notesReplace) get(_ Source, in calendar.Notes) calendar.Notes {
	if r.find.FindStringIndex(in.Text()) == nil && r.find.FindStringIndex(html.UnescapeString(in.HTML)) == nil {
		return in
	}
	var b, text strings.Builder
	within := 0
	z := html.NewTokenizer(strings.NewReader(in.HTML))
	for z.Next() != html.ErrorToken {
		t := z.Token()
		switch {
		case t.Type == html.TextToken:
			within += len(r.find.FindAllStringIndex(t.Data, -1))
			text.WriteString(t.Data)
			b.WriteString(html.EscapeString(r.find.ReplaceAllString(t.Data, r.with)))
			continue
		case t.Data == "br" || t.Data == "li":
			text.WriteString("\n")
		}
		b.WriteString(t.String())
	}
	if len(r.find.FindAllStringIndex(text.String(), -1)) > within { // some of it spans markup: as plain text
		return calendar.NotesFromText(r.find.ReplaceAllString(in.Text(), r.with))
	}
	return calendar.NotesFromHTML(b.String())
}

func (r notesReplace) put(s Source, in, edited calendar.Notes) (calendar.Notes, bool) {
	return edited, r.get(s, in) == in
}

// notesWrap puts text before and behind the notes.
type notesWrap struct {
	m             *Mapping
	before, after template
}

// affixes are what stands around the notes, in canonical form.
func (w notesWrap) affixes(s Source) (before, after string) {
	markup := func(t template) string {
		return strings.ReplaceAll(html.EscapeString(w.m.render(t, s)), "\n", "<br>")
	}
	return markup(w.before), markup(w.after)
}

func (w notesWrap) get(s Source, in calendar.Notes) calendar.Notes {
	before, after := w.affixes(s)
	return calendar.NotesFromHTML(before + in.HTML + after)
}

// put takes off what stands around the notes, as a text lens does.
func (w notesWrap) put(s Source, in, edited calendar.Notes) (calendar.Notes, bool) {
	before, after := w.affixes(s)
	text, ok := trimAffixes(edited.HTML, before, after)
	if !ok {
		return in, false
	}
	return calendar.NotesFromHTML(text), true
}
