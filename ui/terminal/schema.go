package terminal

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

// shape is what one command prints with --json.
type shape struct {
	command string
	value   any    // a value of the printed type
	note    string // when there is more to say than the type
}

// shapes lists every command that prints JSON. It is the promise that
// 'twinday help json' makes; a test compares it with the commands there are.
func shapes() []shape {
	return []shape{
		{"account add", state.Account{}, assets.Text("a line with control.SignIn first, then")},
		{"account list", []control.AccountState{}, ""},
		{"account ask-it", AskITNote{}, ""},
		{"account remove", control.Disconnected{}, assets.Text("the account that was removed:")},
		{"unlock", UnlockNote{}, ""},
		{"settings", control.Settings{}, ""},
		{"settings set", control.Settings{}, assets.Text("as they are now:")},
		{"setup export", control.Setup{}, ""},
		{"setup import", control.TakenOver{}, ""},
		{"doctor", []control.Check{}, ""},
		{"diagnostics", control.Diagnostics{}, ""},
		{"autostart", autostartJSON{}, ""},
		{"autostart on", autostartJSON{}, assets.Text("as it is then:")},
		{"autostart off", autostartJSON{}, assets.Text("as it is then:")},
		{"calendar list", []state.Calendar{}, ""},
		{"calendar add", state.Calendar{}, ""},
		{"mirror add", state.Mirror{}, assets.Text("with --dry-run a terminal.MirrorEdit, else")},
		{"mirror list", []control.MirrorState{}, ""},
		{"mirror show", state.Mirror{}, assets.Text("with --keys a list of terminal.SettingNote, else")},
		{"mirror edit", MirrorEdit{}, ""},
		{"mirror preview", []control.Preview{}, assets.Text("one for each calendar that the event reaches,")},
		{"mirror take-over", control.MirrorState{}, ""},
		{"mirror remove", control.Report{}, ""},
		{"sync", control.Report{}, assets.Text("with --watch a line of state.HistoryEntry for each change, else")},
		{"status", control.Status{}, ""},
		{"history", []state.HistoryEntry{}, assets.Text("newest first, of an event oldest first,")},
		{"history show", control.HistoryDetail{}, ""},
		{"undo", control.UndoReport{}, ""},
		{"why", []control.Explanation{}, ""},
		{"held", []state.Held{}, ""},
		{"held list", []state.Held{}, ""},
		{"held apply", control.Decide{}, assets.Text("what was decided:")},
		{"held drop", control.Decide{}, assets.Text("what was decided:")},
		{"duplicates", control.Duplicates{}, assets.Text("with --remove a control.Report, else")},
		{"pause", control.Status{}, ""},
		{"resume", control.Status{}, ""},
		{"restore", RestoreNote{}, ""},
		{"demo", DemoSummary{}, ""},
		{"version", VersionNote{}, ""},
	}
}

// jsonTopic is the help topic that documents --json.
func (a *app) jsonTopic() *cobra.Command {
	return a.topic("json", assets.Text("What --json prints"), schema)
}

func schemaHead() string {
	return assets.Text(`With --json a command prints one JSON document in one line, and nothing else, on
standard output ('account add' and 'sync --watch' print several, one a line). An
error goes to standard error as {{.Error}}; the exit code is the
same as without --json. What it says is English. 'simulate' prints a line of JSON in
any case.

Names and meanings are stable: fields are added, never renamed; one whose
meaning has to change makes the interface's version grow ('twinday version').
A field in [brackets] is left out when it is empty. Times are RFC 3339.

What each command prints:`, "Error", `{"error": control.Error}`)
}

// taken are the bodies of the interface's calls, as far as no command prints them.
var taken = []any{control.NewAccount{}, control.NewCalendar{}, control.NewMirror{}, control.ChangeMirror{}, control.RemoveMirror{},
	control.PreviewRequest{}, control.UndoRequest{}, control.WhyRequest{}, control.SyncRequest{}, control.PauseRequest{}, control.UnlockRequest{}, control.CheckClient{}}

// schema is the text of the topic: the commands, then every type they print.
func schema() string {
	var b strings.Builder
	b.WriteString(schemaHead() + "\n")
	var types []reflect.Type
	visit := func(v any) { types = collect(reflect.TypeOf(v), types) }
	for _, s := range shapes() {
		note := s.note
		if note != "" {
			note += " "
		}
		fmt.Fprintf(&b, "  %-18s%s%s\n", s.command, note, typeName(reflect.TypeOf(s.value)))
		visit(s.value)
	}
	visit(control.SignIn{})
	visit(SettingNote{})
	visit(control.Agenda{})
	visit(control.DayCount{})
	visit(control.HistoryPage{})
	for _, v := range taken {
		visit(v)
	}
	visit(control.Error{})
	b.WriteString("\n" + assets.Text("The types, last those that the engine's interface takes (docs/interface.md):") + "\n")
	for _, t := range types {
		fmt.Fprintf(&b, "\n  %s\n", t)
		for _, f := range fields(t) {
			fmt.Fprintf(&b, "    %-17s %s\n", f.name, f.kind)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// opaque types print as one JSON string.
func opaque(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// collect appends t's struct types, each once, those it is made of after it.
func collect(t reflect.Type, found []reflect.Type) []reflect.Type {
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return collect(t.Elem(), found)
	case reflect.Struct:
	default:
		return found
	}
	if opaque(t) {
		return found
	}
	for _, x := range found {
		if x == t {
			return found
		}
	}
	found = append(found, t)
	for _, f := range fields(t) {
		found = collect(f.of, found)
	}
	return found
}

type field struct {
	name, kind string
	of         reflect.Type
}

// fields lists what encoding/json prints of a struct, embedded structs flat.
func fields(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, has := f.Tag.Lookup("json")
		if f.Anonymous && !has {
			all = append(all, fields(f.Type)...)
			continue
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		if options == "omitempty" || options == "omitzero" {
			name = "[" + name + "]"
		}
		all = append(all, field{name, typeName(f.Type), f.Type})
	}
	return all
}

// typeName says what a type is in JSON.
func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return assets.Text("time")
	case t == reflect.TypeFor[time.Duration]():
		return assets.Text("nanoseconds")
	case t == reflect.TypeFor[state.Ref]():
		return `"` + assets.Text("ACCOUNT/CALENDAR") + `"`
	case opaque(t):
		return assets.Text("string")
	}
	switch t.Kind() {
	case reflect.Slice:
		return assets.Text("list of {{.Type}}", "Type", typeName(t.Elem()))
	case reflect.Map:
		return assets.Text("object of {{.Type}}", "Type", typeName(t.Elem()))
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Struct:
		return t.String()
	case reflect.String:
		return assets.Text("string")
	case reflect.Bool:
		return assets.Text("true or false")
	default:
		return assets.Text("number")
	}
}
