package simulator

import (
	"fmt"

	"github.com/twinday/twinday/providers/simulator/googlesim"
)

// assemble makes the two sides of the service.
func (s *Simulator) assemble() error {
	switch s.service {
	case Google:
		s.api = googlesim.New(googlesim.Options{
			Mailbox:  s.mailbox,
			Switches: s.options.Switches.Google,
			Auth:     s.authorize,
			Record:   s.record,
			Now:      s.options.Now,
		})
	case Outlook:
		return fmt.Errorf("simulator: outlook is being built")
	default:
		return errUnknownService
	}
	return nil
}

func (s *Simulator) authorize(bearer string) ([]string, error) { return s.signIn.Authorize(bearer) }
