package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

func mirrorEditHelp() string {
	return assets.Text(`Change a mirror: its name, its rules, and what copies show in it.

Without --from and --to a setting is for all directions, with --to for the copies
in that calendar, with both for that one direction; of what is set, that which
names most holds. A direction that gets settings of its own starts with those that
held for it so far. --clear gives up the settings of the place named, or all.

What the change would do is shown first, and a person at a terminal is asked; a
script says --yes. 'twinday help mapping' explains every setting.`)
}

const mirrorEditExample = `  twinday mirror edit Us --detail title-and-time
  twinday mirror edit Us --to work/Calendar --detail busy-only --set filter.days=mon-fri
  twinday mirror edit Us --set 'title.prefix=[Home] ' --reset notes --dry-run
  twinday mirror edit Us --guests revert --invitations decline --yes
  twinday mirror edit Us --conflicts ask
  twinday mirror show Us --json | twinday mirror edit Us --file - --dry-run`

// mirrorEdit is what a person asks of a mirror.
type mirrorEdit struct {
	name, from, to, detail string
	sets, resets           []string
	clear                  bool
	guests, invitations    string
	conflicts              string
	file                   string
	takeIn                 bool
	dryRun, yes            bool

	set map[string]string // sets, by key
}

// MirrorEdit is what `twinday mirror edit --json` prints.
type MirrorEdit struct {
	Applied bool           `json:"applied"`
	Plan    control.Report `json:"plan"` // what the change makes the next pass do
	Due     int            `json:"due"`  // steps that the next pass does in any case
	Notes   []string       `json:"notes,omitempty"`
	Mirror  state.Mirror   `json:"mirror"` // as it is now, or would be
}

func (a *app) mirrorEdit() *cobra.Command {
	var e mirrorEdit
	c := &cobra.Command{
		Use: "edit " + assets.Text("MIRROR"), Short: assets.Text("Change a mirror and what its copies show"),
		Long: mirrorEditHelp(), Example: mirrorEditExample,
		ValidArgsFunction: a.completeMirrors,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := oneArg(assets.Text("the mirror's id or name as 'twinday mirror list' shows it"))(cmd, args); err != nil {
				return err
			}
			return e.check(cmd)
		},
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			m, err := findMirror(ctx, b, args[0])
			if err != nil {
				return err
			}
			return a.editMirror(ctx, b, m.Mirror, e)
		}),
	}
	f := c.Flags()
	f.StringVar(&e.name, "name", "", assets.Text("how to call the mirror"))
	e.shows(c)
	f.StringArrayVar(&e.resets, "reset", nil, assets.Text("put the setting `KEY`, and those below it, back to the level of detail"))
	f.BoolVar(&e.clear, "clear", false, assets.Text("give up all settings, or those of --from and --to, before others are made"))
	f.StringVar(&e.guests, "guests", "", assets.Text("an edit of a copy that guests would hear of: ask, revert it, or apply it"))
	f.StringVar(&e.invitations, "invitations", "", assets.Text("a deleted copy of somebody else's meeting: hide, decline, or put-back"))
	f.StringVar(&e.conflicts, "conflicts", "", assets.Text("two edits of one field: latest, ask, or the `calendar` whose edit stands: ACCOUNT/CALENDAR"))
	f.BoolVar(&e.takeIn, "take-in", false, assets.Text("have what was left out one by one, when the mirror was made, cross after all"))
	f.StringVar(&e.file, "file", "", assets.Text("read mappings and rules from this `file` of JSON, - for standard input"))
	f.BoolVar(&e.dryRun, "dry-run", false, assets.Text("show what the change would do, and change nothing"))
	f.BoolVarP(&e.yes, "yes", "y", false, assets.Text("do not ask"))
	fixed := func(flag string, words []string) {
		must(c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
	}
	fixed("guests", guestRules().words())
	fixed("invitations", invitationRules().words())
	must(c.RegisterFlagCompletionFunc("conflicts", a.completeConflicts))
	must(c.MarkFlagFilename("file", "json"))
	must(c.RegisterFlagCompletionFunc("from", a.completeMembers))
	must(c.RegisterFlagCompletionFunc("to", a.completeMembers))
	must(c.RegisterFlagCompletionFunc("reset", completeResets))
	return c
}

