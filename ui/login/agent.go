package login

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// launchAgent is a property list in a person's LaunchAgents folder (Apple, "Creating
// Launch Daemons and Agents").
type launchAgent struct{ dir string }

func (l launchAgent) file() string { return filepath.Join(l.dir, ID+".plist") }

func (l launchAgent) read() ([]string, error) {
	f, err := os.Open(l.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var command []string
	key, within := "", false // the last key, and whether this is the array after ProgramArguments
	d := xml.NewDecoder(f)
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return command, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "key", "string":
				var text string
				if err := d.DecodeElement(&text, &t); err != nil {
					return nil, err
				}
				if t.Name.Local == "key" {
					key = text
				} else if within {
					command = append(command, text)
				}
			case "array":
				within = key == "ProgramArguments"
			case "true":
				if key == "Disabled" {
					return nil, nil
				}
			}
		case xml.EndElement:
			within = within && t.Name.Local != "array"
		}
	}
}

func (l launchAgent) write(command []string) error {
	var args strings.Builder
	for _, arg := range command {
		args.WriteString("    <string>")
		if err := xml.EscapeText(&args, []byte(arg)); err != nil {
			return err
		}
		args.WriteString("</string>\n")
	}
	return write(l.file(), `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>`+ID+`</string>
  <key>ProgramArguments</key>
  <array>
`+args.String()+`  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>ProcessType</key>
  <string>Interactive</string>
</dict>
</plist>
`)
}

func (l launchAgent) remove() error { return removeIfThere(l.file()) }
