package pages

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"github.com/adrg/xdg"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/files"
	"github.com/twinday/twinday/ui/say"
)

// maxFile is far above anything that is chosen here.
const maxFile = 4 << 20

// saveFile asks where to keep a text, keeps it, and says where it is. done is called once
// it is kept. The dialog is not Fyne's: that one empties a file that is there before it
// hands it over, keeps Escape to itself, and speaks the system's language.
func saveFile(w *Window, name string, content []byte, done func()) {
	if w.saveIn == "" {
		if w.saveIn = xdg.UserDirs.Documents; !isFolder(w.saveIn) {
			w.saveIn = xdg.Home
		}
	}
	var p *popup
	called := newEntry(assets.Text("Name of the file"), w.escape, w.shortcut)
	called.SetText(name)
	folder, trouble := prose(w.saveIn), prose("")
	trouble.Importance = widget.DangerImportance
	trouble.Hide()
	other := newButton(assets.Text("Another folder…"), nil, func() {
		w.openFolder(w.saveIn, func(dir string) {
			w.saveIn = dir
			setText(folder, dir)
		})
	}, w.escape)
	write := func(path string) {
		err := files.WriteWhole(path, content)
		if err != nil {
			trouble.SetText(say.Sentence(files.Trouble(err)))
		}
		if setShown(trouble, err != nil); err != nil {
			return
		}
		p.close()
		done()
		w.saved(path)
	}
	save := important(newButton(assets.Text("Save"), nil, func() {
		path := strings.TrimSpace(called.Text)
		if path == "" {
			return
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(w.saveIn, path)
		}
		if _, err := os.Stat(path); err != nil || isFolder(path) {
			write(path)
			return
		}
		w.confirm(assets.Text("Replace the file?"), prose(assets.Text("{{.File}} is there already.", "File", path)), assets.Text("Replace"), widget.DangerImportance,
			func() { write(path) })
	}, w.escape), widget.HighImportance)
	called.OnChanged = func(s string) { setEnabled(save, strings.TrimSpace(s) != "") }
	called.OnSubmitted = func(string) { save.OnTapped() }
	cancel := newButton(assets.Text("Cancel"), nil, func() { p.close() }, w.escape)
	where := container.NewBorder(nil, nil, nil, container.NewCenter(other), folder)
	p = w.popup(assets.Text("Save as"), fyne.NewSize(560, 200), container.NewVBox(called, where, trouble), cancel, save)
	w.win.Canvas().Focus(called)
}

// saved says where a file is.
func (w *Window) saved(path string) {
	var p *popup
	ok := important(newButton(assets.Text("Close"), nil, func() { p.close() }, w.escape), widget.HighImportance)
	p = w.popup(assets.Text("Saved"), fyne.NewSize(480, 160), prose(path), ok)
}

func isFolder(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.IsDir()
}

// openFolder asks for a folder, beginning in one.
func (w *Window) openFolder(begin string, done func(string)) {
	d := dialog.NewFolderOpen(func(f fyne.ListableURI, err error) {
		switch {
		case err != nil:
			w.tell(assets.Text("That did not work"), err)
		case f != nil:
			done(filepath.FromSlash(f.Path()))
		}
	}, w.win)
	if f, err := storage.ListerForURI(storage.NewFileURI(begin)); err == nil {
		d.SetLocation(f)
	}
	w.files(d, assets.Text("Choose a folder"), assets.Text("Choose"))
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
	w.files(d, assets.Text("Choose a file"), assets.Text("Open"))
}

// files shows a dialog of files, which Escape closes like any other. It has no size before
// it is shown: Fyne 2.8.1 would end the process.
func (w *Window) files(d *dialog.FileDialog, title, confirm string) {
	p := &popup{w: w, closed: d.Hide}
	d.SetTitleText(title)
	d.SetConfirmText(confirm)
	d.SetDismissText(assets.Text("Cancel"))
	d.SetOnClosed(p.close)
	w.win.Canvas().Unfocus()
	d.Show()
	d.Resize(w.win.Canvas().Size().SubtractWidthHeight(80, 80))
	w.popups = append(w.popups, p)
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
		p.w.opt.SaveFile(p.w, "twinday-setup.json", append(content, '\n'), func() {})
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
			p.w.opt.SaveFile(p.w, d.Name, []byte(d.Text), func() { pop.close() })
		}, p.w.escape), widget.HighImportance)
		head := prose(assets.Text("This is all of it. Names, addresses, titles and ids are taken out; read it before you send it."))
		body := container.NewBorder(head, nil, nil, nil, newBackdrop(theme.ColorNameInputBackground, 6, container.New(layout.NewCustomPaddedLayout(4, 4, 4, 4), container.NewVScroll(said))))
		pop = p.w.popup(assets.Text("Report for people who help"), fyne.NewSize(760, 560), body, cancel, copied, save)
	})
}
