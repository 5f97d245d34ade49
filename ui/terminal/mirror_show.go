package terminal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

func mirrorShowHelp() string {
	return assets.Text(`Show a mirror: its calendars, its rules, and what copies show in each direction.

By default that is the level of detail and what was set besides; --all lists every
setting with the value in force. --keys lists the settings there are, without a
mirror. --json prints the mirror, as 'twinday mirror edit --file' reads it.`)
}

func (a *app) mirrorShow() *cobra.Command {
	var all, keys bool
	c := &cobra.Command{
		Use: "show " + assets.Text("MIRROR"), Short: assets.Text("Show a mirror and what its copies show"),
		Long:    mirrorShowHelp(),
		Example: "  twinday mirror show Us\n  twinday mirror show Us --all\n  twinday mirror show --keys",
		Args: func(cmd *cobra.Command, args []string) error {
			if keys {
				return noArgs(cmd, args)
			}
			return oneArg(assets.Text("the mirror's id or name as 'twinday mirror list' shows it"))(cmd, args)
		},
		ValidArgsFunction: a.completeMirrors,
		RunE: a.run(func(ctx context.Context, args []string) error {
			if keys {
				return a.settingKeys()
			}
			return a.connected(ctx, ConnectOptions{}, func(b control.Backend) error {
				m, err := findMirror(ctx, b, args[0])
				if err != nil {
					return err
				}
				if a.json {
					return writeJSON(a.out, m.Mirror)
				}
				a.mirror(m.Mirror, namesOf(ctx, b), all)
				return nil
			})
		}),
	}
	c.Flags().BoolVar(&all, "all", false, assets.Text("every setting, defaults too"))
	c.Flags().BoolVar(&keys, "keys", false, assets.Text("list the settings there are"))
	return c
}

// mirror prints a mirror for people.
func (a *app) mirror(m state.Mirror, n names, all bool) {
	a.say(assets.Text("Mirror {{.ID}} ({{.Name}}) keeps these alike:", "ID", m.ID, "Name", clean(m.Name)))
	for _, x := range m.Members {
		a.say("  " + clean(memberLabel(n, x)))
	}
	a.say(assets.Text("Guests: {{.Rule}}.", "Rule", guestRules().explain(string(m.Guests))))
	a.say(assets.Text("Invitations: {{.Rule}}.", "Rule", invitationRules().explain(string(m.Invitations))))
	a.say(assets.Text("Conflicts: {{.Rule}}.", "Rule", conflictWords(m.Conflicts, n)))
	// Directions under one mapping are shown together, in the order of the first.
	var order []scope
	ways := map[scope][]scope{}
	for _, d := range directions(m) {
		s := inForce(m, d)
		if ways[s] == nil {
			order = append(order, s)
		}
		ways[s] = append(ways[s], d)
	}
	for _, s := range order {
		a.say("")
		var words []string
		for _, d := range ways[s] {
			words = append(words, d.words(n))
		}
		a.say(strings.Join(words, ", ") + ", " + s.origin(n, mappingOf(m, s) >= 0) + ":")
		a.print(settingTable(m.Mapping(ways[s][0].from, ways[s][0].to), all))
	}
	for _, p := range m.Mappings {
		if s := (scope{p.From, p.To}); ways[s] == nil {
			a.say("\n" + assets.Text("Not in use: what is set for {{.Where}}.", "Where", s.words(n)))
		}
	}
}

// settingTable lists what a mapping says: its level of detail and what differs
// from that, or all.
func settingTable(m state.Mapping, all bool) *table {
	t := newTable(assets.Text("SETTING | VALUE~ | "))
	for _, s := range state.Settings {
		value := s.Get(m)
		if value != s.Default(m) {
			t.add(s.Key, shownValue(value), assets.Text("set"))
		} else if all || s.Key == "detail" {
			t.addFaint(s.Key, shownValue(value), assets.Text("default"))
		}
	}
	return t
}

// shownValue is a value fit for a cell; in quotes where its spaces matter.
func shownValue(v string) string {
	switch {
	case v == "":
		return "-"
	case v != clean(v):
		return strconv.Quote(v)
	}
	return v
}

// scope is where a mapping holds: from one calendar or any, to one or any.
type scope struct{ from, to state.Ref }

// words say which copies a scope means.
func (s scope) words(n names) string {
	any := state.Ref{}
	switch {
	case s.from == any && s.to == any:
		return assets.Text("all directions")
	case s.from == any:
		return assets.Text("copies in {{.Where}}", "Where", clean(n.of(s.to)))
	case s.to == any:
		return assets.Text("events of {{.Where}}", "Where", clean(n.of(s.from)))
	}
	return clean(n.of(s.from) + " → " + n.of(s.to))
}

// origin says where a direction's mapping comes from.
func (s scope) origin(n names, has bool) string {
	switch {
	case !has:
		return assets.Text("for which nothing is set")
	case s.from != state.Ref{} && s.to != state.Ref{}:
		return assets.Text("as set for this direction")
	}
	return assets.Text("as set for {{.Where}}", "Where", s.words(n))
}