// shows are the flags that say what copies show, and in which direction.
func (e *mirrorEdit) shows(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&e.from, "from", "", assets.Text("only for events of this `calendar`: ACCOUNT/CALENDAR"))
	f.StringVar(&e.to, "to", "", assets.Text("only for copies in this `calendar`: ACCOUNT/CALENDAR"))
	f.StringVar(&e.detail, "detail", "", assets.Text("how much copies show: everything, title-and-time or busy-only"))
	f.StringArrayVar(&e.sets, "set", nil, assets.Text("a setting, as `KEY=VALUE`; may be given several times"))
	detail, err := state.SettingOf("detail")
	must(err)
	must(c.RegisterFlagCompletionFunc("detail", cobra.FixedCompletions(detail.Words, cobra.ShellCompDirectiveNoFileComp)))
	must(c.RegisterFlagCompletionFunc("set", completeSettings))
}

// check reads the flags as far as they can be without the mirror.
func (e *mirrorEdit) check(cmd *cobra.Command) error {
	if err := notBoth(cmd, "dry-run", "yes"); err != nil {
		return err
	}
	if err := notBoth(cmd, "file", "clear"); err != nil {
		return err
	}
	if cmd.Flags().Changed("name") && strings.TrimSpace(e.name) == "" {
		return usage(assets.Text("--name is empty: say how to call the mirror"))
	}
	if e.guests != "" {
		if _, err := guestRules().find("guests", e.guests); err != nil {
			return err
		}
	}
	if e.invitations != "" {
		if _, err := invitationRules().find("invitations", e.invitations); err != nil {
			return err
		}
	}
	if e.conflicts != "" && !strings.Contains(e.conflicts, "/") {
		if _, err := conflictRules().find("conflicts", e.conflicts); err != nil {
			return usage(assets.Text("--conflicts is latest, ask or a calendar of the mirror (ACCOUNT/CALENDAR), not “{{.Word}}”", "Word", e.conflicts))
		}
	}
	if err := e.readSets(); err != nil {
		return err
	}
	for _, key := range e.resets {
		if err := state.Reset(&state.Mapping{}, key); err != nil {
			return usageError{err}
		}
	}
	mapping := len(e.set) > 0 || len(e.resets) > 0 || e.clear
	switch {
	case !mapping && (e.from != "" || e.to != ""):
		return usage(assets.Text("--from and --to say where a setting holds: say which, with --detail, --set, --reset or --clear"))
	case !mapping && e.name == "" && e.guests == "" && e.invitations == "" && e.conflicts == "" && e.file == "" && !e.takeIn:
		return usage(assets.Text("'{{.Command}}' needs to know what to change: --detail, --set, --reset, --clear, --guests, --invitations, --conflicts, --name or --file", "Command", cmd.CommandPath()))
	}
	return nil
}

// readSets reads --detail and --set.
func (e *mirrorEdit) readSets() error {
	e.set = map[string]string{}
	add := func(key, value string) error {
		s, err := state.SettingOf(key)
		if err != nil {
			return usageError{err}
		}
		if have, twice := e.set[s.Key]; twice {
			if s.Joint == "" {
				return usage(assets.Text("{{.Key}} is set twice, to “{{.One}}” and to “{{.Other}}”: say one of them", "Key", s.Key, "One", have, "Other", value))
			}
			value = have + s.Joint + value
		}
		e.set[s.Key] = value
		return nil
	}
	if e.detail != "" {
		if err := add("detail", e.detail); err != nil {
			return err
		}
	}
	for _, s := range e.sets {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return usage(assets.Text("--set “{{.Word}}” has no value: write it as KEY=VALUE", "Word", s))
		}
		if err := add(key, value); err != nil {
			return err
		}
	}
	return nil
}

