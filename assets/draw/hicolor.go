package main

import (
	"fmt"
	"image/png"
	"log"
	"os"
	"path/filepath"
)

// themeSizes are those of the app's icon in menus and docks (freedesktop.org, "Icon
// Theme Specification"), drawn anew in each: none is scaled.
var themeSizes = []int{16, 22, 24, 32, 48, 64, 128, 256, 512}

// hicolor writes the app's icon by a name, in the folders of an icon theme.
func hicolor(name, folder string) {
	for _, n := range themeSizes {
		dir := filepath.Join(folder, fmt.Sprintf("%dx%d", n, n), "apps")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			log.Fatal(err)
		}
		f, err := os.Create(filepath.Join(dir, name+".png"))
		if err != nil {
			log.Fatal(err)
		}
		if err := png.Encode(f, render(n, 32, app)); err != nil {
			log.Fatal(err)
		}
		if err := f.Close(); err != nil {
			log.Fatal(err)
		}
	}
}
