package pages

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
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
