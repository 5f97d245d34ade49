package pages

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func joinComma(s []string) string { return strings.Join(s, ", ") }

// newMirror lets the person choose calendars to be kept alike.
func (w *Window) newMirror() {
	name := newEntry(assets.Text("Name (may stay empty)"), w.escape, w.shortcut)
	chosen := map[state.Ref]bool{}
	shown := map[state.Ref]state.Detail{} // by the copies of a calendar's events
	var p *popup
	var create *button
	rows := container.NewVBox()
	scroll := container.NewVScroll(rows)
	k := keeper{w.escape, revealIn(scroll)}
	var account state.AccountID
	list := w.cals.usable()
	for _, c := range list {
		if c.Ref.Account != account {
			account = c.Ref.Account
			rows.Add(dim(w.accountName(account)))
		}
		level := newPick(detailNames(), 0, func(i int) { shown[c.Ref] = details[i] }, k)
		levelRow := container.NewHBox(short(assets.Text("copies show")), width(170, level))
		levelRow.Hide()
		on := newCheck("", false, func(on bool) {
			chosen[c.Ref] = on
			setShown(levelRow, on)
			n, takes := 0, false
			for _, c := range list {
				if chosen[c.Ref] {
					n, takes = n+1, takes || c.Writable
				}
			}
			setEnabled(create, n >= 2 && takes)
		}, k)
		rows.Add(container.NewBorder(nil, nil, container.NewHBox(on, swatch(c.Color)), container.NewHBox(badges(c), levelRow), text(w.name(c.Ref))))
	}
	if len(list) < 2 {
		rows.Add(prose(assets.Text("A mirror needs two calendars, one of which can be written. Connect another account first.")))
	}
	create = important(newButton(assets.Text("Create mirror"), nil, func() {
		req := control.NewMirror{Name: strings.TrimSpace(name.Text)}
		for _, c := range list {
			if chosen[c.Ref] {
				m := state.Member{Ref: c.Ref}
				if !c.Writable {
					m.Direction = state.SendOnly
				}
				req.Members = append(req.Members, m)
				if d := shown[c.Ref]; d != state.Everything {
					req.Mappings = append(req.Mappings, state.PairMapping{From: c.Ref, Mapping: state.Mapping{Detail: d}})
				}
			}
		}
		create.Disable()
		call(w, w.opt.CallTimeout, func(ctx context.Context) (state.Mirror, error) { return w.backend.AddMirror(ctx, req) },
			func(_ state.Mirror, err error) {
				if err != nil {
					create.Enable()
					w.tell(assets.Text("The mirror could not be made"), err)
					return
				}
				p.close()
			})
	}, w.escape), widget.HighImportance)
	create.Disable()
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	body := container.NewBorder(container.NewVBox(prose(assets.Text("Choose two or more calendars. What you add, move or cancel in one happens in the others; how much copies there show is up to you. A read-only calendar only sends.")), name),
		nil, nil, nil, scroll)
	p = w.popup(assets.Text("New mirror"), fyne.NewSize(640, 480), body, cancel, create)
}

