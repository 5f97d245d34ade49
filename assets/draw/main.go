// Command draw makes the program's icons from shapes: `go generate ./assets`
// writes them into the folder given. It imports nothing of Twinday.
package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"log"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

// sizes of the tray icons, in pixels: panels show 22, or 44 on dense screens;
// the window shows 128 pixels, scaled to its own.
var sizes = []int{22, 44, 128}

// The colours of the tray icons are of middling lightness, so that each stands
// at least 3:1 against white and black panels; the glyph on them is white.
var (
	white = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	blue  = color.NRGBA{0x2b, 0x74, 0xc4, 0xff}
	grey  = color.NRGBA{0x74, 0x7b, 0x84, 0xff}
	amber = color.NRGBA{0xb8, 0x6a, 0x00, 0xff}
	red   = color.NRGBA{0xcf, 0x36, 0x3c, 0xff}
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: draw FOLDER")
	}
	write := func(name string, file []byte) {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), file, 0o644); err != nil {
			log.Fatal(err)
		}
	}
	write("twinday.png", encoded(render(512, 32, app)))
	write("twinday.ico", ico(32, app))
	for name, layers := range tray {
		for _, n := range sizes {
			write(name+"-"+strconv.Itoa(n)+".png", encoded(render(n, 22, layers)))
		}
	}
}

// encoded is a picture as a PNG file.
func encoded(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		log.Fatal(err)
	}
	return b.Bytes()
}

// icoSizes are those that Windows shows a program in, up to 200 % (Microsoft, "Construct
// your Windows app's icon"). A file holds less than 256 of them; a 0 means 256 pixels.
var icoSizes = []int{16, 20, 24, 32, 40, 48, 64, 256}

// ico is the layers as a Windows icon: a header, an entry for each size, then the PNGs.
func ico(unit float64, layers []layer) []byte {
	const header, entry = 6, 16
	file := []byte{0, 0, 1, 0, byte(len(icoSizes)), 0}
	var pictures []byte
	for _, n := range icoSizes {
		picture := encoded(render(n, unit, layers))
		file = append(file, byte(n), byte(n), 0, 0, 1, 0, 32, 0) // one plane, 32 bits a pixel
		file = binary.LittleEndian.AppendUint32(file, uint32(len(picture)))
		file = binary.LittleEndian.AppendUint32(file, uint32(header+entry*len(icoSizes)+len(pictures)))
		pictures = append(pictures, picture...)
	}
	return append(file, pictures...)
}

// A shape says how far a point is outside of it; negative is inside.
type shape func(x, y float64) float64

// A layer is a shape in a colour.
type layer struct {
	in    shape
	color color.NRGBA
}

// render paints the layers, given on a square grid of unit cells, n pixels wide.
func render(n int, unit float64, layers []layer) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, n, n))
	const sub = 8 // samples a pixel and axis
	for py := range n {
		for px := range n {
			var r, g, b, a float64
			for s := range sub * sub {
				x := (float64(px) + (float64(s%sub)+0.5)/sub) * unit / float64(n)
				y := (float64(py) + (float64(s/sub)+0.5)/sub) * unit / float64(n)
				for i := len(layers) - 1; i >= 0; i-- {
					if layers[i].in(x, y) <= 0 {
						c := layers[i].color
						r, g, b, a = r+float64(c.R), g+float64(c.G), b+float64(c.B), a+1
						break
					}
				}
			}
			if a > 0 {
				m.SetNRGBA(px, py, color.NRGBA{
					uint8(math.Round(r / a)), uint8(math.Round(g / a)), uint8(math.Round(b / a)),
					uint8(math.Round(a * 255 / (sub * sub))),
				})
			}
		}
	}
	return m
}

// box is a rounded rectangle from x0,y0 to x1,y1.
func box(x0, y0, x1, y1, radius float64) shape {
	return func(x, y float64) float64 {
		dx := math.Abs(x-(x0+x1)/2) - (x1-x0)/2 + radius
		dy := math.Abs(y-(y0+y1)/2) - (y1-y0)/2 + radius
		return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - radius
	}
}

// disc is a circle.
func disc(cx, cy, radius float64) shape {
	return func(x, y float64) float64 { return math.Hypot(x-cx, y-cy) - radius }
}

