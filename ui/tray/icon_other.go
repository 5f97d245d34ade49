//go:build !linux && !freebsd && !openbsd && !netbsd

package tray

import (
	"encoding/binary"
	"runtime"

	"github.com/twinday/twinday/assets"
)

// iconBytes is the picture in the form that systray wants: PNG, but on Windows
// an ICO file, which may hold a PNG as it is.
func iconBytes(i assets.TrayIcon) []byte {
	if runtime.GOOS != "windows" {
		return i.PNG()
	}
	const header = 6 + 16
	b := i.PNG()
	ico := []byte{0, 0, 1, 0, 1, 0, 44, 44, 0, 0, 1, 0, 32, 0} // one picture, 44 × 44, 32 bits a pixel
	ico = binary.LittleEndian.AppendUint32(ico, uint32(len(b)))
	ico = binary.LittleEndian.AppendUint32(ico, header)
	return append(ico, b...)
}
