package caldav

import (
	"bufio"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// printable makes XML of what is nearly that. Some servers pass on from events, as they got
// them, what XML 1.0 §2.2 forbids: control characters, bare or by their numbers, which
// become spaces, and bytes that are no UTF-8, which are taken for Windows-1252. Else one
// such event would hide the whole calendar.
type printable struct {
	from *bufio.Reader
	made []byte // and not yet handed over
	err  error  // what comes after it
}

// Read implements io.Reader.
func (p *printable) Read(b []byte) (int, error) {
	if len(p.made) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		p.fill()
	}
	n := copy(b, p.made)
	p.made = p.made[n:]
	if n == 0 {
		return 0, p.err
	}
	return n, nil
}

// fill makes some more: as much as is there without waiting.
func (p *printable) fill() {
	p.made = p.made[:0]
	for len(p.made) == 0 || p.from.Buffered() > 0 && len(p.made) < 4096 {
		r, size, err := p.from.ReadRune()
		if err != nil {
			p.err = err
			return
		}
		switch {
		case r == utf8.RuneError && size == 1:
			_ = p.from.UnreadRune() // it was just read
			c, _ := p.from.ReadByte()
			r = charmap.Windows1252.DecodeByte(c)
		case r == '&':
			r = p.reference()
		}
		if !isXML(r) {
			r = ' '
		}
		p.made = utf8.AppendRune(p.made, r)
	}
}

// longestReference is "&#x0010FFFF;" without its ampersand.
const longestReference = 11

// reference looks behind an ampersand: one that begins the number of a character that is
// none goes, with the number, and what stands for it is returned.
func (p *printable) reference() rune {
	next, _ := p.from.Peek(longestReference) // less at the end
	number, ok := strings.CutPrefix(string(next), "#")
	number, _, closed := strings.Cut(number, ";")
	if !ok || !closed {
		return '&'
	}
	length, base := len("#;")+len(number), 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(number, base, 31)
	if err != nil || isXML(rune(n)) {
		return '&'
	}
	_, _ = p.from.Discard(length) // it was just looked at
	return ' '
}

// isXML reports whether XML 1.0 can hold a character (§2.2).
func isXML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || ' ' <= r && r <= 0xd7ff || 0xe000 <= r && r <= 0xfffd || 0x10000 <= r && r <= utf8.MaxRune
}
