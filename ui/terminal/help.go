package terminal

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/twinday/twinday/assets"
)

// This file is what cobra prints by itself, in the person's language: help, and what is
// wrong with a command line. Names of commands and flags are the same in all languages.

// help says what a command is for, and how it is used.
func (a *app) help(c *cobra.Command, _ []string) {
	a.say(strings.TrimSpace(cmp.Or(c.Long, c.Short)))
	if c.Runnable() || c.HasSubCommands() {
		fmt.Fprint(a.out, "\n"+usageOf(c))
	}
}

// topic is something to read, put together when it is asked for.
func (a *app) topic(name, short string, text func() string) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short}
	c.SetHelpFunc(func(*cobra.Command, []string) { a.say(text()) })
	return c
}

// usageOf lists what can be said to a command.
func usageOf(c *cobra.Command) string {
	var parts []string
	part := func(head string, lines ...string) {
		if text := strings.Join(lines, "\n"); text != "" {
			parts = append(parts, head+"\n"+strings.TrimRight(text, "\n")+"\n")
		}
	}
	c.DisableFlagsInUseLine = true // cobra would say it in English
	line := "  " + c.UseLine()
	if c.HasAvailableFlags() {
		line += " [" + assets.Text("flags") + "]"
	}
	if c.HasAvailableSubCommands() {
		line += "\n  " + c.CommandPath() + " [" + assets.Text("command") + "]"
	}
	part(assets.Text("Usage:"), line)
	if len(c.Aliases) > 0 {
		part(assets.Text("Aliases:"), "  "+c.NameAndAliases())
	}
	part(assets.Text("Examples:"), c.Example)
	for _, g := range c.Groups() {
		part(g.Title, commandLines(c, func(k *cobra.Command) bool { return k.GroupID == g.ID })...)
	}
	rest := assets.Text("Commands:")
	if len(c.Groups()) > 0 {
		rest = assets.Text("Other commands:")
	}
	part(rest, commandLines(c, func(k *cobra.Command) bool { return k.GroupID == "" && k.Runnable() })...)
	part(assets.Text("Flags:"), flagLines(c.LocalFlags())...)
	part(assets.Text("Flags of every command:"), flagLines(c.InheritedFlags())...)
	part(assets.Text("More to read:"), commandLines(c, func(k *cobra.Command) bool { return !k.Runnable() && !k.HasSubCommands() })...)
	if c.HasAvailableSubCommands() {
		parts = append(parts, assets.Text("'{{.Command}} --help' says more about a command.", "Command", c.CommandPath()+" ["+assets.Text("command")+"]")+"\n")
	}
	return strings.Join(parts, "\n")
}

// commandLines says of some of a command's own commands what each is for.
func commandLines(c *cobra.Command, which func(*cobra.Command) bool) []string {
	var lines []string
	for _, k := range c.Commands() {
		if !k.Hidden && which(k) {
			lines = append(lines, "  "+runewidth.FillRight(k.Name(), c.NamePadding())+" "+k.Short)
		}
	}
	return lines
}

// flagLines says what flags there are, their names in one column. pflag does the same,
// but counts bytes where it aligns, and knows English only.
func flagLines(fs *pflag.FlagSet) []string {
	var names, uses []string
	width := 0
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		kind, use := pflag.UnquoteUsage(f)
		if kind = kindName(kind); kind != "" {
			name += " " + kind
		}
		switch f.DefValue {
		case "", "false", "0", "0s", "[]":
		default:
			use += " (" + assets.Text("default {{.Value}}", "Value", f.DefValue) + ")"
		}
		names, uses = append(names, name), append(uses, use)
		width = max(width, runewidth.StringWidth(name))
	})
	for i, name := range names {
		names[i] = runewidth.FillRight(name, width) + "   " + uses[i]
	}
	return names
}

// kindName is what a flag takes, by pflag's name for it; other names are those that its
// usage gives.
func kindName(kind string) string {
	switch kind {
	case "string", "strings", "stringArray":
		return assets.Text("text")
	case "int", "uint", "uint64":
		return assets.Text("number")
	case "duration":
		return assets.Text("duration")
	}
	return kind
}

// flagError says what is wrong with the flags of a command line.
func flagError(_ *cobra.Command, err error) error {
	if v, ok := errors.AsType[*pflag.InvalidValueError](err); ok { // its own text ends in the words of strconv
		return usage(assets.Text("--{{.Flag}} takes a {{.Kind}}, not “{{.Value}}”", "Flag", v.GetFlag().Name, "Kind", kindName(v.GetFlag().Value.Type()), "Value", v.GetValue()))
	}
	if v, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return usage(assets.Text("--{{.Flag}} needs a value", "Flag", v.GetFlag().Name))
	}
	if v, ok := errors.AsType[*pflag.NotExistError](err); ok {
		flag := "--" + v.GetSpecifiedName()
		if v.GetSpecifiedShortnames() != "" {
			flag = "-" + v.GetSpecifiedName()
		}
		return usage(assets.Text("there is no flag {{.Flag}}", "Flag", flag))
	}
	if v, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return usage(assets.Text("{{.Flag}} is no flag", "Flag", v.GetSpecifiedFlag()))
	}
	return usageError{err}
}

// translateCobra puts into words what cobra brings along: its commands 'help' and
// 'completion'.
func translateCobra(help, completion *cobra.Command) {
	help.Use = "help [" + assets.Text("command") + "]"
	help.Short = assets.Text("Say how a command is used")
	help.Long = ""
	completion.Short = assets.Text("Make completions for your shell")
	completion.Long = ""
	for _, shell := range completion.Commands() {
		shell.Short = assets.Text("Make completions for {{.Shell}}", "Shell", shell.Name())
		shell.Long = assets.Text(`Print a script with which {{.Shell}} completes commands, flags and names when you
press Tab. The first line below has it in the shell that is open, the others in
every new one.`, "Shell", shell.Name())
		shell.Example = completionExamples[shell.Name()]
		if f := shell.Flags().Lookup("no-descriptions"); f != nil {
			f.Usage = assets.Text("names only, without what they mean")
		}
	}
}

// completionExamples are the commands by which each shell takes its completions.
var completionExamples = map[string]string{
	"bash":       "  source <(twinday completion bash)\n  twinday completion bash > ~/.local/share/bash-completion/completions/twinday",
	"zsh":        "  source <(twinday completion zsh)\n  twinday completion zsh > \"${fpath[1]}/_twinday\"",
	"fish":       "  twinday completion fish | source\n  twinday completion fish > ~/.config/fish/completions/twinday.fish",
	"powershell": "  twinday completion powershell | Out-String | Invoke-Expression\n  twinday completion powershell >> $PROFILE",
}
