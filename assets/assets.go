// Package assets holds what all faces share: the icons and the one catalogue
// of texts. It imports neither Fyne nor any other part of Twinday.
package assets

import (
	"embed"
	"fmt"
)

//go:generate go run ./draw icons

//go:embed icons/*.png
var icons embed.FS

// TrayIcon names one of the tray's pictures. They differ in outline and glyph,
// not only in colour, and stand out on light and dark panels.
type TrayIcon string

// The tray's pictures.
const (
	TrayIdle     TrayIcon = "tray-idle"    // starting, or nothing to do yet
	TrayFine     TrayIcon = "tray-fine"    // all is well
	TraySyncing  TrayIcon = "tray-syncing" // a pass is running
	TrayPaused   TrayIcon = "tray-paused"
	TrayNeedsYou TrayIcon = "tray-needs" // something waits for a decision
	TrayProblem  TrayIcon = "tray-problem"
)

// TrayIcons lists them all.
var TrayIcons = []TrayIcon{TrayIdle, TrayFine, TraySyncing, TrayPaused, TrayNeedsYou, TrayProblem}

// PNG is the picture, 44 pixels wide, with half-transparent edges. An unknown
// name is a mistake in the program and panics.
func (i TrayIcon) PNG() []byte { return icon(fmt.Sprintf("%s-44.png", i)) }

// SmallPNG is the same at 22 pixels.
func (i TrayIcon) SmallPNG() []byte { return icon(fmt.Sprintf("%s-22.png", i)) }

// LargePNG is the same at 128 pixels.
func (i TrayIcon) LargePNG() []byte { return icon(fmt.Sprintf("%s-128.png", i)) }

// AppIcon is the program's icon: a PNG, 512 pixels wide.
func AppIcon() []byte { return icon("twinday.png") }

func icon(name string) []byte {
	b, err := icons.ReadFile("icons/" + name)
	if err != nil {
		panic("assets: " + err.Error())
	}
	return b
}
