package pages

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/twinday/twinday/engine/control"
)

// Colours of our own, besides Fyne's.
const (
	colorPanel fyne.ThemeColorName = "twindayPanel" // behind what belongs together
	colorNav   fyne.ThemeColorName = "twindayNav"   // behind the navigation
	colorQuiet fyne.ThemeColorName = "twindayQuiet" // bars that are not the point
)

// look is Fyne's theme in calm colours. Fyne's own borders of check boxes and
// entries nearly vanish; these do not.
type look struct {
	fyne.Theme
	want control.Theme // what the person chose
}

func newLook(want control.Theme) fyne.Theme { return look{theme.DefaultTheme(), want} }

var light = map[fyne.ThemeColorName]color.Color{
	colorPanel: rgb(0xffffff), colorNav: rgb(0xebeff3), colorQuiet: rgb(0xb3bdc8),
	theme.ColorNameBackground: rgb(0xf3f5f8), theme.ColorNameForeground: rgb(0x1d2329),
	theme.ColorNamePrimary: rgb(0x2b74c4), theme.ColorNameForegroundOnPrimary: rgb(0xffffff), theme.ColorNameHyperlink: rgb(0x2b6cb8),
	theme.ColorNameButton: rgb(0xd9e0e8), theme.ColorNameDisabledButton: rgb(0xebeef2),
	theme.ColorNameInputBackground: rgb(0xf6f8fa), theme.ColorNameInputBorder: rgb(0x858d96),
	theme.ColorNameDisabled: rgb(0x656d77), theme.ColorNamePlaceHolder: rgb(0x656d77),
	theme.ColorNameSeparator: rgb(0xdce1e7), theme.ColorNameOverlayBackground: rgb(0xffffff), theme.ColorNameMenuBackground: rgb(0xffffff),
	theme.ColorNameError: rgb(0xc32f36), theme.ColorNameWarning: rgb(0x9a5b00), theme.ColorNameSuccess: rgb(0x1e7a3b),
	theme.ColorNameForegroundOnError: rgb(0xffffff),
}

var dark = map[fyne.ThemeColorName]color.Color{
	colorPanel: rgb(0x20252b), colorNav: rgb(0x1b1f24), colorQuiet: rgb(0x5a6570),
	theme.ColorNameBackground: rgb(0x15181c), theme.ColorNameForeground: rgb(0xe6eaee),
	theme.ColorNamePrimary: rgb(0x3a7fd0), theme.ColorNameForegroundOnPrimary: rgb(0xffffff), theme.ColorNameHyperlink: rgb(0x76aef0),
	theme.ColorNameButton: rgb(0x323a43), theme.ColorNameDisabledButton: rgb(0x262b31),
	theme.ColorNameInputBackground: rgb(0x1b1f24), theme.ColorNameInputBorder: rgb(0x7f8892),
	theme.ColorNameDisabled: rgb(0x98a1ab), theme.ColorNamePlaceHolder: rgb(0x98a1ab),
	theme.ColorNameSeparator: rgb(0x2f353d), theme.ColorNameOverlayBackground: rgb(0x20252b), theme.ColorNameMenuBackground: rgb(0x262b31),
	theme.ColorNameError: rgb(0xf0757a), theme.ColorNameWarning: rgb(0xe0a43a), theme.ColorNameSuccess: rgb(0x5dbb7b),
	theme.ColorNameForegroundOnError: rgb(0x15181c),
}

// Color gives ours where there is one, else Fyne's.
func (l look) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	switch l.want {
	case control.LightTheme:
		v = theme.VariantLight
	case control.DarkTheme:
		v = theme.VariantDark
	}
	ours := dark
	if v == theme.VariantLight {
		ours = light
	}
	if c, ok := ours[n]; ok {
		return c
	}
	return l.Theme.Color(n, v)
}

// Size gives ours where there is one, else Fyne's.
func (l look) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return 6
	case theme.SizeNameSubHeadingText:
		return 18
	case theme.SizeNameHeadingText:
		return 22
	}
	return l.Theme.Size(n)
}

func rgb(c uint32) color.Color {
	return color.NRGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 0xff}
}
