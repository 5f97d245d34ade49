package icalendar

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

// BenchmarkObject is what one resource of a CalDAV server costs, read, and written anew.
func BenchmarkObject(b *testing.B) {
	single, err := New("u1", calendar.Draft{Content: fullContent()}, berlin, now)
	if err != nil {
		b.Fatal(err)
	}
	for name, data := range map[string][]byte{"single": single.Bytes(), "series": file(rich)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				o, _, err := Parse(data, berlin)
				if err != nil {
					b.Fatal(err)
				}
				_ = o.Event()
			}
		})
	}
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			o, err := New("u1", calendar.Draft{Content: fullContent()}, berlin, now)
			if err != nil {
				b.Fatal(err)
			}
			_ = o.Bytes()
		}
	})
}

// BenchmarkFeed is what a feed of 5 000 events costs.
func BenchmarkFeed(b *testing.B) {
	var s strings.Builder
	s.WriteString("BEGIN:VCALENDAR\r\n" + outlookZone("W. Europe Standard Time", "+0200", "+0100", "BYMONTH=3;BYDAY=-1SU", "BYMONTH=10;BYDAY=-1SU") + "\r\n")
	for i := range 5000 {
		fmt.Fprintf(&s, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=W. Europe Standard Time:202603%02dT090000\r\nDURATION:PT1H\r\nSUMMARY:Event %d\r\nLOCATION:Room\r\nDESCRIPTION:Some words\\, and\\nmore\r\nEND:VEVENT\r\n", i, 1+i%28, i)
	}
	s.WriteString("END:VCALENDAR\r\n")
	b.ReportAllocs()
	for b.Loop() {
		objects, _, _, err := ParseFeed(bytes.NewReader([]byte(s.String())), berlin)
		if err != nil || len(objects) != 5000 {
			b.Fatal(len(objects), err)
		}
		for _, o := range objects {
			_ = o.Event()
		}
	}
}
