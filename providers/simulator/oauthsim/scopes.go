package oauthsim

import (
	"slices"
	"strings"
)

const googlePrefix = "https://www.googleapis.com/auth/"

// known are the scopes that the services would accept from a calendar client.
var known = map[string][]string{
	Google: {
		"openid", "email", "profile", googlePrefix + "userinfo.email", googlePrefix + "userinfo.profile",
		googlePrefix + "calendar", googlePrefix + "calendar.readonly",
		googlePrefix + "calendar.events", googlePrefix + "calendar.events.readonly",
		googlePrefix + "calendar.events.owned", googlePrefix + "calendar.events.owned.readonly",
		googlePrefix + "calendar.events.public.readonly", googlePrefix + "calendar.events.freebusy",
		googlePrefix + "calendar.freebusy", googlePrefix + "calendar.app.created",
		googlePrefix + "calendar.calendarlist", googlePrefix + "calendar.calendarlist.readonly",
		googlePrefix + "calendar.calendars", googlePrefix + "calendar.calendars.readonly",
		googlePrefix + "calendar.settings.readonly", googlePrefix + "calendar.acls", googlePrefix + "calendar.acls.readonly",
	},
	Outlook: {
		"openid", "email", "profile", "offline_access", "User.Read", "User.ReadBasic.All",
		"Calendars.Read", "Calendars.ReadBasic", "Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared",
		"MailboxSettings.Read", "MailboxSettings.ReadWrite",
	},
}

// parseScopes reads a scope parameter; bad is the first scope that the service
// does not know. Names are canonical: Microsoft's without the resource.
func (s *Server) parseScopes(param string) (scopes []string, bad string) {
	for f := range strings.FieldsSeq(param) {
		name := f
		if s.opts.Service == Outlook {
			name = strings.TrimPrefix(name, graphPrefix)
		}
		i := slices.IndexFunc(known[s.opts.Service], func(k string) bool {
			// Microsoft compares scopes without regard to case.
			return k == name || s.opts.Service == Outlook && strings.EqualFold(k, name)
		})
		if i < 0 {
			return nil, f
		}
		if name = known[s.opts.Service][i]; !slices.Contains(scopes, name) {
			scopes = append(scopes, name)
		}
	}
	return scopes, ""
}

// grantedText is the scope member of a token answer.
func (s *Server) grantedText(scopes []string) string {
	var out []string
	for _, sc := range scopes {
		switch {
		case s.opts.Service == Google && (sc == "email" || sc == "profile"):
			sc = googlePrefix + "userinfo." + sc // Google answers with the long names
		case s.opts.Service == Outlook && sc == "offline_access":
			continue // shows in the refresh token alone
		case s.opts.Service == Outlook && strings.Contains(sc, ".") && !s.opts.PlainScopes:
			sc = graphPrefix + sc
		}
		out = append(out, sc)
	}
	return strings.Join(out, " ")
}

// hasScope understands Google's two spellings of email and profile.
func hasScope(scopes []string, name string) bool {
	return slices.Contains(scopes, name) || slices.Contains(scopes, googlePrefix+"userinfo."+name)
}