// showHeld lists what waits for a decision, until nothing does.
func showHeld(w *Window) {
	rows := container.NewVBox(prose(assets.Text("Looking…")))
	scroll := container.NewVScroll(rows)
	k := keeper{w.escape, revealIn(scroll)}
	var p *popup
	done := newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape)
	p = w.popup(assets.Text("Waiting for your decision"), fyne.NewSize(640, 480), scroll, done)
	var load func()
	decide := func(ids []string, d state.Decision, rule *state.Mirror, buttons ...fyne.Disableable) {
		for _, b := range buttons {
			b.Disable()
		}
		w.ask(w.opt.CallTimeout, func(ctx context.Context) error {
			err := w.backend.Decide(ctx, control.Decide{IDs: ids, Decision: d})
			if err == nil && rule != nil {
				_, err = w.backend.ChangeMirror(ctx, control.ChangeMirror{Mirror: *rule})
			}
			return err
		}, func(err error) {
			w.tell(assets.Text("The decision could not be kept"), err)
			load()
		})
	}
	// choice is a pair of buttons that decide about ids.
	choice := func(applies, drops string, ids ...string) (apply, drop *button) {
		apply = important(newButton(applies, nil, nil, w.escape), widget.HighImportance)
		drop = newButton(drops, nil, nil, w.escape)
		apply.OnTapped = func() { decide(ids, state.Apply, nil, apply, drop) }
		drop.OnTapped = func() { decide(ids, state.Drop, nil, apply, drop) }
		return apply, drop
	}
	load = func() {
		call(w, w.opt.CallTimeout, w.backend.Held, func(held []state.Held, err error) {
			rows.RemoveAll()
			if err != nil {
				rows.Add(prose(sentence(reason(err))))
				scroll.Refresh()
				return
			}
			held = slices.DeleteFunc(held, func(h state.Held) bool { return h.Decision != state.Undecided })
			slices.SortStableFunc(held, func(a, b state.Held) int {
				return strings.Compare(a.Step.Before.When.Start.Local, b.Step.Before.When.Start.Local)
			})
			var ids []string
			for _, h := range held {
				if h.Step.Kind == state.Delete {
					ids = append(ids, h.ID)
				}
			}
			if len(ids) > 1 && len(ids) == len(held) { // of one kind: they can be judged together
				apply, drop := choice(assets.Text("Apply all"), assets.Text("Drop all"), ids...)
				rows.Add(container.NewBorder(nil, nil, nil, container.NewHBox(drop, apply), bold(assets.Count("{{.N}} deletions", len(ids)))))
			}
			for _, h := range held {
				apply, drop := choice(assets.Text("Apply"), assets.Text("Drop"), h.ID)
				if m, ok := w.mirror(h.Step.Mirror); ok && h.Step.Held == state.HoldGuests {
					always := newCheck(assets.Text("Always do this in “{{.Mirror}}”", "Mirror", cut(m.Name, 40)), false, nil, k)
					others := 0
					for _, x := range held {
						if x.ID != h.ID && x.Step.Mirror == m.ID && x.Step.Held == state.HoldGuests {
							others++
						}
					}
					or := func(b *button, d state.Decision, rule state.GuestRule) {
						once := b.OnTapped
						b.OnTapped = func() {
							if !always.Checked {
								once()
								return
							}
							now, ok := w.mirror(m.ID)
							if !ok {
								now = m
							}
							now.Guests = rule
							w.confirmAlways(now, others, func() { decide([]string{h.ID}, d, &now, apply, drop) })
						}
					}
					or(apply, state.Apply, state.ApplyGuests)
					or(drop, state.Drop, state.RevertGuests)
					rows.Add(w.heldRow(h, always, apply, drop))
					continue
				}
				rows.Add(w.heldRow(h, nil, apply, drop))
			}
			scroll.Refresh() // adding to a container does not repaint it
			if len(held) == 0 {
				p.close()
			}
		})
	}
	load()
}

// confirmAlways says what it means to answer for guests from now on. The mirror has the
// rule already; others is how many steps besides wait for the same.
func (w *Window) confirmAlways(m state.Mirror, others int, yes func()) {
	title := assets.Text("Always carry it home?")
	means := assets.Text("From now on, to edit or delete a copy in “{{.Mirror}}” changes or deletes the meeting at home, also if it has guests. They may get mail, and you are not asked.", "Mirror", m.Name)
	if m.Guests == state.RevertGuests {
		title = assets.Text("Always put the copy back?")
		means = assets.Text("From now on, what you edit or delete of a copy in “{{.Mirror}}” is taken back if its meeting has guests. Nobody gets mail, and you are not asked.", "Mirror", m.Name)
	}
	body := container.NewVBox(prose(means))
	if others > 0 {
		body.Add(prose(assets.Count("{{.N}} others that wait for the same are decided so as well.", others)))
	}
	body.Add(faint(assets.Text("To change it later: Calendars, What copies show…")))
	w.confirm(title, body, assets.Text("Always do this"), widget.HighImportance, yes)
}

// heldRow says what a held step would do, and why it waits. always may be nil.
func (w *Window) heldRow(h state.Held, always *check, apply, drop fyne.CanvasObject) fyne.CanvasObject {
	where := w.name(h.Step.Ref)
	var does string
	switch h.Step.Kind {
	case state.Delete:
		does = assets.Text("Delete in {{.Where}}", "Where", where)
	case state.Create:
		does = assets.Text("Create in {{.Where}}", "Where", where)
	default:
		does = assets.Text("Change in {{.Where}}", "Where", where)
	}
	title := h.Step.Title
	if title == "" {
		title = assets.Text("(no title)")
	}
	why := prose(sentence(assets.Said(h.Step.Reason)))
	rows := []fyne.CanvasObject{bold(title), dim(does), why}
	for _, g := range h.Step.Groups {
		rows = append(rows, change(g, h.Step.Before, h.Step.Want)...)
	}
	if h.Step.Kind == state.Delete {
		rows = append(rows, dim(whenText(h.Step.Before.When)))
	}
	if always != nil {
		rows = append(rows, always)
	}
	return newBackdrop(theme.ColorNameBackground, 8, container.NewPadded(
		container.NewBorder(nil, nil, nil, container.NewVBox(apply, drop), lines(rows...))))
}

// change is one field group before and after, as lines.
func change(g calendar.Group, before, after calendar.Content) []fyne.CanvasObject {
	was, is := groupText(g, before), groupText(g, after)
	out := []fyne.CanvasObject{bold(groupName(g))}
	if is != "" {
		out = append(out, prose(is))
	}
	if was != "" && was != is {
		old := prose(assets.Text("was: {{.Before}}", "Before", was))
		old.Importance = widget.LowImportance
		out = append(out, old)
	}
	return out
}