// changed is the mirror as it was asked for, and what the person should know of it.
func (e mirrorEdit) changed(ctx context.Context, b control.Backend, m state.Mirror, stdin io.Reader, n names) (state.Mirror, []string, error) {
	m.Mappings = slices.Clone(m.Mappings)
	var notes []string
	if e.file != "" {
		if err := e.read(&m, stdin); err != nil {
			return m, nil, err
		}
	}
	if e.name != "" {
		m.Name = e.name
	}
	if e.takeIn {
		m.LeftOut = nil
	}
	if e.guests != "" {
		word, err := guestRules().find("guests", e.guests)
		if err != nil {
			return m, nil, err
		}
		m.Guests = state.GuestRule(word)
	}
	if e.invitations != "" {
		word, err := invitationRules().find("invitations", e.invitations)
		if err != nil {
			return m, nil, err
		}
		m.Invitations = state.InvitationRule(word)
	}
	if e.conflicts != "" {
		var err error
		if m.Conflicts, err = e.conflictRule(ctx, b, m); err != nil {
			return m, nil, err
		}
	}
	s, err := e.scope(ctx, b, m)
	if err != nil {
		return m, nil, err
	}
	if e.clear {
		if s == (scope{}) {
			m.Mappings = nil
		} else if i := mappingOf(m, s); i >= 0 {
			m.Mappings = slices.Delete(m.Mappings, i, i+1)
		}
	}
	if len(e.set) > 0 || len(e.resets) > 0 {
		// Of the mappings that hold for all of the scope; those of parts of it stay.
		p := state.PairMapping{From: s.from, To: s.to, Mapping: m.Mapping(s.from, s.to)}
		if p.Mapping, err = e.mapped(p.Mapping); err != nil {
			return m, nil, err
		}
		if i := mappingOf(m, s); i >= 0 {
			m.Mappings[i] = p
		} else {
			m.Mappings = append(m.Mappings, p)
		}
		for _, o := range s.beside(m) {
			notes = append(notes, assets.Text("This does not reach {{.Where}}, for which something of its own is set: --clear gives that up.", "Where", o.words(n)))
		}
		if stays := own(p.Mapping, e.set); e.detail != "" && len(stays) > 0 {
			notes = append(notes, assets.Text("Set besides the level of detail, and kept: {{.Keys}}. --reset puts one back to the level.", "Keys", strings.Join(stays, ", ")))
		}
	}
	m.Mappings = slices.DeleteFunc(m.Mappings, func(p state.PairMapping) bool {
		return p.From == state.Ref{} && p.To == state.Ref{} && reflect.DeepEqual(p.Mapping, state.Mapping{Version: p.Version})
	})
	if len(m.Mappings) == 0 {
		m.Mappings = nil
	}
	for _, p := range m.Mappings {
		if err := state.Check(p.Mapping); err != nil {
			return m, nil, usage(assets.Text("what is set for {{.Where}} makes no sense: {{.Why}}", "Where", scope{p.From, p.To}.words(n), "Why", assets.Said(err.Error())))
		}
	}
	return m, notes, nil
}

// conflictRule reads --conflicts.
func (e mirrorEdit) conflictRule(ctx context.Context, b control.Backend, m state.Mirror) (state.ConflictRule, error) {
	if word, err := conflictRules().find("conflicts", e.conflicts); err == nil {
		return state.ConflictRule(word), nil
	}
	ref, err := state.ParseRef(e.conflicts)
	if err != nil || !m.Has(ref) { // else it is there, whatever its account says now
		find := memberFinder{b, map[state.AccountID][]state.Calendar{}}
		member, err := find.member(ctx, e.conflicts)
		if err != nil {
			return "", err
		}
		ref = member.Ref
	}
	if !m.Has(ref) {
		return "", notInMirror("conflicts", e.conflicts, m)
	}
	return state.MemberWins(ref), nil
}

func notInMirror(flag, word string, m state.Mirror) error {
	if m.ID == "" {
		return usage(assets.Text("--{{.Flag}} {{.Word}} is none of the calendars that --member names", "Flag", flag, "Word", word))
	}
	return usage(assets.Text("--{{.Flag}} {{.Word}} is not in mirror {{.ID}}; 'twinday mirror show {{.ID}}' shows what is", "Flag", flag, "Word", word, "ID", m.ID))
}

// mapped resets and sets, what other settings hang on first.
func (e mirrorEdit) mapped(m state.Mapping) (state.Mapping, error) {
	for _, key := range e.resets {
		if err := state.Reset(&m, key); err != nil {
			return m, usageError{err}
		}
	}
	for _, s := range state.Settings {
		if value, ok := e.set[s.Key]; ok {
			if err := s.Set(&m, value); err != nil {
				return m, usageError{err}
			}
		}
	}
	return m, nil
}

