package pages

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
)

// maxFile is far above anything that is chosen here.
const maxFile = 4 << 20

// saveFile asks where to keep a text, and keeps it. done is called unless the person
// thinks better of it.
func saveFile(w *Window, name string, content []byte, done func(error)) {
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		if f == nil && err == nil {
			return
		}
		if err == nil {
			_, err = f.Write(content)
			err = errors.Join(err, f.Close())
		}
		done(err)
	}, w.win)
	d.SetFileName(name)
	w.files(d)
}

// openFile asks for a file and gives what is in it.
func openFile(w *Window, done func([]byte, error)) {
	d := dialog.NewFileOpen(func(f fyne.URIReadCloser, err error) {
		if f == nil && err == nil {
			return
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(io.LimitReader(f, maxFile+1))
			err = errors.Join(err, f.Close())
			if len(content) > maxFile {
				err = errors.New(assets.Text("the file is too large for that"))
			}
		}
		done(content, err)
	}, w.win)
	w.files(d)
}

// files shows a dialog of files. It has no size before it is shown: Fyne 2.8.1 would end
// the process.
func (w *Window) files(d *dialog.FileDialog) {
	d.Show()
	d.Resize(w.win.Canvas().Size().SubtractWidthHeight(80, 80))
}

// export keeps settings and mirrors in a file.
func (p *settingsPage) export() {
	call(p.w, p.w.opt.CallTimeout, p.w.backend.Setup, func(s control.Setup, err error) {
		var content []byte
		if err == nil {
			content, err = json.MarshalIndent(s, "", "  ")
		}
		if err != nil {
			p.w.tell(assets.Text("That did not work"), err)
			return
		}
		p.w.opt.SaveFile(p.w, "twinday-setup.json", append(content, '\n'), func(err error) { p.w.tell(assets.Text("That did not work"), err) })
	})
}

// load looks at a file with settings and mirrors, says what would come of it, and takes it
// over if the person agrees.
func (p *settingsPage) load() {
	p.w.opt.OpenFile(p.w, func(content []byte, err error) {
		req := control.TakeSetup{DryRun: true}
		if err == nil {
			if json.Unmarshal(content, &req.Setup) != nil {
				err = errors.New(assets.Text("This is no file of settings and mirrors. Export… on another computer writes one."))
			}
		}
		if err != nil {
			p.w.tell(assets.Text("That did not work"), err)
			return
		}
		take := func(done func(control.TakenOver)) {
			call(p.w, p.w.opt.CallTimeout, func(ctx context.Context) (control.TakenOver, error) { return p.w.backend.TakeSetup(ctx, req) },
				func(t control.TakenOver, err error) {
					if err != nil {
						p.w.tell(assets.Text("That did not work"), err)
						return
					}
					done(t)
				})
		}
		take(func(t control.TakenOver) {
			p.w.confirm(assets.Text("Take this over?"), p.taken(t, assets.Text("Your settings are replaced.")), assets.Text("Take over"), widget.HighImportance, func() {
				req.DryRun = false
				take(func(control.TakenOver) { p.enter() })
			})
		})
	})
}

// taken says what comes of a setup.
func (p *settingsPage) taken(t control.TakenOver, first string) fyne.CanvasObject {
	rows := container.NewVBox(prose(first))
	for _, m := range t.Mirrors {
		rows.Add(notice(theme.ContentAddIcon(), assets.Text("The mirror “{{.Name}}” is made.", "Name", m.Name)))
	}
	for _, m := range t.Left {
		rows.Add(notice(theme.NewWarningThemedResource(theme.WarningIcon()), assets.Text("Not “{{.Name}}”: {{.Why}}.", "Name", m.Name, "Why", assets.Said(m.Why))))
	}
	if len(t.Connect) > 0 {
		rows.Add(prose(assets.Text("Connect what is missing, then take the same file over again.")))
	}
	return tall(180, container.NewVScroll(rows))
}

// report shows the diagnostics before they are saved.
func (p *settingsPage) report() {
	call(p.w, p.w.opt.CallTimeout, p.w.backend.Diagnostics, func(d control.Diagnostics, err error) {
		if err != nil {
			p.w.tell(assets.Text("That did not work"), err)
			return
		}
		said := widget.NewLabel(d.Text)
		said.TextStyle.Monospace = true
		said.SizeName = theme.SizeNameCaptionText
		said.Wrapping = fyne.TextWrapBreak
		var pop *popup
		cancel := newButton(assets.Text("Close"), nil, func() { pop.close() }, p.w.escape)
		copied := newButton(assets.Text("Copy"), theme.ContentCopyIcon(), nil, p.w.escape)
		copied.OnTapped = func() {
			p.w.app.Clipboard().SetContent(d.Text)
			copied.SetText(assets.Text("Copied"))
		}
		save := important(newButton(assets.Text("Save…"), nil, func() {
			p.w.opt.SaveFile(p.w, d.Name, []byte(d.Text), func(err error) {
				p.w.tell(assets.Text("That did not work"), err)
				if err == nil {
					pop.close()
				}
			})
		}, p.w.escape), widget.HighImportance)
		head := prose(assets.Text("This is all of it. Names, addresses, titles and ids are taken out; read it before you send it."))
		body := container.NewBorder(head, nil, nil, nil, newBackdrop(theme.ColorNameInputBackground, 6, container.New(layout.NewCustomPaddedLayout(4, 4, 4, 4), container.NewVScroll(said))))
		pop = p.w.popup(assets.Text("Report for people who help"), fyne.NewSize(760, 560), body, cancel, copied, save)
	})
}