// beside lists what else is set for directions that s means too: what is set for s
// does not reach those.
func (s scope) beside(m state.Mirror) []scope {
	var out []scope
	for _, d := range directions(m) {
		if (s.from != state.Ref{} && s.from != d.from) || (s.to != state.Ref{} && s.to != d.to) {
			continue
		}
		if o := inForce(m, d); o != s && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// directions lists the ways that copies go in a mirror, in the order of its members.
func directions(m state.Mirror) []scope {
	var out []scope
	for _, from := range m.Members {
		for _, to := range m.Members {
			if from.Ref != to.Ref && !from.Off && !to.Off && from.Direction != state.TakeOnly && to.Direction != state.SendOnly {
				out = append(out, scope{from.Ref, to.Ref})
			}
		}
	}
	return out
}

// inForce is the scope of the mapping that holds for a direction; empty if there is none.
func inForce(m state.Mirror, d scope) scope {
	if i := m.MappingAt(d.from, d.to); i >= 0 {
		return scope{m.Mappings[i].From, m.Mappings[i].To}
	}
	return scope{}
}

// mappingOf is the place of the mapping with just this scope, -1 if there is none.
func mappingOf(m state.Mirror, s scope) int {
	return slices.IndexFunc(m.Mappings, func(p state.PairMapping) bool { return p.From == s.from && p.To == s.to })
}

// rules are the values of a mirror's rule, as flags take them.
type rules []struct{ word, stored, meaning string }

func guestRules() rules {
	return rules{
		{"ask", string(state.AskGuests), assets.Text("an edit of a copy whose guests would hear of it waits for your decision")},
		{"revert", string(state.RevertGuests), assets.Text("a copy whose guests would hear of its edit is put back as it was")},
		{"apply", string(state.ApplyGuests), assets.Text("an edit of a copy goes home though its guests may hear of it")},
	}
}

func invitationRules() rules {
	return rules{
		{"hide", string(state.HideInvitation), assets.Text("to delete the copy of somebody else's meeting only hides it there")},
		{"decline", string(state.DeclineInvitation), assets.Text("to delete the copy of somebody else's meeting declines it at home, without a mail")},
		{"put-back", string(state.PutBackInvitation), assets.Text("the copy of somebody else's meeting that is deleted is made again")},
	}
}

// conflictRules are those that name no calendar.
func conflictRules() rules {
	return rules{
		{"latest", string(state.LatestWins), assets.Text("of two edits of one field the later one stands")},
		{"ask", string(state.AskConflict), assets.Text("two edits of one field wait for your decision")},
	}
}

// conflictWords says what a conflict rule means and what it is called.
func conflictWords(c state.ConflictRule, n names) string {
	if ref, ok := c.Member(); ok {
		return assets.Text("of two edits of one field that in {{.Where}} stands ({{.ID}})", "Where", clean(n.of(ref)), "ID", clean(ref.String()))
	}
	return conflictRules().explain(string(c))
}

func (r rules) words() []string {
	var w []string
	for _, x := range r {
		w = append(w, x.word)
	}
	return w
}

// named is the word of a value, and whether there is one.
func (r rules) named(stored string) (string, bool) {
	for _, x := range r {
		if x.stored == stored {
			return x.word, true
		}
	}
	return stored, false
}

// explain says what a rule means and what it is called.
func (r rules) explain(stored string) string {
	for _, x := range r {
		if x.stored == stored {
			return fmt.Sprintf("%s (%s)", x.meaning, x.word)
		}
	}
	return stored
}

// find is the value that a word stands for.
func (r rules) find(flag, word string) (string, error) {
	for _, x := range r {
		if x.word == word {
			return x.stored, nil
		}
	}
	return "", usage(assets.Text("--{{.Flag}} is {{.Words}}, not “{{.Word}}”", "Flag", flag, "Words", orList(r.words()), "Word", word))
}

// SettingNote is a setting as `twinday mirror show --keys --json` prints it.
type SettingNote struct {
	Key     string `json:"key"`
	Help    string `json:"help"`
	Values  string `json:"values"`  // what it takes
	Default string `json:"default"` // where everything is shown
}

func settingNotes() []SettingNote {
	var out []SettingNote
	for _, s := range state.Settings {
		out = append(out, SettingNote{s.Key, s.Help, s.Values, s.Get(state.Mapping{})})
	}
	return out
}

func (a *app) settingKeys() error {
	if a.json {
		return writeJSON(a.out, settingNotes())
	}
	fmt.Fprint(a.out, settingList())
	return nil
}

// settingList explains every setting in a few lines.
func settingList() string {
	var b strings.Builder
	for _, s := range settingNotes() {
		b.WriteString(wrap(s.Key, assets.Said(s.Help)+".", 79, 24))
		b.WriteString(wrap("", assets.Text("Takes {{.Values}}. Default: {{.Value}}.", "Values", assets.SaidValues(s.Values), "Value", cmp.Or(s.Default, assets.Text("nothing"))), 79, 24))
	}
	return b.String()
}

func mappingHead() string {
	return assets.Text(`What copies show of their events, and which events cross at all, is set for each
direction of a mirror:

  twinday mirror edit Us --detail title-and-time
  twinday mirror edit Us --to work/Calendar --detail busy-only --set filter.days=mon-fri
  twinday mirror edit Us --from home/primary --to work/Calendar --set 'title=template [Home] {{.Title}}'
  twinday mirror preview Dentist

'title-and-time' shows no more than title, time, availability and visibility;
'busy-only' time and availability, under the title “Busy”. Every setting below can
say otherwise for its field. 'twinday mirror show' prints what is in force.

Fields of a template:
  {{.Fields}}

Names in lists and maps may hold anything; \ goes before a comma, colon or \ in them.

The settings:`, "Title", "{{title}}", "Fields", "{{title}}, {{place}}, {{notes}}, {{calendar}}, {{account}}, {{organizer}},\n  {{guests}}, {{response}}, {{categories}}, {{type}}, {{availability}}")
}

// mappingTopic is the help topic on what can be set.
func (a *app) mappingTopic() *cobra.Command {
	return a.topic("mapping", assets.Text("What copies show: every setting of 'mirror edit'"), func() string {
		return mappingHead() + "\n\n" + strings.TrimRight(settingList(), "\n")
	})
}