// own lists what a mapping shows otherwise than its level does, without what was
// set just now.
func own(m state.Mapping, now map[string]string) []string {
	var keys []string
	for _, s := range state.Settings {
		_, said := now[s.Key]
		if !said && s.Get(m) != s.Default(m) && !strings.HasPrefix(s.Key, "filter.") && s.Key != "out-of-scope" {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// scope reads --from and --to, which are members of the mirror.
func (e mirrorEdit) scope(ctx context.Context, b control.Backend, m state.Mirror) (scope, error) {
	find := memberFinder{b, map[state.AccountID][]state.Calendar{}}
	var s scope
	for _, x := range []struct {
		flag, word string
		ref        *state.Ref
	}{{"from", e.from, &s.from}, {"to", e.to, &s.to}} {
		if x.word == "" {
			continue
		}
		ref, err := state.ParseRef(x.word)
		if err != nil || !m.Has(ref) { // else it is there, whatever its account says now
			member, err := find.member(ctx, x.word)
			if err != nil {
				return s, err
			}
			ref = member.Ref
		}
		i := slices.IndexFunc(m.Members, func(y state.Member) bool { return y.Ref == ref })
		if i < 0 {
			return s, notInMirror(x.flag, x.word, m)
		}
		switch d := m.Members[i].Direction; {
		case x.flag == "to" && d == state.SendOnly:
			return s, usage(assets.Text("--to {{.Calendar}} has no copies: the mirror never writes there", "Calendar", x.word))
		case x.flag == "from" && d == state.TakeOnly:
			return s, usage(assets.Text("--from {{.Calendar}} has no copies elsewhere: nothing born there goes out", "Calendar", x.word))
		}
		*x.ref = ref
	}
	if s.from == s.to && s.from != (state.Ref{}) {
		return s, usage(assets.Text("--from and --to are the same calendar: name two"))
	}
	return s, nil
}

// maxMirrorFile bounds what --file reads: as much as the engine takes.
const maxMirrorFile = 1 << 20

// read takes mappings and rules from a file: a mirror as 'mirror show --json'
// prints it, or its list of mappings alone.
func (e mirrorEdit) read(m *state.Mirror, stdin io.Reader) error {
	what := e.file
	if what == "-" {
		what = assets.Text("standard input")
	} else {
		f, err := os.Open(e.file)
		if err != nil {
			return cannotRead(what, err)
		}
		defer f.Close()
		stdin = f
	}
	body, err := io.ReadAll(io.LimitReader(stdin, maxMirrorFile+1))
	switch body = bytes.TrimSpace(body); {
	case err != nil:
		return cannotRead(what, err)
	case len(body) > maxMirrorFile:
		return usage(assets.Text("{{.File}} is too large for a mirror: more than 1 MB", "File", what))
	case len(body) == 0:
		return usage(assets.Text("{{.File}} is empty: 'twinday mirror show {{.ID}} --json' prints what belongs there", "File", what, "ID", m.ID))
	}
	var into state.Mirror
	target := any(&into)
	if body[0] == '[' {
		target = &into.Mappings
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields() // a mistyped key must not pass for a default
	if err := dec.Decode(target); err != nil {
		return usage(assets.Text("{{.File}} cannot be read: {{.Why}}; 'twinday mirror show {{.ID}} --json' prints what belongs there", "File", what, "Why", err, "ID", m.ID))
	}
	if dec.More() {
		return usage(assets.Text("{{.File}} holds more than one JSON document", "File", what))
	}
	if into.Members != nil && !slices.Equal(into.Members, m.Members) {
		return usage(assets.Text("{{.File}} has other calendars than mirror {{.ID}}: they are not changed this way. Give the list of mappings alone", "File", what, "ID", m.ID))
	}
	for _, p := range into.Mappings {
		for _, ref := range []state.Ref{p.From, p.To} {
			if ref != (state.Ref{}) && !m.Has(ref) {
				return usage(assets.Text("{{.File}} has a mapping for {{.Calendar}}, which is not in mirror {{.ID}}", "File", what, "Calendar", ref, "ID", m.ID))
			}
		}
	}
	if _, ok := guestRules().named(string(into.Guests)); !ok {
		return usage(assets.Text("{{.File}} has a guest rule “{{.Rule}}”, which there is not", "File", what, "Rule", into.Guests))
	}
	if _, ok := invitationRules().named(string(into.Invitations)); !ok {
		return usage(assets.Text("{{.File}} has an invitation rule “{{.Rule}}”, which there is not", "File", what, "Rule", into.Invitations))
	}
	if ref, named := into.Conflicts.Member(); named && !m.Has(ref) || !named && into.Conflicts != state.LatestWins && into.Conflicts != state.AskConflict {
		return usage(assets.Text("{{.File}} has a conflict rule “{{.Rule}}”, which is neither ask nor a calendar of mirror {{.ID}}", "File", what, "Rule", into.Conflicts, "ID", m.ID))
	}
	// A whole mirror means defaults by what it leaves out; a part of one, what there is.
	whole := into.Members != nil
	if into.Name != "" {
		m.Name = into.Name
	}
	if whole || into.Mappings != nil {
		m.Mappings = into.Mappings
	}
	if whole || into.Guests != "" {
		m.Guests = into.Guests
	}
	if whole || into.Invitations != "" {
		m.Invitations = into.Invitations
	}
	if whole || into.Conflicts != "" {
		m.Conflicts = into.Conflicts
	}
	return nil
}

// editMirror shows what a change would do, asks, and makes it.
func (a *app) editMirror(ctx context.Context, b control.Backend, m state.Mirror, e mirrorEdit) error {
	n := namesOf(ctx, b)
	want, notes, err := e.changed(ctx, b, m, a.in, n)
	if err != nil {
		return err
	}
	out := MirrorEdit{Mirror: want, Notes: notes, Plan: control.Report{DryRun: true, Steps: []control.StepResult{}}}
	if reflect.DeepEqual(want, m) {
		if a.json {
			return writeJSON(a.out, out)
		}
		a.say(assets.Text("Mirror {{.ID}} is so already: nothing is changed.", "ID", m.ID))
		return nil
	}
	var seen []string
	weighty, paused := false, false
	renamed := m
	if renamed.Name = want.Name; !reflect.DeepEqual(want, renamed) { // a name moves nothing
		change, err := control.PlanChange(ctx, b, m, want)
		if err != nil {
			return err
		}
		out.Plan, out.Due, seen, weighty = change.Plan, change.Due, change.Agreed(), change.Weighty()
		if paused = change.Paused && weighty; paused {
			out.Notes = append(out.Notes, assets.Text("The mirror is paused: this happens once it is resumed."))
		}
	}
	waits := waiting(out.Plan, seen)
	// A mapping decides on copies alone; a rule may let an edit or a deletion go home.
	line := planLine(out.Plan, seen, want.Guests == m.Guests && want.Invitations == m.Invitations && want.Conflicts == m.Conflicts)
	if !a.json {
		a.plan(out, seen, line, n)
	}
	switch {
	case e.dryRun && a.json:
		return after(waits, writeJSON(a.out, out))
	case e.dryRun:
		a.say(assets.Text("Nothing was changed."))
		return after(waits, nil)
	case weighty && !e.yes:
		if !a.Interactive || a.json {
			return usage(assets.Text("nothing was changed: say --yes to change it, or --dry-run to look only. {{.Plan}}", "Plan", line))
		}
		if ok, err := a.confirm(assets.Text("Change the mirror?")); err != nil || !ok {
			if err == nil {
				a.say(assets.Text("Nothing was changed."))
			}
			return err
		}
	}
	if out.Mirror, err = b.ChangeMirror(ctx, control.ChangeMirror{Mirror: want, Seen: seen}); err != nil {
		return err
	}
	out.Applied = true
	if a.json {
		return after(waits, writeJSON(a.out, out))
	}
	a.say(assets.Text("Mirror {{.ID}} ({{.Name}}) is changed.", "ID", out.Mirror.ID, "Name", clean(out.Mirror.Name)))
	if weighty && !paused {
		a.say(assets.Text("The next pass carries it across; 'twinday sync' makes one now."))
	}
	return after(waits, nil)
}

// completeMembers offers the calendars of the mirror that the line names.
func (a *app) completeMembers(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.complete(cmd, func(ctx context.Context, b control.Backend) (words []cobra.Completion, err error) {
		if len(args) == 0 {
			return nil, nil
		}
		m, err := findMirror(ctx, b, args[0])
		n := namesOf(ctx, b)
		for _, x := range m.Members {
			words = append(words, cobra.CompletionWithDesc(x.Ref.String(), clean(n.of(x.Ref))))
		}
		return words, err
	})
}

// completeConflicts offers the rules and the calendars of the mirror.
func (a *app) completeConflicts(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	words, directive := a.completeMembers(cmd, args, word)
	return append([]cobra.Completion{"latest", "ask"}, words...), directive
}

// completeSettings offers keys, and behind the = what the key takes.
func completeSettings(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var words []cobra.Completion
	key, _, valued := strings.Cut(word, "=")
	for _, s := range state.Settings {
		switch {
		case !valued && strings.HasPrefix(s.Key, word):
			words = append(words, cobra.CompletionWithDesc(s.Key+"=", assets.Said(s.Help)))
		case s.Key == key:
			for _, v := range s.Words {
				if v = s.Key + "=" + v; strings.HasPrefix(v, word) {
					words = append(words, v)
				}
			}
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeResets offers keys.
func completeResets(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	words := []cobra.Completion{cobra.CompletionWithDesc("filter", assets.Text("all filters"))}
	for _, s := range state.Settings {
		words = append(words, cobra.CompletionWithDesc(s.Key, assets.Said(s.Help)))
	}
	words = slices.DeleteFunc(words, func(w cobra.Completion) bool { return !strings.HasPrefix(w, word) })
	return words, cobra.ShellCompDirectiveNoFileComp
}