// line is a stroke of the given width through the points x,y,x,y,…
func line(width float64, p ...float64) shape {
	return func(x, y float64) float64 {
		d := math.Inf(1)
		for i := 0; i+3 < len(p); i += 2 {
			vx, vy := p[i+2]-p[i], p[i+3]-p[i+1]
			t := ((x-p[i])*vx + (y-p[i+1])*vy) / (vx*vx + vy*vy)
			t = min(max(t, 0), 1)
			d = min(d, math.Hypot(x-p[i]-t*vx, y-p[i+1]-t*vy))
		}
		return d - width/2
	}
}

// triangle points up, with rounded corners.
func triangle(cx, top, bottom, half, radius float64) shape {
	top, bottom = top+radius*1.6, bottom-radius
	half -= radius * 1.4
	edge := line(radius*2, cx, top, cx+half, bottom, cx-half, bottom, cx, top)
	return func(x, y float64) float64 {
		if y >= top && y <= bottom && math.Abs(x-cx) <= half*(y-top)/(bottom-top) {
			return -1
		}
		return edge(x, y)
	}
}

// without is a cut out of s.
func without(s, cut shape) shape {
	return func(x, y float64) float64 { return max(s(x, y), -cut(x, y)) }
}

// union is a or b.
func union(shapes ...shape) shape {
	return func(x, y float64) float64 {
		d := math.Inf(1)
		for _, s := range shapes {
			d = min(d, s(x, y))
		}
		return d
	}
}

// sheet is a calendar sheet with two rings, on the 22-cell grid.
var sheet = union(box(1, 3, 21, 21, 4), box(5, 0.5, 8, 5, 1.4), box(14, 0.5, 17, 5, 1.4))

// hollow is the outline of the sheet: a program that does nothing now.
var hollow = without(sheet, box(3.5, 5.5, 18.5, 18.5, 2))

// tray holds the icons; they differ in outline and glyph, not only in colour.
var tray = map[string][]layer{
	"tray-idle": {{hollow, grey}, {union(disc(8, 12, 1.6), disc(14, 12, 1.6)), grey}},
	"tray-fine": {{sheet, blue}, {line(2.8, 6, 12.2, 9.6, 15.8, 16, 8.6), white}},
	"tray-syncing": {{sheet, blue}, {union(
		line(2.2, 5.2, 9.2, 16, 9.2), line(2.2, 13, 6.2, 16.2, 9.2),
		line(2.2, 16.8, 15, 6, 15), line(2.2, 9, 18, 5.8, 15)), white}},
	"tray-paused": {{hollow, grey}, {union(box(7, 8, 10, 16, 0.8), box(12, 8, 15, 16, 0.8)), grey}},
	"tray-needs": {{disc(11, 11, 10.4), amber}, {union(
		line(2.6, 7.6, 8.4, 8.4, 6.4, 10.2, 5.4, 12.2, 5.5, 13.8, 6.6, 14.2, 8.6, 13.2, 10.2, 11.6, 11.2, 11, 12.8),
		disc(11, 16.6, 1.7)), white}},
	"tray-problem": {{triangle(11, 0.5, 21, 10.8, 2), red}, {union(line(2.8, 11, 8, 11, 13), disc(11, 17, 1.6)), white}},
}

// app is the program's icon on a 32-cell grid: two calendars, one day.
var app = []layer{
	{box(1, 1, 31, 31, 7), color.NRGBA{0x2b, 0x74, 0xc4, 0xff}},
	{box(5, 6.5, 20, 20.5, 2.4), color.NRGBA{0x9d, 0xc6, 0xf0, 0xff}},
	{union(box(8, 4.8, 9.8, 8.4, 0.9), box(15.2, 4.8, 17, 8.4, 0.9)), color.NRGBA{0x9d, 0xc6, 0xf0, 0xff}},
	{box(10.6, 11, 27.4, 26.6, 3), color.NRGBA{0x2b, 0x74, 0xc4, 0xff}},
	{box(11.6, 12, 26.6, 26, 2.4), white},
	{union(box(14.6, 10.2, 16.4, 13.9, 0.9), box(21.8, 10.2, 23.6, 13.9, 0.9)), white},
	{line(2.1, 15.2, 19.4, 18.2, 22.4, 23.2, 16.6), color.NRGBA{0x2b, 0x74, 0xc4, 0xff}},
}
