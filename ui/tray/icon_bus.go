//go:build linux || freebsd || openbsd || netbsd

package tray

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"

	"github.com/twinday/twinday/assets"
)

// straightMagic begins an icon that is to be decoded with straight alpha.
//
// StatusNotifierItem wants ARGB that is not premultiplied. fyne.io/systray (as
// of v1.12.3-pre, argbForImage) sends the low byte of the premultiplied 16-bit
// colour that color.Color.RGBA gives, so that half-transparent pixels come out
// as noise. A picture whose colours' RGBA is not premultiplied goes through whole.
const straightMagic = "twinday straight alpha\n"

func init() {
	image.RegisterFormat("twinday-straight", straightMagic, decodeStraight, func(r io.Reader) (image.Config, error) {
		if _, err := io.CopyN(io.Discard, r, int64(len(straightMagic))); err != nil {
			return image.Config{}, err
		}
		return png.DecodeConfig(r)
	})
}

func decodeStraight(r io.Reader) (image.Image, error) {
	if _, err := io.CopyN(io.Discard, r, int64(len(straightMagic))); err != nil {
		return nil, err
	}
	m, err := png.Decode(r)
	if err != nil {
		return nil, err
	}
	return straightImage{m}, nil
}

type straightImage struct{ image.Image }

func (m straightImage) At(x, y int) color.Color {
	return straightColor(color.NRGBAModel.Convert(m.Image.At(x, y)).(color.NRGBA))
}

type straightColor color.NRGBA

// RGBA breaks the rule of color.Color on purpose: it does not premultiply.
func (c straightColor) RGBA() (r, g, b, a uint32) {
	return uint32(c.R) * 0x101, uint32(c.G) * 0x101, uint32(c.B) * 0x101, uint32(c.A) * 0x101
}

// iconBytes is the picture in the form that systray passes on unharmed.
func iconBytes(i assets.TrayIcon) []byte {
	return bytes.Join([][]byte{[]byte(straightMagic), i.PNG()}, nil)
}
