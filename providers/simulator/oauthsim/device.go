package oauthsim

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Device code, which only Microsoft's server has for calendars (Microsoft "device
// authorization grant flow"; RFC 8628). Google's devices may not ask for calendar
// scopes (Google "OAuth 2.0 for TV and Limited-Input Device Applications", allowed scopes).

const (
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	// devicePath is where the code is typed: https://microsoft.com/devicelogin leads there.
	devicePath = "/common/oauth2/deviceauth"

	deviceLife     = 15 * time.Minute
	devicePace     = 5 * time.Second // between two polls
	maxDevices     = 1000
	userCodeLength = 9
	// userCodeLetters have no vowels and nothing that looks like something else.
	userCodeLetters = "BCDFGHJKLMNPQRSTVWXYZ"
)

// device is a sign-in that was begun on a machine without a browser.
type device struct {
	client, user string
	scopes       []string
	expires      time.Time
	pace         time.Duration // grows when it is asked too often (RFC 8628 section 3.5)
	asked        time.Time     // last
	approved     bool
	declined     bool
	used         bool
}

// deviceCode begins a sign-in.
func (s *Server) deviceCode(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts["device"]++
	if err := r.ParseForm(); err != nil {
		s.fail(w, &oauthError{400, "invalid_request", 900144, "The request body must be form-encoded.", "", ""})
		return
	}
	client, e := s.client(r, r.PostForm)
	if e != nil {
		s.fail(w, e)
		return
	}
	scopes, bad := s.parseScopes(r.PostForm.Get("scope"))
	if bad != "" || len(scopes) == 0 {
		s.fail(w, &oauthError{400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.", "", ""})
		return
	}
	if len(s.devices) >= maxDevices {
		clear(s.devices)
	}
	d := &device{client: client, user: s.userCode(), scopes: scopes, expires: s.opts.Now().Add(deviceLife), pace: devicePace, asked: s.opts.Now(), approved: s.autoApprove}
	code := s.secret("DAQ")
	s.devices[code] = d
	at := origin(r) + devicePath
	writeJSON(w, http.StatusOK, map[string]any{ // no verification_uri_complete: Microsoft has none
		"device_code": code, "user_code": d.user, "verification_uri": at,
		"expires_in": int(deviceLife.Seconds()), "interval": int(devicePace.Seconds()),
		"message": "To sign in, use a web browser to open the page " + at + " and enter the code " + d.user + " to authenticate.",
	})
}

func (s *Server) userCode() string {
	b := s.random(userCodeLength)
	for i := range b {
		b[i] = userCodeLetters[int(b[i])%len(userCodeLetters)]
	}
	return string(b)
}

// poll answers the device that asks whether its person is through.
func (s *Server) poll(w http.ResponseWriter, r *http.Request, f url.Values, client string) *oauthError {
	d, now := s.devices[f.Get("device_code")], s.opts.Now()
	switch {
	case s.opts.Service == Google:
		return &oauthError{status: 400, code: "unsupported_grant_type", text: "Invalid grant_type: " + deviceGrant}
	case d == nil || d.client != client:
		return &oauthError{400, "bad_verification_code", 70018, "The device_code that was sent was not recognized.", "", ""}
	case d.used:
		return &oauthError{400, "invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.", "", ""}
	case !now.Before(d.expires):
		return &oauthError{400, "expired_token", 70019, "Verification code expired. Have the user retry the sign-in.", "", ""}
	case d.declined:
		return &oauthError{400, "authorization_declined", 70017, "The user denied the authorization request.", "", ""}
	case now.Sub(d.asked) < d.pace:
		d.pace += devicePace
		d.asked = now
		return &oauthError{400, "slow_down", 70021, "Polling too frequently.", "", ""}
	case s.rule == Blocked: // many tenants block this flow of all things
		return &oauthError{400, "invalid_grant", 53003, "Access has been blocked by Conditional Access policies.", "message_only", ""}
	case !d.approved:
		d.asked = now
		return &oauthError{400, "authorization_pending", 70016, "Authorization is pending. Continue polling.", "", ""}
	}
	d.used = true
	s.newGrant(w, r, client, s.narrowed(d.scopes), "")
	return nil
}

// devicePage asks for the code.
func (s *Server) devicePage(w http.ResponseWriter, _ *http.Request) {
	writePage(w, http.StatusOK, pageData{Title: "Sign in on a device", Owner: s.opts.Owner, Code: true})
}

// deviceDecide takes the code, then the owner's decision.
func (s *Server) deviceDecide(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		s.refuse(w, "invalid_request", "The form could not be read.")
		return
	}
	if ticket := r.PostForm.Get("ticket"); ticket != "" {
		req := s.pending[ticket]
		if req == nil || req.device == nil {
			s.refuse(w, "invalid_request", "This page was answered already, or is too old.")
			return
		}
		delete(s.pending, ticket)
		if req.device.approved = r.PostForm.Get("decision") == "approve"; !req.device.approved {
			req.device.declined = true
		}
		writePage(w, http.StatusOK, pageData{Title: "Sign in on a device", Done: "You can close this page and go back to your device."})
		return
	}
	typed := strings.ToUpper(strings.TrimSpace(r.PostForm.Get("user_code")))
	for _, d := range s.devices {
		if d.user == typed && !d.used && s.opts.Now().Before(d.expires) {
			req := &request{client: d.client, scopes: d.scopes, device: d}
			s.showConsent(w, s.keep(req), req)
			return
		}
	}
	s.refuse(w, "invalid_request", "That code didn't work. Check the code and try again.")
}
